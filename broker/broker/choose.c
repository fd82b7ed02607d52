/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathers candidates and neighbours for a choice: see choose.h. */
#include "broker/choose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/drill.h"
#include "broker/members.h"

enum {
	ORDERS_SEEN = 1000, /* so far back a failure is remembered */
	OTHERS_KEPT = 200,  /* with an order; a pool may have thousands */
	REHEARSED_S = 86400 /* so long a failed rehearsal counts: a spare is mended, and who has
			     * mended it need not rehearse again */
};

/* What a choice is made from. Candidates borrow from the lists. */
struct field {
	struct machine *machine; /* of the pool, in order of name */
	struct binding *binding;
	struct order *order; /* newest first */
	struct stale *stale;
	struct machine *away;
	struct leaving *leaving;
	char (*group)[NAME_LEN + 1];
	size_t machines, bindings, orders, stales, leavings, groups;
	uint64_t planned_from;
	struct candidate *candidate; /* one for each machine */
	struct drill *drill;         /* what was rehearsed on each last */
	double now_s;
	struct neighbour *near;
	size_t nears;
	struct machine *stands_on; /* of each neighbour */
};

static void field_drop(struct field *f)
{
	free(f->machine);
	free(f->binding);
	free(f->order);
	free(f->stale);
	free(f->away);
	free(f->leaving);
	free(f->group);
	free(f->candidate);
	free(f->drill);
	free(f->near);
	free(f->stands_on);
}

static int by_name(const void *key, const void *of)
{
	return strcmp(key, ((const struct machine *)of)->name);
}

static struct candidate *candidate_of(const struct field *f, const char *machine)
{
	const struct machine *m =
		bsearch(machine, f->machine, f->machines, sizeof *f->machine, by_name);
	return m ? &f->candidate[m - f->machine] : NULL;
}

/* ------------------------------------------------------------------ how the machines stand */

/* Did that step fail for the machine's sake? At a preflight the disk may be to blame. */
static bool failed_for_it(enum verb verb, unsigned step, const char *why, const struct machine *m)
{
	const struct plan_of_steps *plan = verb_steps(verb);
	char bmc[HOST_LEN + 8];
	if (!*why || strcmp(why, TAKEN_BACK) == 0 || step >= plan->steps ||
		plan->step[step].side != SIDE_TO)
		return false;
	switch (plan->step[step].kind) {
	case DO_PREFLIGHT:
		snprintf(bmc, sizeof bmc, "bmc %s:", m->bmc.host);
		return strstr(why, bmc) != NULL;
	case DO_POWER_OFF:
	case DO_IDENTITY:
	case DO_NET_START:
	case DO_AWAIT_ASK:
	case DO_AWAIT_SHIM:
	case DO_AWAIT_WRITTEN:
	case DO_ARM_NEXT:
	case DO_AWAIT_OS:
		return true;
	default:
		return false;
	}
}

static void open_take(struct candidate *c, const struct order *o, uint64_t planned_from)
{
	if (!c || c->order.id)
		return;
	c->order.id = o->id;
	c->order.verb = o->verb;
	c->order.persona = o->persona;
	c->order.stopped = o->at.state == ORDER_STOPPED;
	c->order.planned = planned_from && o->id >= planned_from;
}

/* How a rehearsal that is over went; whether it says anything: one that a person has ended does
 * not. */
static int rehearsal_take(bool *told, struct field *f, struct store *s, struct candidate *c,
	const struct order *o, struct err *e)
{
	struct drill *d = &f->drill[c - f->candidate];
	struct order_step *row = NULL;
	size_t n = 0;
	int r = store_drill(s, o->id, d, e);
	if (r == 0)
		r = store_order_steps(s, o->id, &row, &n, e);
	int step = r < 0 ? -1 : drill_failed(o, row, n);
	*told = r == 0;
	while (step >= 0 && row[n - 1].step != (unsigned)step)
		n--;
	if (step >= 0 && failed_for_it(o->verb, (unsigned)step, row[n - 1].why, c->m)) {
		c->rehearsed.id = o->id;
		c->rehearsed.of = d->of;
		c->rehearsed.step = verb_steps(o->verb)->step[step].name;
		c->rehearsed.ago_s =
			f->now_s > row[n - 1].ended_s ? f->now_s - row[n - 1].ended_s : 0;
	} else if (step >= 0) {
		*told = strcmp(row[n - 1].why, TAKEN_BACK) != 0;
	}
	free(row);
	return r;
}

/* Of a machine, from the newest order on. */
struct told {
	bool by_order, by_drill;
};

/* Orders come newest first, and the newest that led to a machine tells how it is. A rehearsal tells
 * less than an order: one that is older than an order does not count. */
static int orders_take(struct field *f, struct store *s, struct told *told, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < f->orders; i++) {
		const struct order *o = &f->order[i];
		struct candidate *to = candidate_of(f, o->to);
		if (o->at.state != ORDER_DONE) {
			open_take(to, o, f->planned_from);
			open_take(candidate_of(f, o->from), o, f->planned_from);
			continue;
		}
		struct told *t = to ? &told[to - f->candidate] : NULL;
		if (!t || t->by_order)
			continue;
		if (o->verb == VERB_DRILL) {
			if (!t->by_drill && f->now_s - o->ended_s < REHEARSED_S)
				r = rehearsal_take(&t->by_drill, f, s, to, o, e);
			continue;
		}
		t->by_order = strcmp(o->why, TAKEN_BACK) != 0;
		if (!failed_for_it(o->verb, o->at.step, o->why, to->m))
			continue;
		to->failed.id = o->id;
		to->failed.step = verb_steps(o->verb)->step[o->at.step].name;
		to->failed.why = o->why;
	}
	return r;
}

static void candidate_left(struct candidate *c, const struct stale *st)
{
	c->stale_of = st->persona;
	c->prestaged = st->prestaged;
}

static int candidates_make(struct field *f, struct store *s, struct err *e)
{
	struct told *told = calloc(f->machines, sizeof *told);
	f->candidate = calloc(f->machines, sizeof *f->candidate);
	f->drill = calloc(f->machines, sizeof *f->drill);
	if (!told || !f->candidate || !f->drill) {
		free(told);
		return err_set(e, ENOMEM, "choice");
	}
	for (size_t i = 0; i < f->machines; i++) {
		f->candidate[i].m = &f->machine[i];
		f->candidate[i].carries = f->candidate[i].stale_of = "";
		f->candidate[i].like = "";
	}
	struct candidate *c;
	for (size_t i = 0; i < f->bindings; i++)
		if ((c = candidate_of(f, f->binding[i].machine)))
			c->carries = f->binding[i].persona;
	for (size_t i = 0; i < f->stales; i++)
		if ((c = candidate_of(f, f->stale[i].machine)))
			candidate_left(c, &f->stale[i]);
	for (size_t i = 0; i < f->leavings; i++)
		if ((c = candidate_of(f, f->leaving[i].machine)))
			c->emptied_by = f->leaving[i].batch;
	int r = orders_take(f, s, told, e);
	free(told);
	return r;
}

/* A machine that the persona has left on a person's word may come back: another one is wanted that
 * can be told from it. */
static int likes_take(struct field *f, struct store *s, const struct persona *p, struct err *e)
{
	size_t n = 0;
	int r = store_signed_away(s, p->name, &f->away, &n, e);
	for (size_t i = 0; i < f->machines; i++)
		for (size_t k = 0; k < n; k++)
			if (strcmp(f->away[k].name, f->machine[i].name) != 0 &&
				!bodies_differ(&f->away[k], &f->machine[i], p))
				f->candidate[i].like = f->away[k].name;
	return r;
}

/* ------------------------------------------------------------------ who must be kept away from */

static int near_add(
	struct field *f, struct store *s, const char *persona, const char *machine, struct err *e)
{
	struct machine *m = &f->stands_on[f->nears];
	int r = store_machine(s, machine, m, e);
	if (r == 0)
		f->near[f->nears++] =
			(struct neighbour){ persona, m->name, traits_label(&m->is, RACK_LABEL) };
	return r;
}

/* Each of the group, where it is, and where an order takes it. */
static int near_make(struct field *f, struct store *s, const struct persona *p, struct err *e)
{
	int r = store_group(s, p->apart, &f->group, &f->groups, e);
	if (r < 0 || f->groups == 0)
		return r;
	f->near = calloc(f->groups * 2, sizeof *f->near);
	f->stands_on = calloc(f->groups * 2, sizeof *f->stands_on);
	if (!f->near || !f->stands_on)
		return err_set(e, ENOMEM, "choice");
	for (size_t i = 0; r == 0 && i < f->groups; i++) {
		const char *who = f->group[i], *at = "";
		if (strcmp(who, p->name) == 0)
			continue;
		for (size_t k = 0; r == 0 && k < f->bindings; k++)
			if (strcmp(f->binding[k].persona, who) == 0)
				r = near_add(f, s, who, at = f->binding[k].machine, e);
		for (size_t k = 0; r == 0 && k < f->orders; k++) {
			const struct order *o = &f->order[k];
			if (o->at.state != ORDER_DONE && *o->to && strcmp(o->to, at) != 0 &&
				strcmp(o->persona, who) == 0) {
				r = near_add(f, s, who, o->to, e);
				break; /* one order at a time for a persona */
			}
		}
	}
	return r;
}

/* ------------------------------------------------------------------ the choice */

/* Drops those of other pools. */
static void pool_keep(struct field *f, const char *pool)
{
	size_t n = 0;
	for (size_t i = 0; i < f->machines; i++)
		if (strcmp(f->machine[i].pool, pool) == 0)
			f->machine[n++] = f->machine[i];
	f->machines = n;
}

static int field_read(struct field *f, struct store *s, const char *pool, struct err *e)
{
	int r = store_machines(s, &f->machine, &f->machines, e);
	if (r < 0)
		return r;
	pool_keep(f, pool);
	if (f->machines == 0)
		return err_say(e, ENOENT,
			"pool %s: no machine is in it; `baton machine add --pool %s` puts one "
			"there",
			pool, pool);
	r = store_bindings(s, &f->binding, &f->bindings, e);
	if (r == 0)
		r = store_orders(s, ORDERS_SEEN, &f->order, &f->orders, e);
	if (r == 0)
		r = store_stales(s, &f->stale, &f->stales, e);
	if (r == 0)
		r = store_leaving(s, &f->leaving, &f->leavings, e);
	return r < 0 ? r : candidates_make(f, s, e);
}

static int judge(struct choice *ret, const struct field *f, const char *pool,
	const struct persona *p, struct err *e)
{
	static const char none[] = "pool %s: no machine fits %s: %s";
	char text[sizeof e->text];
	ret->verdict = calloc(f->machines, sizeof *ret->verdict);
	if (!ret->verdict)
		return err_set(e, ENOMEM, "choice");
	snprintf(ret->pool, sizeof ret->pool, "%s", pool);
	ret->machines = f->machines;
	ret->fit = choice_make(ret->verdict, p, f->candidate, f->machines, f->near, f->nears);
	if (ret->fit)
		return 0;
	choice_text(text, sizeof text - sizeof none - strlen(pool) - strlen(p->name), ret->verdict,
		ret->machines);
	return err_say(e, EBUSY, none, pool, p->name, text);
}

int choose_machine(
	struct choice *ret, struct store *s, const char *pool, const char *persona, struct err *e)
{
	OWN(field) struct field f = { .planned_from = ret->planned_from, .now_s = now_s() };
	struct persona p;
	int r = store_persona(s, persona, &p, e);
	if (r == 0)
		r = field_read(&f, s, pool, e);
	if (r == 0)
		r = likes_take(&f, s, &p, e);
	if (r == 0)
		r = near_make(&f, s, &p, e);
	if (r == 0)
		r = judge(ret, &f, pool, &p, e);
	explicit_bzero(&p, sizeof p);
	return r;
}

void choice_drop(struct choice *c)
{
	free(c->verdict);
}

json_t *choice_json(const struct choice *c, size_t most)
{
	if (!*c->pool)
		return NULL;
	json_t *others = json_array();
	size_t first = c->fit ? 1 : 0, left = 0;
	for (size_t i = first; i < c->machines; i++) {
		const struct verdict *v = &c->verdict[i];
		if (json_array_size(others) == most)
			left++;
		else
			json_array_append_new(others,
				json_pack("{s:s,s:s}", "machine", v->machine, "why", v->why));
	}
	json_t *all = json_pack("{s:s,s:s,s:o}", "pool", c->pool, "machine",
		c->fit ? c->verdict[0].machine : "", "others", others);
	if (left)
		json_object_set_new(all, "more", json_integer((json_int_t)left));
	return all;
}

int choice_keep(struct store *s, uint64_t order, const struct choice *c, struct err *e)
{
	OWN(json) json_t *all = choice_json(c, OTHERS_KEPT);
	OWN(text) char *text = all ? json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	return text ? store_choice_set(s, order, text, e) : err_set(e, ENOMEM, "choice");
}

json_t *choice_kept(struct store *s, uint64_t order)
{
	OWN(text) char *text = NULL;
	json_error_t je;
	if (!order || store_choice(s, order, &text, NULL) < 0 || !text)
		return NULL;
	return json_loads(text, 0, &je);
}
