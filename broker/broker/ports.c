/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See ports.h. */
#include "broker/ports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/events.h"

enum { EACH_MS = 5000 }; /* a switch does it in less, or does not do it */

static json_t *ports_deed(enum port_state want, unsigned ms, json_t *ports)
{
	unsigned each = ms * 2 / 3 / (unsigned)json_array_size(ports);
	return json_pack("{s:s,s:s,s:i,s:o}", "deed", "port-set", "state", port_state_word(want),
		"timeout_ms", (int)(each < EACH_MS ? each : EACH_MS), "ports", ports);
}

static int hold(struct run *run, const char *port, enum port_state state, struct err *e)
{
	struct port_held p = { .state = state, .order = run->o.id, .since_s = now_s() };
	snprintf(p.port, sizeof p.port, "%s", port);
	snprintf(p.machine, sizeof p.machine, "%s", run_machine(run));
	return store_port_hold(run->b->store, &p, e);
}

static int hold_all(
	struct run *run, const struct silence_ports *ports, enum port_state state, struct err *e)
{
	int r = store_begin(run->b->store, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < ports->n; i++)
		r = hold(run, ports->port[i], state, e);
	if (r < 0)
		store_rollback(run->b->store);
	else
		r = store_commit(run->b->store, e);
	return r;
}

enum step_now ports_hold(struct run *run, const struct silence_ports *ports, enum port_state state,
	unsigned ms, hand_done *done, char why[320])
{
	struct err e = { 0 };
	if (hold_all(run, ports, state, &e) < 0)
		return step_failed(why, &e);
	json_t *list = json_array();
	for (unsigned i = 0; i < ports->n; i++)
		json_array_append_new(list, json_string(ports->port[i]));
	return deed_start_within(run, 0, ports_deed(state, ms, list), ms, done, why);
}

enum step_now ports_open(struct run *run, unsigned ms, hand_done *done, char why[320])
{
	struct err e = { 0 };
	struct port_held *held = NULL;
	size_t n = 0;
	int r = store_ports_held(run->b->store, run_machine(run), &held, &n, &e);
	json_t *list = json_array();
	for (size_t i = 0; r == 0 && i < n; i++) {
		json_array_append_new(list, json_string(held[i].port));
		r = store_port_hold(run->b->store, &held[i], &e); /* as it is, and no longer sure */
	}
	free(held);
	if (r == 0 && n)
		return deed_start_within(run, 0, ports_deed(PORT_OPEN, ms, list), ms, done, why);
	json_decref(list);
	return r < 0 ? step_failed(why, &e) : STEP_NOW_DONE;
}

int ports_seen(struct run *run, enum port_state state, struct err *e)
{
	struct port_held *held = NULL;
	size_t n = 0;
	const char *machine = run_machine(run);
	struct event_about a = { run->o.id, machine, run->o.persona };
	int r = store_ports_held(run->b->store, machine, &held, &n, e);
	r = r < 0 ? r : store_ports_seen(run->b->store, machine, state, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		event_say(run->b->events, EV_port_set, &a,
			"order=%" PRIu64 " machine=%s port=%s state=%s", run->o.id, machine,
			held[i].port, port_state_word(state));
	free(held);
	return r;
}
