/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Partition tables that somebody else wrote: what is found in them, and what is refused. They are
 * the inputs of the fuzz target, tests/fuzz/corpus/parts. */
#include <stdlib.h>

#include "tap.h"
#include "wire/parts.h"

enum { BYTES = 512 * 1024 };
static uint8_t image[BYTES];
static unsigned reads_left;

static int image_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	(void)of;
	if (reads_left-- == 0)
		return err_say(e, EIO, "the target is gone");
	CHECK(at <= BYTES && len <= BYTES - at);
	memcpy(to, image + at, len);
	return 0;
}

static const struct disk disk = { image_read, NULL, BYTES, 512 };

/* Takes up one of the fuzzer's inputs; its first byte is not of the disk. */
static int input(struct parts *ps, const char *name, struct err *e)
{
	char path[120];
	snprintf(path, sizeof path, "tests/fuzz/corpus/parts/%s", name);
	memset(image, 0, sizeof image);
	*e = (struct err){ 0 };
	FILE *f = fopen(path, "rb");
	CHECK(f && fgetc(f) == 0 && fread(image, 1, BYTES, f) > 0);
	if (f)
		fclose(f);
	reads_left = 1000;
	return parts_read(ps, &disk, e);
}

static void partitions_are_found(void)
{
	struct parts ps;
	struct err e;
	enum part_kind kind;
	const char *word;
	CHECK_INT(input(&ps, "gpt-ext", &e), 0);
	CHECK_INT(ps.n, 2);
	CHECK_INT(ps.of[0].n, 1);
	CHECK_INT(ps.of[0].first, 10 * 512);
	CHECK_INT(ps.of[0].bytes, 11 * 512);
	CHECK_INT(part_look(&kind, &word, &disk, &ps.of[0], &e), 0);
	CHECK_INT(kind, PART_EXT);
	CHECK_INT(part_look(&kind, &word, &disk, &ps.of[1], &e), 0);
	CHECK_INT(kind, PART_UNKNOWN);
	CHECK_INT(input(&ps, "mbr-two", &e), 0);
	CHECK_INT(ps.n, 2);
	CHECK_INT(ps.of[1].first, 12 * 512);
	CHECK_INT(input(&ps, "mbr-logical", &e), 0);
	CHECK_INT(ps.n, 3);
	CHECK_INT(ps.of[2].n, 6);
	CHECK_INT(ps.of[2].first, (4 + 1) * 512);
}

static void a_disk_without_a_table_is_one_part(void)
{
	static const char *const marks[][2] = { { "whole-xfs", "XFS" },
		{ "whole-luks", "encrypted (LUKS)" }, { "whole-lvm", "a volume of LVM" },
		{ "whole-swap", "swap" }, { "whole-btrfs", "btrfs" }, { "whole-ext", "ext" } };
	struct parts ps;
	struct err e;
	enum part_kind kind;
	const char *word;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		CHECK_INT(input(&ps, marks[i][0], &e), 0);
		CHECK_INT(ps.n, 1);
		CHECK_INT(ps.of[0].n, 0);
		CHECK_INT(ps.of[0].bytes, BYTES);
		CHECK_INT(part_look(&kind, &word, &disk, &ps.of[0], &e), 0);
		CHECK_TEXT(word, marks[i][1]);
	}
}

static void a_damaged_table_is_one_sentence(void)
{
	static const char *const bad[][2] = {
		{ "gpt-bad-head-sum", "its partition table (GPT) is damaged: the checksum of its "
				      "head is wrong" },
		{ "gpt-bad-table-sum", "its partition table (GPT) is damaged: the checksum of the "
				       "table is wrong" },
		{ "gpt-head-missing", "its partition table (GPT) is damaged: it has no head" },
		{ "gpt-outside", "its partition table (GPT) is damaged: a partition lies outside "
				 "of the disk" },
		{ "gpt-backwards", "its partition table (GPT) is damaged: a partition lies outside "
				   "of the disk" },
		{ "gpt-last", "its partition table (GPT) is damaged: a partition lies outside of "
			      "the disk" },
		{ "gpt-table-too-far", "its partition table (GPT) is damaged: it ends behind the "
				       "disk" },
		{ "gpt-entries-most", "its partition table (GPT) is damaged: no table is of that "
				      "size" },
		{ "gpt-entry-of-nothing", "its partition table (GPT) is damaged: no table is of "
					  "that size" },
		{ "mbr-logical-loop", "its partition table (MBR) is damaged: the chain of logical "
				      "partitions has no end" },
		{ "mbr-logical-broken", "its partition table (MBR) is damaged: the chain of "
					"logical partitions is broken" },
	};
	struct parts ps;
	struct err e;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_INT(input(&ps, bad[i][0], &e), -EBADMSG);
		CHECK_TEXT(e.text, bad[i][1]);
	}
	CHECK_INT(input(&ps, "mbr-outside", &e), 0);
	CHECK_INT(ps.n, 0);
}

static void a_read_that_fails_is_told_as_it_is(void)
{
	struct parts ps;
	struct err e = { 0 };
	enum part_kind kind;
	const char *word;
	CHECK_INT(input(&ps, "gpt-ext", &e), 0);
	for (unsigned after = 0; after < 3; after++) {
		reads_left = after;
		CHECK_INT(parts_read(&ps, &disk, &e), -EIO);
		CHECK_TEXT(e.text, "the target is gone");
	}
	reads_left = 1000;
	CHECK_INT(parts_read(&ps, &disk, &e), 0);
	reads_left = 0;
	CHECK_INT(part_look(&kind, &word, &disk, &ps.of[1], &e), -EIO);
}

TESTS(T(partitions_are_found), T(a_disk_without_a_table_is_one_part),
	T(a_damaged_table_is_one_sentence), T(a_read_that_fails_is_told_as_it_is))
