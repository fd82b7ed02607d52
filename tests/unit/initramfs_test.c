/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk with an operating system, made by tests/lib/os-disk, and what is found in its initramfs:
 * every way of packing, every place of /boot, and what is damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/booted.h"
#include "drivers/initramfs.h"
#include "tap.h"

static char folder[] = "/dev/shm/baton-os-XXXXXX", path[64];
static uint8_t *image;
static size_t image_len;
static long reads_left, reads;

static const char *const wanted[] = { "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00",
	"pci:v000015B3d00001015sv000015B3sd00000001bc02sc00i00", "virtio_net", "igb", "mlx5_core" };

static void folder_gone(void)
{
	unlink(path);
	rmdir(folder);
	free(image);
}

static void made(const char *words)
{
	char command[400];
	if (!*path) {
		CHECK(mkdtemp(folder) != NULL);
		snprintf(path, sizeof path, "%s/disk", folder);
		atexit(folder_gone);
	}
	snprintf(command, sizeof command, "tests/lib/os-disk %s %s >&2", path, words);
	CHECK_INT(system(command), 0);
	FILE *f = fopen(path, "rb");
	CHECK(f && fseek(f, 0, SEEK_END) == 0);
	image_len = f ? (size_t)ftell(f) : 0;
	image = realloc(image, image_len);
	if (f) {
		rewind(f);
		CHECK(fread(image, 1, image_len, f) == image_len);
		fclose(f);
	}
}

static int image_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	(void)of;
	reads++;
	if (reads_left-- == 0)
		return err_say(e, EIO, "the target is gone");
	CHECK(at <= image_len && len <= image_len - at);
	memcpy(to, image + at, len);
	return 0;
}

static int look(struct initramfs_found *f, struct err *e)
{
	const struct disk d = { image_read, NULL, image_len, 512 };
	*e = (struct err){ 0 };
	reads = 0;
	return initramfs_read(f, &d, wanted, COUNT(wanted), e);
}

static void found_as_usual(const char *words)
{
	static const enum module_is is[] = { MODULE_FILE, MODULE_MISSING, MODULE_FILE,
		MODULE_BUILTIN, MODULE_MISSING };
	struct initramfs_found f;
	struct err e;
	made(words);
	reads_left = -1;
	CHECK_INT(look(&f, &e), 0);
	CHECK_TEXT(f.unknown, "");
	CHECK_TEXT(e.text, "");
	CHECK_TEXT(f.kernel, "6.1.0-18-amd64");
	CHECK_INT(f.modules, 3);
	for (unsigned i = 0; i < COUNT(wanted); i++)
		CHECK_INT(f.of[i].is, is[i]);
	CHECK_TEXT(f.of[0].module, "e1000");
	if (tap_failed)
		printf("# with %s\n", words);
}

static void unknown_because(const char *words, const char *why)
{
	struct initramfs_found f;
	struct err e;
	if (words)
		made(words);
	reads_left = -1;
	CHECK_INT(look(&f, &e), 0);
	CHECK_TEXT(e.text, "");
	if (!strstr(f.unknown, why))
		CHECK_TEXT(f.unknown, why);
}

static void every_way_of_packing_is_read(void)
{
	static const char *const ways[] = { "none", "gzip", "xz", "lzma", "zstd", "lz4", "bzip2" };
	char words[64];
	for (size_t i = 0; i < COUNT(ways); i++) {
		snprintf(words, sizeof words, "table=none pack=%s early=yes", ways[i]);
		found_as_usual(words);
	}
	found_as_usual("table=none pack=gzip");
	found_as_usual("table=none early=modules");
	found_as_usual("bulk=700");
}

static void every_place_of_boot_is_read(void)
{
	found_as_usual("table=mbr");
	found_as_usual("table=none");
	found_as_usual("fs=ext2");
	found_as_usual("boot=own");
	found_as_usual("table=none boot=link");
}

#define TOKEN "/4b3c0de1f5a74b2e9d8c7b6a59483726"

static void every_layout_of_an_esp_is_read(void)
{
	found_as_usual("boot=esp");
	found_as_usual("boot=esp esp=ucode");
	found_as_usual("boot=esp esp=plain table=mbr");
	found_as_usual("boot=esp esp=named");
	found_as_usual("boot=both"); /* what lies in /boot is another one */
	unknown_because("boot=esp esp=default", TOKEN "/6.1.0-9-amd64/initrd.img-6.1.0-9-amd64: ");
	unknown_because("boot=both esp=image", "it may boot a unified kernel image");
	unknown_because("boot=esp esp=lost", "/loader/entries/4b3c0de1f5a74b2e9d8c7b6a59483726-"
					     "6.1.0-18-amd64.conf: it wants " TOKEN
					     "/6.1.0-18-amd64/initrd.img-6.1.0-18-amd64, which is "
					     "not there");
}

static void booted_is(const char *words, const char *kernel, const char *line)
{
	static struct booted b;
	char why[BOOTED_WHY] = "";
	struct err e = { 0 };
	made(words);
	reads_left = -1;
	const struct disk d = { image_read, NULL, image_len, 512 };
	CHECK_INT(booted_find(&b, why, &d, &e), 0);
	CHECK_TEXT(b.kernel, kernel);
	CHECK_INT(b.has_line, line != NULL);
	if (line)
		CHECK_TEXT(b.line, line);
}

static void says(const char *words, bool known, bool grub, const char *uuid, const char *serial)
{
	struct initramfs_found f;
	struct err e;
	made(words);
	reads_left = -1;
	CHECK_INT(look(&f, &e), 0);
	CHECK_INT(f.has_line, known);
	CHECK_INT(f.grub, grub);
	CHECK_TEXT(f.line_uuid, uuid);
	CHECK_TEXT(f.line_serial, serial);
}

static void what_its_loader_says_of_uuid_and_serial_is_told(void)
{
	says("boot=root", true, true, "", "");
	says("boot=root told=xbaton.uuid=9,baton.uuid=1,baton.serial=BTN-7,baton.uuid=2", true,
		true, "2", "BTN-7");
	says("boot=esp told=baton.serial=", true, false, "", "");
	says("boot=esp told=baton.uuid=6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204", true, false,
		"6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204", "");
	says("boot=link", false, true, "", "");
	/* also where the initramfs cannot be unpacked */
	says("boot=root cut=20 told=baton.uuid=3", true, true, "3", "");
}

static void its_kernel_and_what_that_is_told_are_found_too(void)
{
	booted_is("boot=root", "/boot/vmlinuz-6.1.0-18-amd64", "root=UUID=1-2 ro  quiet");
	booted_is("boot=own", "/vmlinuz-6.1.0-18-amd64", "root=UUID=1-2 ro  quiet");
	booted_is("boot=link", "", NULL);
	booted_is("boot=esp", "/4b3c0de1f5a74b2e9d8c7b6a59483726/6.1.0-18-amd64/linux",
		"root=LABEL=root ro");
	booted_is("boot=esp esp=named", "/vmlinuz-6.1.0-18-amd64", NULL);
	booted_is("boot=esp esp=plain", "", NULL);
}

static void a_driver_that_is_left_out_is_missing(void)
{
	struct initramfs_found f;
	struct err e;
	made("table=none modules=virtio_pci\\ mlx5_core");
	reads_left = -1;
	CHECK_INT(look(&f, &e), 0);
	CHECK_INT(f.of[0].is, MODULE_MISSING);
	CHECK_TEXT(f.of[0].module, "");
	CHECK_INT(f.of[1].is, MODULE_FILE);
	CHECK_TEXT(f.of[1].module, "mlx5_core");
	CHECK(f.aliases);
	made("table=none modules=e1000 aliases=no");
	CHECK_INT(look(&f, &e), 0);
	CHECK(!f.aliases);
	CHECK_INT(f.modules, 1);
}

static void what_cannot_be_read_is_unknown_with_a_sentence(void)
{
	unknown_because("table=none fs=xfs",
		"it has no kernel with an initramfs in the /boot of an ext, nor on an EFI system "
		"partition; not read here: XFS");
	unknown_because("table=none boot=none", "it has no kernel with an initramfs in");
	unknown_because(
		"table=none cut=60", "/boot/initrd.img-6.1.0-18-amd64: it cannot be unpacked: ");
	unknown_because("table=none pack=gzip cut=40", "/boot/initrd.img-6.1.0-18-amd64: it ca");
	unknown_because("table=none pack=none cut=700",
		"/boot/initrd.img-6.1.0-18-amd64: its cpio archive is cut short");
	unknown_because("table=none pack=odd", "/boot/initrd.img-6.1.0-18-amd64: it is compressed "
					       "in a way that is not known here");
	made("table=none pack=none");
	for (size_t i = 0; i + 6 < image_len; i++)
		if (memcmp(image + i, "070701", 6) == 0 && image[i + 110] == 'i')
			image[i] = '1'; /* the head of "init" */
	unknown_because(NULL, "/boot/initrd.img-6.1.0-18-amd64: its cpio archive is damaged");
	made("");
	memset(image + 512, 0, 92); /* the GPT's head */
	unknown_because(NULL, "its partition table (GPT) is damaged: it has no head");
}

/* Whatever is wrong with the file system: an answer, and no read outside of the disk. */
static void damage(const char *words, size_t begin, const char *mark, size_t mark_at)
{
	struct initramfs_found f;
	struct err e;
	uint32_t luck = 7;
	made(words);
	uint8_t *whole = malloc(image_len);
	CHECK(whole != NULL);
	if (!whole)
		return;
	memcpy(whole, image, image_len);
	for (int i = 0; i < 400; i++) {
		for (int n = 0; n < 40; n++) {
			luck = luck * 1664525 + 1013904223;
			size_t at = (luck >> 8) % (i & 1 ? 4096 : 400000);
			image[begin + at] ^= (uint8_t)(luck >> 3);
		}
		memcpy(image + begin + mark_at, mark, strlen(mark)); /* it still says what it is */
		reads_left = 100000;
		CHECK_INT(look(&f, &e), 0);
		memcpy(image, whole, image_len);
	}
	free(whole);
}

static void a_damaged_file_system_is_answered(void)
{
	damage("table=none pack=gzip", 0, "\x53\xef", 1024 + 56);
	damage("boot=esp pack=gzip", 1 << 20, "FAT", 54);
}

static void goes_away(const char *words)
{
	struct initramfs_found f;
	struct err e;
	made(words);
	reads_left = -1;
	CHECK_INT(look(&f, &e), 0);
	CHECK_TEXT(f.unknown, "");
	long all = reads;
	CHECK(all > 5);
	for (long after = 0; after < all; after++) {
		reads_left = after;
		CHECK_INT(look(&f, &e), -EIO);
		if (!strstr(e.text, "the target is gone"))
			CHECK_TEXT(e.text, "the target is gone");
	}
}

static void a_disk_that_goes_away_is_no_damage(void)
{
	goes_away("bulk=700");
	goes_away("boot=esp bulk=700");
}

TESTS(T(every_way_of_packing_is_read), T(every_place_of_boot_is_read),
	T(every_layout_of_an_esp_is_read), T(its_kernel_and_what_that_is_told_are_found_too),
	T(what_its_loader_says_of_uuid_and_serial_is_told), T(a_driver_that_is_left_out_is_missing),
	T(what_cannot_be_read_is_unknown_with_a_sentence), T(a_damaged_file_system_is_answered),
	T(a_disk_that_goes_away_is_no_damage))
