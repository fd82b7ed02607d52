/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See linux64.h. Offsets have the names of the boot protocol; numbers are little-endian, as the
 * machine's are. */
#include "initramfs/linux64.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"

enum {
	ACPI_RSDP_ADDR = 0x70,
	EDID_INFO = 0x140,
	EDID_LEN = 0x80,
	EFI_INFO = 0x1c0,
	EFI_LEN = 0x20,
	EFI_DESC_SIZE = EFI_INFO + 8,
	EFI_MEMMAP = EFI_INFO + 16,
	EFI_MEMMAP_SIZE = EFI_INFO + 20,
	EFI_MEMMAP_HI = EFI_INFO + 28,
	E820_ENTRIES = 0x1e8,
	E820_TABLE = 0x2d0,
	E820_ENTRY = 20,
	SECURE_BOOT = 0x1ec,
	SETUP_HEADER = 0x1f1,
	JUMP_LEN = 0x201,
	HEADER = 0x202,
	HEADER_MOST = 0x290,
	VERSION = 0x206,
	VERSION_LEAST = 0x20c,
	TYPE_OF_LOADER = 0x210,
	LOADER_KEXEC = 0xd0,
	LOADFLAGS = 0x211,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	KERNEL_ALIGNMENT = 0x230,
	RELOCATABLE = 0x234,
	XLOADFLAGS = 0x236,
	XLF_KERNEL_64 = 1,
	CMDLINE_SIZE = 0x238,
	SETUP_DATA = 0x250,
	INIT_SIZE = 0x260,
	SCREEN_INFO_LEN = 0x40,
	ENTRY_64 = 0x200,
	SECTOR = 512,
	PAGE = 4096,
	/* In the area: */
	LINE_AT = 0x1000,
	LINE_MOST = 2047,
	EFI_DATA_AT = 0x1900,
	SETUP_EFI = 4,
	EFI_DATA_LEN = 96,
	EFI_MAP_AT = 0x2000,
	CODE_AT = 0x3c00,
};
_Static_assert(EFI_MAP_AT + LINUX_EFI_DESCS * LINUX_EFI_DESC <= CODE_AT, "EFI's map fits");

/* Addresses of an initramfs and of these have 32 bits, and some kernels know 31. */
static const uint64_t highest = 0x7fffffff;

static void put_16(uint8_t *to, uint16_t v)
{
	memcpy(to, &v, sizeof v);
}

static void put_32(uint8_t *to, uint64_t v)
{
	uint32_t w = (uint32_t)v;
	memcpy(to, &w, sizeof w);
}

static void put_64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof v);
}

static uint32_t get_32(const uint8_t *from)
{
	uint32_t v;
	memcpy(&v, from, sizeof v);
	return v;
}

static uint16_t get_16(const uint8_t *from)
{
	uint16_t v;
	memcpy(&v, from, sizeof v);
	return v;
}

bool linux_range_parse(struct linux_range *ret, const char *line)
{
	static const struct {
		const char *name;
		uint32_t type;
	} kinds[] = { { "System RAM", 1 }, { "Reserved", 2 }, { "ACPI Tables", 3 },
		{ "ACPI Non-volatile Storage", 4 }, { "Persistent Memory", 7 } };
	unsigned long long first, last;
	int at = 0;
	if (*line == ' ' || sscanf(line, "%16llx-%16llx : %n", &first, &last, &at) != 2 || !at ||
		last < first)
		return false;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t n = strlen(kinds[i].name);
		if (strncmp(line + at, kinds[i].name, n) == 0 && strchr("\n", line[at + n])) {
			*ret = (struct linux_range){ first, last, kinds[i].type };
			return true;
		}
	}
	return false;
}

static int kernel_check(const uint8_t *k, size_t len, const char *line, struct err *e)
{
	if (len < HEADER_MOST || memcmp(k + HEADER, "HdrS", 4) != 0 ||
		get_16(k + VERSION) < VERSION_LEAST || !k[RELOCATABLE] ||
		!(get_16(k + XLOADFLAGS) & XLF_KERNEL_64) || HEADER + k[JUMP_LEN] > HEADER_MOST ||
		!get_32(k + KERNEL_ALIGNMENT))
		return err_say(e, ENOTSUP, "it is no kernel for x86-64 that may lie anywhere");
	if (strlen(line) > LINE_MOST || strlen(line) > get_32(k + CMDLINE_SIZE))
		return err_say(e, ENOTSUP, "its line is longer than it takes");
	return 0;
}

/* All of it from the end of the largest piece of low memory downwards. */
static int places_find(struct linux_start *s, const uint8_t *k, size_t len, size_t initrd_len,
	const struct linux_machine *m, struct err *e)
{
	uint64_t begin = 0, most = 0;
	uint64_t align = get_32(k + KERNEL_ALIGNMENT), room = get_32(k + INIT_SIZE);
	unsigned sectors = k[SETUP_HEADER] ? k[SETUP_HEADER] : 4;
	s->kernel_skip = (sectors + 1) * SECTOR;
	if (s->kernel_skip >= len)
		return err_say(e, ENOTSUP, "its file is cut short");
	if (room < len - s->kernel_skip)
		room = len - s->kernel_skip;
	s->kernel_room = (room + PAGE - 1) / PAGE * PAGE;
	for (unsigned i = 0; i < m->ranges; i++) {
		const struct linux_range *r = &m->range[i];
		uint64_t end = r->last < highest ? r->last + 1 : highest + 1;
		if (r->type == 1 && end > r->first && end - r->first > most) {
			most = end - r->first;
			begin = r->first;
		}
	}
	if (initrd_len > most || s->kernel_room + align + initrd_len + LINUX_AREA + 2 * PAGE > most)
		return err_say(e, ENOTSUP, "there is no room for it in one piece of low memory");
	s->kernel_at = (begin + most - s->kernel_room) / align * align;
	s->initrd_at = (s->kernel_at - initrd_len) / PAGE * PAGE;
	s->area_at = (s->initrd_at - LINUX_AREA) / PAGE * PAGE;
	return 0;
}

static void map_put(uint8_t *zero_page, const struct linux_machine *m)
{
	for (unsigned i = 0; i < m->ranges; i++) {
		uint8_t *to = zero_page + E820_TABLE + i * E820_ENTRY;
		put_64(to, m->range[i].first);
		put_64(to + 8, m->range[i].last - m->range[i].first + 1);
		put_32(to + 16, m->range[i].type);
	}
	zero_page[E820_ENTRIES] = (uint8_t)m->ranges;
}

/* What a second kernel needs to go on with EFI, whose boot services are over. */
static void efi_put(struct linux_start *s, const struct linux_machine *m)
{
	uint8_t *zero_page = s->area, *data = s->area + EFI_DATA_AT;
	memcpy(zero_page + EFI_INFO, m->zero_page + EFI_INFO, EFI_LEN);
	memcpy(s->area + EFI_MAP_AT, m->efi_desc, (size_t)m->efi_descs * LINUX_EFI_DESC);
	put_32(zero_page + EFI_DESC_SIZE, LINUX_EFI_DESC);
	put_32(zero_page + EFI_MEMMAP, s->area_at + EFI_MAP_AT);
	put_32(zero_page + EFI_MEMMAP_HI, 0);
	put_32(zero_page + EFI_MEMMAP_SIZE, (uint64_t)m->efi_descs * LINUX_EFI_DESC);
	put_32(data + 8, SETUP_EFI);
	put_32(data + 12, EFI_DATA_LEN);
	put_64(data + 16, m->efi_vendor);
	put_64(data + 32, m->efi_tables);
	put_64(data + 40, m->efi_smbios);
	put_64(zero_page + SETUP_DATA, s->area_at + EFI_DATA_AT);
}

/* movabs zero page, %rsi; movabs entry, %rax; jmp *%rax */
static void code_put(struct linux_start *s)
{
	uint8_t *code = s->area + CODE_AT;
	put_16(code, 0xbe48);
	put_64(code + 2, s->area_at);
	put_16(code + 10, 0xb848);
	put_64(code + 12, s->kernel_at + ENTRY_64);
	put_16(code + 20, 0xe0ff);
	s->entry = s->area_at + CODE_AT;
}

int linux_prepare(struct linux_start *ret, const uint8_t *kernel, size_t len, size_t initrd_len,
	const char *line, const struct linux_machine *m, struct err *e)
{
	uint8_t *zero_page = ret->area;
	*ret = (struct linux_start){ .kernel_at = 0 };
	int r = kernel_check(kernel, len, line, e);
	r = r < 0 ? r : places_find(ret, kernel, len, initrd_len, m, e);
	if (r < 0)
		return r;
	memcpy(zero_page, m->zero_page, SCREEN_INFO_LEN);
	memcpy(zero_page + ACPI_RSDP_ADDR, m->zero_page + ACPI_RSDP_ADDR, 8);
	memcpy(zero_page + EDID_INFO, m->zero_page + EDID_INFO, EDID_LEN);
	zero_page[SECURE_BOOT] = m->zero_page[SECURE_BOOT];
	memcpy(zero_page + SETUP_HEADER, kernel + SETUP_HEADER,
		HEADER + (size_t)kernel[JUMP_LEN] - SETUP_HEADER);
	zero_page[TYPE_OF_LOADER] = LOADER_KEXEC;
	zero_page[LOADFLAGS] = 0;
	put_32(zero_page + RAMDISK_IMAGE, ret->initrd_at);
	put_32(zero_page + RAMDISK_SIZE, initrd_len);
	put_32(zero_page + CMD_LINE_PTR, ret->area_at + LINE_AT);
	put_64(zero_page + SETUP_DATA, 0);
	memcpy(ret->area + LINE_AT, line, strlen(line) + 1);
	map_put(zero_page, m);
	if (m->efi_descs)
		efi_put(ret, m);
	code_put(ret);
	return 0;
}
