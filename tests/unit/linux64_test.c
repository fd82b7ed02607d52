/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a kernel is put and what it is told, by the numbers of the boot protocol; the kernel here
 * is a header and nothing more. */
#include "initramfs/linux64.h"

#include <errno.h>

#include "tap.h"

enum { MIB = 1 << 20 };

static struct linux_machine machine;
static struct linux_start start;
static uint8_t kernel[8192];

static uint64_t number(const void *at, size_t bytes)
{
	uint64_t v = 0;
	memcpy(&v, at, bytes);
	return v;
}

static void put(size_t at, uint64_t v, size_t bytes)
{
	memcpy(kernel + at, &v, bytes);
}

static void begin(void)
{
	machine = (struct linux_machine){ .ranges = 3,
		.range = { { 0x1000, 0x9fbff, 1 }, { 0x100000, 256 * MIB - 1, 1 },
			{ 256 * MIB, 256 * MIB + 0xffff, 2 } } };
	memset(machine.zero_page, 0xa5, sizeof machine.zero_page);
	memset(kernel, 0, sizeof kernel);
	put(0x1f1, 4, 1);
	put(0x1fe, 0xaa55, 2);
	put(0x201, 0x6a, 1);
	memcpy(kernel + 0x202, "HdrS", 4);
	put(0x206, 0x20f, 2);
	put(0x211, 1, 1);
	put(0x230, 2 * MIB, 4);
	put(0x234, 1, 1);
	put(0x236, 0x7f, 2);
	put(0x238, 2047, 4);
	put(0x260, 60 * MIB + 1, 4);
}

static int prepare(size_t initrd_len, const char *line, struct err *e)
{
	*e = (struct err){ 0 };
	return linux_prepare(&start, kernel, sizeof kernel, initrd_len, line, &machine, e);
}

static void all_is_in_one_piece_of_memory_and_nothing_overlaps(void)
{
	struct err e;
	begin();
	CHECK_INT(prepare(10 * MIB + 1, "ro quiet", &e), 0);
	CHECK_INT(start.kernel_skip, 5 * 512);
	CHECK_INT(start.kernel_at % (2 * MIB), 0);
	CHECK_INT(start.kernel_room, 60 * MIB + 4096);
	CHECK(start.kernel_at + start.kernel_room <= 256 * MIB);
	CHECK(start.initrd_at % 4096 == 0 &&
		start.initrd_at + 10 * MIB + 4096 <= start.kernel_at + 4096);
	CHECK(start.initrd_at + 10 * MIB + 1 <= start.kernel_at);
	CHECK(start.area_at % 4096 == 0 && start.area_at + LINUX_AREA <= start.initrd_at);
	CHECK(start.area_at >= MIB);
	/* Where it does not fit there is no start. */
	machine.range[1].last = 0x100000 + 60 * MIB;
	CHECK_INT(prepare(10 * MIB, "", &e), -ENOTSUP);
	CHECK_TEXT(e.text, "there is no room for it in one piece of low memory");
	CHECK_INT(prepare((size_t)-1, "", &e), -ENOTSUP);
	/* What is too high for some kernels is left out. */
	machine.range[1].last = 0xbfffffffULL;
	CHECK_INT(prepare(10 * MIB, "", &e), 0);
	CHECK(start.kernel_at + start.kernel_room <= 0x80000000ULL && start.kernel_at > 0x70000000);
	machine.range[1] = (struct linux_range){ 0x80000000ULL, 0xbfffffffULL, 1 };
	CHECK_INT(prepare(10 * MIB, "", &e), -ENOTSUP);
}

static void it_is_told_what_the_running_kernel_was(void)
{
	struct err e;
	const uint8_t *zero = start.area;
	begin();
	CHECK_INT(prepare(10 * MIB, "ro quiet", &e), 0);
	CHECK_INT(zero[0], 0xa5); /* its screen */
	CHECK_INT(zero[0x3f], 0xa5);
	CHECK_INT(zero[0x40], 0);
	CHECK_INT(zero[0x70], 0xa5); /* ACPI's root */
	CHECK_INT(zero[0x1e8], 3);
	CHECK_INT(number(zero + 0x2d0 + 20, 8), 0x100000);
	CHECK_INT(number(zero + 0x2d0 + 28, 8), 255 * MIB);
	CHECK_INT(number(zero + 0x2d0 + 36, 4), 1);
	CHECK_INT(number(zero + 0x2d0 + 56, 4), 2);
	CHECK(memcmp(zero + 0x202, "HdrS", 4) == 0);
	CHECK_INT(zero[0x210], 0xd0);
	CHECK_INT(zero[0x211], 0);
	CHECK_INT(number(zero + 0x218, 4), start.initrd_at);
	CHECK_INT(number(zero + 0x21c, 4), 10 * MIB);
	CHECK_TEXT((const char *)zero + (number(zero + 0x228, 4) - start.area_at), "ro quiet");
	CHECK_INT(number(zero + 0x260, 4), 60 * MIB + 1);
	CHECK_INT(number(zero + 0x1c0, 4), 0); /* no EFI here */
	CHECK_INT(number(zero + 0x250, 8), 0);
	const uint8_t *code = zero + (start.entry - start.area_at);
	CHECK(code[0] == 0x48 && code[1] == 0xbe && number(code + 2, 8) == start.area_at);
	CHECK(code[10] == 0x48 && code[11] == 0xb8 &&
		number(code + 12, 8) == start.kernel_at + 0x200);
	CHECK(code[20] == 0xff && code[21] == 0xe0);
}

static void efi_goes_on(void)
{
	struct err e;
	const uint8_t *zero = start.area;
	begin();
	machine.efi_descs = 2;
	memset(machine.efi_desc, 0x11, sizeof machine.efi_desc);
	machine.efi_vendor = 1;
	machine.efi_tables = 2;
	machine.efi_smbios = 3;
	CHECK_INT(prepare(10 * MIB, "", &e), 0);
	CHECK_INT(zero[0x1c0], 0xa5);
	CHECK_INT(number(zero + 0x1c8, 4), 48);
	CHECK_INT(number(zero + 0x1d4, 4), 96);
	const uint8_t *map = zero + (number(zero + 0x1d0, 4) - start.area_at);
	CHECK(map[0] == 0x11 && map[95] == 0x11 && map[96] == 0);
	const uint8_t *data = zero + (number(zero + 0x250, 8) - start.area_at);
	CHECK_INT(number(data, 8), 0);
	CHECK_INT(number(data + 8, 4), 4);
	CHECK_INT(number(data + 12, 4), 96);
	CHECK(number(data + 16, 8) == 1 && number(data + 32, 8) == 2 && number(data + 40, 8) == 3);
}

static void what_is_no_such_kernel_is_refused(void)
{
	static const struct {
		size_t at, bytes;
		uint64_t v;
	} wrong[] = { { 0x202, 1, 'h' }, { 0x206, 2, 0x20b }, { 0x234, 1, 0 }, { 0x236, 2, 0x7e },
		{ 0x201, 1, 0xff }, { 0x230, 4, 0 } };
	static char line[3000];
	struct err e;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		begin();
		put(wrong[i].at, wrong[i].v, wrong[i].bytes);
		CHECK_INT(prepare(MIB, "", &e), -ENOTSUP);
		CHECK_TEXT(e.text, "it is no kernel for x86-64 that may lie anywhere");
	}
	begin();
	CHECK_INT(linux_prepare(&start, kernel, 0x28f, MIB, "", &machine, &e), -ENOTSUP);
	put(0x1f1, 64, 1);
	CHECK_INT(prepare(MIB, "", &e), -ENOTSUP);
	CHECK_TEXT(e.text, "its file is cut short");
	begin();
	memset(line, 'x', 2048);
	CHECK_INT(prepare(MIB, line, &e), -ENOTSUP);
	CHECK_TEXT(e.text, "its line is longer than it takes");
	line[2047] = '\0';
	CHECK_INT(prepare(MIB, line, &e), 0);
}

static void the_map_is_the_outermost_ranges(void)
{
	struct linux_range r = { 0 };
	CHECK(linux_range_parse(&r, "00100000-0fffffff : System RAM\n"));
	CHECK(r.first == 0x100000 && r.last == 0xfffffff && r.type == 1);
	CHECK(linux_range_parse(&r, "00000000-00000fff : Reserved") && r.type == 2);
	CHECK(linux_range_parse(&r, "7f000000-7f0fffff : ACPI Tables\n") && r.type == 3);
	CHECK(!linux_range_parse(&r, "  01000000-01ffffff : Kernel code\n"));
	CHECK(!linux_range_parse(&r, "c0000000-febfffff : PCI Bus 0000:00\n"));
	CHECK(!linux_range_parse(&r, "00100000-0fffffff : System RAM 2\n"));
	CHECK(!linux_range_parse(&r, "2-1 : System RAM\n"));
	CHECK(!linux_range_parse(&r, "\n"));
}

TESTS(T(all_is_in_one_piece_of_memory_and_nothing_overlaps),
	T(it_is_told_what_the_running_kernel_was), T(efi_goes_on),
	T(what_is_no_such_kernel_is_refused), T(the_map_is_the_outermost_ranges))
