/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* From a plan to dnsmasq's lists: see offer.h. Which option numbers, and why, is in
 * docs/design/0002-dnsmasq-as-a-library.md. */
#include "engine/offer.h"

#include <assert.h>

#include "core/token.h"

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
static void option_addr(struct offer *o, int code, struct in_addr *to, uint32_t addr)
{
	to->s_addr = htonl(addr);
	option_add(o, code, DHOPT_ADDR, to, addr ? INADDRSZ : 0);
}

static void make_context(
	struct offer *o, const struct table *t, const struct boot_plan *plan, bool lend, bool proxy)
{
	const struct table_network *n = plan->network;
	uint32_t mask = net4_mask(n->prefix);
	o->context = (struct dhcp_context){
		.lease_time = t->header->lease_s,
		.netmask.s_addr = htonl(mask),
		.broadcast.s_addr = htonl(n->addr | ~mask),
		.local.s_addr = htonl(n->addr),
		.start.s_addr = htonl(n->addr & mask),
		.end.s_addr = htonl(n->addr & mask),
		.flags = CONTEXT_NETMASK | CONTEXT_BRDCAST | CONTEXT_DHCP,
	};
	if (proxy)
		o->context.flags |= CONTEXT_PROXY;
	else if (lend && n->pool_from && n->pool_from <= n->pool_to) {
		o->context.start.s_addr = htonl(n->pool_from);
		o->context.end.s_addr = htonl(n->pool_to);
	} else
		o->context.flags |= CONTEXT_STATIC;
}

/* A persona's name is the OS's name; a machine that runs no persona is called by its own. */
static const char *host_of(const struct table *t, const struct boot_plan *plan)
{
	const char *persona = table_text(t, plan->machine->persona);
	bool as_persona = plan->is_persona_mac || plan->deed == DEED_PERSONA;
	return as_persona && *persona ? persona : table_text(t, plan->machine->name);
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
	char here[IP4_TEXT], token[TOKEN_TEXT];
	unsigned port = t->header->http_port;
	ip4_text(here, plan->network->addr);
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
		struct token said = { asked->boot.mac, plan->machine->generation,
			unix_s / TOKEN_WINDOW_S };
		snprintf(o->file, sizeof o->file, "http://%s:%u/b/%s/entry.ipxe", here, port,
			token_text(token, &said, t->header->key));
		snprintf(o->shown, sizeof o->shown, "entry.ipxe");
		break;
	}
	case STAGE_SCRIPT:
	case STAGE_OS:
		break;
	}
}

static void make_options(struct offer *o, const struct boot_plan *plan, const struct asked *asked)
{
	option_addr(o, OPTION_ROUTER, &o->router, plan->network->gateway);
	option_addr(o, OPTION_DNSSERVER, &o->dns, plan->network->dns);
	if (!o->known)
		return;
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
	make_context(o, t, plan, plan->addr == 0, proxy);
	make_options(o, plan, asked);
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
	daemon->enable_pxe = o->pxe;
}

void offer_leave(void)
{
	daemon->dhcp = NULL;
	daemon->dhcp_opts = NULL;
	daemon->dhcp_conf = NULL;
	daemon->boot_config = NULL;
	daemon->enable_pxe = 0;
}
