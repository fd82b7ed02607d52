/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an OS is told of its persona by DHCP, beside its addresses: name servers, time servers, its
 * domain, and for each NIC an MTU and routes. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

static const char dns_kind[] = "dns", ntp_kind[] = "ntp";

struct server_of {
	char persona[NAME_LEN + 1], kind[4];
	uint32_t addr;
};

static void server_row(struct query *q, void *to)
{
	struct server_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	col_text(q, row->kind, sizeof row->kind);
	row->addr = col_u32(q);
}

struct route_of {
	char persona[NAME_LEN + 1];
	unsigned nic;
	struct static_route route;
};

static void route_row(struct query *q, void *to)
{
	struct route_of *row = to;
	col_text(q, row->persona, sizeof row->persona);
	row->nic = (unsigned)col_int(q, 0, NICS_MAX - 1);
	row->route.to = col_u32(q);
	row->route.prefix = (unsigned)col_int(q, 1, 32);
	row->route.via = col_u32(q);
}

static void server_put(uint32_t *list, uint32_t addr)
{
	unsigned n = 0;
	while (n < SERVERS_MAX && list[n])
		n++;
	if (n < SERVERS_MAX)
		list[n] = addr;
}

int told_read(struct store *s, const char *from, const char *to, struct persona *all, size_t n,
	struct err *e)
{
	OWN(list) struct server_of *servers = NULL;
	OWN(list) struct route_of *routes = NULL;
	size_t servers_n = 0, routes_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT persona, kind, addr FROM persona_server WHERE persona BETWEEN ? AND ? "
		"ORDER BY persona, kind, n",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *servers, server_row, &servers, &servers_n, e);
	if (r)
		return r;
	OWN(query)
	struct query of = QUERY(s,
		"SELECT persona, nic, to_addr, prefix, via FROM persona_route "
		"WHERE persona BETWEEN ? AND ? ORDER BY persona, nic, n",
		in_text(from), in_text(to));
	r = list_of(&of, sizeof *routes, route_row, &routes, &routes_n, e);
	if (r)
		return r;
	for (size_t i = 0, k = 0, m = 0; i < n; i++) {
		struct persona *p = &all[i];
		for (; k < servers_n && strcmp(servers[k].persona, p->name) == 0; k++)
			server_put(strcmp(servers[k].kind, dns_kind) == 0 ? p->dns : p->ntp,
				servers[k].addr);
		for (; m < routes_n && strcmp(routes[m].persona, p->name) == 0; m++) {
			struct persona_nic *nic = &p->nic[routes[m].nic];
			if (nic->routes < ROUTES_MAX)
				nic->route[nic->routes++] = routes[m].route;
		}
	}
	return 0;
}

/* Labels of letters, digits and '-' with dots between (RFC 1123, 2.1). */
static bool domain_ok(const char *domain)
{
	char before = '.';
	for (; *domain; before = *domain++) {
		bool word = (*domain >= 'a' && *domain <= 'z') ||
			    (*domain >= 'A' && *domain <= 'Z') ||
			    (*domain >= '0' && *domain <= '9');
		if (!word && (before == '.' || (*domain != '.' && *domain != '-')))
			return false;
		if (*domain == '.' && before == '-')
			return false;
	}
	return before != '.' && before != '-';
}

static int nic_check(const struct persona *p, unsigned i, struct err *e)
{
	const struct persona_nic *nic = &p->nic[i];
	char a[IP4_TEXT], b[IP4_TEXT];
	if (nic->mtu && (nic->mtu < MTU_MIN || nic->mtu > MTU_MAX))
		return err_say(e, EINVAL, "persona %s: MTU %u: want %d to %d", p->name, nic->mtu,
			MTU_MIN, MTU_MAX);
	if (nic->routes > ROUTES_MAX)
		return err_say(e, EINVAL, "persona %s: %u routes, and %d at most can be kept",
			p->name, nic->routes, ROUTES_MAX);
	for (unsigned k = 0; k < nic->routes; k++) {
		const struct static_route *r = &nic->route[k];
		uint32_t mask = net4_mask(r->prefix);
		if (r->prefix < 1 || r->prefix > 32 || r->to & ~mask)
			return err_say(e, EINVAL,
				"persona %s: route to %s/%u: want a network's number, as %s/%u",
				p->name, ip4_text(a, r->to), r->prefix, ip4_text(b, r->to & mask),
				r->prefix);
		if (!*nic->network)
			return err_say(e, EINVAL,
				"persona %s: route to %s/%u: its NIC is on no network; name the "
				"network",
				p->name, ip4_text(a, r->to), r->prefix);
		for (unsigned m = 0; m < k; m++)
			if (nic->route[m].to == r->to && nic->route[m].prefix == r->prefix)
				return err_say(e, EEXIST,
					"persona %s: route to %s/%u is written twice", p->name,
					ip4_text(a, r->to), r->prefix);
	}
	return 0;
}

int told_check(const struct persona *p, struct err *e)
{
	if (*p->domain && !domain_ok(p->domain))
		return err_say(e, EINVAL,
			"persona %s: domain \"%s\": want letters, digits and '-' with dots "
			"between, "
			"as example.org",
			p->name, p->domain);
	for (unsigned i = 0; i < p->nics; i++) {
		int r = nic_check(p, i, e);
		if (r)
			return r;
	}
	return 0;
}

/* Beside a foreign DHCP server nobody would hear it; elsewhere a gateway is a neighbour. */
static int nic_fits(const struct persona *p, const struct persona_nic *nic, const struct network *n,
	struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT], c[IP4_TEXT];
	if (n->mode == DHCP_MODE_PROXY && (nic->mtu || nic->routes))
		return err_say(e, EINVAL,
			"persona %s: an MTU or routes on network %s would not be told: its own "
			"DHCP server answers the OS there",
			p->name, n->name);
	for (unsigned i = 0; i < nic->routes; i++) {
		const struct static_route *r = &nic->route[i];
		if (!network_has(n, r->via))
			return err_say(e, EINVAL,
				"persona %s: route to %s/%u by %s: want a gateway of network %s "
				"(%s/%u)",
				p->name, ip4_text(a, r->to), r->prefix, ip4_text(b, r->via),
				n->name, ip4_text(c, n->addr), n->prefix);
	}
	return 0;
}

static int nic_write(struct store *s, const struct persona *p, unsigned i, struct err *e)
{
	const struct persona_nic *nic = &p->nic[i];
	struct network n;
	int r = 0;
	if (*nic->network && (nic->mtu || nic->routes)) {
		r = store_network(s, nic->network, &n, e);
		if (!r)
			r = nic_fits(p, nic, &n, e);
	}
	for (unsigned k = 0; !r && k < nic->routes; k++)
		r = RUN(s, e, "INSERT INTO persona_route VALUES (?,?,?,?,?,?)", in_text(p->name),
			in_int(i), in_int(k), in_int(nic->route[k].to),
			in_int(nic->route[k].prefix), in_int(nic->route[k].via));
	return r;
}

static int servers_write(struct store *s, const struct persona *p, const char *kind,
	const uint32_t *list, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; !r && i < SERVERS_MAX && list[i]; i++)
		r = RUN(s, e, "INSERT INTO persona_server VALUES (?,?,?,?)", in_text(p->name),
			in_text(kind), in_int(i), in_int(list[i]));
	return r;
}

int told_write(struct store *s, const struct persona *p, struct err *e)
{
	int r = servers_write(s, p, dns_kind, p->dns, e);
	if (!r)
		r = servers_write(s, p, ntp_kind, p->ntp, e);
	for (unsigned i = 0; !r && i < p->nics; i++)
		r = nic_write(s, p, i, e);
	return r;
}
