/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv6 packets in Ethernet frames, between us and a machine on the same wire. What Baton says by
 * IPv6 is that it does not speak it (router.h, dhcpv6.h), so there are neither extension headers
 * nor fragments here. RFC 8200, RFC 4291. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum { IP6_ADDR_LEN = 16, IP6_HEAD = 14 + 40, IP6_UDP = 17, IP6_ICMP = 58 };

struct ip6 {
	struct mac from, to;
	uint8_t source[IP6_ADDR_LEN], dest[IP6_ADDR_LEN];
	uint8_t next, hops;     /* next: IP6_UDP, IP6_ICMP */
	const uint8_t *payload; /* its head with the checksum, and what follows */
	size_t len;
};

/* Takes a frame apart; the payload stays where it is. False when it is no whole packet from the
 * link-local address of a unicast MAC. The checksum is the caller's affair. */
bool ip6_read(struct ip6 *ret, const void *frame, size_t len);

/* What stands in the field when it is 0 in the payload; 0 over a payload whose own is right. */
uint16_t ip6_sum(const struct ip6 *p);

/* From `ours`, and the link-local address that it makes, back to the one who asked. */
struct ip6 ip6_back(const struct ip6 *asked, const struct mac *ours);

/* Gives the length of the frame, 0 when it does not fit. The payload has its checksum. */
size_t ip6_write(void *to, size_t size, const struct ip6 *p);
