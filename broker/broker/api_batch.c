/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches: how one is shown, planned, begun, cancelled and retried. What may be wished: wanted.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/batch.h"
#include "broker/events.h"
#include "broker/placing.h"
#include "broker/plan.h"
#include "broker/wanted.h"

enum { LISTED = 200 };

static const char hint_show[] = "`baton batch show` says where it stands";

static inline void list_drop(void *list)
{
	free(*(void **)list);
}

/* ------------------------------------------------------------------ how one is shown */

static json_t *wish_json(struct broker *b, const struct wish *w)
{
	struct order o = { .id = 0 };
	bool has = wish_order(b, w, &o, NULL) == 0;
	const char *step =
		has && o.at.state != ORDER_DONE ? verb_steps(o.verb)->step[o.at.step].name : "";
	return json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s}", "n", (int)w->n + 1, "verb",
		verb_word(w->verb), "persona", w->persona, "from", has ? o.from : "", "machine",
		has ? o.to : w->machine, "pool", w->pool, "state", wish_state_word(w->state),
		"order", (json_int_t)o.id, "step", step, "why", w->why);
}

json_t *batch_json(struct broker *b, const struct batch *batch, bool whole, struct err *e)
{
	OWN(list) struct wish *w = NULL;
	size_t n = 0, done = 0;
	if (batch_wishes(b, batch->id, &w, &n, e) < 0)
		return NULL;
	json_t *wishes = json_array();
	for (size_t i = 0; i < n; i++) {
		done += w[i].state == WISH_DONE;
		if (whole)
			json_array_append_new(wishes, wish_json(b, &w[i]));
	}
	json_t *j = json_pack("{s:I,s:s,s:s,s:i,s:b,s:f,s:f,s:I,s:I}", "id", (json_int_t)batch->id,
		"what", batch->what, "state", batch_state_word(batch->state), "parallel",
		(int)batch->rule.parallel, "keep_going", batch->rule.keep_going, "begun",
		batch->begun_s, "ended", batch->ended_s, "done", (json_int_t)done, "of",
		(json_int_t)n);
	if (whole)
		json_object_set(j, "wishes", wishes);
	json_decref(wishes);
	return j;
}

static void batch_reply(struct broker *b, struct reply *to, const struct batch *batch)
{
	struct err e = { 0 };
	json_t *j = batch_json(b, batch, true, &e);
	if (j)
		reply_ok(to, j);
	else
		reply_err(to, &e, "");
}

void api_batch_list(const struct ask *a, struct reply *to)
{
	OWN(list) struct batch *list = NULL;
	OWN(json) json_t *items = json_array();
	struct err e = { 0 };
	size_t n = 0;
	int r = store_batches(a->b->store, LISTED, &list, &n, &e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		json_t *one = batch_json(a->b, &list[i], false, &e);
		r = one ? json_array_append_new(items, one) : -e.code;
	}
	if (r < 0)
		reply_err(to, &e, "");
	else
		reply_ok(to, json_pack("{s:O}", "items", items));
}

static int batch_named(struct batch *ret, const struct ask *a, struct err *e)
{
	uint64_t id;
	if (!number_read(&id, a->arg))
		return err_say(e, ENOENT, "batch %s: want the batch's number", a->arg);
	return store_batch(a->b->store, id, ret, e);
}

void api_batch_show(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct batch batch;
	if (batch_named(&batch, a, &e) < 0)
		reply_err(to, &e, "`baton batch list` shows them");
	else
		batch_reply(a->b, to, &batch);
}

/* ------------------------------------------------------------------ a plan */

/* One order of the plan; where it would be refused, why. Its transaction is never committed. */
static int plan_one(
	struct planned *ret, struct broker *b, const struct wish *w, uint64_t from, struct err *e)
{
	OWN(choice) struct choice chosen = { .planned_from = from };
	struct order *o = &ret->o;
	*o = (struct order){ .verb = w->verb, .at = { ORDER_RUNNING, 0, 0 } };
	memcpy(o->persona, w->persona, sizeof o->persona);
	memcpy(o->to, w->machine, sizeof o->to);
	int r = order_place(b, o, w->pool, &chosen, e);
	if (r < 0 && !is_refusal(r))
		return r;
	ret->to = json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "n", (int)w->n + 1, "verb",
		verb_word(w->verb), "persona", w->persona, "from", o->from, "machine", o->to,
		"pool", w->pool, "state", r < 0 ? "refused" : "planned", "why",
		r < 0 ? e->text : "");
	if (chosen.machines)
		json_object_set_new(ret->to, "choice", choice_json(&chosen, SIZE_MAX));
	if (r < 0) {
		json_object_set_new(ret->to, "checks", plan_refused(o, e->text));
		o->persona[0] = '\0';
	}
	return 0;
}

/* All orders are placed as if they were given, and then taken back: so no two get one machine, and
 * racks are kept apart. */
static int plan_make(
	struct planned *list, json_t **body, struct broker *b, struct wanted *w, struct err *e)
{
	OWN(list) struct order *newest = NULL;
	size_t n = 0;
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = store_orders(b->store, 1, &newest, &n, e);
	if (r == 0)
		r = store_batch_add(
			b->store, &w->batch, w->wish, w->wishes, w->leaves, w->leave, e);
	json_t *wishes = json_array();
	for (size_t i = 0; r == 0 && i < w->wishes; i++) {
		r = plan_one(&list[i], b, &w->wish[i], n ? newest[0].id + 1 : 1, e);
		if (r == 0)
			json_array_append_new(wishes, list[i].to);
	}
	store_rollback(b->store);
	*body = json_pack("{s:i,s:s,s:s,s:i,s:b,s:o}", "id", 0, "what", w->batch.what, "state",
		"planned", "parallel", (int)w->batch.rule.parallel, "keep_going",
		w->batch.rule.keep_going, "wishes", wishes);
	return r;
}

static void plan_batch(const struct ask *a, struct reply *to, struct wanted *w)
{
	OWN(list) struct planned *list = calloc(w->wishes, sizeof *list);
	struct err e = { 0 };
	json_t *body = NULL;
	int r = list ? plan_make(list, &body, a->b, w, &e) : err_set(&e, ENOMEM, "plan");
	if (r == 0) {
		plan_answer(a, to, body, list, w->wishes);
		return;
	}
	json_decref(body);
	reply_err(to, &e, "");
}

/* ------------------------------------------------------------------ routes that change something
 */

static void batch_event(const struct ask *a, enum event ev, const struct batch *batch)
{
	event_say(a->b->events, ev, &(struct event_about){ 0 }, "batch=%" PRIu64 " who=%u %s",
		batch->id, a->uid, batch->what);
}

void api_batch_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(wanted) struct wanted w = { .batch = { .state = BATCH_RUNNING } };
	int r = wanted_read(&w, a, &e);
	if (r == 0 && w.plan) {
		plan_batch(a, to, &w);
		return;
	}
	if (r == 0)
		r = store_batch_add(a->b->store, &w.batch, w.wish, w.wishes, w.leaves, w.leave, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton status` shows what runs where");
		return;
	}
	batch_event(a, EV_batch_begun, &w.batch);
	batches_look(a->b->batches);
	batch_reply(a->b, to, &w.batch);
}

static int cancel(struct broker *b, struct batch *batch, struct err *e)
{
	OWN(list) struct wish *w = NULL;
	size_t n = 0;
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	batch->rule.cancelled = true;
	r = batch_wishes(b, batch->id, &w, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (w[i].state != WISH_WAITING)
			continue;
		w[i].state = WISH_DROPPED;
		r = store_wish_set(b->store, batch->id, &w[i], e);
	}
	if (r == 0)
		r = store_batch_set(b->store, batch, e);
	if (r < 0)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	return r;
}

/* It must not be over: what ended is history. */
static int batch_open(struct batch *ret, const struct ask *a, struct err *e)
{
	int r = batch_named(ret, a, e);
	if (r == 0 && ret->ended_s > 0)
		return err_say(
			e, EBUSY, "batch %" PRIu64 " is %s", ret->id, batch_state_word(ret->state));
	return r;
}

void api_batch_cancel(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct batch batch;
	int r = batch_open(&batch, a, &e);
	if (r == 0)
		r = cancel(a->b, &batch, &e);
	if (r < 0) {
		reply_err(to, &e, hint_show);
		return;
	}
	batch_event(a, EV_batch_cancelled, &batch);
	batches_look(a->b->batches);
	batch_reply(a->b, to, &batch);
}

/* An order that stopped goes on; what was refused or taken back waits for its turn anew. */
static int wish_again(
	const struct ask *a, const struct batch *batch, const struct wish *was, struct err *e)
{
	struct wish w = *was;
	struct order o;
	if (w.state == WISH_STOPPED) {
		int r = wish_order(a->b, &w, &o, e);
		return r < 0 ? r : order_resume(a->b, a->uid, &o, e);
	}
	if (w.state != WISH_REFUSED && w.state != WISH_TAKEN_BACK)
		return 0;
	w.state = WISH_WAITING;
	w.order = 0;
	w.why[0] = '\0';
	return store_wish_set(a->b->store, batch->id, &w, e);
}

void api_batch_retry(const struct ask *a, struct reply *to)
{
	OWN(list) struct wish *w = NULL;
	struct err e = { 0 };
	struct batch batch;
	size_t n = 0, failed = 0;
	int r = batch_open(&batch, a, &e);
	if (r == 0)
		r = batch_wishes(a->b, batch.id, &w, &n, &e);
	for (size_t i = 0; i < n; i++)
		failed += w[i].state == WISH_STOPPED || w[i].state == WISH_REFUSED ||
			  w[i].state == WISH_TAKEN_BACK;
	if (r == 0 && (failed == 0 || batch.rule.cancelled))
		r = err_say(&e, EBUSY, "batch %" PRIu64 ": %s", batch.id,
			batch.rule.cancelled ? "it is cancelled; its orders are retried one by one"
					     : "nothing of it has failed");
	for (size_t i = 0; r == 0 && i < n; i++)
		r = wish_again(a, &batch, &w[i], &e);
	batch.state = BATCH_RUNNING;
	if (r == 0)
		r = store_batch_set(a->b->store, &batch, &e);
	batches_look(a->b->batches);
	if (r < 0) {
		reply_err(to, &e, hint_show);
		return;
	}
	batch_event(a, EV_batch_goes_on, &batch);
	batch_reply(a->b, to, &batch);
}
