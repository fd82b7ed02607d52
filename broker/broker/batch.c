/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches, turn by turn: see batch.h. */
#include "broker/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/api.h"
#include "broker/events.h"
#include "broker/placing.h"
#include "broker/runner.h"

enum { DISK_AGAIN_MS = 1000 };

struct batches {
	struct broker *b;
	uv_timer_t timer;
	char said[320]; /* of a disk that takes nothing: once */
};

static inline void list_drop(void *list)
{
	free(*(void **)list);
}

bool is_refusal(int code)
{
	return code == -EBUSY || code == -ENOENT || code == -EINVAL || code == -EEXIST ||
	       code == -EPERM || code == -ESTALE || code == -EDQUOT;
}

/* ------------------------------------------------------------------ how the wishes stand */

/* Closed where it had stopped. One that went through has no failed try at its last step. */
static bool is_taken_back(const struct order *o)
{
	return o->at.state == ORDER_DONE && o->at.tries > 0;
}

/* Follows the chain of undos to its end. */
static int order_of(
	struct broker *b, const struct wish *w, struct order *o, unsigned *undone, struct err *e)
{
	struct order next;
	*undone = 0;
	int r = store_order(b->store, w->order, o, e);
	while (r == 0 && is_taken_back(o)) {
		++*undone;
		r = store_order_undoing(b->store, o->id, &next, e);
		if (r == -ENOENT)
			return 0; /* nothing had been touched */
		if (r == 0)
			*o = next;
	}
	return r;
}

int wish_order(struct broker *b, const struct wish *w, struct order *ret, struct err *e)
{
	unsigned undone;
	if (!w->order)
		return err_say(e, ENOENT, "%s: it has no order", w->persona);
	return order_of(b, w, ret, &undone, e);
}

static int wish_look(struct broker *b, struct wish *w, struct err *e)
{
	struct order o;
	unsigned undone;
	if (w->state != WISH_RUNNING)
		return 0;
	int r = order_of(b, w, &o, &undone, e);
	if (r < 0)
		return r;
	if (o.at.state == ORDER_RUNNING)
		return 0;
	w->state = o.at.state == ORDER_STOPPED ? WISH_STOPPED : wish_ended(undone);
	if (w->state == WISH_STOPPED)
		memcpy(w->why, o.why, sizeof w->why);
	else if (w->state == WISH_TAKEN_BACK)
		snprintf(w->why, sizeof w->why, "order %" PRIu64 " was taken back", w->order);
	return 0;
}

int batch_wishes(struct broker *b, uint64_t batch, struct wish **ret, size_t *ret_n, struct err *e)
{
	int r = store_wishes(b->store, batch, ret, ret_n, e);
	for (size_t i = 0; r == 0 && i < *ret_n; i++)
		r = wish_look(b, &(*ret)[i], e);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
		*ret_n = 0;
	}
	return r;
}

/* ------------------------------------------------------------------ a turn */

/* The order and the wish's word for it, or nothing. */
static int wish_place(struct broker *b, uint64_t batch, struct wish *w, struct order *o,
	struct choice *chosen, struct err *e)
{
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = order_place(b, o, w->pool, chosen, e);
	if (r == 0) {
		w->state = WISH_RUNNING;
		w->order = o->id;
		w->why[0] = '\0';
		r = store_wish_set(b->store, batch, w, e);
	}
	if (r < 0)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	return r;
}

/* Where orders of the batch are at work they may free what this wish needs: it waits, and says for
 * what. Else it is refused. */
static int wish_cannot(struct broker *b, const struct batch *batch, struct wish *w, bool others_run,
	const struct err *why, struct err *e)
{
	bool said = strcmp(w->why, why->text) == 0;
	w->state = others_run ? WISH_WAITING : WISH_REFUSED;
	w->order = 0;
	snprintf(w->why, sizeof w->why, "%s", why->text);
	int r = said && others_run ? 0 : store_wish_set(b->store, batch->id, w, e);
	if (r < 0 || others_run)
		return r;
	event_say(b->events, EV_wish_refused,
		&(struct event_about){ .machine = w->machine, .persona = w->persona },
		"batch=%" PRIu64 " %s persona=%s why=%s", batch->id, verb_word(w->verb), w->persona,
		w->why);
	return 0;
}

/* 1: it waits for orders that run; 0: it has begun, or was refused. */
static int wish_begin(struct broker *b, const struct batch *batch, const struct wish *wish,
	bool others_run, struct err *e)
{
	OWN(choice) struct choice chosen = { .pool = "" };
	struct order o = { .verb = wish->verb, .at = { ORDER_RUNNING, 0, 0 } };
	struct wish w = *wish;
	struct err why = { 0 };
	char who[16];
	memcpy(o.persona, w.persona, sizeof o.persona);
	memcpy(o.to, w.machine, sizeof o.to);
	int r = wish_place(b, batch->id, &w, &o, &chosen, &why);
	if (r == 0) {
		snprintf(who, sizeof who, "%u", batch->who);
		order_begin(b, &o, who);
		return 0;
	}
	if (!is_refusal(r))
		return err_say(e, why.code, "%s", why.text);
	w = *wish;
	r = wish_cannot(b, batch, &w, others_run, &why, e);
	return r < 0 ? r : others_run;
}

/* Says how it stands where that has changed; one that is over is closed. */
static int batch_say(
	struct broker *b, struct batch *batch, const enum wish_state *w, size_t n, struct err *e)
{
	static const enum event says[] = { [BATCH_RUNNING] = EV_batch_goes_on,
		[BATCH_STOPPED] = EV_batch_stopped,
		[BATCH_DONE] = EV_batch_ended,
		[BATCH_CANCELLED] = EV_batch_ended };
	enum batch_state state = batch_stands(&batch->rule, w, n);
	if (state == batch->state)
		return 0;
	batch->state = state;
	batch->ended_s = state == BATCH_DONE || state == BATCH_CANCELLED ? now_s() : 0;
	int r = store_batch_set(b->store, batch, e);
	if (r == 0)
		event_say(b->events, says[state], &(struct event_about){ 0 },
			"batch=%" PRIu64 " state=%s done=%zu of=%zu", batch->id,
			batch_state_word(state), wishes_in(w, n, WISH_DONE), n);
	return r;
}

static int batch_turn(struct broker *b, struct batch *batch, struct err *e)
{
	for (;;) {
		OWN(list) struct wish *wish = NULL;
		OWN(list) enum wish_state *w = NULL;
		size_t n = 0;
		int r = batch_wishes(b, batch->id, &wish, &n, e);
		if (r < 0)
			return r;
		w = calloc(n ? n : 1, sizeof *w);
		if (!w)
			return err_set(e, ENOMEM, "batch %" PRIu64, batch->id);
		for (size_t i = 0; i < n; i++)
			w[i] = wish[i].state;
		size_t next = batch_next(&batch->rule, w, n);
		if (next < n)
			r = wish_begin(b, batch, &wish[next], wishes_in(w, n, WISH_RUNNING) > 0, e);
		if (next == n || r > 0)
			return batch_say(b, batch, w, n, e);
		if (r < 0)
			return r;
	}
}

static void look_due(uv_timer_t *t)
{
	struct batches *x = t->data;
	OWN(list) struct batch *list = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int r = store_batches(x->b->store, 0, &list, &n, &e);
	for (size_t i = n; r == 0 && i-- > 0;) /* the oldest first */
		r = batch_turn(x->b, &list[i], &e);
	if (r == 0) {
		x->said[0] = '\0';
		return;
	}
	/* What is not on disk has not begun: the disk is asked again until it has room. */
	if (strcmp(x->said, e.text) != 0)
		log_event(EV_batch_waits, "why=%s", e.text);
	snprintf(x->said, sizeof x->said, "%s", e.text);
	uv_timer_start(&x->timer, look_due, DISK_AGAIN_MS, 0);
}

void batches_look(struct batches *x)
{
	if (x)
		uv_timer_start(&x->timer, look_due, 0, 0);
}

int batches_open(struct batches **ret, struct broker *b, struct err *e)
{
	struct batches *x = calloc(1, sizeof *x);
	if (!x)
		return err_set(e, ENOMEM, "batches");
	x->b = b;
	x->timer.data = x;
	uv_timer_init(b->loop, &x->timer);
	*ret = x;
	batches_look(x);
	return 0;
}

static void batches_gone(uv_handle_t *h)
{
	free(h->data);
}

void batches_close(struct batches *x)
{
	if (x)
		uv_close((uv_handle_t *)&x->timer, batches_gone);
}
