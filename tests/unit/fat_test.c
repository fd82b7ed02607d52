/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FAT file systems of each kind as mkfs.vfat and mtools make them, and damaged ones. */
#include "wire/fat.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/list.h"
#include "tap.h"

#define LONG_NAME                                                                                  \
	"A name that is Longer than any short one can be, and that wants several parts.txt"

enum { FIRST = 7 * 512 }; /* the partition begins there */
static char folder[] = "/dev/shm/baton-fat-XXXXXX";
static uint8_t *image;
static size_t image_len;
static long reads_left, reads;
static uint32_t numbers_len;
static char numbers[200000];

static void folder_gone(void)
{
	char command[100];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		puts("# the folder stays");
	free(image);
}

/* What is in the file frag: it takes the place of one that was removed, and goes on behind another.
 */
static void numbers_make(void)
{
	for (int i = 1; i <= 30000; i++)
		numbers_len += (uint32_t)sprintf(numbers + numbers_len, "%d\n", i);
}

static void made(unsigned bits, const char *size)
{
	static const char script[] =
		"exec >&2; set -eu; PATH=$PATH:/usr/sbin:/sbin; cd %s; rm -f *; bits=%u; "
		"export MTOOLS_SKIP_CHECK=1 MTOOLSRC=/dev/null; "
		"truncate -s %s i; mkfs.vfat -F $bits -s 1 i; seq 1 30000 >frag; seq 1 3000 >small;"
		"mmd -i i ::/loader ::/loader/entries ::/many; "
		"mcopy -i i small ::/hole; mcopy -i i small ::/small; mdel -i i ::/hole; "
		/* FAT32 keeps where to look for room first: anywhere */
		"[ $bits != 32 ] || printf '\\377\\377\\377\\377' | dd of=i bs=1 seek=1004 "
		"conv=notrunc; "
		"mcopy -i i frag ::/FRAG.BIN; mshowfat -i i ::/FRAG.BIN | grep '> <'; "
		"mcopy -i i small '::/" LONG_NAME "'; "
		"mcopy -i i small ::/initrd.img; mcopy -i i small ::/loader/entries/a.conf; "
		": >empty; mcopy -i i empty ::/; "
		"i=0; while [ $i -lt 90 ]; do : >kernel-number-$i; i=$((i + 1)); done; "
		"mcopy -i i kernel-number-* ::/many";
	char command[sizeof script + 100], path[64];
	if (!numbers_len) {
		numbers_make();
		CHECK(mkdtemp(folder) != NULL);
		atexit(folder_gone);
	}
	snprintf(command, sizeof command, script, folder, bits, size);
	CHECK_INT(system(command), 0);
	snprintf(path, sizeof path, "%s/i", folder);
	FILE *f = fopen(path, "rb");
	CHECK(f && fseek(f, 0, SEEK_END) == 0);
	image_len = FIRST + (f ? (size_t)ftell(f) : 0);
	free(image);
	image = calloc(1, image_len);
	if (f) {
		rewind(f);
		CHECK(fread(image + FIRST, 1, image_len - FIRST, f) == image_len - FIRST);
		fclose(f);
	}
}

static int image_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	(void)of;
	reads++;
	if (reads_left-- == 0)
		return err_say(e, EIO, "the target is gone");
	CHECK(at >= FIRST && at <= image_len && len <= image_len - at);
	memcpy(to, image + at, len);
	return 0;
}

static struct disk disk = { image_read, NULL, 0, 512 };

static int opened(struct fat *f, struct err *e)
{
	const struct part part = { 3, FIRST, image_len - FIRST };
	disk.bytes = image_len;
	*e = (struct err){ 0 };
	return fat_open(f, &disk, &part, e);
}

static char read_bytes[512 * 1024];

/* How many bytes of it were read, or what came in between. */
static int whole(struct fat *f, const char *path, unsigned piece, struct err *e)
{
	struct fat_file x;
	int r = fat_find(&x, f, path, e), got = 0;
	memset(read_bytes, 0, sizeof read_bytes);
	while (r == 0 && got + piece <= sizeof read_bytes) {
		int n = fat_next(f, &x, read_bytes + got, piece, e);
		if (n <= 0)
			return n < 0 ? n : got;
		got += n;
	}
	return r < 0 ? r : got;
}

static bool name_add(void *of, const struct fat_entry *entry)
{
	char *all = of;
	sprintf(all + strlen(all), "%s%s|", entry->name, entry->file.folder ? "/" : "");
	return true;
}

static bool name_count(void *of, const struct fat_entry *entry)
{
	*(unsigned *)of += strncmp(entry->name, "kernel-number-", 14) == 0;
	return true;
}

static void each_kind_is_read(void)
{
	static const struct {
		unsigned bits;
		const char *size;
	} kinds[] = { { 12, "1M" }, { 16, "8M" }, { 32, "34M" } };
	for (size_t i = 0; i < COUNT(kinds); i++) {
		static struct fat f;
		struct fat_file x;
		struct err e;
		char names[600] = "";
		unsigned count = 0;
		made(kinds[i].bits, kinds[i].size);
		reads_left = -1;
		CHECK_INT(opened(&f, &e), 0);
		CHECK_INT(f.bits, kinds[i].bits);
		CHECK_INT(fat_find(&x, &f, "", &e), 0);
		CHECK_INT(fat_list(&f, &x, name_add, names, &e), 0);
		CHECK_TEXT(names, "loader/|many/|FRAG.BIN|small|" LONG_NAME "|initrd.img|empty|");
		for (unsigned piece = 511; piece <= 131072; piece += 130561) {
			reads = 0;
			CHECK_INT(whole(&f, "/frag.bin", piece, &e), numbers_len);
			CHECK(memcmp(read_bytes, numbers, numbers_len) == 0);
		}
		CHECK(reads < 10); /* what lies in one piece is read in one */
		CHECK_INT(whole(&f, "\\Loader/entries/A.CONF", 4096, &e), 13893);
		CHECK_INT(whole(&f, "/" LONG_NAME, 4096, &e), 13893);
		CHECK(memcmp(read_bytes, numbers, 13893) == 0);
		CHECK_INT(whole(&f, "/anamet~1.txt", 4096, &e), 13893);
		CHECK_INT(whole(&f, "empty", 4096, &e), 0);
		CHECK_INT(fat_find(&x, &f, "many", &e), 0);
		CHECK_INT(fat_list(&f, &x, name_count, &count, &e), 0);
		CHECK_INT(count, 90);
		CHECK_INT(fat_find(&x, &f, "/loader/none", &e), -ENOENT);
		CHECK_TEXT(e.text, "partition 3: no /loader/none");
		CHECK_INT(fat_find(&x, &f, "/small/none", &e), -ENOENT);
		CHECK_INT(fat_find(&x, &f, "/loader/../small", &e), -ENOENT);
		if (tap_failed)
			printf("# with FAT%u\n", kinds[i].bits);
	}
}

/* ------------------------------------------------------------------ damaged: FAT16 of 8 MiB */

static uint8_t *entry_of(const char *name)
{
	for (size_t i = FIRST; i + 32 < image_len; i += 32)
		if (memcmp(image + i, name, 11) == 0)
			return image + i;
	CHECK(name == NULL);
	return image;
}

static uint8_t *link_at(const struct fat *f, const uint8_t *entry)
{
	return image + FIRST + f->table + 2U * (uint32_t)(entry[26] | entry[27] << 8);
}

static void chains_that_lie_have_an_end(void)
{
	static struct fat f;
	struct fat_file x;
	struct err e;
	unsigned count = 0;
	made(16, "8M");
	reads_left = -1;
	CHECK_INT(opened(&f, &e), 0);
	uint8_t *frag = entry_of("FRAG    BIN"), *many = entry_of("MANY       ");
	uint8_t *link = link_at(&f, frag), kept[2] = { link[0], link[1] };
	memcpy(link, frag + 26, 2); /* the first cluster follows itself */
	CHECK_INT(opened(&f, &e), 0);
	CHECK_INT(whole(&f, "FRAG.BIN", 4096, &e), numbers_len);
	CHECK(memcmp(read_bytes + 512, numbers, 512) == 0);
	static const struct {
		uint8_t to[2];
		const char *why;
	} bad[] = { { { 0, 0 }, "a chain of clusters leads to a free one" },
		{ { 1, 0 }, "a chain of clusters leads outside" },
		{ { 0xf7, 0xff }, "a chain of clusters leads outside" },
		{ { 0x00, 0x7f }, "a chain of clusters leads outside" },
		{ { 0xff, 0xff }, "a file is shorter than it says" } };
	for (size_t i = 0; i < COUNT(bad); i++) {
		memcpy(link, bad[i].to, 2);
		CHECK_INT(opened(&f, &e), 0);
		CHECK_INT(whole(&f, "FRAG.BIN", 4096, &e), -EBADMSG);
		if (!strstr(e.text, bad[i].why))
			CHECK_TEXT(e.text, bad[i].why);
	}
	memcpy(link, kept, 2);
	frag[31] = 0xff;
	CHECK_INT(opened(&f, &e), 0);
	CHECK_INT(whole(&f, "FRAG.BIN", 4096, &e), -EBADMSG);
	CHECK_TEXT(e.text, "partition 3: its FAT file system is damaged: a file is larger than all "
			   "of it");
	frag[31] = 0;
	frag[26] = frag[27] = 0xf0;
	CHECK_INT(whole(&f, "FRAG.BIN", 4096, &e), -EBADMSG);
	CHECK(strstr(e.text, "begins outside") != NULL);
	/* A folder whose second cluster follows itself; the names of the first count once. */
	uint8_t *second = image + FIRST + f.table +
			  2U * (uint32_t)(link_at(&f, many)[0] | link_at(&f, many)[1] << 8);
	memcpy(second, link_at(&f, many), 2);
	CHECK_INT(opened(&f, &e), 0);
	CHECK_INT(fat_find(&x, &f, "many", &e), 0);
	CHECK_INT(fat_list(&f, &x, name_count, &count, &e), -EBADMSG);
	CHECK_TEXT(e.text, "partition 3: its FAT file system is damaged: a folder has no end");
	CHECK(count > 1000 && count < 65536);
}

static void a_first_sector_that_lies_is_refused(void)
{
	static const struct {
		unsigned at, len;
		uint8_t bytes[4];
	} lies[] = { { 510, 1, { 0 } }, { 11, 2, { 0, 0 } }, { 11, 2, { 1, 2 } },
		{ 11, 2, { 0, 0x20 } }, { 13, 1, { 0 } }, { 13, 1, { 3 } }, { 14, 2, { 0, 0 } },
		{ 14, 2, { 0xff, 0xff } }, { 16, 1, { 0 } }, { 22, 2, { 0xff, 0xff } },
		{ 19, 2, { 1, 0 } }, { 19, 2, { 0xff, 0xff } } };
	struct fat f;
	struct err e;
	uint8_t kept[512];
	memcpy(kept, image + FIRST, sizeof kept);
	for (size_t i = 0; i < COUNT(lies); i++) {
		memcpy(image + FIRST + lies[i].at, lies[i].bytes, lies[i].len);
		CHECK_INT(opened(&f, &e), -EBADMSG);
		CHECK(strncmp(e.text, "partition 3: its FAT", 20) == 0);
		if (tap_failed)
			printf("# lie %zu\n", i);
		memcpy(image + FIRST, kept, sizeof kept);
	}
	image[FIRST + 22] = image[FIRST + 23] =
		0; /* as if it were FAT32, with a table of nothing */
	memset(image + FIRST + 36, 0, 4);
	CHECK_INT(opened(&f, &e), -EBADMSG);
	memcpy(image + FIRST, kept, sizeof kept);
	CHECK_INT(opened(&f, &e), 0);
}

/* Whatever is wrong: an answer, no read outside of the partition, and not too many. */
static void whatever_is_damaged_is_answered(void)
{
	uint32_t luck = 7;
	made(12, "1M");
	uint8_t *good = malloc(image_len);
	CHECK(good != NULL);
	if (!good)
		return;
	memcpy(good, image, image_len);
	for (int i = 0; i < 400; i++) {
		struct fat f;
		struct fat_file x;
		struct err e;
		unsigned count = 0;
		for (int n = 0; n < 40; n++) {
			luck = luck * 1664525 + 1013904223;
			image[FIRST + (luck >> 8) % (i & 1 ? 64 : 32768)] ^= (uint8_t)(luck >> 3);
		}
		reads = 0;
		reads_left = -1;
		if (opened(&f, &e) == 0) {
			int r = whole(&f, "FRAG.BIN", 4096, &e);
			CHECK(r >= 0 || r == -ENOENT || r == -EBADMSG);
			r = fat_find(&x, &f, "many", &e);
			r = r ? r : fat_list(&f, &x, name_count, &count, &e);
			CHECK(r == 0 || r == -ENOENT || r == -EBADMSG);
		}
		CHECK(reads < 50000);
		memcpy(image, good, image_len);
	}
	free(good);
}

static void a_disk_that_goes_away_is_no_damage(void)
{
	struct fat f;
	struct err e;
	reads = 0;
	reads_left = -1;
	CHECK_INT(opened(&f, &e), 0);
	CHECK_INT(whole(&f, "loader/entries/a.conf", 4096, &e), 13893);
	long all = reads;
	CHECK(all > 4);
	for (long after = 0; after < all; after++) {
		reads_left = after;
		int r = opened(&f, &e);
		r = r ? r : whole(&f, "loader/entries/a.conf", 4096, &e);
		CHECK_INT(r, -EIO);
		CHECK_TEXT(e.text, "the target is gone");
	}
}

TESTS(T(each_kind_is_read), T(chains_that_lie_have_an_end), T(a_first_sector_that_lies_is_refused),
	T(whatever_is_damaged_is_answered), T(a_disk_that_goes_away_is_no_damage))
