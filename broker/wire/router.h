/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to an IPv6 router solicitation that says "no router here, no addresses, no DHCPv6".
 * iPXE configures IPv4 and IPv6 side by side and waits for both: where nobody answers its
 * solicitations, each of its starts lasts 15 seconds longer. RFC 4861, 4.1, 4.2 and 6.1.1. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum { ROUTER_ANSWER_LEN = 14 + 40 + 16 };

/* From an Ethernet frame to the frame that answers it, from `ours` to the one who asked, whose
 * address is left in *asked. Its lifetime is 0, so that nobody takes us for a router. Gives
 * ROUTER_ANSWER_LEN, or 0 when the frame is no good solicitation from a link-local address. */
size_t router_answer(uint8_t to[ROUTER_ANSWER_LEN], struct mac *asked, const struct mac *ours,
	const void *frame, size_t len);
