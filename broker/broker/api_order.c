/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders: what may be ordered, and how an order is shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/drill.h"
#include "broker/events.h"
#include "broker/placing.h"
#include "broker/plan.h"
#include "broker/runner.h"

enum { LISTED = 200 };

static const char *step_state(const struct order *o, unsigned i, bool begun)
{
	if (o->at.state == ORDER_DONE && !o->ended_s)
		return "planned";
	if (i < o->at.step)
		return "done";
	if (i > o->at.step)
		return "waiting";
	if (o->at.state == ORDER_DONE)
		return begun && *o->why ? "failed" : "done"; /* taken back where it had stopped */
	return o->at.state == ORDER_STOPPED ? "failed" : "running";
}

static json_t *steps_json(struct broker *b, const struct order *o)
{
	const struct plan_of_steps *plan = verb_steps(o->verb);
	struct order_step *row = NULL;
	size_t rows = 0;
	json_t *steps = json_array();
	if (o->id)
		store_order_steps(b->store, o->id, &row, &rows, NULL);
	int failed = drill_failed(o, row, rows);
	for (unsigned i = 0; i < plan->steps; i++) {
		const struct order_step *last = NULL;
		double begun = 0;
		for (size_t k = 0; k < rows; k++) {
			if (row[k].step != i)
				continue;
			last = &row[k];
			begun = row[k].tries == 0 ? row[k].begun_s : begun;
		}
		bool now = i == o->at.step && o->at.state != ORDER_DONE;
		const char *state = o->id ? step_state(o, i, last != NULL) : "planned";
		if (i < plan->turn && strcmp(state, "done") == 0)
			state = (int)i == failed ? "failed" : last ? state : "skipped";
		bool past = last && strcmp(state, "waiting") != 0;
		const char *why = now && *o->why ? o->why : past ? last->why : "";
		json_array_append_new(steps,
			json_pack("{s:s,s:s,s:s,s:i,s:f,s:f,s:s,s:s}", "name", plan->step[i].name,
				"machine", plan->step[i].side == SIDE_FROM ? o->from : o->to,
				"state", state, "tries",
				(int)(now      ? o->at.tries
					: past ? last->tries
					       : 0),
				"begun", past ? begun : 0.0, "ended",
				past && strcmp(state, "running") != 0 ? last->ended_s : 0.0, "why",
				why, "when", plan->step[i].when));
	}
	free(row);
	return steps;
}

json_t *order_json(struct broker *b, const struct order *stored, bool steps)
{
	const struct order *o = runner_order(b->runner, stored->id);
	o = o ? o : stored;
	const struct plan_of_steps *plan = verb_steps(o->verb);
	bool open = o->id && o->at.state != ORDER_DONE;
	json_t *j = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:f,s:f,s:I}", "id",
		(json_int_t)o->id, "verb", verb_word(o->verb), "persona", o->persona, "from",
		o->from, "to", o->to, "state", o->id ? order_state_word(o->at.state) : "planned",
		"step", open ? plan->step[o->at.step].name : "", "why", o->why, "begun", o->begun_s,
		"ended", o->ended_s, "undoes", (json_int_t)o->undoes);
	if (j)
		json_object_set_new(j, "cause", json_string(o->cause));
	if (j && steps) {
		uint64_t by = 0;
		if (o->id)
			store_order_undone(b->store, o->id, &by, NULL);
		json_object_set_new(j, "undone_by", json_integer((json_int_t)by));
		json_t *choice = choice_kept(b->store, o->id);
		json_object_set_new(j, "steps", steps_json(b, o));
		if (choice)
			json_object_set_new(j, "choice", choice);
		json_t *drill = drill_json(b->store, o);
		if (drill)
			json_object_set_new(j, "drill", drill);
	}
	return j;
}

void api_order_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct order *list = NULL;
	size_t n = 0;
	if (store_orders(a->b->store, LISTED, &list, &n, &e) < 0) {
		reply_err(to, &e, "");
	} else {
		json_t *items = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(items, order_json(a->b, &list[i], false));
		reply_ok(to, json_pack("{s:o}", "items", items));
	}
	free(list);
}

static int order_named(struct order *ret, const struct ask *a, struct err *e)
{
	uint64_t id;
	if (!number_read(&id, a->arg))
		return err_say(e, ENOENT, "order %s: want the order's number", a->arg);
	return store_order(a->b->store, id, ret, e);
}

void api_order_show(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct order o;
	if (order_named(&o, a, &e) < 0)
		reply_err(to, &e, "`baton order list` shows them");
	else
		reply_ok(to, order_json(a->b, &o, true));
}

/* Where it shall lead: a machine, or a pool that one is chosen from; and of a drill the network. */
struct target {
	char machine[NAME_LEN + 1], pool[NAME_LEN + 1], network[NAME_LEN + 1];
};

static int order_read(
	struct order *o, struct target *t, bool *plan, const json_t *body, struct err *e)
{
	char verb[VERB_TEXT] = "";
	const struct member members[] = {
		{ "verb", MEMBER_TEXT, verb, sizeof verb, 0, true },
		{ "persona", MEMBER_TEXT, o->persona, sizeof o->persona, 0, false },
		{ "machine", MEMBER_TEXT, t->machine, sizeof t->machine, 0, false },
		{ "pool", MEMBER_TEXT, t->pool, sizeof t->pool, 0, false },
		{ "stay", MEMBER_BOOL, &o->stays, 0, 0, false },
		{ "network", MEMBER_TEXT, t->network, sizeof t->network, 0, false },
		{ "plan", MEMBER_BOOL, plan, 0, 0, false },
	};
	int r = members_read(body, "order", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!verb_parse(&o->verb, verb) || o->verb == VERB_RESTORE_ISOLATED)
		return err_say(e, EINVAL,
			"order: verb \"%s\": want start, stop, restart, move, failover, restore, "
			"drill or prestage",
			verb);
	if (*t->machine && *t->pool)
		return err_say(e, EINVAL, "order: %s: want a machine or a pool, not both", verb);
	if (*t->pool && !name_ok(t->pool))
		return err_say(
			e, EINVAL, "order: \"pool\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (*t->pool && (o->verb == VERB_RESTORE || o->verb == VERB_PRESTAGE))
		return err_say(e, EINVAL, "order: %s: want one machine", verb);
	if (*t->network && o->verb != VERB_DRILL)
		return err_say(e, EINVAL, "order: %s: a network is for a drill", verb);
	bool stays = o->verb == VERB_STOP || o->verb == VERB_RESTART;
	if (stays != (!*t->machine && !*t->pool))
		return err_say(e, EINVAL, "order: %s: %s", verb,
			stays ? "the machine is known; leave it out"
			      : "want the machine that it shall run on, or a pool of them");
	if ((o->verb == VERB_RESTORE) != !*o->persona)
		return err_say(e, EINVAL, "order: %s: %s", verb,
			o->verb == VERB_RESTORE ? "the persona is known; leave it out"
						: "want the persona");
	memcpy(o->to, t->machine, sizeof o->to);
	return 0;
}

static const char *who_text(char to[16], const struct ask *a)
{
	snprintf(to, 16, "%u", a->uid);
	return to;
}

static const char hint_none_fits[] =
	"mend what is said of one of them, or name a machine yourself; -o json tells it of each";

static void order_refuse(struct reply *to, const struct choice *chosen, const struct err *e)
{
	bool none = chosen->machines && !chosen->fit;
	reply_err(to, e, none ? hint_none_fits : "`baton status` shows what runs where");
	if (none && to->body)
		json_object_set_new(to->body, "choice", choice_json(chosen, SIZE_MAX));
}

void api_order_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct order o = { .at = { ORDER_RUNNING, 0, 0 } };
	struct target target = { .machine = "" };
	OWN(choice) struct choice chosen = { .pool = "" };
	bool plan = false;
	char who[16];
	int r = order_read(&o, &target, &plan, a->body, &e);
	if (r == 0 && o.verb == VERB_DRILL)
		r = drill_give(
			a->b, &o, target.pool, target.network, plan, &chosen, who_text(who, a), &e);
	else if (r == 0 && plan)
		r = order_check(a->b, &o, target.pool, &chosen, &e);
	else if (r == 0)
		r = order_give(a->b, &o, target.pool, &chosen, who_text(who, a), &e);
	if (r < 0) {
		order_refuse(to, &chosen, &e);
		return;
	}
	json_t *body = order_json(a->b, &o, true);
	if (!plan) {
		reply_ok(to, body);
		return;
	}
	if (*target.pool)
		json_object_set_new(body, "choice", choice_json(&chosen, SIZE_MAX));
	/* Its persona is made by the order itself: nobody can be asked about them. */
	if (verb_stands_in(o.verb))
		reply_ok(to, body);
	else
		plan_answer(a, to, body, &(struct planned){ o, body }, 1);
}

int order_resume(struct broker *b, unsigned uid, struct order *o, struct err *e)
{
	int r = store_order_reopen(b->store, o->id, order_retry(o->verb, o->at), e);
	if (r == 0)
		r = store_order(b->store, o->id, o, e);
	if (r < 0)
		return r;
	event_say(b->events, EV_api_changed, &(struct event_about){ o->id, NULL, o->persona },
		"who=%u order=%" PRIu64 " goes on at %s", uid, o->id,
		verb_steps(o->verb)->step[o->at.step].name);
	runner_begin(b->runner, o);
	return 0;
}

void api_order_retry(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct order o;
	int r = order_named(&o, a, &e);
	if (r == 0 && o.at.state != ORDER_STOPPED)
		r = err_say(&e, EBUSY, "order %" PRIu64 " is %s: only one that has stopped goes on",
			o.id, order_state_word(o.at.state));
	if (r == 0)
		r = order_resume(a->b, a->uid, &o, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton order show` says where it stands");
		return;
	}
	reply_ok(to, order_json(a->b, &o, true));
}

/* The order that takes this one back, and this one closed, in one transaction. An order that is
 * still at its preflight has touched nothing: closing it is all. */
static int undo(struct broker *b, const struct order *was, struct order *back, struct err *e)
{
	bool untouched = verb_steps(was->verb)->step[was->at.step].kind == DO_PREFLIGHT ||
			 was->verb == VERB_RESTART;
	*back = (struct order){ .verb = verb_undo(was->verb), .undoes = was->id };
	memcpy(back->persona, was->persona, sizeof back->persona);
	memcpy(back->from, was->to, sizeof back->from);
	if (back->verb != VERB_STOP)
		memcpy(back->to, was->from, sizeof back->to);
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = store_order_close(b->store, was->id, now_s(), e);
	if (r == 0 && !untouched)
		r = store_order_add(b->store, back, e);
	if (r < 0)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	return r;
}

/* A drill is not undone by another order: it turns to take back by itself. */
static void undo_drill(const struct ask *a, struct order *o, struct reply *to)
{
	struct err e = { 0 };
	int r = 0;
	if (verb_takes_back(o->verb, o->at.step))
		r = err_say(&e, EBUSY, "order %" PRIu64 " takes back what it did; %s", o->id,
			o->at.state == ORDER_STOPPED
				? "`baton order retry` when the cause is mended"
				: "wait for its end");
	if (r == 0)
		r = runner_stop(a->b->runner, o->id, TAKEN_BACK, &e);
	if (r == 0)
		r = store_order(a->b->store, o->id, o, &e);
	if (r < 0)
		reply_err(to, &e, "`baton order show` says where it stands");
	else
		reply_ok(to, order_json(a->b, o, true));
}

void api_order_undo(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct order o, back;
	char who[16];
	int r = order_named(&o, a, &e);
	if (r == 0 && o.at.state == ORDER_DONE)
		r = err_say(&e, EBUSY, "order %" PRIu64 " is done: %s", o.id,
			o.verb == VERB_START      ? "stop the persona"
			: o.verb == VERB_STOP     ? "start the persona"
			: o.verb == VERB_DRILL    ? "nothing is left of it"
			: o.verb == VERB_PRESTAGE ? "restore the machine"
						  : "move the persona back");
	if (r == 0 && o.verb == VERB_DRILL) {
		undo_drill(a, &o, to);
		return;
	}
	if (r == 0 && verb_undo(o.verb) == VERBS)
		r = err_say(&e, EBUSY, "order %" PRIu64 ": a %s is not taken back; retry it", o.id,
			verb_word(o.verb));
	if (r == 0)
		r = runner_stop(a->b->runner, o.id, TAKEN_BACK, &e);
	if (r == 0)
		r = store_order(a->b->store, o.id, &o, &e);
	if (r == 0)
		r = undo(a->b, &o, &back, &e);
	if (r) {
		reply_err(to, &e, "`baton order show` says where it stands");
		return;
	}
	runner_drop(a->b->runner, o.id);
	if (back.id) {
		order_begin(a->b, &back, who_text(who, a));
		reply_ok(to, order_json(a->b, &back, true));
		return;
	}
	event_say(a->b->events, EV_order_done, &(struct event_about){ o.id, o.to, o.persona },
		"order=%" PRIu64 " taken back before anything was touched", o.id);
	r = store_order(a->b->store, o.id, &o, &e);
	if (r < 0)
		reply_err(to, &e, "");
	else
		reply_ok(to, order_json(a->b, &o, true));
}
