/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of everything on one page: personas, machines, orders that are not done. */
#include <stdlib.h>
#include <string.h>

#include "broker/api.h"
#include "broker/events.h"

enum { ORDERS_SEEN = 1000 };

struct all {
	struct persona *persona;
	struct machine *machine;
	struct binding *binding;
	struct order *order; /* newest first */
	size_t personas, machines, bindings, orders;
};

static int all_read(struct all *s, struct store *store, struct err *e)
{
	int r = store_personas(store, &s->persona, &s->personas, e);
	if (r == 0)
		r = store_machines(store, &s->machine, &s->machines, e);
	if (r == 0)
		r = store_bindings(store, &s->binding, &s->bindings, e);
	if (r == 0)
		r = store_orders(store, false, ORDERS_SEEN, &s->order, &s->orders, e);
	return r;
}

static void all_free(struct all *s)
{
	if (s->persona)
		explicit_bzero(s->persona, s->personas * sizeof *s->persona);
	free(s->persona);
	free(s->machine);
	free(s->binding);
	free(s->order);
}

static const char *persona_state(const struct order *o, const struct binding *b)
{
	static const char *const at_work[VERBS] = {
		[VERB_START] = "starting", [VERB_STOP] = "stopping", [VERB_MOVE] = "moving"
	};
	if (o && o->at.state == ORDER_STOPPED)
		return "stuck";
	if (o && o->at.state == ORDER_RUNNING)
		return at_work[o->verb];
	return b ? "running" : "stopped";
}

static json_t *persona_line(const struct all *s, const struct persona *p)
{
	const struct binding *b = NULL;
	const struct order *o = NULL;
	for (size_t i = 0; i < s->bindings && !b; i++)
		if (strcmp(s->binding[i].persona, p->name) == 0)
			b = &s->binding[i];
	for (size_t i = 0; i < s->orders && !o; i++)
		if (strcmp(s->order[i].persona, p->name) == 0)
			o = &s->order[i];
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:f,s:o}", "name", p->name, "machine",
		b ? b->machine : "", "state", persona_state(o, b), "phase",
		b ? phase_word(b->phase) : "", "generation", (json_int_t)p->generation, "since",
		!o           ? 0.0
		: o->ended_s ? o->ended_s
			     : o->begun_s,
		"address", json_addr(p->nics ? p->nic[0].addr : 0));
}

static json_t *machine_line(struct broker *broker, const struct all *s, const struct machine *m)
{
	const struct binding *b = NULL;
	const char *state = "free";
	char seen[128];
	for (size_t i = 0; i < s->bindings && !b; i++)
		if (strcmp(s->binding[i].machine, m->name) == 0)
			b = &s->binding[i];
	if (b)
		state = "carries";
	for (size_t i = 0; i < s->orders; i++) {
		const struct order *o = &s->order[i];
		if (o->at.state == ORDER_DONE ||
			(strcmp(o->from, m->name) != 0 && strcmp(o->to, m->name) != 0))
			continue;
		state = o->at.state == ORDER_STOPPED ? "stuck" : "busy";
		break;
	}
	event_last_of(seen, sizeof seen, broker->events, m->name);
	return json_pack("{s:s,s:s,s:s,s:s}", "name", m->name, "persona", b ? b->persona : "",
		"state", state, "seen", seen);
}

void api_status_get(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct all s = { 0 };
	if (all_read(&s, a->b->store, &e) < 0) {
		reply_err(to, &e, "");
		all_free(&s);
		return;
	}
	json_t *personas = json_array(), *machines = json_array(), *orders = json_array();
	for (size_t i = 0; i < s.personas; i++)
		json_array_append_new(personas, persona_line(&s, &s.persona[i]));
	for (size_t i = 0; i < s.machines; i++)
		json_array_append_new(machines, machine_line(a->b, &s, &s.machine[i]));
	for (size_t i = 0; i < s.orders; i++)
		if (s.order[i].at.state != ORDER_DONE)
			json_array_append_new(orders, order_json(a->b, &s.order[i], false));
	all_free(&s);
	reply_ok(to, json_pack("{s:o,s:o,s:o}", "personas", personas, "machines", machines,
			     "orders", orders));
}
