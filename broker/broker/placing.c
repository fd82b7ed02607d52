/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See placing.h. */
#include "broker/placing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/drill.h"
#include "broker/events.h"
#include "broker/isolated.h"
#include "broker/runner.h"

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
	if (store_stale(b->store, o->to, &left, NULL) == 0 && strcmp(left.persona, o->persona) != 0)
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
	for (unsigned i = 0; i < p.hbas; i++)
		if (hba_for(&m, &p, i) < 0)
			return err_say(e, EBUSY,
				"machine %s has no HBA left that carries HBA %u of persona %s",
				o->to, i, p.name);
	return store_told_apart(b->store, &p, &m, e);
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
		const char *at = *o->to ? o->to : o->from;
		bool machine = *at && (strcmp(x->from, at) == 0 || strcmp(x->to, at) == 0);
		if (!persona && !machine)
			continue;
		bool stopped = x->at.state == ORDER_STOPPED;
		r = err_say(e, EBUSY, "%s %s: order %" PRIu64 " (%s %s) %s at %s; %s",
			persona ? "persona" : "machine", persona ? o->persona : at, x->id,
			verb_word(x->verb), x->persona, stopped ? "has stopped" : "is",
			verb_steps(x->verb)->step[x->at.step].name,
			stopped && verb_undo(x->verb) == VERBS && x->verb != VERB_DRILL
				? "`baton order retry` it first"
			: stopped ? "`baton order retry` or `baton order undo` it first"
			: x->verb == VERB_DRILL ? "wait for its end, or `baton order undo` it"
						: "wait for its end");
	}
	free(open);
	return r;
}

/* Two bodies never hold one MAC while one of them boots where the other can hear it. */
static int isolated_place(struct broker *b, struct order *o, const char *runs_on, struct err *e)
{
	struct machine m;
	struct err why = { 0 };
	char persona[sizeof o->persona];
	memcpy(persona, o->persona, sizeof persona);
	int r = store_machine(b->store, o->from, &m, e);
	if (r < 0)
		return r;
	if (isolated_check(b, o, &m, &why) == 0)
		return nobody_at_work(b, o, e);
	return err_say(e, EBUSY,
		"machine %s holds the addresses of persona %s, which runs on %s: stop it first; or "
		"have it restored behind isolated switch ports, which cannot be: %s",
		o->from, persona, runs_on, why.text);
}

/* A machine that a failover left behind gets its own addresses back while the persona that it had
 * is nowhere, or else where nobody hears it. */
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
	r = store_binding(b->store, o->persona, &at, e);
	bool bound = r == 0;
	if (!bound && r != -ENOENT)
		return r;
	if (bound && strcmp(at.machine, o->from) != 0)
		return isolated_place(b, o, at.machine, e);
	r = nobody_at_work(b, o, e);
	if (r == 0 && bound && at.phase != PHASE_RESTORE)
		r = err_say(e, EBUSY,
			"machine %s carries persona %s again: `baton stop %s` gives it its factory "
			"addresses back",
			o->from, o->persona, o->persona);
	return r;
}

static int machine_choose(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e)
{
	int r = choose_machine(chosen, b->store, pool, o->persona, e);
	if (r == 0)
		memcpy(o->to, chosen->verdict[0].machine, sizeof o->to);
	return r;
}

int order_check(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e)
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
	if (*pool && (r = machine_choose(b, o, pool, chosen, e)) < 0)
		return r;
	/* Nor may it: a restart makes no secret. */
	if (o->verb == VERB_RESTART && (at.phase != PHASE_PERSONA || !at.fenced))
		return err_say(e, EBUSY,
			"persona %s: its OS does not run on machine %s; `baton stop %s`, then "
			"start it",
			o->persona, at.machine, o->persona);
	if (o->verb != VERB_START && strcmp(at.machine, o->to) == 0)
		return err_say(e, EBUSY, "persona %s is on machine %s already", o->persona, o->to);
	if (o->verb != VERB_START)
		memcpy(o->from, at.machine, sizeof o->from);
	return *o->to ? machine_side(b, o, e) : 0;
}

static void order_say(struct broker *b, const struct order *o, const char *who)
{
	struct event_about about = { o->id, *o->to ? o->to : o->from, o->persona };
	event_say(b->events, EV_order_begun, &about,
		"order=%" PRIu64 " %s persona=%s%s%s%s%s who=%s", o->id, verb_word(o->verb),
		o->persona, *o->from ? " from=" : "", o->from, *o->to ? " to=" : "", o->to, who);
}

/* What is chosen is the order's before anybody else can choose. */
int order_place(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e)
{
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = order_check(b, o, pool, chosen, e);
	if (r == 0 && o->verb == VERB_RESTORE_ISOLATED)
		r = isolated_persona_add(b->store, o, e);
	if (r == 0)
		r = store_order_add(b->store, o, e);
	if (r == 0 && *pool)
		r = choice_keep(b->store, o->id, chosen, e);
	if (r < 0)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	return r;
}

void order_begin(struct broker *b, const struct order *o, const char *who)
{
	order_say(b, o, who);
	runner_begin(b->runner, o);
}

int order_give(struct broker *b, struct order *o, const char *pool, struct choice *chosen,
	const char *who, struct err *e)
{
	int r = order_place(b, o, pool, chosen, e);
	if (r == 0)
		order_begin(b, o, who);
	return r;
}

/* ------------------------------------------------------------------ rehearsals */

/* The same wish as a failover's, for a persona that plays this one. */
static int drill_check(struct broker *b, struct order *o, const char *pool, struct drill *d,
	struct choice *chosen, struct err *e)
{
	struct persona p;
	struct machine m;
	struct binding at;
	struct drill_wish w = { .machine = o->to, .pool = pool };
	bool bound = false;
	int r = persona_side(b, o, &at, &bound, e);
	if (r == 0)
		r = nobody_at_work(b, o, e);
	if (r == 0 && !bound)
		r = err_say(e, EBUSY, "persona %s is on no machine: start it", o->persona);
	if (r == 0 && strcmp(at.machine, o->to) == 0)
		r = err_say(e, EBUSY, "persona %s is on machine %s already", o->persona, o->to);
	if (r < 0)
		return r;
	memcpy(d->of, o->persona, sizeof d->of);
	memcpy(w.network, d->network, sizeof w.network);
	r = drill_persona(&p, b, o->persona, &w, e);
	if (r < 0)
		return r;
	memcpy(d->network, w.network, sizeof d->network);
	memcpy(o->persona, p.name, sizeof o->persona);
	if (*pool && (r = machine_choose(b, o, pool, chosen, e)) < 0)
		return r;
	memcpy(o->from, o->to, sizeof o->from);
	r = machine_side(b, o, e);
	if (r == 0)
		r = store_machine(b->store, o->to, &m, e);
	return r < 0 ? r : drill_cards(&m, &p, e);
}

int drill_give(struct broker *b, struct order *o, const char *pool, const char *network, bool plan,
	struct choice *chosen, const char *who, struct err *e)
{
	struct drill d = { .order = 0 };
	snprintf(d.network, sizeof d.network, "%s", network);
	int r = store_begin(b->store, e);
	if (r < 0)
		return r;
	r = drill_check(b, o, pool, &d, chosen, e);
	if (r == 0 && !plan)
		r = store_order_add(b->store, o, e);
	d.order = o->id;
	if (r == 0 && !plan && *pool)
		r = choice_keep(b->store, o->id, chosen, e);
	if (r == 0 && !plan)
		r = store_drill_add(b->store, &d, e);
	if (r < 0 || plan)
		store_rollback(b->store);
	else
		r = store_commit(b->store, e);
	if (r == 0 && !plan)
		order_begin(b, o, who);
	return r;
}
