/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A UDP datagram in an Ethernet frame, for a machine that has no address yet and so cannot be
 * found by ARP. RFC 768, 791, 894. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum { FRAME_HEAD = 14 + 20 + 8, FRAME_MAX = 1514 };

struct frame {
	struct mac from, to;
	uint32_t source, dest; /* host byte order */
	uint16_t source_port, dest_port;
};

/* Gives the length of the frame, 0 when the payload is too long for one. */
size_t frame_make(uint8_t to[FRAME_MAX], const struct frame *f, const void *payload, size_t len);
