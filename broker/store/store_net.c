/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks, and the seats that NICs have in them: which address is whose, which is free. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "store/store_priv.h"

_Static_assert(sizeof((struct network *)0)->interface == IF_NAMESIZE, "an interface's name fits");

#define NETWORK_COLS                                                                               \
	"name, interface, addr, prefix, gateway, dns, pool_from, pool_to, unknown FROM network "

static void network_row(struct query *q, void *to)
{
	struct network *n = to;
	char word[16];
	col_text(q, n->name, sizeof n->name);
	col_text(q, n->interface, sizeof n->interface);
	n->addr = col_u32(q);
	n->prefix = (unsigned)col_int(q, 1, 32);
	n->gateway = col_u32(q);
	n->dns = col_u32(q);
	n->pool_from = col_u32(q);
	n->pool_to = col_u32(q);
	col_text(q, word, sizeof word);
	if (!unknown_parse(&n->unknown, word))
		q->bad = true;
}

int store_networks(struct store *s, struct network **ret, size_t *ret_n, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "SELECT " NETWORK_COLS "ORDER BY name");
	return list_of(&q, sizeof **ret, network_row, ret, ret_n, e);
}

static int network_get(struct store *s, const char *name, struct network *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT " NETWORK_COLS "WHERE name = ?", in_text(name));
	int r = one_of(&q, network_row, ret, e);
	if (r == 0)
		return err_say(e, ENOENT,
			"network %s: no such network; `baton network add` makes one", name);
	return r < 0 ? r : 0;
}

static bool network_has(const struct network *n, uint32_t addr)
{
	return ((addr ^ n->addr) & net4_mask(n->prefix)) == 0;
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

static int network_check(const struct network *n, struct err *e)
{
	char a[IP4_TEXT], b[IP4_TEXT];
	int r = name_check("network", n->name, e);
	if (r)
		return r;
	if (!*n->interface || !word_ok(n->interface) || strchr(n->interface, '/'))
		return err_say(e, EINVAL,
			"network %s: interface \"%s\": want the name of one of Baton's interfaces, "
			"as "
			"`ip link` shows it",
			n->name, n->interface);
	if (n->prefix < 1 || n->prefix > 32 || !n->addr || !host_ok(n, n->addr))
		return err_say(e, EINVAL,
			"network %s: %s/%u is no host's address; want Baton's own one there, as "
			"10.77.0.1/24",
			n->name, ip4_text(a, n->addr), n->prefix);
	if (n->gateway && (!network_has(n, n->gateway) || !host_ok(n, n->gateway)))
		return err_say(e, EINVAL, "network %s: gateway %s lies outside of %s/%u", n->name,
			ip4_text(b, n->gateway), ip4_text(a, n->addr), n->prefix);
	if (!n->pool_from && !n->pool_to)
		return 0;
	if (n->pool_from > n->pool_to || !network_has(n, n->pool_from) ||
		!network_has(n, n->pool_to) || !host_ok(n, n->pool_from) || !host_ok(n, n->pool_to))
		return err_say(e, EINVAL,
			"network %s: pool %s-%s: want two hosts' addresses of this network, the "
			"lower "
			"first",
			n->name, ip4_text(a, n->pool_from), ip4_text(b, n->pool_to));
	return 0;
}

/* Addresses say which network a question came through, so no two may share one. */
static int network_alone(struct store *s, const struct network *n, struct err *e)
{
	OWN(list) struct network *all = NULL;
	size_t count = 0;
	int r = store_networks(s, &all, &count, e);
	for (size_t i = 0; i < count; i++) {
		const struct network *other = &all[i];
		if (strcmp(other->name, n->name) == 0)
			return err_say(e, EEXIST, "network %s exists already", n->name);
		if (strcmp(other->interface, n->interface) == 0)
			return err_say(e, EEXIST, "network %s: interface %s belongs to network %s",
				n->name, n->interface, other->name);
		if (network_has(other, n->addr) || network_has(n, other->addr))
			return err_say(e, EEXIST,
				"network %s: its addresses overlap those of network %s", n->name,
				other->name);
	}
	return r;
}

int store_network_add(struct store *s, const struct network *n, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = network_check(n, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r)
		r = network_alone(s, n, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO network VALUES (?,?,?,?,?,?,?,?,?)", in_text(n->name),
			in_text(n->interface), in_int(n->addr), in_int(n->prefix),
			in_addr(n->gateway), in_addr(n->dns), in_addr(n->pool_from),
			in_addr(n->pool_to), in_text(unknown_word(n->unknown)));
	return r ? r : tx_commit(&tx, e);
}

int store_network_rm(struct store *s, const char *name, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct network n;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = network_get(s, name, &n, e);
	if (r)
		return r;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT 'machine', machine FROM nic WHERE network = ?1 UNION ALL "
		"SELECT 'persona', persona FROM persona_nic WHERE network = ?1 LIMIT 1",
		in_text(name));
	char what[16], who[NAME_LEN + 1];
	r = query_next(&q, e);
	if (r > 0) {
		col_text(&q, what, sizeof what);
		col_text(&q, who, sizeof who);
		return err_say(e, EBUSY,
			"network %s: %s %s has a NIC on it; `baton %s rm %s` first", name, what,
			who, what, who);
	}
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
		r = network_get(s, seat[i].network, &n[i], e);
		if (r || !addr)
			continue;
		if (seat_has(seat, i, addr))
			return err_say(
				e, EEXIST, "address %s is written twice", ip4_text(text, addr));
		r = seat_check(s, &n[i], addr, e);
	}
	for (unsigned i = 0; !r && i < seats; i++)
		if (*seat[i].network && !*seat[i].addr)
			r = seat_draw(s, &n[i], seat, seats, seat[i].addr, e);
	return r;
}
