/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* A plan in the shape of dnsmasq's configuration for exactly one client. Instead of lists of
 * everything that could be asked, dhcp_reply() is given lists of one. */
#pragma once
#include "engine/seams.h"

#include "engine/asked.h"

enum { OFFER_OPTIONS = 16, OFFER_ROUTES = (ROUTES_MAX + 1) * 9 };

struct offer {
	struct dhcp_context context;
	struct shared_network wire;
	struct dhcp_config config;
	struct hwaddr_config hardware;
	struct dhcp_boot boot;
	struct dhcp_opt option[OFFER_OPTIONS];
	int options;
	struct in_addr router, dns[SERVERS_MAX], ntp[SERVERS_MAX];
	unsigned char mtu[2], routes[OFFER_ROUTES];
	char host[NAME_LEN + 1], file[128], shown[64], root[IQN_LEN + 64];
	bool known, pxe;
};

/* Fills *o, which must not move afterwards: it points into itself. unix_s is for the token in an
 * iPXE machine's URL; proxy: another server gives the addresses, or the question came to port 4011,
 * where they are given already. */
void offer_make(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked, bool proxy, uint64_t unix_s);

/* Puts the offer in place of dnsmasq's own lists, and takes it away again. */
void offer_enter(struct offer *o);
void offer_leave(void);
