/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See guard.h. */
#include "broker/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/members.h"
#include "core/guard.h"

enum {
	DEED_MS = 15000,
	AGAIN_MIN_MS = 1000, /* after a failure; then twice as long each time */
	AGAIN_MAX_MS = 60000,
	LOOK_MS = 300000, /* somebody may have flushed all rules */
};

struct guarding {
	struct broker *b;
	uv_timer_t timer;
	uint64_t hand;     /* 0: none is at work */
	char *asked, *set; /* deeds as text: the hand's, and the last that was done; NULL: none */
	unsigned interfaces, portals, passes, without; /* of what was asked */
	unsigned wait_ms; /* after the last failure; 0: there was none */
	bool again;       /* what is wanted may have changed since the hand began */
};

static void guard_drop(struct guard *g)
{
	guard_fini(g);
}

static int wanted(struct guard *ret, unsigned *without, struct broker *b, struct err *e)
{
	struct network *network = NULL;
	struct machine *machine = NULL;
	struct persona *persona = NULL;
	struct binding *binding = NULL;
	struct guard_source from = { .interfaces = b->conf.guard_interfaces };
	int r = store_networks(b->store, &network, &from.networks, e);
	r = r ? r : store_machines(b->store, &machine, &from.machines, e);
	r = r ? r : store_personas(b->store, &persona, &from.personas, e);
	r = r ? r : store_bindings(b->store, &binding, &from.bindings, e);
	from.network = network;
	from.machine = machine;
	from.persona = persona;
	from.binding = binding;
	r = r ? r : guard_build(ret, without, &from, e);
	free(network);
	free(machine);
	free(persona);
	free(binding);
	return r;
}

static json_t *deed_of(const struct guard *g)
{
	char text[GUARD_PASS_TEXT];
	json_t *interfaces = json_array(), *portals = json_array(), *passes = json_array();
	for (unsigned i = 0; i < g->interfaces; i++)
		json_array_append_new(interfaces, json_string(g->interface[i]));
	for (size_t i = 0; i < g->portals; i++)
		json_array_append_new(portals, json_string(guard_portal_text(text, &g->portal[i])));
	for (size_t i = 0; i < g->passes; i++)
		json_array_append_new(passes, json_string(guard_pass_text(text, &g->pass[i])));
	return json_pack("{s:s,s:{s:s,s:o,s:o,s:o}}", "deed", "guard-set", "guard", "kind", "nft",
		"interfaces", interfaces, "portals", portals, "passes", passes);
}

static bool is_wanted(const struct broker *b)
{
	const char *text = b->conf.guard_interfaces;
	return text[strspn(text, " \t")] != '\0';
}

static void due(uv_timer_t *t);

static void failed(struct guarding *g, const char *why)
{
	event_say(g->b->events, EV_guard_not_set, &(struct event_about){ 0 }, "why=%s", why);
	g->wait_ms = g->wait_ms ? 2 * g->wait_ms : AGAIN_MIN_MS;
	if (g->wait_ms > AGAIN_MAX_MS)
		g->wait_ms = AGAIN_MAX_MS;
	free(TAKE(g->set));
	uv_timer_start(&g->timer, due, g->wait_ms, 0);
}

static void done(void *ctx, const struct hand_result *r)
{
	struct guarding *g = ctx;
	g->hand = 0;
	if (!r->ok) {
		failed(g, r->why);
		return;
	}
	/* The same again is news only where somebody had taken it away, or this is the first. */
	bool known = g->set && json_is_true(json_object_get(r->body, "kept"));
	bool bridged = json_is_true(json_object_get(r->body, "bridged"));
	free(g->set);
	g->set = TAKE(g->asked);
	g->wait_ms = 0;
	if (!known)
		event_say(g->b->events, EV_guard_set, &(struct event_about){ 0 },
			"interfaces=%u portals=%u passes=%u without=%u families=%s", g->interfaces,
			g->portals, g->passes, g->without, bridged ? "inet,bridge" : "inet");
	if (is_wanted(g->b))
		uv_timer_start(&g->timer, due, g->again ? 0 : LOOK_MS, 0);
}

static int ask(struct guarding *g, struct err *e)
{
	OWN(guard) struct guard want = { .interfaces = 0 };
	unsigned without = 0;
	int r = wanted(&want, &without, g->b, e);
	if (r < 0)
		return r;
	OWN(json) json_t *deed = deed_of(&want);
	OWN(text) char *text = deed ? json_dumps(deed, JSON_COMPACT) : NULL;
	if (!text)
		return err_set(e, ENOMEM, "guard");
	g->interfaces = want.interfaces;
	g->portals = (unsigned)want.portals;
	g->passes = (unsigned)want.passes;
	g->without = without;
	if (g->again && g->set && strcmp(text, g->set) == 0) {
		uv_timer_start(&g->timer, due, LOOK_MS, 0);
		return 0;
	}
	free(g->asked);
	g->asked = TAKE(text);
	return hand_start(&g->hand, g->b->hands, deed, DEED_MS, done, g, e);
}

static void due(uv_timer_t *t)
{
	struct guarding *g = t->data;
	struct err e = { 0 };
	if (g->hand)
		return;
	int r = ask(g, &e);
	g->again = false;
	if (r < 0)
		failed(g, e.text);
}

void guarding_look(struct guarding *g)
{
	/* Behind a failure what is wanted is looked up afresh when its time has come. */
	if (!g || !is_wanted(g->b) || g->wait_ms)
		return;
	g->again = true;
	if (!g->hand)
		uv_timer_start(&g->timer, due, 0, 0);
}

/* A guard that was set when the setting was another, and that has to go. */
static bool left_behind(struct broker *b)
{
	struct event_row *row = NULL;
	size_t n = 0;
	char interfaces[12];
	bool left = false;
	store_events_last(b->store, &row, &n, NULL);
	for (size_t i = 0; i < n; i++)
		if (strcmp(row[i].word, event_word(EV_guard_set)) == 0)
			left = event_field(
				       interfaces, sizeof interfaces, row[i].text, "interfaces") &&
			       strcmp(interfaces, "0") != 0;
	free(row);
	return left;
}

int guarding_open(struct guarding **ret, struct broker *b, struct err *e)
{
	struct guarding *g = calloc(1, sizeof *g);
	if (!g)
		return err_set(e, ENOMEM, "guard");
	g->b = b;
	uv_timer_init(b->loop, &g->timer);
	g->timer.data = g;
	*ret = g;
	if (is_wanted(b) || left_behind(b))
		uv_timer_start(&g->timer, due, 0, 0);
	return 0;
}

static void guarding_gone(uv_handle_t *h)
{
	struct guarding *g = h->data;
	free(g->asked);
	free(g->set);
	free(g);
}

void guarding_close(struct guarding *g)
{
	if (!g)
		return;
	hand_forget(g->b->hands, g->hand);
	uv_close((uv_handle_t *)&g->timer, guarding_gone);
}
