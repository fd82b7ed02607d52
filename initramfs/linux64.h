/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Linux kernel laid out in memory as the 64-bit boot protocol wants it:
 * Documentation/x86/boot.rst and zero-page.rst. Pure: what is known of the machine comes in, places
 * and bytes come out. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	LINUX_RANGES = 128, /* what the zero page has room for */
	LINUX_EFI_DESCS = 64,
	LINUX_EFI_DESC = 48,
	LINUX_ZERO_PAGE = 4096,
	LINUX_AREA = 16384, /* zero page, line, what EFI wants, and the first code */
};

struct linux_range {
	uint64_t first, last;
	uint32_t type; /* as in an e820 map: 1 is memory */
};

struct linux_machine {
	unsigned ranges;
	struct linux_range range[LINUX_RANGES];
	uint8_t zero_page[LINUX_ZERO_PAGE]; /* that the running kernel was started with */
	unsigned efi_descs; /* of the services that EFI has at run time; 0: no EFI */
	uint8_t efi_desc[LINUX_EFI_DESCS][LINUX_EFI_DESC];
	uint64_t efi_vendor, efi_tables, efi_smbios;
};

struct linux_start {
	uint64_t kernel_at, kernel_room, initrd_at, area_at, entry;
	size_t kernel_skip; /* of the file: its real-mode part */
	uint8_t area[LINUX_AREA];
};

/* One line of /proc/iomem; false where it is no range that a kernel is told of. */
bool linux_range_parse(struct linux_range *ret, const char *line);

/* -ENOTSUP with the reason where this kernel or this machine is one that it does not know. */
int linux_prepare(struct linux_start *ret, const uint8_t *kernel, size_t len, size_t initrd_len,
	const char *line, const struct linux_machine *m, struct err *e);
