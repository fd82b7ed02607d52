/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paces by MAC, relay and interface: see limit.h. Only the fixed head of a packet is looked at. */
#include "edge/limit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cursor.h"
#include "base/pace.h"
#include "engine/asked.h"
#include "host/tell.h"

enum { AT_GIADDR = 24, AT_CHADDR = 28, TELL_S = 10 };

struct paced_mac {
	struct mac mac;
	struct pace pace;
};

struct limit {
	uint64_t seed; /* who knows it could choose MACs that share a machine's place */
	struct paced_mac mac[LIMIT_MACS];
	struct pace relay[LIMIT_RELAYS], interface[LIMIT_RELAYS], relays;
	/* Since the last event: how many, and the last one's MAC or relay. */
	uint64_t dropped, told_s;
	struct mac last_mac;
	uint32_t last_relay;
	bool last_known;
};

struct limit *limit_new(void)
{
	struct limit *l = calloc(1, sizeof *l);
	if (!l || getrandom(&l->seed, sizeof l->seed, 0) != (ssize_t)sizeof l->seed) {
		free(l);
		return NULL;
	}
	return l;
}

static size_t place(const struct limit *l, uint64_t key, size_t places)
{
	key = (key ^ l->seed) * 0x9e3779b97f4a7c15u;
	return (size_t)((key ^ key >> 29) * 0xbf58476d1ce4e5b9u >> 32) % places;
}

static bool mac_allowed(struct limit *l, const struct mac *m, uint32_t rate, uint64_t now_s)
{
	uint64_t key = 0;
	memcpy(&key, m->b, sizeof m->b);
	struct paced_mac *p = &l->mac[place(l, key, LIMIT_MACS)];
	if (!mac_equal(&p->mac, m))
		*p = (struct paced_mac){ .mac = *m };
	return rate == 0 || pace_allows(&p->pace, rate * LIMIT_BURST, rate, now_s);
}

static bool stranger_allowed(
	struct limit *l, uint32_t relay, int interface, uint32_t rate, uint64_t now_s)
{
	if (rate == 0)
		return true;
	if (relay == 0)
		return pace_allows(&l->interface[(unsigned)interface % LIMIT_RELAYS],
			rate * LIMIT_BURST, rate, now_s);
	return pace_allows(&l->relays, rate * LIMIT_BURST * LIMIT_ALL, rate * LIMIT_ALL, now_s) &&
	       pace_allows(
		       &l->relay[place(l, relay, LIMIT_RELAYS)], rate * LIMIT_BURST, rate, now_s);
}

bool limit_allows(struct limit *l, const struct table *t, const struct engine_ask *ask)
{
	const uint8_t *bytes = ask->bytes;
	struct mac mac;
	uint32_t relay;
	bool is_persona;
	if (ask->len < DHCP_MIN)
		return true; /* nonsense, which costs nothing */
	memcpy(&mac, bytes + AT_CHADDR, sizeof mac);
	struct reader giaddr = reader_of(bytes + AT_GIADDR, sizeof relay);
	relay = read_be32(&giaddr);
	bool known = table_find(t, &mac, &is_persona) != NULL;
	if (known ? mac_allowed(l, &mac, t->header->mac_rate, ask->now_s)
		  : stranger_allowed(
			    l, relay, ask->interface_index, t->header->relay_rate, ask->now_s))
		return true;
	l->dropped++;
	l->last_mac = mac;
	l->last_relay = relay;
	l->last_known = known;
	return false;
}

void limit_tell(struct limit *l, int events, uint64_t now_s)
{
	char mac[MAC_TEXT], addr[IP4_TEXT];
	struct tell said;
	if (l->dropped == 0 || now_s - l->told_s < TELL_S)
		return;
	tell_begin(&said, EV_dhcp_limited);
	if (l->last_known)
		tell_add(&said, "mac", "%s", mac_text(mac, &l->last_mac));
	else
		tell_add(&said, "via", "%s",
			l->last_relay ? ip4_text(addr, l->last_relay) : "direct");
	tell_add(&said, "dropped", "%llu", (unsigned long long)l->dropped);
	tell_send(&said, events);
	l->dropped = 0;
	l->told_s = now_s;
}
