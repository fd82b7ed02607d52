/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A DHCP question's bytes as values: who asks, with which firmware, through whom. RFC 2131, 2132,
 * 3004 (77), 3046 and 3527 (82), 4578 (93, 97). Pure: nothing here knows dnsmasq. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/boot.h"

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

enum { DHCP_HEAD = 236, DHCP_MIN = 240, PORT_SERVER = 67, PORT_CLIENT = 68 };

struct asked {
	struct boot_ask boot; /* all but `via` */
	enum dhcp_type type;
	uint32_t ciaddr, giaddr, server_id, wanted; /* host byte order, 0: not said */
	uint32_t subnet;                            /* option 82.5 */
	bool broadcast;                             /* cannot hear unicast yet */
};

/* False for what is no DHCP question of an Ethernet client: truncated, a reply, BOOTP, other
 * hardware, a group address as sender; then *ret is worth nothing. */
bool asked_read(struct asked *ret, const uint8_t *bytes, size_t len);

/* Where option 82.5 stands in a question or an answer, 4 bytes; NULL where it does not. */
uint8_t *asked_link(uint8_t *bytes, size_t len);

/* Blanks every occurrence of an option that the rest shall not see. */
void asked_blank(uint8_t *bytes, size_t len, uint8_t option);
