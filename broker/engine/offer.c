/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* From a plan to dnsmasq's lists: see offer.h. Which option numbers, and why, is in
 * docs/design/0002-dnsmasq-as-a-library.md. */
#include "engine/offer.h"

#include <assert.h>

#include "core/token.h"

/* 3442: routes; 4173: root path, 3720's initiator name as iPXE and dhcpd number it. */
enum { ROOT_PATH = 17, MTU = 26, NTP = 42, ROUTES = 121, INITIATOR = 203 };
enum { IPXE_OPTIONS = 175, IPXE_NO_PXEDHCP = 176 };

/* dnsmasq's lists hold pointers to bytes that it may not change but does not call const. */
static unsigned char one[] = { 1 }, prompt[] = { 0, 'P', 'X', 'E' };
static unsigned char http_client[] = "HTTPClient", pxe_client[] = "PXEClient";

static struct dhcp_opt *option_add(struct offer *o, int code, int flags, void *value, int len)
{
	assert(o->options < OFFER_OPTIONS);
	struct dhcp_opt *opt = &o->option[o->options++];
	*opt = (struct dhcp_opt){ .opt = code, .flags = flags, .val = value, .len = len };
	return opt;
}

/* An empty option says "do not send", where dnsmasq would guess. */
static void option_addrs(
	struct offer *o, int code, struct in_addr *to, const uint32_t *addr, size_t most)
{
	int n = 0;
	for (; (size_t)n < most && addr[n]; n++)
		to[n].s_addr = htonl(addr[n]);
	option_add(o, code, DHOPT_ADDR, to, n * INADDRSZ);
}

static void option_text(struct offer *o, int code, const char *text)
{
	if (*text)
		option_add(o, code, DHOPT_STRING, (void *)(uintptr_t)text, (int)strlen(text));
}

static void make_context(struct offer *o, const struct table *t, const struct boot_plan *plan,
	uint32_t relay, bool lend, bool proxy)
{
	const struct table_network *n = plan->network;
	uint32_t mask = net4_mask(n->prefix);
	o->context = (struct dhcp_context){
		.lease_time = t->header->lease_s,
		.netmask.s_addr = htonl(mask),
		.broadcast.s_addr = htonl(n->addr | ~mask),
		.local.s_addr = htonl(plan->server),
		.start.s_addr = htonl(n->addr & mask),
		.end.s_addr = htonl(n->addr & mask),
		.flags = CONTEXT_NETMASK | CONTEXT_BRDCAST | CONTEXT_DHCP,
	};
	/* The network is chosen, whichever of those on its wire the relay is called by. */
	o->wire = (struct shared_network){ .match_addr.s_addr = htonl(relay),
		.shared_addr = o->context.start };
	if (proxy)
		o->context.flags |= CONTEXT_PROXY;
	else if (lend && n->pool_from && n->pool_from <= n->pool_to) {
		o->context.start.s_addr = htonl(n->pool_from);
		o->context.end.s_addr = htonl(n->pool_to);
	} else
		o->context.flags |= CONTEXT_STATIC;
}

/* What asks is the persona's, or becomes it in this boot. */
static bool is_persona(const struct table *t, const struct boot_plan *plan)
{
	return plan->machine && *table_text(t, plan->machine->persona) &&
	       (plan->is_persona_mac || plan->deed == DEED_PERSONA);
}

/* A persona's name is the OS's name; a machine that runs no persona is called by its own. */
static const char *host_of(const struct table *t, const struct boot_plan *plan)
{
	return table_text(t, is_persona(t, plan) ? plan->machine->persona : plan->machine->name);
}

static void make_config(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked)
{
	snprintf(o->host, sizeof o->host, "%s", host_of(t, plan));
	o->hardware =
		(struct hwaddr_config){ .hwaddr_len = ETHER_ADDR_LEN, .hwaddr_type = ARPHRD_ETHER };
	memcpy(o->hardware.hwaddr, asked->boot.mac.b, ETHER_ADDR_LEN);
	o->config = (struct dhcp_config){
		.flags = CONFIG_NAME, .hostname = o->host, .hwaddr = &o->hardware
	};
	if (plan->addr) {
		o->config.flags |= CONFIG_ADDR;
		o->config.addr.s_addr = htonl(plan->addr);
	}
}

/* The file by stage: firmware gets a loader by TFTP or HTTP, iPXE its script, an OS nothing. */
static void make_file(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked, uint64_t unix_s)
{
	char here[IP4_TEXT], token[TOKEN_TEXT], mac[MAC_HEX];
	unsigned port = t->header->http_port;
	ip4_text(here, plan->server);
	switch (asked->boot.stage) {
	case STAGE_FIRMWARE:
		snprintf(o->file, sizeof o->file, "%s", plan->loader);
		snprintf(o->shown, sizeof o->shown, "%s", plan->loader);
		break;
	case STAGE_HTTP:
		snprintf(o->file, sizeof o->file, "http://%s:%u/loaders/%s", here, port,
			plan->loader);
		snprintf(o->shown, sizeof o->shown, "%s", plan->loader);
		break;
	case STAGE_IPXE: {
		struct token said = { *plan_mac(plan), plan->machine->generation,
			unix_s / TOKEN_WINDOW_S };
		int n = snprintf(o->file, sizeof o->file, "http://%s:%u/b/%s/entry.ipxe", here,
			port, token_text(token, &said, &t->key));
		/* The token is of the NIC that the table knows; the script has to find this one. */
		if (plan->by_uuid)
			snprintf(o->file + n, sizeof o->file - (size_t)n, "?m=%s",
				mac_hex(mac, &plan->asked));
		snprintf(o->shown, sizeof o->shown, "entry.ipxe");
		break;
	}
	case STAGE_SCRIPT:
	case STAGE_OS:
		break;
	}
}

static unsigned char *put_route(unsigned char *to, uint32_t net, uint32_t prefix, uint32_t via)
{
	*to++ = (unsigned char)prefix;
	for (uint32_t i = 0; i < (prefix + 7) / 8; i++)
		*to++ = (unsigned char)(net >> (24 - 8 * i));
	for (int i = 24; i >= 0; i -= 8)
		*to++ = (unsigned char)(via >> i);
	return to;
}

/* A client that takes these routes looks at no router option any more (RFC 3442), so the default
 * route is the last of them. */
static void make_routes(struct offer *o, const struct table *t, const struct boot_plan *plan)
{
	unsigned char *at = o->routes;
	for (uint32_t i = 0; i < plan->nic->routes; i++) {
		const struct table_route *r = &t->route[plan->nic->route_at + i];
		at = put_route(at, r->to, r->prefix, r->via);
	}
	if (at > o->routes && plan->network->gateway)
		at = put_route(at, 0, 0, plan->network->gateway);
	if (at > o->routes)
		option_add(o, ROUTES, 0, o->routes, (int)(at - o->routes));
}

/* A root path would have iPXE hook the disk before its script has given the CHAP secret, and fail;
 * so it is for an operating system that roots itself by DHCP (RFC 4173). */
static void make_disk(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked)
{
	const struct table_machine *m = plan->machine;
	char ip[IP4_TEXT];
	option_text(o, INITIATOR, table_text(t, m->iqn));
	if (asked->boot.stage != STAGE_OS || m->paths == 0)
		return;
	snprintf(o->root, sizeof o->root, "iscsi:%s::%u:%llx:%s",
		ip4_text(ip, t->path[m->path_at].addr), t->path[m->path_at].port,
		(unsigned long long)m->lun, table_text(t, m->target));
	option_text(o, ROOT_PATH, o->root);
}

static void make_persona(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked)
{
	const struct table_machine *m = plan->machine;
	if (m->ntp[0])
		option_addrs(o, NTP, o->ntp, m->ntp, SERVERS_MAX);
	option_text(o, OPTION_DOMAINNAME, table_text(t, m->domain_name));
	if (plan->is_persona_mac && plan->nic->mtu) {
		o->mtu[0] = (unsigned char)(plan->nic->mtu >> 8);
		o->mtu[1] = (unsigned char)plan->nic->mtu;
		option_add(o, MTU, 0, o->mtu, sizeof o->mtu);
	}
	if (plan->is_persona_mac)
		make_routes(o, t, plan);
	if (plan->deed == DEED_PERSONA)
		make_disk(o, t, plan, asked);
}

static void make_options(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked, bool proxy)
{
	bool persona = is_persona(t, plan);
	option_addrs(o, OPTION_ROUTER, &o->router, &plan->network->gateway, 1);
	if (persona && plan->machine->dns[0])
		option_addrs(o, OPTION_DNSSERVER, o->dns, plan->machine->dns, SERVERS_MAX);
	else
		option_addrs(o, OPTION_DNSSERVER, o->dns, &plan->network->dns, 1);
	if (persona)
		make_persona(o, t, plan, asked);
	if (!o->known)
		return;
	/* What a proxy sends goes the way of PXE, whoever asks. */
	o->pxe = proxy;
	if (asked->boot.stage == STAGE_IPXE) {
		struct dhcp_opt *opt = option_add(
			o, IPXE_NO_PXEDHCP, DHOPT_ENCAPSULATE | DHOPT_FORCE, one, sizeof one);
		opt->u.encap = IPXE_OPTIONS;
	}
	if (asked->boot.stage == STAGE_HTTP)
		option_add(o, OPTION_VENDOR_ID, DHOPT_STRING | DHOPT_FORCE, http_client,
			sizeof http_client - 1);
	if (asked->boot.stage == STAGE_FIRMWARE) {
		/* dnsmasq adds 43.6 = 8 ("use the file name") where there is no menu. Option 43 is
		 * forced by this prompt, so that it goes to a firmware that does not ask for it,
		 * too: without it EDK2 would take option 60 for an invitation to port 4011. */
		struct dhcp_opt *opt = option_add(o, SUBOPT_PXE_MENU_PROMPT,
			DHOPT_VENDOR | DHOPT_FORCE, prompt, sizeof prompt);
		opt->u.vendor_class = pxe_client;
		o->pxe = true;
	}
}

void offer_make(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked, bool proxy, uint64_t unix_s)
{
	*o = (struct offer){ .known = plan->deed != DEED_LEASE };
	make_context(o, t, plan, asked->giaddr, plan->addr == 0, proxy);
	make_options(o, t, plan, asked, proxy);
	for (int i = 0; i + 1 < o->options; i++)
		o->option[i].next = &o->option[i + 1];
	if (!o->known)
		return;
	make_config(o, t, plan, asked);
	make_file(o, t, plan, asked, unix_s);
	o->boot.file = *o->file ? o->file : NULL;
	o->boot.next_server = o->context.local;
}

void offer_enter(struct offer *o)
{
	daemon->dhcp = &o->context;
	daemon->dhcp_opts = o->option;
	daemon->dhcp_conf = o->known ? &o->config : NULL;
	daemon->boot_config = o->boot.file ? &o->boot : NULL;
	daemon->shared_networks = &o->wire;
	daemon->enable_pxe = o->pxe;
}

void offer_leave(void)
{
	daemon->dhcp = NULL;
	daemon->dhcp_opts = NULL;
	daemon->dhcp_conf = NULL;
	daemon->boot_config = NULL;
	daemon->shared_networks = NULL;
	daemon->enable_pxe = 0;
}
