/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the firmware's own table says of the machine. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* MiB of all memory modules that are in (SMBIOS 3.x, 7.18, type 17), from the bytes of the
 * structure table; 0 where they do not say. The kernel's own number is less: it leaves out what
 * firmware and it itself have set aside. */
uint64_t smbios_memory_mb(const uint8_t *table, size_t len);
