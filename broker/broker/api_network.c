/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks and pools, in and out of JSON. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"

static json_t *network_json(const void *one)
{
	const struct network *n = one;
	char ip[IP4_TEXT], to[IP4_TEXT], address[IP4_TEXT + 4], pool[2 * IP4_TEXT + 2] = "";
	snprintf(address, sizeof address, "%s/%u", ip4_text(ip, n->addr), n->prefix);
	if (n->pool_from)
		snprintf(pool, sizeof pool, "%s-%s", ip4_text(ip, n->pool_from),
			ip4_text(to, n->pool_to));
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:s,s:s,s:o,s:s,s:b}", "name", n->name, "mode",
		dhcp_mode_word(n->mode), "interface", n->interface, "address", address, "gateway",
		json_addr(n->gateway), "dns", json_addr(n->dns), "pool", pool, "unknown",
		unknown_word(n->unknown), "relays", json_addrs(n->relay, n->relays), "link",
		n->link, "isolated", n->isolated);
}

static int addr_read(uint32_t *ret, const char *text, const char *what, struct err *e)
{
	if (*text && !ip4_parse(ret, text))
		return err_say(
			e, EINVAL, "network: \"%s\": \"%s\" is not an IPv4 address", what, text);
	return 0;
}

static int range_read(struct network *n, char *text, struct err *e)
{
	char *dash = strchr(text, '-');
	uint32_t mask = net4_mask(n->prefix);
	if (!*text)
		return 0;
	if (dash)
		*dash++ = '\0';
	if (!dash || !ip4_parse(&n->pool_from, text) || !ip4_parse(&n->pool_to, dash) ||
		n->pool_from > n->pool_to)
		return err_say(e, EINVAL,
			"network: \"pool\": want two addresses, FROM-TO, as in "
			"10.77.0.100-10.77.0.199");
	if ((n->pool_from & mask) != (n->addr & mask) || (n->pool_to & mask) != (n->addr & mask))
		return err_say(
			e, EINVAL, "network: \"pool\": its addresses are not of \"address\"");
	return 0;
}

static int network_read(struct network *n, const json_t *body, struct err *e)
{
	char address[IP4_TEXT + 4] = "", gateway[IP4_TEXT] = "", dns[IP4_TEXT] = "";
	char pool[2 * IP4_TEXT + 2] = "", unknown[16] = "silence", mode[16] = "serve";
	const struct member members[] = {
		{ "name", MEMBER_TEXT, n->name, sizeof n->name, 0, true },
		{ "mode", MEMBER_TEXT, mode, sizeof mode, 0, false },
		{ "interface", MEMBER_TEXT, n->interface, sizeof n->interface, 0, false },
		{ "address", MEMBER_TEXT, address, sizeof address, 0, true },
		{ "gateway", MEMBER_TEXT, gateway, sizeof gateway, 0, false },
		{ "dns", MEMBER_TEXT, dns, sizeof dns, 0, false },
		{ "pool", MEMBER_TEXT, pool, sizeof pool, 0, false },
		{ "unknown", MEMBER_TEXT, unknown, sizeof unknown, 0, false },
		{ "relays", MEMBER_ADDRS, n->relay, RELAYS_MAX, 0, false },
		{ "link", MEMBER_TEXT, n->link, sizeof n->link, 0, false },
		{ "isolated", MEMBER_BOOL, &n->isolated, 0, 0, false },
	};
	int r = members_read(body, "network", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!name_ok(n->name))
		return err_say(e, EINVAL,
			"network: \"name\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (strpbrk(n->interface, " /"))
		return err_say(e, EINVAL, "network: \"interface\": want an interface's name");
	if (!net4_parse(&n->addr, &n->prefix, address))
		return err_say(e, EINVAL,
			"network: \"address\": want ours and the prefix length, as in "
			"10.77.0.1/24");
	if (!dhcp_mode_parse(&n->mode, mode))
		return err_say(e, EINVAL, "network: \"mode\": want serve or proxy");
	if (*n->link && !name_ok(n->link))
		return err_say(e, EINVAL, "network: \"link\": want a network's name");
	while (n->relays < RELAYS_MAX && n->relay[n->relays])
		n->relays++;
	if (!unknown_parse(&n->unknown, unknown))
		return err_say(e, EINVAL, "network: \"unknown\": want silence or lease");
	r = addr_read(&n->gateway, gateway, "gateway", e);
	if (r == 0)
		r = addr_read(&n->dns, dns, "dns", e);
	return r < 0 ? r : range_read(n, pool, e);
}

void api_network_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct network *list = NULL;
	size_t n = 0;
	if (store_networks(a->b->store, &list, &n, &e) < 0)
		reply_err(to, &e, "");
	else
		reply_ok(to, json_items(list, n, sizeof *list, network_json));
	free(list);
}

void api_network_show(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct network n;
	if (store_network(a->b->store, a->arg, &n, &e) < 0)
		reply_err(to, &e, "`baton network list` shows what there is");
	else
		reply_ok(to, network_json(&n));
}

void api_network_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct network n = { .prefix = 0 };
	char what[128];
	int r = network_read(&n, a->body, &e);
	if (r == 0)
		r = store_begin(a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton network add --help` shows what a network is made of");
		return;
	}
	snprintf(what, sizeof what, "network=%s added", n.name);
	r = store_network_add(a->b->store, &n, &e);
	reply_change(
		a, to, r, &e, network_json(&n), "`baton network list` shows what there is", what);
}

/* Every removal is alike: one call of the store, the table, an event. */
static void remove_named(const struct ask *a, struct reply *to, const char *kind,
	int (*rm)(struct store *s, const char *name, struct err *e))
{
	struct err e = { 0 };
	char what[200], hint[80];
	snprintf(what, sizeof what, "%s=%s removed", kind, a->arg);
	snprintf(hint, sizeof hint, "`baton %s list` shows what there is", kind);
	int r = name_ok(a->arg) ? store_begin(a->b->store, &e)
				: err_say(&e, ENOENT, "%s: no such name", kind);
	if (r < 0)
		reply_err(to, &e, hint);
	else
		reply_change(a, to, rm(a->b->store, a->arg, &e), &e,
			json_pack("{s:s}", "name", a->arg), hint, what);
}

void api_network_rm(const struct ask *a, struct reply *to)
{
	remove_named(a, to, "network", store_network_rm);
}

void api_pool_rm(const struct ask *a, struct reply *to)
{
	remove_named(a, to, "pool", store_pool_rm);
}

void api_machine_rm(const struct ask *a, struct reply *to)
{
	remove_named(a, to, "machine", store_machine_rm);
}

void api_persona_rm(const struct ask *a, struct reply *to)
{
	remove_named(a, to, "persona", store_persona_rm);
}

static const char *const pool_kinds[] = {
	[POOL_MAC] = "mac", [POOL_IQN] = "iqn", [POOL_WWN] = "wwn"
};

static json_t *pool_json(const void *one)
{
	const struct pool *p = one;
	char from[WWN_TEXT], to[WWN_TEXT];
	json_t *j = json_pack("{s:s,s:s,s:I,s:I}", "name", p->name, "kind", pool_kinds[p->kind],
		"given", (json_int_t)p->given, "size", (json_int_t)p->size);
	if (p->kind == POOL_MAC) {
		json_object_set_new(j, "from", json_mac(&p->from));
		json_object_set_new(j, "to", json_mac(&p->to));
	} else if (p->kind == POOL_WWN) {
		json_object_set_new(j, "from", json_string(wwn_text(from, &p->wwn_from)));
		json_object_set_new(j, "to", json_string(wwn_text(to, &p->wwn_to)));
	} else {
		json_object_set_new(j, "prefix", json_string(p->prefix));
	}
	return j;
}

static int pool_read(struct pool *p, const json_t *body, struct err *e)
{
	char kind[8] = "", from[WWN_TEXT] = "", last[WWN_TEXT] = "";
	const struct member members[] = {
		{ "name", MEMBER_TEXT, p->name, sizeof p->name, 0, true },
		{ "kind", MEMBER_TEXT, kind, sizeof kind, 0, true },
		{ "from", MEMBER_TEXT, from, sizeof from, 0, false },
		{ "to", MEMBER_TEXT, last, sizeof last, 0, false },
		{ "prefix", MEMBER_TEXT, p->prefix, sizeof p->prefix, 0, false },
	};
	int r = members_read(body, "pool", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!name_ok(p->name))
		return err_say(
			e, EINVAL, "pool: \"name\": want 1 to 63 of a-z, 0-9 and -, not - first");
	size_t i = 0;
	while (i < COUNT(pool_kinds) && strcmp(pool_kinds[i], kind) != 0)
		i++;
	if (i == COUNT(pool_kinds))
		return err_say(e, EINVAL, "pool: \"kind\": want mac, iqn or wwn");
	p->kind = (enum pool_kind)i;
	if (p->kind == POOL_IQN && (!iqn_ok(p->prefix) || *from || *last))
		return err_say(e, EINVAL,
			"pool: \"prefix\": want the start of an IQN, as in "
			"iqn.2026-01.org.example:, and no \"from\" or \"to\"");
	if (p->kind == POOL_MAC &&
		(*p->prefix || !mac_parse(&p->from, from) || !mac_parse(&p->to, last) ||
			!mac_is_unicast(&p->from) || !mac_is_unicast(&p->to) ||
			memcmp(&p->from, &p->to, sizeof p->from) > 0))
		return err_say(e, EINVAL,
			"pool: \"from\" and \"to\": want two unicast MACs, the lower one first, "
			"and no \"prefix\"");
	if (p->kind == POOL_WWN &&
		(*p->prefix || !wwn_parse(&p->wwn_from, from) || !wwn_parse(&p->wwn_to, last)))
		return err_say(e, EINVAL,
			"pool: \"from\" and \"to\": want two WWNs, the lower one first, as in "
			"20:00:02:ba:70:00:00:01, and no \"prefix\"");
	return 0;
}

void api_pool_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct pool *list = NULL;
	size_t n = 0;
	if (store_pools(a->b->store, &list, &n, &e) < 0)
		reply_err(to, &e, "");
	else
		reply_ok(to, json_items(list, n, sizeof *list, pool_json));
	free(list);
}

void api_pool_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct pool p = { .kind = POOL_MAC };
	char what[128];
	int r = pool_read(&p, a->body, &e);
	if (r == 0)
		r = store_begin(a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton pool add --help` shows what a pool is made of");
		return;
	}
	snprintf(what, sizeof what, "pool=%s added", p.name);
	r = store_pool_add(a->b->store, &p, &e);
	reply_change(a, to, r, &e, pool_json(&p), "`baton pool list` shows what there is", what);
}
