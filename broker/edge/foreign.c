/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See foreign.h. A switch may keep a server's answers to others from us, so that waiting for them
 * is not enough: it is asked. */
#include "edge/foreign.h"

#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "engine/asked.h"
#include "host/tell.h"

enum {
	/* A switch port that has just come up is deaf for up to 30 s (spanning tree), and a server
	 * may ping for some seconds before it offers. */
	FIRST_PROBES = 4,
	SOON_S = 15,
	/* Often enough that whoever plugs in a second server still knows that he did, seldom enough
	 * that a server with a pool of some dozen addresses does not run short of them. */
	PROBE_S = 300,
	AGAIN_S = 600,
	AT_ONCE = 64,
};

static bool is_ours(const struct ports *ports, const struct mac *m)
{
	for (unsigned i = 0; i < ports->n; i++)
		if (mac_equal(&ports->port[i].mac, m))
			return true;
	return false;
}

/* A probe that cannot be sent (the link is down) is as good as one that nobody heard. */
static bool probe_all(const struct foreign_watch *w, const struct ports *ports)
{
	uint8_t frame[FRAME_MAX];
	bool any = false;
	for (unsigned i = 0; i < ports->n; i++) {
		const struct port *p = &ports->port[i];
		if (p->kind != PORT_HEARD || p->raw < 0)
			continue;
		size_t len = foreign_probe(frame, &p->mac, w->xid);
		(void)!send(p->raw, frame, len, MSG_DONTWAIT);
		any = true;
	}
	return any;
}

int foreign_ask(struct foreign_watch *w, const struct ports *ports, uint64_t now_s)
{
	if (now_s >= w->due_s) {
		if (getrandom(&w->xid, sizeof w->xid, GRND_NONBLOCK) < 0)
			w->xid = (uint32_t)now_s;
		w->due_s = now_s + (++w->probes < FIRST_PROBES ? SOON_S : PROBE_S);
		if (!probe_all(w, ports))
			w->due_s = UINT64_MAX;
	}
	return w->due_s == UINT64_MAX ? -1 : (int)(w->due_s - now_s) * 1000;
}

unsigned foreign_without_probes(const struct foreign_watch *w, const struct ports *ports,
	struct engine_ask ask[], unsigned n)
{
	unsigned left = 0;
	struct mac mac;
	for (unsigned i = 0; i < n; i++) {
		if (foreign_is_probe(&mac, ask[i].bytes, ask[i].len, w->xid) &&
			is_ours(ports, &mac))
			continue;
		if (left != i)
			ask[left] = ask[i];
		left++;
	}
	return left;
}

static bool is_our_address(const struct table *t, uint32_t addr)
{
	for (uint32_t i = 0; i < t->header->networks; i++)
		if (addr == t->network[i].ours)
			return true;
	return false;
}

/* Our own answers come back to us through a relay, or between two interfaces on one wire. */
static bool is_foreign(const struct foreign *f, const struct ports *ports, const struct table *t)
{
	return !is_our_address(t, f->server) && !is_ours(ports, &f->mac);
}

static const struct table_network *network_of(
	const struct table *t, const struct port *p, uint32_t offered)
{
	const struct table_network *n = table_network_of(t, offered);
	if (n && strcmp(table_text(t, n->interface), p->interface) == 0)
		return n;
	for (uint32_t i = 0; i < t->header->networks; i++)
		if (strcmp(table_text(t, t->network[i].interface), p->interface) == 0)
			return &t->network[i];
	return NULL;
}

/* False when it was told of lately, or when so many were that this can only be a stranger who
 * makes them up. */
static bool worth_telling(struct foreign_watch *w, int interface, uint32_t server, uint64_t now_s)
{
	struct foreign_told *at = NULL;
	for (size_t i = 0; i < FOREIGN_MAX; i++) {
		struct foreign_told *s = &w->told[i];
		bool old = !s->interface || now_s - s->at_s >= AGAIN_S;
		if (s->interface == interface && s->server == server) {
			at = old ? s : NULL;
			break;
		}
		if (old && !at)
			at = s;
	}
	if (at)
		*at = (struct foreign_told){ interface, server, now_s };
	return at != NULL;
}

void foreign_tell(struct foreign_watch *w, const struct port *p, const struct table *t,
	const struct foreign *f, int events, uint64_t now_s)
{
	struct tell said;
	char mac[MAC_TEXT], addr[IP4_TEXT];
	const struct table_network *n = network_of(t, p, f->offered);
	/* Where we are a proxy the other one is wanted. */
	if ((n && n->mode == DHCP_MODE_PROXY) || !worth_telling(w, p->index, f->server, now_s))
		return;
	tell_begin(&said, EV_dhcp_foreign);
	tell_add(&said, "network", "%s", n ? table_text(t, n->name) : "-");
	tell_add(&said, "addr", "%s", ip4_text(addr, f->server));
	if (!mac_is_zero(&f->mac))
		tell_add(&said, "server-mac", "%s", mac_text(mac, &f->mac));
	if (f->offered)
		tell_add(&said, "offered", "%s", ip4_text(addr, f->offered));
	tell_send(&said, events);
}

void foreign_serve(struct foreign_watch *w, const struct ports *ports, const struct port *p,
	const struct table *t, int events, uint64_t now_s)
{
	uint8_t in[FRAME_MAX];
	struct foreign f;
	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(p->fd, in, sizeof in, MSG_DONTWAIT);
		if (n < 0)
			return;
		port_heard(p, 0, 0, in, (size_t)n);
		if (t && foreign_read(&f, in, (size_t)n) && is_foreign(&f, ports, t))
			foreign_tell(w, p, t, &f, events, now_s);
	}
}

/* A server that answers by unicast through a switch is heard of only when somebody takes its offer:
 * his REQUEST names it to all. */
void foreign_chosen(struct foreign_watch *w, const struct port *p, const struct table *t,
	const struct engine_answer *a, int events, uint64_t now_s)
{
	if (a->type != DHCP_REQUEST || !a->chosen || !a->plan.network || a->ask.relay ||
		p->kind != PORT_DHCP || a->chosen == a->plan.server || is_our_address(t, a->chosen))
		return;
	foreign_tell(w, p, t, &(struct foreign){ .server = a->chosen, .offered = a->wanted },
		events, now_s);
}
