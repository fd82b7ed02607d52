/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders: what may be ordered, and how an order is shown. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/choose.h"
#include "broker/drill.h"
#include "broker/events.h"
#include "broker/publish.h"
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
	if (j && steps) {
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
	char verb[16] = "";
	const struct member members[] = {
		{ "verb", MEMBER_TEXT, verb, sizeof verb, 0, true },
		{ "persona", MEMBER_TEXT, o->persona, sizeof o->persona, 0, false },
		{ "machine", MEMBER_TEXT, t->machine, sizeof t->machine, 0, false },
		{ "pool", MEMBER_TEXT, t->pool, sizeof t->pool, 0, false },
		{ "network", MEMBER_TEXT, t->network, sizeof t->network, 0, false },
		{ "plan", MEMBER_BOOL, plan, 0, 0, false },
	};
	int r = members_read(body, "order", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!verb_parse(&o->verb, verb))
		return err_say(e, EINVAL,
			"order: verb \"%s\": want start, stop, move, failover, restore or drill",
			verb);
	if (*t->machine && *t->pool)
		return err_say(e, EINVAL, "order: %s: want a machine or a pool, not both", verb);
	if (*t->pool && !name_ok(t->pool))
		return err_say(
			e, EINVAL, "order: \"pool\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (*t->pool && o->verb == VERB_RESTORE)
		return err_say(e, EINVAL, "order: restore: want one machine");
	if (*t->network && o->verb != VERB_DRILL)
		return err_say(e, EINVAL, "order: %s: a network is for a drill", verb);
	if ((o->verb == VERB_STOP) != (!*t->machine && !*t->pool))
		return err_say(e, EINVAL, "order: %s: %s", verb,
			o->verb == VERB_STOP
				? "the machine is known; leave it out"
				: "want the machine that it shall run on, or a pool of them");
	if ((o->verb == VERB_RESTORE) != !*o->persona)
		return err_say(e, EINVAL, "order: %s: %s", verb,
			o->verb == VERB_RESTORE ? "the persona is known; leave it out"
						: "want the persona");
	memcpy(o->to, t->machine, sizeof o->to);
	return 0;
}

/* The persona and where it is; *bound says whether it is anywhere. */
static int persona_side(
	struct broker *b, const struct order *o, struct binding *at, bool *bound, struct err *e)
{
	struct persona p;
	int r = store_persona(b->store, o->persona, &p, e);
	if (r < 0)
		return r;
	r = store_binding(b->store, o->persona, at, e);
	*bound = r == 0;
	return r == -ENOENT ? 0 : r;
}

/* The machine that the order leads to: there, free, and with NICs that fit. */
static int machine_side(struct broker *b, const struct order *o, struct err *e)
{
	struct persona p;
	struct machine m;
	struct binding other;
	struct stale left;
	int r = store_persona(b->store, o->persona, &p, e);
	if (r == 0)
		r = store_machine(b->store, o->to, &m, e);
	if (r < 0)
		return r;
	if (store_stale(b->store, o->to, &left, NULL) == 0)
		return err_say(e, EBUSY,
			"machine %s is stale: its cards may hold addresses of %s; `baton restore "
			"%s` "
			"takes them off",
			o->to, left.persona, o->to);
	r = store_binding_of(b->store, o->to, &other, e);
	if (r == 0)
		return err_say(e, EBUSY,
			"machine %s carries persona %s: stop or move that one first", o->to,
			other.persona);
	if (r != -ENOENT)
		return r;
	for (unsigned i = 0; i < p.nics; i++)
		if (nic_for(&m, &p, i) < 0)
			return err_say(e, EBUSY,
				"machine %s has no NIC left that carries NIC %u of persona %s%s%s",
				o->to, i, p.name, *p.nic[i].network ? " on network " : "",
				p.nic[i].network);
	return 0;
}

/* An order in the way comes first: it explains why the persona is where it is. */
static int nobody_at_work(struct broker *b, const struct order *o, struct err *e)
{
	struct order *open = NULL;
	size_t n = 0;
	int r = store_orders(b->store, 0, &open, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct order *x = &open[i];
		bool persona = strcmp(x->persona, o->persona) == 0;
		bool machine = *o->to && (strcmp(x->from, o->to) == 0 || strcmp(x->to, o->to) == 0);
		if (!persona && !machine)
			continue;
		bool stopped = x->at.state == ORDER_STOPPED;
		r = err_say(e, EBUSY, "%s %s: order %" PRIu64 " (%s %s) %s at %s; %s",
			persona ? "persona" : "machine", persona ? o->persona : o->to, x->id,
			verb_word(x->verb), x->persona, stopped ? "has stopped" : "is",
			verb_steps(x->verb)->step[x->at.step].name,
			stopped ? "`baton order retry` or `baton order undo` it first"
			: x->verb == VERB_DRILL ? "wait for its end, or `baton order undo` it"
						: "wait for its end");
	}
	free(open);
	return r;
}

/* A machine that a failover left behind gets its own addresses back while the persona that it had
 * is nowhere: two bodies never hold one MAC while one of them boots. */
static int restore_check(struct broker *b, struct order *o, struct err *e)
{
	struct stale left;
	struct binding at;
	memcpy(o->from, o->to, sizeof o->from);
	*o->to = '\0';
	int r = store_stale(b->store, o->from, &left, e);
	if (r < 0)
		return r;
	memcpy(o->persona, left.persona, sizeof o->persona);
	r = nobody_at_work(b, o, e);
	if (r < 0)
		return r;
	r = store_binding(b->store, o->persona, &at, e);
	if (r == 0 && strcmp(at.machine, o->from) != 0)
		return err_say(e, EBUSY,
			"machine %s holds the addresses of persona %s, which runs on %s: stop it "
			"first, since two machines must not boot with one MAC",
			o->from, o->persona, at.machine);
	return r == -ENOENT ? 0 : r;
}

static int machine_choose(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e)
{
	int r = choose_machine(chosen, b->store, pool, o->persona, e);
	if (r == 0)
		memcpy(o->to, chosen->verdict[0].machine, sizeof o->to);
	return r;
}

/* The same wish as a failover's, for a persona that plays this one. */
static int drill_check(
	struct broker *b, struct order *o, struct target *t, struct choice *chosen, struct err *e)
{
	struct persona p;
	struct machine m;
	struct drill_wish w = { .machine = o->to, .pool = t->pool };
	memcpy(w.network, t->network, sizeof w.network);
	int r = drill_persona(&p, b, o->persona, &w, e);
	if (r < 0)
		return r;
	memcpy(t->network, w.network, sizeof t->network);
	memcpy(o->persona, p.name, sizeof o->persona);
	if (*t->pool && (r = machine_choose(b, o, t->pool, chosen, e)) < 0)
		return r;
	memcpy(o->from, o->to, sizeof o->from);
	r = machine_side(b, o, e);
	if (r == 0)
		r = store_machine(b->store, o->to, &m, e);
	return r < 0 ? r : drill_cards(&m, &p, e);
}

static int order_check(
	struct broker *b, struct order *o, struct target *t, struct choice *chosen, struct err *e)
{
	if (o->verb == VERB_RESTORE)
		return restore_check(b, o, e);
	struct binding at;
	bool bound = false;
	int r = persona_side(b, o, &at, &bound, e);
	if (r == 0)
		r = nobody_at_work(b, o, e);
	if (r < 0)
		return r;
	if (o->verb == VERB_START && bound)
		return err_say(e, EBUSY, "persona %s is on machine %s already: stop or move it",
			o->persona, at.machine);
	if (o->verb != VERB_START && !bound)
		return err_say(e, EBUSY, "persona %s is on no machine: start it", o->persona);
	if (*t->pool && o->verb != VERB_DRILL && (r = machine_choose(b, o, t->pool, chosen, e)) < 0)
		return r;
	if (o->verb != VERB_START && strcmp(at.machine, o->to) == 0)
		return err_say(e, EBUSY, "persona %s is on machine %s already", o->persona, o->to);
	if (o->verb == VERB_DRILL)
		return drill_check(b, o, t, chosen, e);
	if (o->verb != VERB_START)
		memcpy(o->from, at.machine, sizeof o->from);
	return o->verb == VERB_STOP ? 0 : machine_side(b, o, e);
}

static void order_say(const struct ask *a, const struct order *o)
{
	struct event_about about = { o->id, *o->to ? o->to : o->from, o->persona };
	event_say(a->b->events, EV_order_begun, &about,
		"order=%" PRIu64 " %s persona=%s%s%s%s%s who=%u", o->id, verb_word(o->verb),
		o->persona, *o->from ? " from=" : "", o->from, *o->to ? " to=" : "", o->to, a->uid);
}

/* What the order has besides itself. */
static int order_keep(struct broker *b, const struct order *o, const char *of,
	const struct target *t, const struct choice *chosen, struct err *e)
{
	struct drill d = { .order = o->id };
	int r = *t->pool ? choice_keep(b->store, o->id, chosen, e) : 0;
	if (r < 0 || o->verb != VERB_DRILL)
		return r;
	snprintf(d.of, sizeof d.of, "%s", of);
	memcpy(d.network, t->network, sizeof d.network);
	return store_drill_add(b->store, &d, e);
}

/* What is chosen is the order's before anybody else can choose. A plan is no order. */
static int order_place(struct broker *b, struct order *o, struct target *t, bool plan,
	struct choice *chosen, struct err *e)
{
	char of[NAME_LEN + 1];
	memcpy(of, o->persona, sizeof of);
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = order_check(b, o, t, chosen, e);
	if (r == 0 && !plan)
		r = store_order_add(b->store, o, e);
	if (r == 0 && !plan)
		r = order_keep(b, o, of, t, chosen, e);
	if (r < 0 || plan)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	return r;
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
	int r = order_read(&o, &target, &plan, a->body, &e);
	if (r == 0)
		r = order_place(a->b, &o, &target, plan, &chosen, &e);
	if (r < 0) {
		order_refuse(to, &chosen, &e);
		return;
	}
	if (!plan) {
		order_say(a, &o);
		runner_begin(a->b->runner, &o);
	}
	json_t *body = order_json(a->b, &o, true);
	if (plan && *target.pool)
		json_object_set_new(body, "choice", choice_json(&chosen, SIZE_MAX));
	reply_ok(to, body);
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
		r = store_order_reopen(a->b->store, o.id, order_retry(o.verb, o.at), &e);
	if (r == 0)
		r = store_order(a->b->store, o.id, &o, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton order show` says where it stands");
		return;
	}
	event_say(a->b->events, EV_api_changed, &(struct event_about){ o.id, NULL, o.persona },
		"who=%u order=%" PRIu64 " goes on at %s", a->uid, o.id,
		verb_steps(o.verb)->step[o.at.step].name);
	runner_begin(a->b->runner, &o);
	reply_ok(to, order_json(a->b, &o, true));
}

/* The order that takes this one back, and this one closed, in one transaction. An order that is
 * still at its preflight has touched nothing: closing it is all. */
static int undo(struct broker *b, const struct order *was, struct order *back, struct err *e)
{
	bool untouched = verb_steps(was->verb)->step[was->at.step].kind == DO_PREFLIGHT;
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
	int r = order_named(&o, a, &e);
	if (r == 0 && o.at.state == ORDER_DONE)
		r = err_say(&e, EBUSY, "order %" PRIu64 " is done: %s", o.id,
			o.verb == VERB_START   ? "stop the persona"
			: o.verb == VERB_STOP  ? "start the persona"
			: o.verb == VERB_DRILL ? "nothing is left of it"
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
		order_say(a, &back);
		runner_begin(a->b->runner, &back);
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
