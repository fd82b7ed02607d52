/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guard by nf_tables: what is there, and a new one in its place in one batch. How it looks is
 * guard_nft_rules.h. */
#include <errno.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "base/own.h"
#include "drivers/guard_nft_rules.h"

enum {
	TRIES = 10,        /* of reading while others change the rules */
	FRAME_LEN = 16384, /* what is no element, in one family */
};

/* What was found of a table of our name. */
struct found {
	bool there, ours, sleeps;
};

static int table_seen(const struct nlmsghdr *h, void *ctx)
{
	struct found *found = ctx;
	struct nftnl_table *t = must(nftnl_table_alloc());
	if (nftnl_table_nlmsg_parse(h, t) == 0) {
		uint32_t len = 0;
		const char *data = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &len);
		found->there = true;
		found->ours = data && memmem(data, len, GUARD_MARK, sizeof GUARD_MARK);
		found->sleeps = nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS) != 0;
	}
	nftnl_table_free(t);
	return MNL_CB_OK;
}

static int fail(int r, struct err *e)
{
	if (r == -EPERM)
		return err_say(e, EPERM,
			"guard: the kernel wants CAP_NET_ADMIN of who sets it, and this process "
			"was "
			"started without");
	if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT || r == -EAFNOSUPPORT)
		return err_say(
			e, EOPNOTSUPP, "guard: this kernel has not all of nf_tables that it takes");
	return err_set(e, -r, "guard: nf_tables");
}

/* A kernel without a family has no table in it. */
static int table_find(struct found *ret, struct nft *n, const struct family *f)
{
	char buf[NFT_MESSAGE_MAX];
	*ret = (struct found){ .there = false };
	struct nlmsghdr *h = nft_question(n, buf, NFT_MSG_GETTABLE, f->family, 0);
	struct nftnl_table *t = must(nftnl_table_alloc());
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, GUARD_TABLE);
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	int r = nft_ask(n, h, table_seen, ret);
	return r == -ENOENT || (r == -EOPNOTSUPP && f->family == NFPROTO_BRIDGE) ? 0 : r;
}

static int element_seen(struct nftnl_set_elem *x, void *ctx)
{
	struct keys *k = ctx;
	uint32_t len;
	const void *key = nftnl_set_elem_get(x, NFTNL_SET_ELEM_KEY, &len);
	memcpy(key_add(k), key, len < k->len ? len : k->len);
	return 0;
}

static int elements_seen(const struct nlmsghdr *h, void *ctx)
{
	struct nftnl_set *s = must(nftnl_set_alloc());
	if (nftnl_set_elems_nlmsg_parse(h, s) == 0)
		nftnl_set_elem_foreach(s, element_seen, ctx);
	nftnl_set_free(s);
	return MNL_CB_OK;
}

static int set_holds(struct nft *n, const struct family *f, enum set set, const struct guard *g)
{
	char buf[NFT_MESSAGE_MAX];
	OWN(keys) struct keys are = keys_none(set);
	OWN(keys) struct keys should = keys_of(g, set);
	struct nlmsghdr *h = nft_question(n, buf, NFT_MSG_GETSETELEM, f->family, NLM_F_DUMP);
	struct nftnl_set *s = set_named(f, set);
	nftnl_set_elems_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	int r = nft_ask(n, h, elements_seen, &are);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	keys_sort(&are);
	return are.n == should.n && (are.n == 0 || memcmp(are.at, should.at, are.n * are.len) == 0);
}

static int rule_seen(const struct nlmsghdr *h, void *ctx)
{
	(void)h;
	++*(unsigned *)ctx;
	return MNL_CB_OK;
}

static int rules_hold(struct nft *n, const struct family *f)
{
	char buf[NFT_MESSAGE_MAX];
	unsigned rules = 0;
	struct nlmsghdr *h = nft_question(n, buf, NFT_MSG_GETRULE, f->family, NLM_F_DUMP);
	struct nftnl_rule *of = rule_in_chain();
	nftnl_rule_nlmsg_build_payload(h, of);
	nftnl_rule_free(of);
	int r = nft_ask(n, h, rule_seen, &rules);
	return r < 0 ? r : rules == RULES;
}

/* 1: as wanted; 0: not; *found says what is there. */
static int family_holds(
	struct found *found, struct nft *n, const struct family *f, const struct guard *g)
{
	int r = table_find(found, n, f);
	if (r < 0)
		return r;
	if (!g->interfaces)
		return !found->ours;
	if (!found->ours || found->sleeps)
		return 0;
	r = rules_hold(n, f);
	for (unsigned set = 0; r == 1 && set < SETS; set++)
		r = set_holds(n, f, set, g);
	return r;
}

static int holds_once(bool *bridged, const struct guard *g, struct err *e)
{
	struct found found[FAMILIES];
	int holds[FAMILIES];
	OWN(nft) struct nft n = { .socket = NULL };
	int r = nft_open(&n, e);
	if (r < 0)
		return r;
	for (int i = 0; i < FAMILIES; i++) {
		holds[i] = family_holds(&found[i], &n, &families[i], g);
		if (holds[i] < 0)
			return holds[i] == -EINTR ? -EINTR : fail(holds[i], e);
	}
	*bridged = holds[BRIDGE] && found[BRIDGE].ours;
	/* A kernel may have nothing for bridges, and then nothing of ours is there. */
	return holds[INET] && (holds[BRIDGE] || !found[BRIDGE].there);
}

static int nft_holds(bool *bridged, const struct guard *g, struct err *e)
{
	int r = -EINTR;
	for (unsigned i = 0; r == -EINTR && i < TRIES; i++)
		r = holds_once(bridged, g, e);
	if (r == -EINTR)
		return err_say(e, EAGAIN, "guard: the rules change while they are read");
	return r;
}

/* Which families the batch is about: with a guard those that are asked for, without one those in
 * which there is something of ours. */
static int families_choose(bool with[FAMILIES], struct nft *n, const struct guard *g, struct err *e)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct found found;
		int r = table_find(&found, n, &families[i]);
		if (r < 0)
			return fail(r, e);
		if (found.there && !found.ours && g->interfaces)
			return err_say(e, EEXIST,
				"guard: a table " GUARD_TABLE " that Baton has not made is there; "
				"nothing was changed: give that one another name");
		with[i] = g->interfaces ? with[i] : found.ours;
	}
	return 0;
}

/* *bridge: it is the part for bridges that the kernel has not. */
static int set_once(bool *bridge, bool with[FAMILIES], const struct guard *g, struct err *e)
{
	int at = -1, bridge_at = INT_MAX;
	OWN(nft) struct nft n = { .socket = NULL };
	int r = nft_open(&n, e);
	r = r ? r : families_choose(with, &n, g, e);
	if (r == 0)
		r = nft_batch_begin(&n,
			FAMILIES * (FRAME_LEN +
					   (g->interfaces + g->portals + g->passes) * ELEMENT_LEN),
			e);
	if (r < 0)
		return r;
	bool fits = true;
	for (int i = 0; fits && i < FAMILIES; i++) {
		if (i == BRIDGE)
			bridge_at = nft_batch_messages(&n);
		if (with[i])
			fits = g->interfaces ? add_family(&n, &families[i], g)
					     : add_table(&n, &families[i], NFT_MSG_DELTABLE);
	}
	if (!fits)
		return err_say(e, E2BIG, "guard: it does not fit into one batch");
	r = nft_batch_send(&n, &at);
	*bridge = at >= bridge_at && (r == -EOPNOTSUPP || r == -EAFNOSUPPORT || r == -ENOENT);
	return r < 0 ? fail(r, e) : 0;
}

static int nft_set(const struct guard *g, struct err *e)
{
	bool with[FAMILIES] = { true, true }, bridge = false;
	int r = set_once(&bridge, with, g, e);
	with[BRIDGE] = false;
	return r < 0 && bridge ? set_once(&bridge, with, g, e) : r;
}

const struct guard_ops guard_nft = { .kind = "nft", .holds = nft_holds, .set = nft_set };
