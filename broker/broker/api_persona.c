/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Personas, in and out of JSON. A CHAP secret goes in and never comes out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/api_hba.h"
#include "broker/standing.h"
#include "broker/traits.h"

enum { LUN_MAX = 16383, PORTAL_PORT = 3260, PORTAL_TEXT = IP4_TEXT + 6 };

/* As the CLI writes it, too: 10.0.0.0/8@10.77.0.254. */
static json_t *route_json(const struct static_route *r)
{
	char to[IP4_TEXT], via[IP4_TEXT];
	return json_sprintf("%s/%u@%s", ip4_text(to, r->to), r->prefix, ip4_text(via, r->via));
}

static json_t *nic_json(const struct persona_nic *n)
{
	json_t *routes = json_array();
	for (unsigned i = 0; i < n->routes; i++)
		json_array_append_new(routes, route_json(&n->route[i]));
	return json_pack("{s:o,s:s,s:o,s:i,s:o}", "mac", json_mac(&n->mac), "network", n->network,
		"address", json_addr(n->addr), "mtu", (int)n->mtu, "routes", routes);
}

/* at NULL: it was added just now. */
static json_t *persona_json(const struct persona *p, const struct standing *at)
{
	const struct binding *b = standing_of_persona(at, p->name);
	json_t *nics = json_array(), *portals = json_array(), *wants = json_object();
	char why[STANDING_WHY];
	traits_put(wants, &p->wants);
	json_object_set_new(wants, "apart", json_string(p->apart));
	for (unsigned i = 0; i < p->nics; i++)
		json_array_append_new(nics, nic_json(&p->nic[i]));
	for (unsigned i = 0; i < p->paths; i++) {
		char ip[IP4_TEXT], text[PORTAL_TEXT];
		snprintf(
			text, sizeof text, "%s:%u", ip4_text(ip, p->path[i].addr), p->path[i].port);
		json_array_append_new(portals, json_string(text));
	}
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o,s:s,s:b,s:b,s:I,s:o,s:o,s:s,s:o,s:o,s:o}",
		"name", p->name, "state", standing_persona_state(at, p->name), "why",
		standing_why(why, at, p->name), "machine", b ? b->machine : "", "phase",
		b ? phase_word(b->phase) : "", "iqn", p->iqn, "target", p->target, "san", p->san,
		"lun", (json_int_t)p->lun, "portals", portals, "chap_user", p->chap_user,
		"chap_secret", *p->chap_secret != '\0', "mutual", p->mutual, "generation",
		(json_int_t)p->generation, "dns", json_addrs(p->dns, SERVERS_MAX), "ntp",
		json_addrs(p->ntp, SERVERS_MAX), "domain", p->domain, "wants", wants, "nics", nics,
		"hbas", persona_hbas_json(p));
}

static int path_read(struct path *to, const json_t *from, struct err *e)
{
	const char *text = json_string_value(from);
	const char *colon = text ? strchr(text, ':') : NULL;
	/* One more than an address has, so that a longer one is not cut until it fits. */
	char ip[IP4_TEXT + 1];
	uint64_t port = PORTAL_PORT;
	snprintf(ip, sizeof ip, "%.*s", (int)strcspn(text ? text : "", ":"), text ? text : "");
	if (!ip4_parse(&to->addr, ip) || (colon && !number_read(&port, colon + 1)) || port < 1 ||
		port > 65535)
		return err_say(e, EINVAL,
			"persona: \"portals\": want addresses of the target, as in 10.77.0.1:3260");
	to->port = (uint16_t)port;
	return 0;
}

static int route_read(struct static_route *r, const json_t *from, struct err *e)
{
	const char *text = json_string_value(from), *at = text ? strchr(text, '@') : NULL;
	char to[IP4_TEXT + 4];
	snprintf(to, sizeof to, "%.*s", at ? (int)(at - text) : 0, at ? text : "");
	if (!at || at - text >= (int)sizeof to || !net4_parse(&r->to, &r->prefix, to) ||
		!ip4_parse(&r->via, at + 1))
		return err_say(e, EINVAL,
			"persona: nic: \"routes\": want a network and its gateway, as in "
			"10.0.0.0/8@10.77.0.254");
	return 0;
}

static int routes_read(struct persona_nic *n, const json_t *list, struct err *e)
{
	size_t routes = json_array_size(list);
	int r = 0;
	if (routes > ROUTES_MAX)
		return err_say(e, EINVAL, "persona: nic: \"routes\": want at most %d", ROUTES_MAX);
	for (; r == 0 && n->routes < routes; n->routes++)
		r = route_read(&n->route[n->routes], json_array_get(list, n->routes), e);
	return r;
}

static int nic_read(struct persona_nic *n, const json_t *from, struct err *e)
{
	char mac[MAC_TEXT] = "", address[IP4_TEXT] = "";
	const json_t *routes = NULL;
	uint64_t mtu = 0;
	const struct member members[] = {
		{ "mac", MEMBER_TEXT, mac, sizeof mac, 0, false },
		{ "network", MEMBER_TEXT, n->network, sizeof n->network, 0, false },
		{ "address", MEMBER_TEXT, address, sizeof address, 0, false },
		{ "mtu", MEMBER_UINT, &mtu, 0, MTU_MAX, false },
		{ "routes", MEMBER_LIST, &routes, 0, 0, false },
	};
	int r = members_read(from, "persona: nic", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (*mac && (!mac_parse(&n->mac, mac) || !mac_is_unicast(&n->mac)))
		return err_say(e, EINVAL, "persona: nic: \"mac\": \"%s\": want a unicast MAC", mac);
	if (*n->network && !name_ok(n->network))
		return err_say(e, EINVAL, "persona: nic: \"network\": want a network's name");
	if (*address && !ip4_parse(&n->addr, address))
		return err_say(
			e, EINVAL, "persona: nic: \"address\": \"%s\" is no IPv4 address", address);
	n->mtu = (uint16_t)mtu;
	return routes_read(n, routes, e);
}

static int wants_read(struct persona *p, const json_t *from, struct err *e)
{
	struct traits_members wants = { .labels = NULL };
	const struct member members[] = {
		TRAITS_MEMBERS(wants),
		{ "apart", MEMBER_TEXT, p->apart, sizeof p->apart, 0, false },
	};
	int r = members_read(from, "persona: wants", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0)
		r = traits_take(&p->wants, &wants, "persona: wants", e);
	if (r == 0 && *p->apart && !name_ok(p->apart))
		r = err_say(e, EINVAL,
			"persona: wants: \"apart\": want a group's name, 1 to 63 of a-z, 0-9 and "
			"-, not - first");
	return r;
}

/* What must hold between the members. */
static int persona_check(const struct persona *p, struct err *e)
{
	if (!name_ok(p->name))
		return err_say(e, EINVAL,
			"persona: \"name\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (*p->iqn && !iqn_ok(p->iqn))
		return err_say(e, EINVAL,
			"persona: \"iqn\": want it as in iqn.2026-01.org.example:web-01");
	if (*p->target && !iqn_ok(p->target))
		return err_say(e, EINVAL, "persona: \"target\": want the target's IQN");
	if (!*p->target != (p->paths == 0))
		return err_say(e, EINVAL,
			"persona: \"target\" and \"portals\" go together: want both or none");
	if (!*p->chap_user != !*p->chap_secret)
		return err_say(e, EINVAL,
			"persona: \"chap_user\" and \"chap_secret\" go together: want both or "
			"none");
	if (*p->chap_user && (!chap_word_ok(p->chap_user) || !chap_word_ok(p->chap_secret)))
		return err_say(e, EINVAL,
			"persona: CHAP user and secret: want 1 to %d letters, digits and . _ : + / "
			"= -",
			SECRET_LEN);
	return 0;
}

static int persona_read(struct persona *p, const json_t *body, struct err *e)
{
	const json_t *portals = NULL, *nics = NULL, *hbas = NULL, *wants = NULL;
	char san[sizeof p->san] = "";
	const struct member members[] = {
		{ "name", MEMBER_TEXT, p->name, sizeof p->name, 0, true },
		{ "iqn", MEMBER_TEXT, p->iqn, sizeof p->iqn, 0, false },
		{ "target", MEMBER_TEXT, p->target, sizeof p->target, 0, false },
		{ "san", MEMBER_TEXT, san, sizeof san, 0, false },
		{ "mutual", MEMBER_BOOL, &p->mutual, 0, 0, false },
		{ "lun", MEMBER_UINT, &p->lun, 0, LUN_MAX, false },
		{ "portals", MEMBER_LIST, &portals, 0, 0, false },
		{ "chap_user", MEMBER_TEXT, p->chap_user, sizeof p->chap_user, 0, false },
		{ "chap_secret", MEMBER_TEXT, p->chap_secret, sizeof p->chap_secret, 0, false },
		{ "dns", MEMBER_ADDRS, p->dns, SERVERS_MAX, 0, false },
		{ "ntp", MEMBER_ADDRS, p->ntp, SERVERS_MAX, 0, false },
		{ "domain", MEMBER_TEXT, p->domain, sizeof p->domain, 0, false },
		{ "wants", MEMBER_DICT, &wants, 0, 0, false },
		{ "nics", MEMBER_LIST, &nics, 0, 0, true },
		{ "hbas", MEMBER_LIST, &hbas, 0, 0, false },
	};
	int r = members_read(body, "persona", members, COUNT(members), MEMBERS_STRICT, e);
	r = r < 0 ? r : persona_hbas_take(p, hbas, e);
	r = r < 0 ? r : persona_san_take(p, san, e);
	if (r < 0)
		return r;
	if (!name_ok(p->san))
		return err_say(e, EINVAL, "persona: \"san\": want a word, as in iscsi");
	if (p->mutual && !persona_is_fenced(p))
		return err_say(e, EINVAL,
			"persona: \"mutual\": Baton makes the secrets of a target that it "
			"administers (san tgt), and of no other");
	size_t paths = json_array_size(portals), n = json_array_size(nics);
	if (paths > PATHS_MAX)
		return err_say(e, EINVAL, "persona: \"portals\": want at most %d", PATHS_MAX);
	if (n < 1 || n > NICS_MAX)
		return err_say(e, EINVAL, "persona: \"nics\": want 1 to %d of them", NICS_MAX);
	for (; r == 0 && p->paths < paths; p->paths++)
		r = path_read(&p->path[p->paths], json_array_get(portals, p->paths), e);
	for (; r == 0 && p->nics < n; p->nics++)
		r = nic_read(&p->nic[p->nics], json_array_get(nics, p->nics), e);
	if (r == 0 && wants)
		r = wants_read(p, wants, e);
	return r < 0 ? r : persona_check(p, e);
}

void api_persona_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct persona *list = NULL;
	size_t n = 0;
	int r = standing_read(&at, a->b->store, &e);
	if (r == 0)
		r = store_personas(a->b->store, &list, &n, &e);
	if (r < 0) {
		reply_err(to, &e, "");
		return;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, persona_json(&list[i], at));
	reply_ok(to, json_pack("{s:o}", "items", items));
	if (list)
		explicit_bzero(list, n * sizeof *list);
	free(list);
}

void api_persona_show(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct persona p;
	int r = store_persona(a->b->store, a->arg, &p, &e);
	if (r == 0)
		r = standing_read(&at, a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton persona list` shows what there is");
		return;
	}
	reply_ok(to, persona_json(&p, at));
	explicit_bzero(&p, sizeof p);
}

void api_persona_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct persona p = { .nics = 0 };
	char what[128];
	int r = persona_read(&p, a->body, &e);
	if (r == 0)
		r = store_begin(a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton persona add --help` shows what a persona is made of");
	} else {
		snprintf(what, sizeof what, "persona=%s added", p.name);
		r = store_persona_add(a->b->store, &p, &e);
		reply_change(a, to, r, &e, persona_json(&p, NULL),
			"`baton persona list` shows what there is", what);
	}
	explicit_bzero(&p, sizeof p);
}
