/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was proxied and what it did then: see proxied.h. */
#include "edge/proxied.h"

#include <stdio.h>

#include "engine/asked.h"
#include "host/tell.h"

enum { FORGET_S = 120 };

static struct proxied_one *place(struct proxied *p, const struct mac *m)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < sizeof m->b; i++)
		h = (h ^ m->b[i]) * 16777619u;
	return &p->one[h % PROXIED_MAX];
}

static struct proxied_one *find(struct proxied *p, const struct mac *m)
{
	struct proxied_one *one = place(p, m);
	return mac_equal(&one->mac, m) ? one : NULL;
}

static void forget(struct proxied *p, struct proxied_one *one)
{
	*one = (struct proxied_one){ .addr = 0 };
	p->count--;
}

static void watch(
	struct proxied *p, const struct engine_answer *a, const struct table *t, uint64_t now_s)
{
	struct proxied_one *one = place(p, &a->ask.mac);
	if (!mac_is_zero(&one->mac) && !mac_equal(&one->mac, &a->ask.mac))
		return;
	p->count += mac_is_zero(&one->mac);
	*one = (struct proxied_one){ .mac = a->ask.mac, .until_s = now_s + FORGET_S };
	snprintf(one->machine, sizeof one->machine, "%s", table_text(t, a->plan.machine->name));
}

void proxied_answer(struct proxied *p, const struct engine_answer *a, const struct table *t,
	const struct engine_ask *ask)
{
	if (a->len > 0 && a->plan.network && a->plan.network->mode == DHCP_MODE_PROXY &&
		a->plan.machine && a->ask.stage == STAGE_FIRMWARE && !ask->pxe) {
		watch(p, a, t, ask->now_s);
		return;
	}
	struct proxied_one *one = a->heard ? find(p, &a->ask.mac) : NULL;
	if (!one)
		return;
	if (ask->pxe || a->ask.stage != STAGE_FIRMWARE) {
		forget(p, one); /* it has asked on 4011, or is a loader already */
	} else if (a->type == DHCP_REQUEST && a->wanted) {
		one->addr = a->wanted;
		one->until_s = ask->now_s + PROXIED_WAIT_S;
	}
}

void proxied_fetched(struct proxied *p, uint32_t addr)
{
	for (size_t i = 0; p->count > 0 && i < PROXIED_MAX; i++)
		if (!mac_is_zero(&p->one[i].mac) && p->one[i].addr == addr)
			forget(p, &p->one[i]);
}

bool proxied_look(struct proxied *p, int events, uint64_t now_s)
{
	char mac[MAC_TEXT];
	struct tell said;
	for (size_t i = 0; p->count > 0 && i < PROXIED_MAX; i++) {
		struct proxied_one *one = &p->one[i];
		if (mac_is_zero(&one->mac) || now_s < one->until_s)
			continue;
		if (one->addr) { /* else it has never got an address: the other server is silent */
			tell_begin(&said, EV_proxy_ignored);
			tell_add(&said, "mac", "%s", mac_text(mac, &one->mac));
			tell_add(&said, "machine", "%s", one->machine);
			tell_send(&said, events);
		}
		forget(p, one);
	}
	return p->count > 0;
}
