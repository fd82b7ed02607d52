/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks, and the seats that NICs have in them: which address is whose, which is free. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "store/store_priv.h"

_Static_assert(sizeof((struct network *)0)->interface == IF_NAMESIZE, "an interface's name fits");

static void network_row(struct query *q, void *to)
{
	struct network *n = to;
	char unknown[16], mode[16];
	col_text(q, n->name, sizeof n->name);
	col_text(q, n->interface, sizeof n->interface);
	n->addr = col_u32(q);
	n->prefix = (unsigned)col_int(q, 1, 32);
	n->gateway = col_u32(q);
	n->dns = col_u32(q);
	n->pool_from = col_u32(q);
	n->pool_to = col_u32(q);
	col_text(q, unknown, sizeof unknown);
	col_text(q, mode, sizeof mode);
	col_text(q, n->link, sizeof n->link);
	n->isolated = col_bool(q);
	if (!unknown_parse(&n->unknown, unknown) || !dhcp_mode_parse(&n->mode, mode))
		q->bad = true;
}

struct relay_of {
	char network[NAME_LEN + 1];
	uint32_t addr;
};

static void relay_row(struct query *q, void *to)
{
	struct relay_of *row = to;
	col_text(q, row->network, sizeof row->network);
	row->addr = col_u32(q);
}

/* Those with from <= name <= to; networks and relays come in the same order of names. */
static int networks_read(struct store *s, const char *from, const char *to, struct network **ret,
	size_t *ret_n, struct err *e)
{
	OWN(list) struct network *all = NULL;
	OWN(list) struct relay_of *relays = NULL;
	size_t n = 0, relays_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT name, interface, addr, prefix, gateway, dns, pool_from, pool_to, unknown, "
		"mode, link, isolated FROM network WHERE name BETWEEN ? AND ? ORDER BY name",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *all, network_row, &all, &n, e);
	if (r)
		return r;
	OWN(query)
	struct query of = QUERY(s,
		"SELECT network, addr FROM network_relay WHERE network BETWEEN ? AND ? "
		"ORDER BY network, n",
		in_text(from), in_text(to));
	r = list_of(&of, sizeof *relays, relay_row, &relays, &relays_n, e);
	if (r)
		return r;
	for (size_t i = 0, k = 0; i < n; i++)
		while (k < relays_n && strcmp(relays[k].network, all[i].name) == 0 &&
			all[i].relays < RELAYS_MAX)
			all[i].relay[all[i].relays++] = relays[k++].addr;
	*ret = TAKE(all);
	*ret_n = n;
	return 0;
}

int store_networks(struct store *s, struct network **ret, size_t *ret_n, struct err *e)
{
	return networks_read(s, "", "~", ret, ret_n, e);
}

int store_network(struct store *s, const char *name, struct network *ret, struct err *e)
{
	OWN(list) struct network *one = NULL;
	size_t n = 0;
	int r = networks_read(s, name, name, &one, &n, e);
	if (!r && !n)
		r = err_say(e, ENOENT, "network %s: no such network; `baton network add` makes one",
			name);
	if (!r)
		*ret = *one;
	return r;
}

/* Not the network's own number, not its broadcast address (RFC 3021 spares /31 and /32). */
static bool host_ok(const struct network *n, uint32_t addr)
{
	uint32_t host = addr & ~net4_mask(n->prefix);
	return n->prefix > 30 || (host != 0 && host != ~net4_mask(n->prefix));
}

static bool network_needs(const struct network *n, uint32_t addr)
{
	return addr == n->addr || addr == n->gateway || addr == n->dns;
}

/* Where Baton stands in it: at an address of its own, or behind relays that find it elsewhere. */
static int place_check(const struct network *n, struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT];
	uint32_t mask = net4_mask(n->prefix);
	if (*n->interface && (!word_ok(n->interface) || strchr(n->interface, '/')))
		return err_say(e, EINVAL,
			"network %s: interface \"%s\": want the name of one of Baton's interfaces, "
			"as `ip link` shows it",
			n->name, n->interface);
	bool whole = n->prefix >= 1 && n->prefix <= 32 && n->addr;
	if (*n->interface && (!whole || !host_ok(n, n->addr)))
		return err_say(e, EINVAL,
			"network %s: %s/%u is no host's address; want Baton's own one there, as "
			"10.77.0.1/24",
			n->name, ip4_text(a, n->addr), n->prefix);
	if (!*n->interface && (!whole || n->addr & ~mask))
		return err_say(e, EINVAL,
			"network %s: %s/%u: want the interface that has this address, or %s/%u, "
			"the network's number, where only relays reach it",
			n->name, ip4_text(a, n->addr), n->prefix, ip4_text(b, n->addr & mask),
			n->prefix);
	return 0;
}

static int pool_check(const struct network *n, struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT];
	if (!n->pool_from && !n->pool_to)
		return 0;
	if (n->pool_from > n->pool_to || !network_has(n, n->pool_from) ||
		!network_has(n, n->pool_to) || !host_ok(n, n->pool_from) || !host_ok(n, n->pool_to))
		return err_say(e, EINVAL,
			"network %s: pool %s-%s: want two hosts' addresses of this network, the "
			"lower first",
			n->name, ip4_text(a, n->pool_from), ip4_text(b, n->pool_to));
	return 0;
}

static int mode_check(const struct network *n, struct err *e)
{
	if (n->mode != DHCP_MODE_PROXY)
		return 0;
	if (!*n->interface || n->relays)
		return err_say(e, EINVAL,
			"network %s: mode proxy: want an interface and no relays; beside another "
			"DHCP server Baton has to hear the machines itself",
			n->name);
	if (n->pool_from || n->unknown != UNKNOWN_SILENCE)
		return err_say(e, EINVAL,
			"network %s: mode proxy: want no pool, and unknown silence; the network's "
			"own DHCP server gives the addresses",
			n->name);
	return 0;
}

static int relays_check(const struct network *n, struct err *e)
{
	char a[IP4_TEXT];
	if (n->relays > RELAYS_MAX)
		return err_say(e, EINVAL, "network %s: %u relays, and %d at most can be kept",
			n->name, n->relays, RELAYS_MAX);
	for (unsigned i = 0; i < n->relays; i++) {
		if (!n->relay[i] || network_has(n, n->relay[i]))
			return err_say(e, EINVAL,
				"network %s: relay %s: want an address outside of it; relays "
				"inside are believed unnamed",
				n->name, ip4_text(a, n->relay[i]));
		for (unsigned k = 0; k < i; k++)
			if (n->relay[k] == n->relay[i])
				return err_say(e, EEXIST, "network %s: relay %s is written twice",
					n->name, ip4_text(a, n->relay[i]));
	}
	return 0;
}

/* What Baton can see of it; the wire itself is the operator's word. */
static int isolated_check(const struct network *n, struct err *e)
{
	if (!n->isolated)
		return 0;
	if (!*n->interface || n->relays)
		return err_say(e, EINVAL,
			"network %s: isolated: want an interface of Baton's and no relays, which "
			"are a way to other networks",
			n->name);
	if (n->gateway || *n->link)
		return err_say(e, EINVAL,
			"network %s: isolated: want no gateway and no link, which lead to other "
			"networks",
			n->name);
	return 0;
}

static int network_check(const struct network *n, struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT];
	int r = name_check("network", n->name, e);
	if (!r)
		r = place_check(n, e);
	if (!r && n->gateway && (!network_has(n, n->gateway) || !host_ok(n, n->gateway)))
		r = err_say(e, EINVAL, "network %s: gateway %s lies outside of %s/%u", n->name,
			ip4_text(b, n->gateway), ip4_text(a, n->addr), n->prefix);
	if (!r)
		r = pool_check(n, e);
	if (!r)
		r = mode_check(n, e);
	if (!r)
		r = isolated_check(n, e);
	return r ? r : relays_check(n, e);
}

/* What was there before, while a network is added. */
struct others {
	struct network *all;
	size_t n;
};

static const struct network *other_named(const struct others *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++)
		if (strcmp(o->all[i].name, name) == 0)
			return &o->all[i];
	return NULL;
}

/* A link leads to a network that was there before: at its end stands the first one of the wire. */
static const char *wire_of(const struct others *o, const struct network *n)
{
	const struct network *to = n;
	for (size_t i = 0; to && *to->link && i < o->n; i++) {
		n = to;
		to = other_named(o, to->link);
	}
	return to ? to->name : n->name;
}

static int link_check(const struct others *o, const struct network *n, struct err *e)
{
	if (!*n->link)
		return 0;
	if (strcmp(n->link, n->name) == 0)
		return err_say(e, EINVAL,
			"network %s: a link to itself; want another network on the same wire",
			n->name);
	const struct network *to = other_named(o, n->link);
	if (!to)
		return err_say(e, ENOENT,
			"network %s: link %s: no such network; add that one first", n->name,
			n->link);
	if (to->isolated)
		return err_say(e, EINVAL,
			"network %s: network %s is isolated: no other one is on its wire", n->name,
			to->name);
	if (to->mode != n->mode)
		return err_say(e, EINVAL,
			"network %s: mode %s, and network %s on the same wire has mode %s; want "
			"the same",
			n->name, dhcp_mode_word(n->mode), to->name, dhcp_mode_word(to->mode));
	return 0;
}

static int relays_alone(const struct network *n, const struct network *other, struct err *e)
{
	char a[IP4_TEXT];
	for (unsigned i = 0; i < n->relays; i++) {
		if (network_has(other, n->relay[i]))
			return err_say(e, EEXIST,
				"network %s: relay %s is of network %s, and so is believed unnamed",
				n->name, ip4_text(a, n->relay[i]), other->name);
		for (unsigned k = 0; k < other->relays; k++)
			if (other->relay[k] == n->relay[i])
				return err_say(e, EEXIST,
					"network %s: relay %s belongs to network %s", n->name,
					ip4_text(a, n->relay[i]), other->name);
	}
	return 0;
}

/* Addresses say which network a question came through, so no two may share one. */
static int network_alone(const struct others *o, const struct network *n, struct err *e)
{
	if (other_named(o, n->name))
		return err_say(e, EEXIST, "network %s exists already", n->name);
	int r = link_check(o, n, e);
	for (size_t i = 0; !r && i < o->n; i++) {
		const struct network *other = &o->all[i];
		if (*n->interface && strcmp(other->interface, n->interface) == 0 &&
			strcmp(wire_of(o, other), wire_of(o, n)) != 0)
			r = err_say(e, EEXIST,
				"network %s: interface %s belongs to network %s; want a link to "
				"that one if both are on its wire",
				n->name, n->interface, other->name);
		else if (network_has(other, n->addr) || network_has(n, other->addr))
			r = err_say(e, EEXIST,
				"network %s: its addresses overlap those of network %s", n->name,
				other->name);
		else
			r = relays_alone(n, other, e);
	}
	return r;
}

int store_network_add(struct store *s, const struct network *n, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	OWN(list) struct network *all = NULL;
	size_t count = 0;
	int r = network_check(n, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r)
		r = store_networks(s, &all, &count, e);
	if (!r)
		r = network_alone(&(struct others){ all, count }, n, e);
	if (!r)
		r = RUN(s, e,
			"INSERT INTO network (name, interface, addr, prefix, gateway, dns, "
			"pool_from, "
			"pool_to, unknown, mode, link, isolated) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
			in_text(n->name), in_name(n->interface), in_int(n->addr), in_int(n->prefix),
			in_addr(n->gateway), in_addr(n->dns), in_addr(n->pool_from),
			in_addr(n->pool_to), in_text(unknown_word(n->unknown)),
			in_text(dhcp_mode_word(n->mode)), in_name(n->link), in_int(n->isolated));
	for (unsigned i = 0; !r && i < n->relays; i++)
		r = RUN(s, e, "INSERT INTO network_relay VALUES (?,?,?)", in_text(n->name),
			in_int(i), in_int(n->relay[i]));
	return r ? r : tx_commit(&tx, e);
}

static void name_row(struct query *q, void *to)
{
	col_text(q, to, NAME_LEN + 1);
}

int store_network_rm(struct store *s, const char *name, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct network n;
	char what[16], who[NAME_LEN + 1];
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_network(s, name, &n, e);
	if (r)
		return r;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT 'machine', machine FROM nic WHERE network = ?1 UNION ALL "
		"SELECT 'persona', persona FROM persona_nic WHERE network = ?1 LIMIT 1",
		in_text(name));
	r = query_next(&q, e);
	if (r > 0) {
		col_text(&q, what, sizeof what);
		col_text(&q, who, sizeof who);
		return err_say(e, EBUSY,
			"network %s: %s %s has a NIC on it; `baton %s rm %s` first", name, what,
			who, what, who);
	}
	OWN(query)
	struct query linked =
		QUERY(s, "SELECT name FROM network WHERE link = ? LIMIT 1", in_text(name));
	if (!r)
		r = one_of(&linked, name_row, who, e);
	if (r > 0)
		return err_say(e, EBUSY,
			"network %s: network %s is linked to it; `baton network rm %s` first", name,
			who, who);
	if (!r)
		r = RUN(s, e, "DELETE FROM network WHERE name = ?", in_text(name));
	return r ? r : tx_commit(&tx, e);
}

/* ------------------------------------------------------------------ seats */

static int addr_free(struct store *s, uint32_t addr, struct err *e)
{
	char text[IP4_TEXT], what[16], who[NAME_LEN + 1];
	OWN(query)
	struct query q = QUERY(s,
		"SELECT 'machine', machine FROM nic WHERE addr = ?1 UNION ALL "
		"SELECT 'persona', persona FROM persona_nic WHERE addr = ?1",
		in_int(addr));
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, what, sizeof what);
	col_text(&q, who, sizeof who);
	return err_say(e, EEXIST, "address %s belongs to %s %s", ip4_text(text, addr), what, who);
}

static int seat_check(struct store *s, const struct network *n, uint32_t addr, struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT];
	if (!network_has(n, addr) || !host_ok(n, addr))
		return err_say(e, EINVAL, "address %s is no host's of network %s (%s/%u)",
			ip4_text(a, addr), n->name, ip4_text(b, n->addr), n->prefix);
	if (network_needs(n, addr))
		return err_say(e, EEXIST,
			"address %s belongs to network %s itself: to Baton, its gateway or its DNS",
			ip4_text(a, addr), n->name);
	return addr_free(s, addr, e);
}

static bool seat_has(const struct seat *seat, unsigned seats, uint32_t addr)
{
	for (unsigned i = 0; i < seats; i++)
		if (*seat[i].addr == addr)
			return true;
	return false;
}

/* The lowest address of the pool that is nobody's. */
static int seat_draw(struct store *s, const struct network *n, const struct seat *seat,
	unsigned seats, uint32_t *ret, struct err *e)
{
	if (!n->pool_from)
		return err_say(e, EDQUOT,
			"network %s has no pool of addresses; write the NIC's address out",
			n->name);
	OWN(query)
	struct query q = QUERY(s,
		"SELECT addr FROM nic WHERE addr BETWEEN ?1 AND ?2 UNION "
		"SELECT addr FROM persona_nic WHERE addr BETWEEN ?1 AND ?2 ORDER BY addr",
		in_int(n->pool_from), in_int(n->pool_to));
	uint64_t want = n->pool_from;
	for (;;) {
		int r = query_next(&q, e);
		if (r < 0)
			return r;
		uint64_t held = r ? col_u32(&q) : (uint64_t)n->pool_to + 1;
		for (; want < held; want++) {
			if (network_needs(n, (uint32_t)want) ||
				seat_has(seat, seats, (uint32_t)want))
				continue;
			*ret = (uint32_t)want;
			return 0;
		}
		if (!r)
			return err_say(e, EDQUOT,
				"network %s: every address of its pool is somebody's; write one "
				"out "
				"that lies beside the pool",
				n->name);
		want = held + 1;
	}
}

int seats_fill(struct store *s, struct seat *seat, unsigned seats, struct err *e)
{
	struct network n[NICS_MAX];
	char text[IP4_TEXT];
	int r = 0;
	for (unsigned i = 0; !r && i < seats; i++) {
		uint32_t addr = *seat[i].addr;
		if (!*seat[i].network) {
			if (addr)
				r = err_say(e, EINVAL,
					"address %s: its NIC is on no network; name the network",
					ip4_text(text, addr));
			continue;
		}
		r = store_network(s, seat[i].network, &n[i], e);
		if (r || !addr)
			continue;
		if (seat_has(seat, i, addr))
			return err_say(
				e, EEXIST, "address %s is written twice", ip4_text(text, addr));
		r = seat_check(s, &n[i], addr, e);
	}
	for (unsigned i = 0; !r && i < seats; i++)
		if (*seat[i].network && !*seat[i].addr && n[i].mode == DHCP_MODE_SERVE)
			r = seat_draw(s, &n[i], seat, seats, seat[i].addr, e);
	return r;
}
