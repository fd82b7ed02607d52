/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See site.h. */
#include "site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

void site_init(struct site *s)
{
	*s = (struct site){ .changed = true };
	s->source = (struct table_source){ .generation = 1,
		.made_s = 1,
		.key = "a key that is known to this test",
		.http_port = 8080,
		.lease_s = 3600,
		.network = s->network,
		.machine = s->machine,
		.persona = s->persona,
		.binding = s->binding,
		.script = { "entry", "shim", "persona", "park", "local" },
		.packs = "" };
}

void site_fini(struct site *s)
{
	free(s->bytes);
	s->bytes = NULL;
}

static bool addr_value(struct words *w, const char *key, uint32_t *ret)
{
	const char *v = words_value(w, key);
	return !v || ip4_parse(ret, v);
}

static bool name_value(struct words *w, const char *key, char *to, size_t size)
{
	const char *v = words_value(w, key);
	if (v)
		snprintf(to, size, "%s", v);
	return true;
}

static bool network_line(struct site *s, struct words *w)
{
	if (s->source.networks == COUNT(s->network))
		return false;
	struct network *n = &s->network[s->source.networks++];
	const char *address = words_value(w, "address"), *pool = words_value(w, "pool");
	const char *unknown = words_value(w, "unknown");
	snprintf(n->name, sizeof n->name, "%s", w->word[1]);
	snprintf(n->interface, sizeof n->interface, "%.14s0", w->word[1]);
	char from[32] = "", to[32] = "";
	if (pool && (sscanf(pool, "%31[0-9.]-%31[0-9.]", from, to) != 2 ||
			    !ip4_parse(&n->pool_from, from) || !ip4_parse(&n->pool_to, to)))
		return false;
	if (unknown && !unknown_parse(&n->unknown, unknown))
		return false;
	const char *mode = words_value(w, "mode"), *relay = words_value(w, "relay");
	if ((mode && !dhcp_mode_parse(&n->mode, mode)) ||
		(relay && !ip4_parse(&n->relay[n->relays++], relay)))
		return false;
	/* A network that relays reach has no interface of ours. */
	if (words_value(w, "relayed"))
		n->interface[0] = '\0';
	return name_value(w, "interface", n->interface, sizeof n->interface) &&
	       name_value(w, "link", n->link, sizeof n->link) && address &&
	       net4_parse(&n->addr, &n->prefix, address) && addr_value(w, "gateway", &n->gateway) &&
	       addr_value(w, "dns", &n->dns);
}

static bool machine_line(struct site *s, struct words *w)
{
	if (s->source.machines == COUNT(s->machine))
		return false;
	struct machine *m = &s->machine[s->source.machines++];
	const char *uuid = words_value(w, "uuid"), *idle = words_value(w, "idle");
	const char *carries = words_value(w, "carries-uuid");
	if (carries && !uuid_parse(&m->carried_uuid, carries))
		return false;
	snprintf(m->name, sizeof m->name, "%s", w->word[1]);
	return (!uuid || uuid_parse(&m->uuid, uuid)) && (!idle || idle_parse(&m->idle, idle)) &&
	       name_value(w, "loader", m->loader, sizeof m->loader);
}

static bool relay_id_value(struct words *w, const char *key, struct relay_id *to)
{
	const char *v = words_value(w, key);
	return !v || relay_id_parse(to, v);
}

/* `nic MAC network=N addr=A carries circuit=ID remote=ID` of the machine or persona above it. */
static bool nic_line(struct site *s, struct words *w)
{
	if (s->source.machines == 0)
		return false;
	struct machine *m = &s->machine[s->source.machines - 1];
	struct nic *n = &m->nic[m->nics++];
	n->carries = words_value(w, "carries") != NULL;
	n->journaled = true;
	return m->nics <= NICS_MAX && mac_parse(&n->factory, w->word[1]) &&
	       name_value(w, "network", n->network, sizeof n->network) &&
	       addr_value(w, "addr", &n->addr) &&
	       relay_id_value(w, "circuit", &n->relay_port.circuit) &&
	       relay_id_value(w, "remote", &n->relay_port.remote);
}

/* `A,B`: addresses until the list is full. */
static bool addrs_value(struct words *w, const char *key, uint32_t *to, unsigned most)
{
	char text[128], *rest = NULL;
	unsigned n = 0;
	snprintf(text, sizeof text, "%s", words_value(w, key) ? words_value(w, key) : "");
	for (char *t = strtok_r(text, ",", &rest); t; t = strtok_r(NULL, ",", &rest))
		if (n == most || !ip4_parse(&to[n++], t))
			return false;
	return true;
}

/* `routes=10.0.0.0/8>10.77.0.254,...` */
static bool routes_value(struct words *w, struct persona_nic *n)
{
	char text[400], *rest = NULL;
	snprintf(text, sizeof text, "%s", words_value(w, "routes") ? words_value(w, "routes") : "");
	for (char *t = strtok_r(text, ",", &rest); t; t = strtok_r(NULL, ",", &rest)) {
		struct static_route *r = &n->route[n->routes++];
		char *via = strchr(t, '>');
		if (!via || n->routes > ROUTES_MAX)
			return false;
		*via++ = '\0';
		if (!net4_parse(&r->to, &r->prefix, t) || !ip4_parse(&r->via, via))
			return false;
	}
	return true;
}

/* `disk=TARGET@ADDR lun=N` and what its OS is told. */
static bool persona_words(struct words *w, struct persona *p)
{
	const char *disk = words_value(w, "disk"), *lun = words_value(w, "lun");
	const char *mtu = words_value(w, "mtu"), *at = disk ? strchr(disk, '@') : NULL;
	if (at && !ip4_parse(&p->path[p->paths++].addr, at + 1))
		return false;
	snprintf(p->target, sizeof p->target, "%.*s", at ? (int)(at - disk) : 0, at ? disk : "");
	p->path[0].port = 3260;
	p->lun = lun ? strtoul(lun, NULL, 10) : 1;
	p->nic[0].mtu = mtu ? (uint16_t)strtoul(mtu, NULL, 10) : 0;
	return addrs_value(w, "dns", p->dns, SERVERS_MAX) &&
	       addrs_value(w, "ntp", p->ntp, SERVERS_MAX) && routes_value(w, &p->nic[0]) &&
	       name_value(w, "domain", p->domain, sizeof p->domain);
}

static bool persona_line(struct site *s, struct words *w)
{
	if (s->source.personas == COUNT(s->persona))
		return false;
	struct persona *p = &s->persona[s->source.personas++];
	const char *mac = words_value(w, "mac"), *uuid = words_value(w, "uuid");
	if (uuid && !uuid_parse(&p->uuid, uuid))
		return false;
	snprintf(p->name, sizeof p->name, "%s", w->word[1]);
	snprintf(p->iqn, sizeof p->iqn, "iqn.2026-01.org.example:%s", w->word[1]);
	p->nics = 1;
	return mac && mac_parse(&p->nic[0].mac, mac) && persona_words(w, p) &&
	       name_value(w, "network", p->nic[0].network, sizeof p->nic[0].network) &&
	       addr_value(w, "addr", &p->nic[0].addr);
}

/* `bind PERSONA to=MACHINE generation=N phase=P fenced=no`; again for the same persona: changes it.
 */
static bool bind_line(struct site *s, struct words *w)
{
	struct binding *b = s->binding;
	while (b < s->binding + s->source.bindings && strcmp(b->persona, w->word[1]) != 0)
		b++;
	if (b == s->binding + COUNT(s->binding))
		return false;
	if (b == s->binding + s->source.bindings)
		s->source.bindings++;
	const char *generation = words_value(w, "generation"), *phase = words_value(w, "phase");
	const char *fenced = words_value(w, "fenced");
	b->fenced = !fenced || strcmp(fenced, "no") != 0;
	snprintf(b->persona, sizeof b->persona, "%s", w->word[1]);
	if (generation)
		b->generation = (uint32_t)strtoul(generation, NULL, 10);
	return (!phase || phase_parse(&b->phase, phase)) &&
	       name_value(w, "to", b->machine, sizeof b->machine);
}

static bool unbind_line(struct site *s, struct words *w)
{
	for (size_t i = 0; i < s->source.bindings; i++)
		if (strcmp(s->binding[i].persona, w->word[1]) == 0) {
			s->binding[i] = s->binding[--s->source.bindings];
			return true;
		}
	return false;
}

/* `readdress MACHINE addr=A`: the record of its first NIC changes. */
static bool readdress_line(struct site *s, struct words *w)
{
	for (size_t i = 0; i < s->source.machines; i++)
		if (strcmp(s->machine[i].name, w->word[1]) == 0)
			return addr_value(w, "addr", &s->machine[i].nic[0].addr);
	return false;
}

/* `lease SECONDS`: what every address is lent for. */
static bool lease_line(struct site *s, struct words *w)
{
	s->source.lease_s = (uint32_t)strtoul(w->word[1], NULL, 10);
	return s->source.lease_s > 0;
}

int site_line(struct site *s, struct words *w, struct err *e)
{
	static const struct {
		const char *word;
		bool (*take)(struct site *, struct words *);
	} lines[] = {
		{ "network", network_line },
		{ "machine", machine_line },
		{ "nic", nic_line },
		{ "persona", persona_line },
		{ "bind", bind_line },
		{ "unbind", unbind_line },
		{ "readdress", readdress_line },
		{ "lease", lease_line },
	};
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (strcmp(w->word[0], lines[i].word) != 0)
			continue;
		s->changed = true;
		if (w->n < 2 || !lines[i].take(s, w))
			return err_say(e, EINVAL, "a wrong %s line", lines[i].word);
		return 1;
	}
	return 0;
}

int site_build(struct site *s, struct err *e)
{
	size_t len;
	void *bytes;
	if (!s->changed)
		return 0;
	s->source.generation++;
	int r = table_build(&bytes, &len, &s->source, e);
	if (r < 0)
		return r;
	free(s->bytes);
	s->bytes = bytes;
	s->changed = false;
	r = table_check(&s->table, bytes, len, e);
	return r < 0 ? r : 1;
}
