/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the model to what the guard lets through: see guard.h. */
#include "core/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word up to the next blank; false where it does not fit. Moves *at behind the blank. */
static bool word_take(char *to, size_t size, const char **at)
{
	size_t len = strcspn(*at, " ");
	if (len == 0 || len >= size)
		return false;
	memcpy(to, *at, len);
	to[len] = '\0';
	*at += len + ((*at)[len] == ' ');
	return true;
}

bool guard_interface_ok(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/' || name[i] == '*')
			return false;
	return len > 0 && len < GUARD_INTERFACE;
}

const char *guard_portal_text(char to[GUARD_PORTAL_TEXT], const struct path *portal)
{
	char ip[IP4_TEXT];
	snprintf(to, GUARD_PORTAL_TEXT, "%s:%u", ip4_text(ip, portal->addr), portal->port);
	return to;
}

bool guard_portal_parse(struct path *ret, const char *text)
{
	char ip[IP4_TEXT];
	struct path portal;
	size_t len = strcspn(text, ":"),
	       digits = strspn(text + len + (text[len] != '\0'), "0123456789");
	if (len >= sizeof ip || text[len] != ':' || digits == 0 || digits > 5 ||
		text[len + 1 + digits] != '\0')
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	unsigned long port = strtoul(text + len + 1, NULL, 10);
	if (!ip4_parse(&portal.addr, ip) || portal.addr == 0 || port == 0 || port > UINT16_MAX)
		return false;
	portal.port = (uint16_t)port;
	*ret = portal;
	return true;
}

const char *guard_pass_text(char to[GUARD_PASS_TEXT], const struct guard_pass *pass)
{
	char mac[MAC_TEXT], ip[IP4_TEXT], portal[GUARD_PORTAL_TEXT];
	snprintf(to, GUARD_PASS_TEXT, "%s %s %s %s", pass->interface, mac_text(mac, &pass->mac),
		pass->addr ? ip4_text(ip, pass->addr) : "any",
		guard_portal_text(portal, &pass->portal));
	return to;
}

bool guard_pass_parse(struct guard_pass *ret, const char *text)
{
	char mac[MAC_TEXT], ip[IP4_TEXT];
	struct guard_pass p = { .addr = 0 };
	if (!word_take(p.interface, sizeof p.interface, &text) ||
		!word_take(mac, sizeof mac, &text) || !word_take(ip, sizeof ip, &text))
		return false;
	bool any = strcmp(ip, "any") == 0;
	if (!guard_interface_ok(p.interface) || !mac_parse(&p.mac, mac) ||
		!mac_is_unicast(&p.mac) || !guard_portal_parse(&p.portal, text) ||
		(!any && (!ip4_parse(&p.addr, ip) || p.addr == 0)))
		return false;
	*ret = p;
	return true;
}

static int number_order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int portal_order(const void *a, const void *b)
{
	const struct path *one = a, *other = b;
	int r = number_order(one->addr, other->addr);
	return r ? r : number_order(one->port, other->port);
}

static int pass_order(const void *a, const void *b)
{
	const struct guard_pass *one = a, *other = b;
	int r = strcmp(one->interface, other->interface);
	r = r ? r : memcmp(&one->mac, &other->mac, sizeof one->mac);
	r = r ? r : number_order(one->addr, other->addr);
	return r ? r : portal_order(&one->portal, &other->portal);
}

static int interface_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Gives how many are left, each once. */
static size_t sort_unique(
	void *list, size_t n, size_t size, int (*order)(const void *, const void *))
{
	char *at = list;
	size_t left = 0;
	if (n)
		qsort(list, n, size, order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || order(at + (left - 1) * size, at + i * size) != 0)
			memmove(at + left++ * size, at + i * size, size);
	return left;
}

void guard_sort(struct guard *g)
{
	g->interfaces = (unsigned)sort_unique(
		g->interface, g->interfaces, sizeof g->interface[0], interface_order);
	g->portals = sort_unique(g->portal, g->portals, sizeof *g->portal, portal_order);
	g->passes = sort_unique(g->pass, g->passes, sizeof *g->pass, pass_order);
}

void guard_fini(struct guard *g)
{
	free(g->portal);
	free(g->pass);
	*g = (struct guard){ .interfaces = 0 };
}

/* "" where the network is reached by relays, or is none. */
static const char *interface_of(const struct network *networks, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (*name && strcmp(networks[i].name, name) == 0)
			return networks[i].interface;
	return "";
}

struct on_wire {
	const char *network;
	const struct mac *mac;
	uint32_t addr;
};

unsigned guard_of_one(struct guard_pass ret[GUARD_OF_ONE_MAX], const struct binding *b,
	const struct persona *p, const struct machine *m, const struct network *networks, size_t n)
{
	bool covered[NICS_MAX] = { false };
	struct on_wire nic[2 * NICS_MAX];
	unsigned nics = 0, passes = 0;
	if (b->phase != PHASE_PERSONA || !b->fenced)
		return 0;
	for (unsigned i = 0; i < p->nics; i++) {
		int on = nic_for(m, p, i);
		if (on < 0)
			continue;
		/* Where its shim reads the disk, the NIC may have its new address after a reset
		 * only. */
		covered[on] = m->taken != TAKING_HANDOVER;
		const char *home = m->nic[on].network;
		nic[nics++] = (struct on_wire){ *home ? home : p->nic[i].network, &p->nic[i].mac,
			p->nic[i].addr };
	}
	for (unsigned i = 0; i < m->nics; i++)
		if (!covered[i] && !mac_is_zero(&m->nic[i].factory))
			nic[nics++] = (struct on_wire){ m->nic[i].network, &m->nic[i].factory,
				m->nic[i].addr };
	for (unsigned i = 0; i < nics; i++) {
		const char *interface = interface_of(networks, n, nic[i].network);
		for (unsigned k = 0; *interface && k < p->paths; k++) {
			ret[passes] = (struct guard_pass){
				.mac = *nic[i].mac, .addr = nic[i].addr, .portal = p->path[k]
			};
			snprintf(ret[passes++].interface, GUARD_INTERFACE, "%s", interface);
		}
	}
	return passes;
}

static int interfaces_read(struct guard *g, const char *text, struct err *e)
{
	char name[GUARD_INTERFACE];
	while (text += strspn(text, " \t"), *text) {
		size_t len = strcspn(text, " \t");
		if (g->interfaces == GUARD_INTERFACES_MAX)
			return err_say(e, E2BIG, "guard_interfaces: want at most %d",
				GUARD_INTERFACES_MAX);
		snprintf(name, sizeof name, "%.*s", (int)len, text);
		if (len >= sizeof name || !guard_interface_ok(name))
			return err_say(e, EINVAL,
				"guard_interfaces: %.*s: want an interface's name", (int)len, text);
		memcpy(g->interface[g->interfaces++], name, sizeof name);
		text += len;
	}
	return 0;
}

static bool is_guarded(const struct guard *g, const char *interface)
{
	for (unsigned i = 0; i < g->interfaces; i++)
		if (strcmp(g->interface[i], interface) == 0)
			return true;
	return false;
}

static const struct persona *persona_of(const struct guard_source *from, const char *name)
{
	for (size_t i = 0; i < from->personas; i++)
		if (strcmp(from->persona[i].name, name) == 0)
			return &from->persona[i];
	return NULL;
}

static const struct machine *machine_of(const struct guard_source *from, const char *name)
{
	for (size_t i = 0; i < from->machines; i++)
		if (strcmp(from->machine[i].name, name) == 0)
			return &from->machine[i];
	return NULL;
}

static void fill(struct guard *g, unsigned *without, const struct guard_source *from)
{
	struct guard_pass of[GUARD_OF_ONE_MAX];
	for (size_t i = 0; i < from->personas; i++)
		for (unsigned k = 0; *from->persona[i].target && k < from->persona[i].paths; k++)
			g->portal[g->portals++] = from->persona[i].path[k];
	/* One more than the most is enough to be refused. */
	for (size_t i = 0; i < from->bindings && g->passes <= GUARD_PASSES_MAX; i++) {
		const struct binding *b = &from->binding[i];
		if (b->phase != PHASE_PERSONA || !b->fenced)
			continue;
		const struct persona *p = persona_of(from, b->persona);
		const struct machine *m = machine_of(from, b->machine);
		if (!p || !m || !*p->target)
			continue;
		unsigned n = guard_of_one(of, b, p, m, from->network, from->networks);
		*without += n == 0 && p->paths;
		for (unsigned k = 0; k < n; k++)
			if (is_guarded(g, of[k].interface))
				g->pass[g->passes++] = of[k];
	}
}

int guard_build(
	struct guard *ret, unsigned *without, const struct guard_source *from, struct err *e)
{
	*ret = (struct guard){ .interfaces = 0 };
	*without = 0;
	int r = interfaces_read(ret, from->interfaces, e);
	if (r < 0 || ret->interfaces == 0)
		return r;
	ret->portal = calloc(from->personas * PATHS_MAX + 1, sizeof *ret->portal);
	ret->pass = calloc(GUARD_PASSES_MAX + GUARD_OF_ONE_MAX + 1, sizeof *ret->pass);
	if (!ret->portal || !ret->pass)
		return err_set(e, ENOMEM, "guard");
	fill(ret, without, from);
	guard_sort(ret);
	if (ret->portals > GUARD_PORTALS_MAX || ret->passes > GUARD_PASSES_MAX)
		return err_say(e, E2BIG,
			"guard: %zu portals and %zu ways to them, want at most %d and %d",
			ret->portals, ret->passes, GUARD_PORTALS_MAX, GUARD_PASSES_MAX);
	return 0;
}
