/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders, step by step: see runner.h. */
#include "broker/runner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/batch.h"
#include "broker/choose.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/health.h"
#include "broker/preflight.h"
#include "broker/prestage.h"
#include "broker/reports.h"
#include "broker/steps.h"

enum { BACK_OFF_MS = 1000, BACK_OFF_MOST_MS = 15000, DISK_AGAIN_MS = 1000 };

struct runner {
	struct broker *b;
	struct run *run;
};

const struct step *run_step(const struct run *run)
{
	return &verb_steps(run->o.verb)->step[run->o.at.step];
}

const char *run_machine(const struct run *run)
{
	return run_step(run)->side == SIDE_FROM ? run->o.from : run->o.to;
}

bool run_is_running(const struct run *run)
{
	return run->o.at.state == ORDER_RUNNING;
}

static struct event_about about(const struct run *run)
{
	return (struct event_about){ run->o.id, run_machine(run), run->o.persona };
}

static void step_begin(struct run *run);

static void begin_due(uv_timer_t *t)
{
	step_begin(t->data);
}

static unsigned deadline_s(const struct run *run)
{
	unsigned s = run_step(run)->timeout_s;
	return s ? s : run->b->conf.boot_wait_s;
}

static void deadline_due(uv_timer_t *t)
{
	struct run *run = t->data;
	const struct step *s = run_step(run);
	char last[EVENT_SEEN], why[320];
	event_last_of(last, run->b->events, run_machine(run));
	snprintf(why, sizeof why, "%s: %s for %u s in vain; last seen of %s: %s", s->name, s->when,
		deadline_s(run), run_machine(run), last);
	run_end(run, STEP_FAILED, why);
}

/* The step is over for whoever was at work on it. */
static void step_leave(struct run *run)
{
	uv_timer_stop(&run->timer);
	for (int i = 0; i < 2; i++) {
		hand_forget(run->b->hands, run->hand[i]);
		run->hand[i] = 0;
	}
	preflight_forget(run->preflight);
	run->preflight = NULL;
	run->hands = 0;
	run->begun = false;
}

/* What the disk says while an order waits for it: shown with the order, logged once. */
static void disk_says(struct run *run, const char *why)
{
	if (strcmp(run->o.why, why) == 0)
		return;
	snprintf(run->o.why, sizeof run->o.why, "%s", why);
	run->disk_said = true;
	log_event(EV_step_failed, "order=%" PRIu64 " step=%s why=%s", run->o.id,
		run_step(run)->name, why);
}

/* There is room again: the order shows why its last try failed, as it did before. */
static void disk_is_well(struct run *run)
{
	struct order stored;
	if (run->disk_said && store_order(run->b->store, run->o.id, &stored, NULL) == 0)
		memcpy(run->o.why, stored.why, sizeof run->o.why);
	run->disk_said = false;
}

/* A step that cannot be journaled is not begun, and no try is used up: the disk is asked again
 * until it has room. */
static void step_begin(struct run *run)
{
	struct err e = { 0 };
	char why[320] = "";
	const struct step *s = run_step(run);
	if (store_step_begin(run->b->store, &run->o, now_s(), &e) < 0) {
		disk_says(run, e.text);
		uv_timer_start(&run->timer, begin_due, DISK_AGAIN_MS, 0);
		return;
	}
	disk_is_well(run);
	struct event_about a = about(run);
	event_say(run->b->events, EV_step_begun, &a, "order=%" PRIu64 " step=%s machine=%s try=%u",
		run->o.id, s->name, a.machine, run->o.at.tries + 1);
	run->begun = true;
	run->trouble[0] = '\0';
	switch (step_do(run, why)) {
	case STEP_NOW_DONE:
		run_end(run, STEP_DONE, why);
		break;
	case STEP_NOW_FAILED:
		run_end(run, STEP_FAILED, why);
		break;
	case STEP_WAITS:
		/* A hand has its own deadline, which the warden keeps. */
		if (run->hands == 0)
			uv_timer_start(&run->timer, deadline_due, deadline_s(run) * 1000ull, 0);
		reports_again(run->b->reports, run_machine(run));
		break;
	}
}

/* Does it go back by itself, now that it stands so? What goes back already does not turn again. */
static bool rolls_back(const struct run *run, const struct order *next)
{
	return next->at.state == ORDER_STOPPED && !run->taken_back && !next->undoes &&
	       !next->stays && verb_rolls_back(next->verb, next->at.step);
}

/* What Baton moved by itself had failed where it was: then it is another spare's turn, if there is
 * one. */
static void next_spare(char to[NAME_LEN + 1], struct store *s, const struct order *stopped)
{
	OWN(choice) struct choice chosen = { .pool = "" };
	struct policy p;
	if (*stopped->cause && store_policy(s, stopped->persona, &p, NULL) == 0 && *p.spares &&
		choose_machine(&chosen, s, p.spares, stopped->persona, NULL) == 0)
		memcpy(to, chosen.verdict[0].machine, NAME_LEN + 1);
}

/* The stopped order gives its place to one that leads to the old body again. */
static int roll_back(
	struct order *back, struct store *s, const struct order *stopped, struct err *e)
{
	*back = (struct order){ .verb = VERB_FAILOVER, .undoes = stopped->id };
	memcpy(back->persona, stopped->persona, sizeof back->persona);
	memcpy(back->from, stopped->to, sizeof back->from);
	memcpy(back->to, stopped->from, sizeof back->to);
	next_spare(back->to, s, stopped);
	snprintf(back->cause, sizeof back->cause, "order %" PRIu64 " rolls back: %.160s",
		stopped->id, stopped->why);
	int r = store_order_close(s, stopped->id, now_s(), e);
	return r < 0 ? r : store_order_add(s, back, e);
}

int run_journal(
	struct order *next, struct run *run, enum outcome how, const char *why, struct err *e)
{
	struct store *s = run->b->store;
	*next = run->o;
	next->at = order_turn(run->o.verb, run->o.at, how);
	snprintf(next->why, sizeof next->why, "%s", how == STEP_FAILED ? why : "");
	run->back.id = 0;
	if (!rolls_back(run, next))
		return store_step_end(s, next, run->o.at.step, why, now_s(), e);
	int r = store_begin(s, e);
	if (r < 0)
		return r;
	r = store_step_end(s, next, run->o.at.step, why, now_s(), e);
	r = r < 0 ? r : roll_back(&run->back, s, next, e);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

static void run_free(uv_handle_t *h)
{
	free(h->data);
}

/* Who is at rest, and who is not any more, has changed. */
static void rest_changed(const struct broker *b)
{
	if (b->health)
		health_look_again(b->health);
}

static void run_forget(struct run *run)
{
	rest_changed(run->b);
	for (struct run **at = &run->b->runner->run; *at; at = &(*at)->next) {
		if (*at == run) {
			*at = run->next;
			break;
		}
	}
	step_leave(run);
	uv_close((uv_handle_t *)&run->timer, run_free);
}

/* A machine that only boots again may be quicker than the hand that switched it on. */
static bool os_may_come(const struct order *o)
{
	const struct plan_of_steps *plan = verb_steps(o->verb);
	const struct step *now = &plan->step[o->at.step];
	return now->kind == DO_AWAIT_OS ||
	       (now->kind == DO_NET_START && o->at.step + 1 < plan->steps &&
		       now[1].kind == DO_AWAIT_OS);
}

static void run_rolled_back(struct run *run)
{
	struct broker *b = run->b;
	struct order back = run->back;
	event_say(b->events, EV_rolled_back,
		&(struct event_about){ back.id, back.to, back.persona },
		"order=%" PRIu64 " persona=%s from=%s to=%s why=%s", back.id, back.persona,
		back.from, back.to, back.cause);
	run_forget(run);
	runner_begin(b->runner, &back);
}

void run_turn(struct run *run, const struct order *next, enum outcome how, const char *why)
{
	struct event_about a = about(run);
	struct broker *b = run->b;
	const char *step = run_step(run)->name;
	char machine[NAME_LEN + 1];
	snprintf(machine, sizeof machine, "%s", a.machine);
	step_leave(run);
	run->unwritten = run->disk_said = false;
	run->os_seen = run->os_seen && (next->at.step == run->o.at.step || os_may_come(next));
	run->o = *next;
	a.machine = machine;
	event_say(b->events, how == STEP_DONE ? EV_step_done : EV_step_failed, &a,
		"order=%" PRIu64 " step=%s machine=%s%s%s", run->o.id, step, machine,
		*why ? " why=" : "", why);
	if (run->o.at.state == ORDER_DONE) {
		event_say(b->events, EV_order_done, &a, "order=%" PRIu64 " %s persona=%s",
			run->o.id, verb_word(run->o.verb), run->o.persona);
		run_forget(run);
	} else if (run->o.at.state == ORDER_STOPPED) {
		event_say(b->events, EV_order_stopped, &a, "order=%" PRIu64 " step=%s why=%s",
			run->o.id, step, why);
		if (run->back.id)
			run_rolled_back(run);
	} else if (how == STEP_DONE) {
		uv_timer_start(&run->timer, begin_due, 0, 0);
	} else {
		unsigned shift = run->o.at.tries > 5 ? 5 : run->o.at.tries;
		uint64_t ms = (uint64_t)BACK_OFF_MS << (shift ? shift - 1 : 0);
		uv_timer_start(
			&run->timer, begin_due, ms > BACK_OFF_MOST_MS ? BACK_OFF_MOST_MS : ms, 0);
	}
	if (next->at.state != ORDER_RUNNING)
		batches_look(b->batches);
	reports_again(b->reports, machine);
}

/* Once a step's end could not be journaled, the step counts as failed, and that is written as
 * soon as the disk takes it. Until then nothing goes on: what is not on disk has not happened. */
static void journal_due(uv_timer_t *t)
{
	struct run *run = t->data;
	struct order next;
	char why[sizeof run->trouble];
	memcpy(why, run->trouble, sizeof why);
	if (run_journal(&next, run, STEP_FAILED, why, NULL) < 0)
		uv_timer_start(&run->timer, journal_due, DISK_AGAIN_MS, 0);
	else
		run_turn(run, &next, STEP_FAILED, why);
}

static void run_unwritten(struct run *run, const char *why)
{
	char copy[sizeof run->trouble];
	snprintf(copy, sizeof copy, "%s", why); /* it may lie in *run */
	step_leave(run);
	memcpy(run->trouble, copy, sizeof copy);
	run->unwritten = true;
	disk_says(run, copy);
	uv_timer_start(&run->timer, journal_due, DISK_AGAIN_MS, 0);
}

void run_end(struct run *run, enum outcome how, const char *why)
{
	struct err e = { 0 };
	struct order next;
	char copy[sizeof run->trouble];
	snprintf(copy, sizeof copy, "%s", why);
	if (run_journal(&next, run, how, copy, &e) < 0)
		run_unwritten(run, e.text);
	else
		run_turn(run, &next, how, copy);
}

void run_stop(struct run *run, const char *why)
{
	run->o.at.tries = run_step(run)->tries - 1;
	run_end(run, STEP_FAILED, why);
}

static struct run *run_find(const struct runner *r, uint64_t id)
{
	struct run *run = r->run;
	while (run && run->o.id != id)
		run = run->next;
	return run;
}

void runner_begin(struct runner *r, const struct order *o)
{
	struct run *run = run_find(r, o->id);
	if (!run) {
		/* The order is on disk: without memory for it, the next process resumes it. */
		run = calloc(1, sizeof *run);
		if (!run)
			abort();
		run->b = r->b;
		run->timer.data = run;
		uv_timer_init(r->b->loop, &run->timer);
		run->next = r->run;
		r->run = run;
	}
	run->o = *o;
	rest_changed(r->b);
	batches_look(r->b->batches);
	if (run_is_running(run))
		uv_timer_start(&run->timer, begin_due, 0, 0);
}

int runner_stop(struct runner *r, uint64_t id, const char *why, struct err *e)
{
	struct run *run = run_find(r, id);
	if (!run || !run_is_running(run))
		return 0;
	/* Between two tries nothing is begun: the journal gets a try that ends at once. */
	if (!run->begun && !run->unwritten) {
		int failed = store_step_begin(r->b->store, &run->o, now_s(), e);
		if (failed < 0)
			return failed;
	}
	run->taken_back = true;
	run_stop(run, why);
	if (run->unwritten)
		return err_say(e, EIO, "%s", run->trouble);
	return 0;
}

void runner_drop(struct runner *r, uint64_t id)
{
	struct run *run = run_find(r, id);
	if (run)
		run_forget(run);
	batches_look(r->b->batches);
}

const struct order *runner_order(const struct runner *r, uint64_t id)
{
	const struct run *run = run_find(r, id);
	return run ? &run->o : NULL;
}

struct run *runner_of(const struct runner *r, const char *machine)
{
	struct run *run = r->run;
	while (run && strcmp(run->o.from, machine) != 0 && strcmp(run->o.to, machine) != 0)
		run = run->next;
	return run;
}

int runner_open(struct runner **ret, struct broker *b, struct err *e)
{
	struct runner *r = calloc(1, sizeof *r);
	struct order *o = NULL;
	size_t n = 0;
	if (!r)
		return err_set(e, ENOMEM, "runner");
	r->b = b;
	b->runner = *ret = r;
	int failed = store_orders(b->store, 0, &o, &n, e);
	for (size_t i = 0; i < n; i++)
		runner_begin(r, &o[i]);
	free(o);
	return failed;
}

void runner_close(struct runner *r)
{
	while (r && r->run)
		run_forget(r->run);
	free(r);
}

/* Does this event say that the machine goes by the persona's MAC, under the binding that stands? */
static bool persona_asks(struct binding *ret, const struct broker *b, const char *persona,
	const struct event_row *row)
{
	char mac[MAC_TEXT], generation[16];
	struct mac m;
	struct persona p;
	if (!event_field(mac, sizeof mac, row->text, "mac") || !mac_parse(&m, mac) ||
		!event_field(generation, sizeof generation, row->text, "generation") ||
		store_persona(b->store, persona, &p, NULL) < 0 ||
		store_binding(b->store, persona, ret, NULL) < 0 || ret->phase != PHASE_PERSONA ||
		strtoull(generation, NULL, 10) != ret->generation)
		return false;
	for (unsigned i = 0; i < p.nics; i++)
		if (mac_equal(&p.nic[i].mac, &m))
			return true;
	return false;
}

/* And that the persona has come up: its OS has asked for an address, of us or of the network's own
 * DHCP server. */
static bool os_is_up(struct binding *ret, const struct broker *b, const char *persona,
	const struct event_row *row)
{
	char stage[16];
	return event_field(stage, sizeof stage, row->text, "stage") && strcmp(stage, "os") == 0 &&
	       persona_asks(ret, b, persona, row);
}

/* No order is at work there: somebody has switched it on. What was seen of its silence is over. */
static void os_came_by_itself(const struct broker *b, const struct event_row *row)
{
	struct binding of, on;
	struct proof silent;
	if (store_binding_of(b->store, row->machine, &of, NULL) == 0 &&
		os_is_up(&on, b, of.persona, row) &&
		store_silence(b->store, &on, &silent, NULL) == 0)
		store_wake(b->store, &on, NULL);
}

/* Between the power-on and the look at its target. */
static bool may_ask(const struct run *run)
{
	enum deed_kind now = run_step(run)->kind;
	return run_step(run)->side == SIDE_TO &&
	       (now == DO_NET_START || now == DO_AWAIT_SHIM || now == DO_AWAIT_WRITTEN ||
		       now == DO_AWAIT_ASK);
}

/* By a NIC that keeps its own address: it is no sign of what the others go by, and the only one
 * that a machine which boots by such a NIC gives. */
static bool keeper_asks(const struct run *run, const struct event_row *row)
{
	char text[MAC_TEXT];
	struct mac mac;
	struct machine m;
	if (!event_field(text, sizeof text, row->text, "mac") || !mac_parse(&mac, text) ||
		strcmp(row->machine, run->o.to) != 0 ||
		store_machine(run->b->store, run->o.to, &m, NULL) < 0)
		return false;
	for (unsigned i = 0; i < m.nics; i++)
		if (!m.nic[i].carries && mac_equal(&m.nic[i].factory, &mac))
			return true;
	return false;
}

static void asked(struct run *run)
{
	run->asked = true;
	if (run->begun && run_step(run)->kind == DO_AWAIT_ASK)
		run_end(run, STEP_DONE, "");
}

static void missed(struct run *run)
{
	char why[320];
	if (!run->begun || run_step(run)->kind != DO_AWAIT_ASK)
		return;
	enum step_now now = prestage_lost(run, why);
	run_end(run, now == STEP_NOW_DONE ? STEP_DONE : STEP_FAILED, why);
}

static void os_came(struct run *run)
{
	if (run->begun && run_step(run)->kind == DO_AWAIT_OS)
		run_end(run, STEP_DONE, "");
	else
		run->os_seen = true;
}

void runner_heard(struct runner *r, enum event ev, const struct event_row *row)
{
	struct binding on;
	if ((ev != EV_dhcp_answered && ev != EV_dhcp_left) || !*row->machine)
		return;
	struct run *run = runner_of(r, row->machine);
	if (!run)
		os_came_by_itself(r->b, row);
	else if (!run_is_running(run))
		return;
	else if (may_ask(run) && persona_asks(&on, r->b, run->o.persona, row))
		asked(run);
	/* It is long ago that its cards were read back: what keeps its own address shows nothing.
	 */
	else if (may_ask(run) && prestage_missed(run, row))
		missed(run);
	else if (may_ask(run) && keeper_asks(run, row))
		asked(run);
	else if (os_may_come(&run->o) && os_is_up(&on, r->b, run->o.persona, row))
		os_came(run);
}
