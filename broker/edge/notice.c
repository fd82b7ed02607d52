/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of answers and silences, paced: see notice.h and docs/design/0003-between-processes.md. */
#include "edge/notice.h"

#include <string.h>

#include "base/pace.h"
#include "engine/asked.h"
#include "host/tell.h"

enum {
	SLOTS = 65536, /* MACs remembered; two that share one are told of more often */
	SAME_ANSWER_S = 5,
	SAME_SILENCE_S = 10,
	SAME_V6_S = 600,        /* a firmware that finds nothing to boot tries again and again */
	SILENCES_AT_ONCE = 100, /* of all MACs together, then so many a second */
	SILENCES_PER_S = 20,
	MAC_AT_ONCE = 16, /* of one MAC; a boot takes some six */
	MAC_PER_S = 1,
	ANSWERS_AT_ONCE = 10000, /* of all MACs together: a hall that comes back from a power cut */
	ANSWERS_PER_S = 1000,
	LOANS_AT_ONCE = 100, /* of those the answers to strangers */
	LOANS_PER_S = 20,
	NOT_KEPT_S = 60,
};

struct heard {
	struct mac mac;
	bool used;
	uint64_t what, at_s;
	struct pace pace;
};

static struct heard answers[SLOTS], silences[SLOTS], by_v6[SLOTS];

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static struct heard *slot_of(struct heard *all, const struct mac *m)
{
	uint64_t key = 0;
	memcpy(&key, m->b, sizeof m->b);
	return &all[mix(key, 0) >> 32 & (SLOTS - 1)];
}

/* True, and remembered, when this is new for the MAC or the last time is long enough ago. */
static bool worth_telling(
	struct heard *all, const struct mac *m, uint64_t what, uint64_t now_s, uint64_t again_s)
{
	struct heard *h = slot_of(all, m);
	bool same = h->used && mac_equal(&h->mac, m);
	if (same && h->what == what && now_s - h->at_s < again_s)
		return false;
	struct pace pace = same ? h->pace : (struct pace){ 0 };
	bool allowed = pace_allows(&pace, MAC_AT_ONCE, MAC_PER_S, now_s);
	*h = (struct heard){ .mac = *m, .used = true, .what = what, .at_s = now_s, .pace = pace };
	return allowed;
}

/* As the operator would type it. */
static void add_port(struct tell *said, const struct relay_port *port)
{
	char text[RELAY_ID_TEXT];
	if (port->circuit.len)
		tell_add(said, "circuit", "%s", relay_id_text(text, &port->circuit));
	if (port->remote.len)
		tell_add(said, "remote", "%s", relay_id_text(text, &port->remote));
}

/* What somebody without a name here is known by. */
static void add_body(struct tell *said, const struct engine_answer *a)
{
	char uuid[UUID_TEXT];
	tell_add(said, "stage", "%s", stage_word(a->ask.stage));
	if (a->ask.has_arch)
		tell_add(said, "arch", "%u", a->ask.arch);
	if (!uuid_is_zero(&a->ask.uuid))
		tell_add(said, "uuid", "%s", uuid_text(uuid, &a->ask.uuid));
}

static void tell_silence(int events, const struct engine_ask *ask, const struct engine_answer *a,
	const struct table *t)
{
	static struct pace all;
	char mac[MAC_TEXT];
	struct tell said;
	if (!worth_telling(silences, &a->ask.mac, 0, ask->now_s, SAME_SILENCE_S) ||
		!pace_allows(&all, SILENCES_AT_ONCE, SILENCES_PER_S, ask->now_s))
		return;
	const struct table_network *n = table_network_of(t, a->ask.via);
	tell_begin(&said, EV_dhcp_silent);
	tell_add(&said, "mac", "%s", mac_text(mac, &a->ask.mac));
	tell_add(&said, "why", "%s", a->why);
	tell_add(&said, "network", "%s", n ? table_text(t, n->name) : "-");
	add_body(&said, a);
	add_port(&said, &a->ask.port);
	tell_send(&said, events);
}

/* Who takes its address from another server than us: we only see it ask. */
static void tell_left(int events, const struct engine_answer *a, const struct table *t)
{
	char mac[MAC_TEXT], addr[IP4_TEXT];
	const char *why;
	struct boot_plan plan;
	struct tell said;
	struct boot_ask script = a->ask;
	script.stage = STAGE_SCRIPT;
	if (!boot_decide(&plan, &why, t, &script))
		return;
	tell_begin(&said, EV_dhcp_left);
	tell_add(&said, "mac", "%s", mac_text(mac, &a->ask.mac));
	tell_add(&said, "stage", "%s", stage_word(a->ask.stage));
	tell_add(&said, "machine", "%s", table_text(t, plan.machine->name));
	tell_add(&said, "deed", "%s", deed_word(plan.deed));
	tell_add(&said, "generation", "%u", plan.machine->generation);
	tell_add(&said, "addr", "%s", ip4_text(addr, a->wanted));
	tell_send(&said, events);
}

/* What the event would say, as a number: most answers repeat the last one and are not written out.
 */
static uint64_t what_of(const struct engine_answer *a)
{
	uint64_t file[8] = { 0 };
	_Static_assert(sizeof file == sizeof a->file, "the whole name counts");
	strncpy((char *)file, a->file, sizeof file);
	/* An answer, and what is left to another server, are two things. */
	uint64_t h = mix(
		a->ask.stage + (a->why ? 256 : 0), (uint64_t)a->ask.has_arch << 16 | a->ask.arch);
	h = mix(h, (uint64_t)a->plan.other_port << 32 | (a->given ? a->given : a->wanted));
	h = mix(h,
		(uint64_t)a->plan.deed << 32 | (a->plan.machine ? a->plan.machine->generation : 0));
	for (size_t i = 0; i < sizeof file / sizeof *file && file[i]; i++)
		h = mix(h, file[i]);
	return h;
}

static void tell_other_port(int events, const struct engine_answer *a, const struct table *t)
{
	char mac[MAC_TEXT];
	struct tell said;
	tell_begin(&said, EV_relay_port_differs);
	tell_add(&said, "mac", "%s", mac_text(mac, &a->ask.mac));
	tell_add(&said, "machine", "%s", table_text(t, a->plan.machine->name));
	add_port(&said, &a->ask.port);
	tell_send(&said, events);
}

static void tell_answer(int events, const struct engine_answer *a, const struct table *t)
{
	char mac[MAC_TEXT], addr[IP4_TEXT];
	struct tell said;
	if (a->plan.other_port)
		tell_other_port(events, a, t);
	tell_begin(&said, EV_dhcp_answered);
	tell_add(&said, "mac", "%s", mac_text(mac, &a->ask.mac));
	if (a->plan.machine) {
		tell_add(&said, "stage", "%s", stage_word(a->ask.stage));
		if (a->ask.has_arch)
			tell_add(&said, "arch", "%u", a->ask.arch);
		tell_add(&said, "machine", "%s", table_text(t, a->plan.machine->name));
	} else {
		add_body(&said, a);
	}
	tell_add(&said, "deed", "%s", deed_word(a->plan.deed));
	if (a->plan.machine)
		tell_add(&said, "generation", "%u", a->plan.machine->generation);
	tell_add(&said, "addr", "%s", ip4_text(addr, a->given));
	if (!a->plan.machine && a->plan.network)
		tell_add(&said, "network", "%s", table_text(t, a->plan.network->name));
	if (*a->file)
		tell_add(&said, "file", "%s", a->file);
	add_port(&said, &a->ask.port);
	tell_send(&said, events);
}

static bool answer_is_news(const struct engine_ask *ask, const struct engine_answer *a)
{
	static struct pace all, strangers;
	if (!worth_telling(answers, &a->ask.mac, what_of(a), ask->now_s, SAME_ANSWER_S))
		return false;
	if (a->plan.deed == DEED_LEASE && a->len > 0)
		return pace_allows(&strangers, LOANS_AT_ONCE, LOANS_PER_S, ask->now_s);
	return pace_allows(&all, ANSWERS_AT_ONCE, ANSWERS_PER_S, ask->now_s);
}

static bool is_proxied(const struct engine_answer *a)
{
	return a->len > 0 && a->plan.network && a->plan.network->mode == DHCP_MODE_PROXY;
}

void notice_answer(int events, const struct engine_ask *ask, const struct engine_answer *a,
	const struct table *t)
{
	if (!a->heard)
		return;
	if (a->why == silence_word(SILENCE_other_server)) {
		if (a->type == DHCP_REQUEST && answer_is_news(ask, a))
			tell_left(events, a, t);
	} else if (a->why) {
		tell_silence(events, ask, a, t);
	} else if (a->to != TO_NOBODY && (a->given || ask->pxe || is_proxied(a))) {
		/* A NAK and the answer to an INFORM give no address and are no news. */
		if (answer_is_news(ask, a))
			tell_answer(events, a, t);
	}
}

void notice_loans(int events, const struct journal_found *found)
{
	struct tell said;
	if (found->lost)
		tell_one(events, EV_leases_lost, "why",
			"a file of loans had no whole head, so nothing is known of what was in it");
	if (found->records == 0)
		return;
	tell_begin(&said, EV_leases_recovered);
	tell_add(&said, "loans", "%zu", found->loans);
	tell_add(&said, "records", "%zu", found->records);
	tell_add(&said, "holes", "%zu", found->holes);
	tell_add(&said, "clock", "%s", found->same_clock ? "same" : "other");
	tell_send(&said, events);
}

void notice_not_kept(int events, const struct err *why, uint64_t now_s)
{
	static uint64_t next_s;
	if (now_s < next_s)
		return;
	next_s = now_s + NOT_KEPT_S;
	tell_one(events, EV_leases_not_kept, "why", why->text);
}

void notice_v6(int events, const struct mac *asked, const char *what, const struct table_nic *nic,
	const struct table *t, uint64_t now_s)
{
	char mac[MAC_TEXT];
	struct tell said;
	if (!worth_telling(by_v6, asked, 0, now_s, SAME_V6_S))
		return;
	tell_begin(&said, EV_ipv6_asked);
	tell_add(&said, "mac", "%s", mac_text(mac, asked));
	if (nic->machine != TABLE_NOWHERE)
		tell_add(&said, "machine", "%s", table_text(t, t->machine[nic->machine].name));
	tell_add(&said, "what", "%s", what);
	tell_send(&said, events);
}
