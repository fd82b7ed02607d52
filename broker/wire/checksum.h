/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The internet checksum, RFC 1071: a sum of 16-bit words, piece by piece, folded at the end. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Adds len bytes; every piece but the last one is of even length. */
static inline uint32_t checksum_add(uint32_t sum, const uint8_t *b, size_t len)
{
	for (; len > 1; len -= 2, b += 2)
		sum += (uint32_t)(b[0] << 8 | b[1]);
	return len ? sum + (uint32_t)(b[0] << 8) : sum;
}

/* What stands in the field; 0 over a message whose own sum is in it and right. */
static inline uint16_t checksum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
