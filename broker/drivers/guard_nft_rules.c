/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The messages that make the table: see guard_nft_rules.h. */
#include "drivers/guard_nft_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

enum {
	AT_A_TIME = 256, /* elements of one message */
	HOST_ENDIAN = 1, /* nft's own number */
	/* Behind the translation of destinations, so that what counts is where a packet goes. */
	INET_PRIORITY = -50,
	BRIDGE_PRIORITY = -200,
};

/* nft's own numbers of types; a concatenation has six bits for each. */
enum { T_ADDR = 7, T_MAC = 9, T_PORT = 13, T_IFNAME = 41 };
#define TYPE_OF_PORTAL (T_ADDR << 6 | T_PORT)
#define TYPE_OF_ANYWHERE (T_IFNAME << 18 | T_MAC << 12 | TYPE_OF_PORTAL)
#define TYPE_OF_ALLOWED ((uint32_t)T_IFNAME << 24 | T_MAC << 18 | T_ADDR << 12 | TYPE_OF_PORTAL)

static const struct {
	const char *name;
	uint32_t type, key_len;
} sets[SETS] = {
	[SET_INTERFACES] = { "interfaces", T_IFNAME, 16 },
	[SET_PORTALS] = { "portals", TYPE_OF_PORTAL, 8 },
	[SET_ALLOWED] = { "allowed", TYPE_OF_ALLOWED, 36 },
	[SET_ANYWHERE] = { "anywhere", TYPE_OF_ANYWHERE, 32 },
};

const struct family families[FAMILIES] = {
	{ NFPROTO_INET, INET_PRIORITY, NFT_META_IIFNAME },
	{ NFPROTO_BRIDGE, BRIDGE_PRIORITY, NFT_META_BRI_IIFNAME },
};

void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

void keys_drop(struct keys *k)
{
	free(k->at);
}

uint8_t *key_add(struct keys *k)
{
	if (k->n == k->room) {
		k->room = k->room ? 2 * k->room : 64;
		k->at = must(reallocarray(k->at, k->room, k->len));
	}
	return memset(k->at + k->n++ * k->len, 0, k->len);
}

static void portal_put(uint8_t *to, const struct path *portal)
{
	memcpy(to, &(uint32_t){ htonl(portal->addr) }, 4);
	memcpy(to + 4, &(uint16_t){ htons(portal->port) }, 2);
}

static void pass_put(struct keys *k, const struct guard_pass *pass)
{
	uint8_t *to = key_add(k);
	memcpy(to, pass->interface, strlen(pass->interface));
	memcpy(to + 16, &pass->mac, sizeof pass->mac);
	if (pass->addr)
		memcpy(to + 24, &(uint32_t){ htonl(pass->addr) }, 4);
	portal_put(to + (pass->addr ? 28 : 24), &pass->portal);
}

static int key_order(const void *a, const void *b, void *len)
{
	return memcmp(a, b, *(size_t *)len);
}

void keys_sort(struct keys *k)
{
	if (k->n)
		qsort_r(k->at, k->n, k->len, key_order, &k->len);
}

struct keys keys_none(enum set set)
{
	return (struct keys){ .len = sets[set].key_len };
}

struct keys keys_of(const struct guard *g, enum set set)
{
	struct keys k = keys_none(set);
	for (unsigned i = 0; set == SET_INTERFACES && i < g->interfaces; i++)
		memcpy(key_add(&k), g->interface[i], strlen(g->interface[i]));
	for (size_t i = 0; set == SET_PORTALS && i < g->portals; i++)
		portal_put(key_add(&k), &g->portal[i]);
	for (size_t i = 0; set >= SET_ALLOWED && i < g->passes; i++)
		if ((set == SET_ALLOWED) == (g->pass[i].addr != 0))
			pass_put(&k, &g->pass[i]);
	keys_sort(&k);
	return k;
}

/* Rules: a rule is a row of expressions, which put things into registers of four bytes. */
#define REG(n) (NFT_REG32_00 + (n))

static struct nftnl_expr *expr(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *x = must(nftnl_expr_alloc(name));
	nftnl_rule_add_expr(r, x);
	return x;
}

static void load_meta(struct nftnl_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *x = expr(r, "meta");
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg);
}

static void load(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *x = expr(r, "payload");
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

static void want(struct nftnl_rule *r, uint32_t key, const void *value, uint32_t len)
{
	load_meta(r, key, REG(0));
	struct nftnl_expr *x = expr(r, "cmp");
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, REG(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set_data(x, NFTNL_EXPR_CMP_DATA, value, len);
}

static void look_up(struct nftnl_rule *r, enum set set)
{
	struct nftnl_expr *x = expr(r, "lookup");
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, REG(0));
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, sets[set].name);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, set + 1);
}

static void verdict(struct nftnl_rule *r, uint32_t what)
{
	struct nftnl_expr *x = expr(r, "immediate");
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, what);
}

static void want_tcp4(struct nftnl_rule *r, const struct family *f)
{
	if (f->family == NFPROTO_INET)
		want(r, NFT_META_NFPROTO, &(uint8_t){ NFPROTO_IPV4 }, 1);
	else
		want(r, NFT_META_PROTOCOL, &(uint16_t){ htons(ETH_P_IP) }, 2);
	want(r, NFT_META_L4PROTO, &(uint8_t){ IPPROTO_TCP }, 1);
}

static void load_portal(struct nftnl_rule *r, uint32_t reg)
{
	load(r, NFT_PAYLOAD_NETWORK_HEADER, 16, 4, reg);
	load(r, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, reg + 1);
}

/* What has no Ethernet head has no MAC of anybody's, and goes on to the drop. */
static void fill_pass(struct nftnl_rule *r, const struct family *f, enum set set)
{
	want(r, NFT_META_IIFTYPE, &(uint16_t){ ARPHRD_ETHER }, 2);
	want_tcp4(r, f);
	load_meta(r, f->interface, REG(0));
	load(r, NFT_PAYLOAD_LL_HEADER, 6, 6, REG(4));
	if (set == SET_ALLOWED)
		load(r, NFT_PAYLOAD_NETWORK_HEADER, 12, 4, REG(6));
	load_portal(r, set == SET_ALLOWED ? REG(7) : REG(6));
	look_up(r, set);
	verdict(r, NF_ACCEPT);
}

static void fill_drop(struct nftnl_rule *r, const struct family *f)
{
	load_meta(r, f->interface, REG(0));
	look_up(r, SET_INTERFACES);
	want_tcp4(r, f);
	load_portal(r, REG(0));
	look_up(r, SET_PORTALS);
	expr(r, "counter");
	verdict(r, NF_DROP);
}

bool add_table(struct nft *n, const struct family *f, uint16_t type)
{
	struct nlmsghdr *h =
		nft_message(n, type, f->family, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);
	if (!h)
		return false;
	struct nftnl_table *t = must(nftnl_table_alloc());
	struct nftnl_udata_buf *mark = must(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));
	nftnl_udata_put_strz(mark, NFTNL_UDATA_TABLE_COMMENT, GUARD_MARK);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, GUARD_TABLE);
	if (type == NFT_MSG_NEWTABLE)
		nftnl_table_set_data(t, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(mark),
			nftnl_udata_buf_len(mark));
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_udata_buf_free(mark);
	nftnl_table_free(t);
	return true;
}

struct nftnl_set *set_named(const struct family *f, enum set set)
{
	struct nftnl_set *s = must(nftnl_set_alloc());
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, f->family);
	nftnl_set_set_str(s, NFTNL_SET_TABLE, GUARD_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, sets[set].name);
	return s;
}

static bool add_elements(struct nft *n, const struct family *f, enum set set, const struct keys *k)
{
	for (size_t at = 0; at < k->n; at += AT_A_TIME) {
		struct nlmsghdr *h =
			nft_message(n, NFT_MSG_NEWSETELEM, f->family, NLM_F_CREATE | NLM_F_EXCL);
		if (!h)
			return false;
		struct nftnl_set *s = set_named(f, set);
		nftnl_set_set_u32(s, NFTNL_SET_ID, set + 1);
		for (size_t i = at; i < k->n && i < at + AT_A_TIME; i++) {
			struct nftnl_set_elem *x = must(nftnl_set_elem_alloc());
			nftnl_set_elem_set(
				x, NFTNL_SET_ELEM_KEY, k->at + i * k->len, (uint32_t)k->len);
			nftnl_set_elem_add(s, x);
		}
		nftnl_set_elems_nlmsg_build_payload(h, s);
		nftnl_set_free(s);
	}
	return true;
}

static bool add_set(struct nft *n, const struct family *f, enum set set, const struct guard *g)
{
	struct nlmsghdr *h = nft_message(n, NFT_MSG_NEWSET, f->family, NLM_F_CREATE);
	if (!h)
		return false;
	struct nftnl_set *s = set_named(f, set);
	nftnl_set_set_u32(s, NFTNL_SET_ID, set + 1);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, sets[set].type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, sets[set].key_len);
	/* For who lists it: a name by itself is else taken for a number in network order. */
	struct nftnl_udata_buf *order = must(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));
	nftnl_udata_put_u32(order, NFTNL_UDATA_SET_KEYBYTEORDER, HOST_ENDIAN);
	if (set == SET_INTERFACES)
		nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(order),
			nftnl_udata_buf_len(order));
	nftnl_udata_buf_free(order);
	nftnl_set_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	OWN(keys) struct keys k = keys_of(g, set);
	return add_elements(n, f, set, &k);
}

static bool add_chain(struct nft *n, const struct family *f)
{
	struct nlmsghdr *h = nft_message(n, NFT_MSG_NEWCHAIN, f->family, NLM_F_CREATE);
	if (!h)
		return false;
	struct nftnl_chain *c = must(nftnl_chain_alloc());
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, GUARD_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, GUARD_CHAIN);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM,
		f->family == NFPROTO_INET ? (uint32_t)NF_INET_PRE_ROUTING : NF_BR_PRE_ROUTING);
	nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, f->priority);
	nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	return true;
}

struct nftnl_rule *rule_in_chain(void)
{
	struct nftnl_rule *r = must(nftnl_rule_alloc());
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, GUARD_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, GUARD_CHAIN);
	return r;
}

static bool add_rule(struct nft *n, const struct family *f, unsigned which)
{
	struct nlmsghdr *h =
		nft_message(n, NFT_MSG_NEWRULE, f->family, NLM_F_CREATE | NLM_F_APPEND);
	if (!h)
		return false;
	struct nftnl_rule *r = rule_in_chain();
	if (which + 1 < RULES)
		fill_pass(r, f, which == 0 ? SET_ALLOWED : SET_ANYWHERE);
	else
		fill_drop(r, f);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	return true;
}

/* That a table can be deleted it is made first, whether it was there or not. */
bool add_family(struct nft *n, const struct family *f, const struct guard *g)
{
	bool fits = add_table(n, f, NFT_MSG_NEWTABLE) && add_table(n, f, NFT_MSG_DELTABLE) &&
		    add_table(n, f, NFT_MSG_NEWTABLE);
	for (unsigned set = 0; fits && set < SETS; set++)
		fits = add_set(n, f, set, g);
	fits = fits && add_chain(n, f);
	for (unsigned rule = 0; fits && rule < RULES; rule++)
		fits = add_rule(n, f, rule);
	return fits;
}
