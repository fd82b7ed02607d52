/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of everything on one page: alarms, personas, machines, orders and batches that are not
 * done. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/api.h"
#include "broker/events.h"
#include "broker/health.h"
#include "broker/standing.h"

static json_t *persona_line(
	const struct broker *broker, const struct standing *s, const struct persona *p)
{
	const struct binding *b = standing_of_persona(s, p->name);
	const struct order *o = standing_order(s, p->name);
	char why[STANDING_WHY];
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:f,s:o}", "name", p->name, "machine",
		b ? b->machine : "", "state", standing_persona_state(s, p->name), "why",
		standing_why(why, s, p->name), "health", health_now(broker->health, p->name),
		"phase", b ? phase_word(b->phase) : "", "generation", (json_int_t)p->generation,
		"since",
		!o           ? 0.0
		: o->ended_s ? o->ended_s
			     : o->begun_s,
		"address", json_addr(p->nics ? p->nic[0].addr : 0));
}

static json_t *machine_line(
	struct broker *broker, const struct standing *s, const struct machine *m)
{
	const struct binding *b = standing_of_machine(s, m->name);
	char seen[EVENT_SEEN];
	event_last_of(seen, broker->events, m->name);
	return json_pack("{s:s,s:s,s:s,s:s,s:o}", "name", m->name, "persona", b ? b->persona : "",
		"state", standing_machine_state(s, m->name), "seen", seen, "ports_held",
		standing_ports(s, m->name));
}

static int personas_put(json_t *to, struct broker *b, const struct standing *s, struct err *e)
{
	struct persona *list = NULL;
	size_t n = 0;
	int r = store_personas(b->store, &list, &n, e);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(to, persona_line(b, s, &list[i]));
	if (list)
		explicit_bzero(list, n * sizeof *list);
	free(list);
	return r;
}

static int machines_put(json_t *to, struct broker *b, const struct standing *s, struct err *e)
{
	struct machine *list = NULL;
	size_t n = 0;
	int r = store_machines(b->store, &list, &n, e);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(to, machine_line(b, s, &list[i]));
	free(list);
	return r;
}

/* The open ones, in the order in which they were given. */
static int batches_put(json_t *to, struct broker *b, struct err *e)
{
	struct batch *list = NULL;
	size_t n = 0;
	int r = store_batches(b->store, 0, &list, &n, e);
	while (r == 0 && n-- > 0) {
		json_t *one = batch_json(b, &list[n], false, e);
		r = one ? json_array_append_new(to, one) : -e->code;
	}
	free(list);
	return r;
}

static bool is_served(struct broker *b, const char *network)
{
	struct network n;
	return store_network(b->store, network, &n, NULL) == 0 && n.mode == DHCP_MODE_SERVE;
}

static json_t *alarms_json(struct broker *b)
{
	const struct alarm *alarm[ALARMS_MAX];
	unsigned n = alarms_now(alarm, events_alarms(b->events), now_s());
	json_t *list = json_array();
	for (unsigned i = 0; i < n; i++) {
		const struct alarm *a = alarm[i];
		if (alarm_is_of_served(a) && !is_served(b, a->network))
			continue;
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:f}", "word", alarm_word(a), "network",
				      a->network, "text", a->text, "at", a->at_s));
	}
	return list;
}

void api_status_get(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *s = NULL;
	OWN(json) json_t *personas = json_array();
	OWN(json) json_t *machines = json_array();
	OWN(json) json_t *orders = json_array();
	OWN(json) json_t *batches = json_array();
	size_t n = 0;
	int r = standing_read(&s, a->b->store, &e);
	if (r == 0)
		r = personas_put(personas, a->b, s, &e);
	if (r == 0)
		r = machines_put(machines, a->b, s, &e);
	if (r == 0)
		r = batches_put(batches, a->b, &e);
	if (r < 0) {
		reply_err(to, &e, "");
		return;
	}
	const struct order *open = standing_open(s, &n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(orders, order_json(a->b, &open[i], false));
	reply_ok(
		to, json_pack("{s:o,s:O,s:O,s:O,s:O}", "alarms", alarms_json(a->b), "batches",
			    batches, "personas", personas, "machines", machines, "orders", orders));
}
