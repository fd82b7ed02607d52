/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See woken.h. */
#include "broker/woken.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/deeds.h"
#include "broker/events.h"
#include "broker/members.h"
#include "broker/runner.h"

enum { AT_ONCE = 16, QUIET_S = 30, OFF_MS = 60000 };

/* One that is being switched off, or was a moment ago. */
struct going {
	struct woken *woken;
	char machine[NAME_LEN + 1], persona[NAME_LEN + 1];
	double at_s;
	uint64_t hand; /* 0: it has answered */
};

struct woken {
	struct broker *b;
	struct going going[AT_ONCE];
};

int woken_open(struct woken **ret, struct broker *b, struct err *e)
{
	struct woken *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, ENOMEM, "woken");
	w->b = b;
	*ret = w;
	return 0;
}

void woken_close(struct woken *w)
{
	for (size_t i = 0; w && i < COUNT(w->going); i++)
		hand_forget(w->b->hands, w->going[i].hand);
	free(w);
}

static void off_done(void *ctx, const struct hand_result *r)
{
	struct going *g = ctx;
	struct event_about a = { 0, g->machine, g->persona };
	g->hand = 0;
	event_say(g->woken->b->events, EV_stale_woke, &a, "machine=%s persona=%s off=%s%s%s",
		g->machine, g->persona, r->ok ? "yes" : "no", r->ok ? "" : " why=", r->why);
}

static void switch_off(struct woken *w, struct going *g, const struct machine *m)
{
	struct err e = { 0 };
	OWN(json) json_t *deed = bmc_deed("bmc-off", m);
	struct event_about a = { 0, g->machine, g->persona };
	if (deed && hand_start(&g->hand, w->b->hands, deed, OFF_MS, off_done, g, &e) == 0)
		return;
	event_say(w->b->events, EV_stale_woke, &a, "machine=%s persona=%s off=no why=%s",
		g->machine, g->persona, e.text);
}

/* What a question said of its body; zero and none where it said nothing. */
struct signs {
	struct uuid uuid;
	struct relay_port port;
};

static bool signs_read(struct signs *ret, const char *text)
{
	char value[RELAY_ID_TEXT];
	bool any = event_field(value, sizeof value, text, "uuid") && uuid_parse(&ret->uuid, value);
	if (event_field(value, sizeof value, text, "circuit"))
		any |= relay_id_parse(&ret->port.circuit, value);
	if (event_field(value, sizeof value, text, "remote"))
		relay_id_parse(&ret->port.remote, value);
	return any;
}

/* By its UUID, where both are known, else by its port. A persona's UUID may be on several. */
static bool signs_are(const struct signs *said, const struct machine *m)
{
	bool carried =
		!uuid_is_zero(&m->carried_uuid) && uuid_same_body(&m->carried_uuid, &said->uuid);
	if (!uuid_is_zero(&said->uuid) && !uuid_is_zero(&m->uuid) && !carried &&
		!uuid_same_body(&m->uuid, &said->uuid))
		return false;
	for (unsigned i = 0; i < m->nics; i++)
		if (relay_port_is(&said->port, &m->nic[i].relay_port))
			return true;
	return !uuid_is_zero(&said->uuid) && uuid_same_body(&m->uuid, &said->uuid);
}

/* Who of them it is. */
static bool stale_of(
	struct stale *left, struct machine *m, struct store *s, const struct signs *said)
{
	struct stale *list = NULL;
	size_t n = 0;
	bool found = false;
	if (store_stales(s, &list, &n, NULL) < 0)
		return false;
	for (size_t i = 0; i < n && !found; i++) {
		*left = list[i];
		found = store_machine(s, left->machine, m, NULL) == 0 && signs_are(said, m);
	}
	free(list);
	return found;
}

/* A place for it; NULL: it is being seen to, or too many are. */
static struct going *place_for(struct woken *w, const char *machine)
{
	struct going *oldest = NULL;
	double now = now_s();
	for (size_t i = 0; i < COUNT(w->going); i++) {
		struct going *g = &w->going[i];
		bool lately = g->hand || now - g->at_s < QUIET_S;
		if (lately && strcmp(g->machine, machine) == 0)
			return NULL;
		if (!g->hand && (!oldest || g->at_s < oldest->at_s))
			oldest = g;
	}
	return oldest;
}

void woken_heard(struct woken *w, enum event ev, const struct event_row *row)
{
	char why[40];
	struct signs said = { .port.circuit.len = 0 };
	struct stale left;
	struct machine m;
	if (ev != EV_dhcp_silent || !event_field(why, sizeof why, row->text, "why") ||
		strcmp(why, "stale-body") != 0 || !signs_read(&said, row->text) ||
		!stale_of(&left, &m, w->b->store, &said))
		return;
	/* An order that has a part in it does with its power what it needs. */
	struct going *g = runner_of(w->b->runner, left.machine) ? NULL : place_for(w, left.machine);
	if (!g)
		return;
	*g = (struct going){ .woken = w, .at_s = now_s() };
	memcpy(g->machine, left.machine, sizeof g->machine);
	memcpy(g->persona, left.persona, sizeof g->persona);
	switch_off(w, g, &m);
}
