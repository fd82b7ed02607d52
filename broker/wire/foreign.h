/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Foreign DHCP servers: the question that makes one speak, and what it says, from and to Ethernet
 * frames. Two servers on a network that do not know each other give one address twice, and
 * machines boot from whoever was faster. RFC 2131. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "wire/frame.h"

/* What a server said to some client. Addresses in host byte order. */
struct foreign {
	uint32_t server;  /* as it names itself in option 54; where it does not, the sender's */
	uint32_t source;  /* the sender's address: the server's, or its relay's */
	uint32_t offered; /* 0 in a refusal */
	struct mac mac;   /* the sender's */
};

/* False when the frame is no DHCP offer, acknowledgement or refusal that came from port 67 to 68.
 * Whether the server is foreign is for the caller to say. */
bool foreign_read(struct foreign *ret, const void *frame, size_t len);

/* A DISCOVER in our own name, to everybody, that asks for a broadcast back; gives its length. No
 * address is taken: the offer is heard and left alone. */
size_t foreign_probe(uint8_t to[FRAME_MAX], const struct mac *ours, uint32_t xid);

/* Whether these bytes, what stands behind UDP's head, are such a probe; whose is left in *mac. */
bool foreign_is_probe(struct mac *mac, const void *bytes, size_t len, uint32_t xid);
