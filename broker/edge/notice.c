/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of answers and silences, paced: see notice.h and docs/design/0003-between-processes.md. */
#include "edge/notice.h"

#include <string.h>

#include "base/pace.h"
#include "host/tell.h"

enum {
	SLOTS = 16384, /* MACs remembered; two that share one are told of more often */
	SAME_ANSWER_S = 5,
	SAME_SILENCE_S = 10,
	SILENCES_AT_ONCE = 100, /* of all MACs together, then so many a second */
	SILENCES_PER_S = 20,
	LOANS_AT_ONCE = 100, /* answers to strangers, likewise */
	LOANS_PER_S = 20,
	ANSWERS_AT_ONCE = 16, /* of one MAC; a boot takes some six */
	ANSWERS_PER_S = 1,
	NOT_KEPT_S = 60,
};

struct heard {
	struct mac mac;
	bool used;
	uint64_t what, at_s;
	struct pace pace;
};

static struct heard answers[SLOTS], silences[SLOTS];

static uint64_t mix(uint64_t h, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 0x100000001b3u;
	return h;
}

static struct heard *slot_of(struct heard *all, const struct mac *m)
{
	uint64_t h = mix(0xcbf29ce484222325u, m->b, sizeof m->b);
	return &all[(h ^ h >> 32) % SLOTS];
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
	bool allowed = pace_allows(&pace, ANSWERS_AT_ONCE, ANSWERS_PER_S, now_s);
	*h = (struct heard){ .mac = *m, .used = true, .what = what, .at_s = now_s, .pace = pace };
	return allowed;
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
	tell_send(&said, events);
}

static void tell_answer(int events, const struct engine_ask *ask, const struct engine_answer *a,
	const struct table *t)
{
	static struct pace strangers;
	char mac[MAC_TEXT], addr[IP4_TEXT];
	struct tell said;
	tell_begin(&said, EV_dhcp_answered);
	tell_add(&said, "mac", "%s", mac_text(mac, &a->ask.mac));
	tell_add(&said, "stage", "%s", stage_word(a->ask.stage));
	if (a->ask.has_arch)
		tell_add(&said, "arch", "%u", a->ask.arch);
	if (a->plan.machine)
		tell_add(&said, "machine", "%s", table_text(t, a->plan.machine->name));
	tell_add(&said, "deed", "%s", deed_word(a->plan.deed));
	if (a->plan.machine)
		tell_add(&said, "generation", "%u", a->plan.machine->generation);
	tell_add(&said, "addr", "%s", ip4_text(addr, a->given));
	if (*a->file)
		tell_add(&said, "file", "%s", a->file);
	uint64_t what = mix(0xcbf29ce484222325u, said.text, said.at);
	if (worth_telling(answers, &a->ask.mac, what, ask->now_s, SAME_ANSWER_S) &&
		(a->plan.machine ||
			pace_allows(&strangers, LOANS_AT_ONCE, LOANS_PER_S, ask->now_s)))
		tell_send(&said, events);
}

void notice_answer(int events, const struct engine_ask *ask, const struct engine_answer *a,
	const struct table *t)
{
	if (a->heard && a->why)
		tell_silence(events, ask, a, t);
	/* A NAK and the answer to an INFORM give no address and are no news. */
	else if (a->heard && a->to != TO_NOBODY && (a->given || ask->pxe))
		tell_answer(events, ask, a, t);
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
