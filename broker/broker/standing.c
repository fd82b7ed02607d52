/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bindings and orders by name: see standing.h. */
#include "broker/standing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum { ORDERS_SEEN = 1000 };

/* A list by name. Of two with one name the one that was put first comes first. */
struct named {
	const char *name;
	const void *thing;
	size_t at;
};

struct names {
	struct named *of;
	size_t n;
};

struct standing {
	struct binding *binding;
	struct order *order, *open; /* newest first; open: those of them that are not done */
	struct stale *stale;
	struct port_held *port; /* in order of machine */
	struct proof *halt;     /* of the bindings that have one */
	size_t bindings, orders, opens, stales, ports, halts;
	struct names persona_bound, machine_bound, persona_order, machine_open, machine_stale,
		persona_halt;
};

static int named_compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);
	return by_name ? by_name : (x->at > y->at) - (x->at < y->at);
}

static bool names_init(struct names *to, size_t most)
{
	to->of = calloc(most ? most : 1, sizeof *to->of);
	return to->of;
}

static void names_put(struct names *to, const char *name, const void *thing)
{
	to->of[to->n] = (struct named){ name, thing, to->n };
	to->n++;
}

static void names_sort(struct names *to)
{
	qsort(to->of, to->n, sizeof *to->of, named_compare);
}

static const void *names_find(const struct names *in, const char *name)
{
	size_t from = 0, to = in->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (strcmp(in->of[mid].name, name) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from < in->n && strcmp(in->of[from].name, name) == 0 ? in->of[from].thing : NULL;
}

static int names_make(struct standing *s, struct err *e)
{
	if (!names_init(&s->persona_bound, s->bindings) ||
		!names_init(&s->machine_bound, s->bindings) ||
		!names_init(&s->persona_order, s->orders) ||
		!names_init(&s->machine_open, s->orders * 2) ||
		!names_init(&s->machine_stale, s->stales) ||
		!names_init(&s->persona_halt, s->halts) ||
		!(s->open = calloc(s->orders ? s->orders : 1, sizeof *s->open)))
		return err_set(e, ENOMEM, "status");
	for (size_t i = 0; i < s->bindings; i++) {
		names_put(&s->persona_bound, s->binding[i].persona, &s->binding[i]);
		names_put(&s->machine_bound, s->binding[i].machine, &s->binding[i]);
	}
	for (size_t i = 0; i < s->orders; i++) {
		const struct order *o = &s->order[i];
		names_put(&s->persona_order, o->persona, o);
		if (o->at.state == ORDER_DONE)
			continue;
		s->open[s->opens++] = *o;
		names_put(&s->machine_open, o->from, o);
		names_put(&s->machine_open, o->to, o);
	}
	for (size_t i = 0; i < s->stales; i++)
		names_put(&s->machine_stale, s->stale[i].machine, &s->stale[i]);
	for (size_t i = 0; i < s->halts; i++)
		names_put(&s->persona_halt, s->halt[i].persona, &s->halt[i]);
	names_sort(&s->persona_halt);
	names_sort(&s->machine_stale);
	names_sort(&s->persona_bound);
	names_sort(&s->machine_bound);
	names_sort(&s->persona_order);
	names_sort(&s->machine_open);
	return 0;
}

int standing_read(struct standing **ret, struct store *store, struct err *e)
{
	OWN(standing) struct standing *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ENOMEM, "status");
	int r = store_bindings(store, &s->binding, &s->bindings, e);
	if (r == 0)
		r = store_orders(store, ORDERS_SEEN, &s->order, &s->orders, e);
	if (r == 0)
		r = store_stales(store, &s->stale, &s->stales, e);
	if (r == 0)
		r = store_ports_held(store, "", &s->port, &s->ports, e);
	if (r == 0)
		r = store_halts(store, &s->halt, &s->halts, e);
	if (r == 0)
		r = names_make(s, e);
	if (r == 0)
		*ret = TAKE(s);
	return r;
}

void standing_free(struct standing *s)
{
	if (!s)
		return;
	free(s->binding);
	free(s->order);
	free(s->open);
	free(s->stale);
	free(s->port);
	free(s->halt);
	free(s->persona_halt.of);
	free(s->machine_stale.of);
	free(s->persona_bound.of);
	free(s->machine_bound.of);
	free(s->persona_order.of);
	free(s->machine_open.of);
	free(s);
}

const struct binding *standing_of_persona(const struct standing *s, const char *persona)
{
	return s ? names_find(&s->persona_bound, persona) : NULL;
}

const struct binding *standing_of_machine(const struct standing *s, const char *machine)
{
	return s ? names_find(&s->machine_bound, machine) : NULL;
}

const struct stale *standing_stale(const struct standing *s, const char *machine)
{
	return s ? names_find(&s->machine_stale, machine) : NULL;
}

const struct order *standing_order(const struct standing *s, const char *persona)
{
	return s ? names_find(&s->persona_order, persona) : NULL;
}

const struct order *standing_open(const struct standing *s, size_t *ret_n)
{
	*ret_n = s->opens;
	return s->open;
}

json_t *standing_ports(const struct standing *s, const char *machine)
{
	json_t *list = json_array();
	for (size_t i = 0; s && i < s->ports; i++) {
		const struct port_held *p = &s->port[i];
		if (strcmp(p->machine, machine) == 0)
			json_array_append_new(
				list, json_pack("{s:s,s:s,s:b,s:I,s:f}", "port", p->port, "state",
					      port_state_word(p->state), "read_back", p->read_back,
					      "order", (json_int_t)p->order, "since", p->since_s));
	}
	return list;
}

/* At rest, with a machine: does it run? */
static bool is_halted(const struct standing *s, const struct binding *b)
{
	return b->phase != PHASE_PERSONA || names_find(&s->persona_halt, b->persona);
}

/* What was seen or left undone, for a person. */
static void rest_sign(char *to, size_t len, const struct binding *b, const struct proof *seen)
{
	static const char *const words[] = { [PROOF_STORAGE] = "has no session at its disk",
		[PROOF_POWER] = "was seen off",
		[PROOF_PORT] = "is shut out at its switch ports",
		[PROOF_ATTESTED] = "is silent by a person's word" };
	if (seen && seen->order)
		snprintf(to, len, "%s %s since order %" PRIu64, b->machine, words[seen->kind],
			seen->order);
	else if (seen)
		snprintf(to, len, "%s %s", b->machine, words[seen->kind]);
	else if (b->phase != PHASE_PERSONA)
		snprintf(to, len, "its boot on %s was never finished", b->machine);
	else
		snprintf(to, len, "the target does not let %s log in again", b->machine);
}

const char *standing_why(char to[STANDING_WHY], const struct standing *s, const char *persona)
{
	const struct binding *b = standing_of_persona(s, persona);
	const struct order *o = standing_order(s, persona);
	char sign[200], taken[64] = "";
	to[0] = '\0';
	if (!b || (o && o->at.state != ORDER_DONE) || (!is_halted(s, b) && b->fenced))
		return to;
	uint64_t back = !o ? 0 : o->undoes ? o->undoes : *o->why ? o->id : 0;
	if (back)
		snprintf(taken, sizeof taken, "order %" PRIu64 " was taken back half-way, and ",
			back);
	rest_sign(sign, sizeof sign, b, names_find(&s->persona_halt, persona));
	int n = snprintf(to, STANDING_WHY, "%s %s: %s%s; ", persona,
		is_halted(s, b) ? "does not run" : "runs only as long as its session lasts", taken,
		sign);
	/* A restart makes no new secret. */
	if (b->phase == PHASE_PERSONA && b->fenced)
		snprintf(to + n, STANDING_WHY - (size_t)n,
			"`baton restart %s` boots it again there", persona);
	else
		snprintf(to + n, STANDING_WHY - (size_t)n,
			"`baton failover %s MACHINE` takes it to another machine, `baton stop %s` "
			"frees %s, and `baton start` may boot it there again",
			persona, persona, b->machine);
	return to;
}

const char *standing_persona_state(const struct standing *s, const char *persona)
{
	static const char *const at_work[VERBS] = { [VERB_START] = "starting",
		[VERB_STOP] = "stopping",
		[VERB_MOVE] = "moving",
		[VERB_FAILOVER] = "failing over",
		[VERB_RESTART] = "restarting",
		[VERB_RESTORE] = "stopped",
		[VERB_RESTORE_ISOLATED] = "standing in",
		[VERB_DRILL] = "rehearsing",
		[VERB_PRESTAGE] = "prestaging" };
	const struct order *o = standing_order(s, persona);
	if (o && o->at.state == ORDER_STOPPED)
		return "stuck";
	if (o && o->at.state == ORDER_RUNNING)
		return at_work[o->verb];
	const struct binding *b = standing_of_persona(s, persona);
	return !b ? "stopped" : is_halted(s, b) ? "halted" : "running";
}

const char *standing_machine_state(const struct standing *s, const char *machine)
{
	const struct order *o = s ? names_find(&s->machine_open, machine) : NULL;
	if (o)
		return o->at.state == ORDER_STOPPED ? "stuck" : "busy";
	if (standing_of_machine(s, machine))
		return "carries";
	const struct stale *st = standing_stale(s, machine);
	return !st ? "free" : st->prestaged ? "prestaged" : "stale";
}
