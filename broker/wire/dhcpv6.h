/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a DHCPv6 client that says "no addresses here: Baton boots machines by IPv4", so
 * that who looks at the machine, or at the wire, sees a reason where there was silence. Clients
 * that follow RFC 8415 ignore it and take what another server offers. Why Baton does not boot by
 * IPv6: docs/design/0012-ipv6.md. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum { DHCPV6_ANSWER_MAX = 320 };
#define DHCPV6_WORDS "Baton boots machines by IPv4"

/* From an Ethernet frame to the frame that answers it, from `ours` to the one who asked, whose MAC
 * is left in *asked and whose message in *what: "solicit", "request" or "information-request".
 * Gives the frame's length, or 0 when it is none of these or not to be answered (RFC 8415, 16.2,
 * 16.4 and 16.12). */
size_t dhcpv6_answer(uint8_t to[DHCPV6_ANSWER_MAX], struct mac *asked, const char **what,
	const struct mac *ours, const void *frame, size_t len);
