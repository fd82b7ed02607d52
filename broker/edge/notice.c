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
	SAME_V6_S = 600,        /* a firmware that finds nothing to boot tries again and again */
	SILENCES_AT_ONCE = 100, /* of all MACs together, then so many a second */
	SILENCES_PER_S = 20,
	ANSWERS_AT_ONCE = 16, /* of one MAC; a boot takes some six */
	ANSWERS_PER_S = 1,
};

struct heard {
	struct mac mac;
	bool used;
	uint64_t what, at_s;
	struct pace pace;
};

static struct heard answers[SLOTS], silences[SLOTS], by_v6[SLOTS];

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
	if (worth_telling(answers, &a->ask.mac, what, ask->now_s, SAME_ANSWER_S))
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
