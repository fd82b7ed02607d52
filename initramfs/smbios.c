/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks the structures of SMBIOS's table: see smbios.h. Each has a formatted part of its own
 * length, then strings with a NUL each, then one more NUL (6.1.2, 6.1.3). */
#include "initramfs/smbios.h"

enum {
	HEAD = 4, /* type, length, handle */
	TYPE_MEMORY = 17,
	TYPE_END = 127,
	AT_SIZE = 0x0c,
	AT_LARGE_SIZE = 0x1c,
	SIZE_UNKNOWN = 0xffff,
	SIZE_LARGE = 0x7fff,
	SIZE_IN_KB = 0x8000,
};

static uint32_t word_at(const uint8_t *p, size_t at)
{
	return (uint32_t)p[at] | (uint32_t)p[at + 1] << 8;
}

/* One socket: what is in it, 0 for nothing. */
static uint64_t module_mb(const uint8_t *s)
{
	uint32_t size = s[1] >= AT_SIZE + 2 ? word_at(s, AT_SIZE) : 0;
	if (size == SIZE_UNKNOWN)
		return 0;
	if (size == SIZE_LARGE)
		return s[1] < AT_LARGE_SIZE + 4
			       ? 0
			       : (word_at(s, AT_LARGE_SIZE) | word_at(s, AT_LARGE_SIZE + 2) << 16) &
					 0x7fffffff;
	return size & SIZE_IN_KB ? (size & ~(uint32_t)SIZE_IN_KB) / 1024 : size;
}

uint64_t smbios_memory_mb(const uint8_t *table, size_t len)
{
	uint64_t mb = 0;
	for (size_t at = 0; len - at >= HEAD;) {
		const uint8_t *s = table + at;
		if (s[1] < HEAD || s[1] > len - at || s[0] == TYPE_END)
			break;
		if (s[0] == TYPE_MEMORY)
			mb += module_mb(s);
		at += s[1];
		while (len - at >= 2 && (table[at] || table[at + 1]))
			at++;
		if (len - at < 2)
			break;
		at += 2;
	}
	return mb;
}
