/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* A plan in the shape of dnsmasq's configuration for exactly one client. Instead of lists of
 * everything that could be asked, dhcp_reply() is given lists of one. */
#pragma once
#include "engine/seams.h"

#include "engine/asked.h"

enum { OFFER_OPTIONS = 8 };

struct offer {
	struct dhcp_context context;
	struct dhcp_config config;
	struct hwaddr_config hardware;
	struct dhcp_boot boot;
	struct dhcp_opt option[OFFER_OPTIONS];
	int options;
	struct in_addr router, dns;
	char host[NAME_LEN + 1], file[128], shown[64];
	bool known, pxe;
};

/* Fills *o, which must not move afterwards: it points into itself. unix_s is for the token in an
 * iPXE machine's URL; proxy: the question came to port 4011. */
void offer_make(struct offer *o, const struct table *t, const struct boot_plan *plan,
	const struct asked *asked, bool proxy, uint64_t unix_s);

/* Puts the offer in place of dnsmasq's own lists, and takes it away again. */
void offer_enter(struct offer *o);
void offer_leave(void);
