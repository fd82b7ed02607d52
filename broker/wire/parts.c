/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GPT (UEFI 2.10, chapter 5), MBR with its chain of logical partitions, and marks of file systems:
 * see parts.h. */
#include "wire/parts.h"

#include <string.h>

#include "base/list.h"

enum {
	MBR_LEN = 512,
	MBR_ENTRIES = 446,
	MBR_ENTRY = 16,
	MBR_PRIMARY = 4,
	MBR_GPT = 0xee,
	LOGICAL_MAX = 60,
	GPT_HEAD = 92,
	GPT_ENTRY_MIN = 128,
	GPT_ENTRY_MAX = 4096,
	GPT_TABLE_MAX = 64 * 1024,
	BLOCK_MAX = 64 * 1024,
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p + 4) << 32 | le32(p);
}

/* Of IEEE 802.3; begins with ~0 and is inverted in the end. */
static uint32_t crc_more(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n; n--, p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

/* Takes in what lies inside of the disk; block numbers are a stranger's. */
static bool part_add(
	struct parts *ps, const struct disk *d, unsigned n, uint64_t block, uint64_t blocks)
{
	uint64_t all = d->bytes / d->block_len;
	if (block >= all || blocks == 0 || blocks > all - block)
		return false;
	if (ps->n < PARTS_MAX)
		ps->of[ps->n++] = (struct part){ n, block * d->block_len, blocks * d->block_len };
	return true;
}

/* ------------------------------------------------------------------ GPT */

struct gpt {
	uint64_t at; /* of the table, in bytes */
	uint32_t entries, entry_len, crc;
};

static int gpt_damaged(struct err *e, const char *what)
{
	return err_say(e, EBADMSG, "its partition table (GPT) is damaged: %s", what);
}

static int gpt_head(struct gpt *ret, const struct disk *d, struct err *e)
{
	uint8_t head[GPT_HEAD];
	static const uint8_t none[4] = { 0 };
	if (d->bytes < 2 * (uint64_t)d->block_len)
		return gpt_damaged(e, "the disk is too small");
	int r = d->read(d->of, d->block_len, head, sizeof head, e);
	if (r < 0)
		return r;
	if (memcmp(head, "EFI PART", 8) != 0)
		return gpt_damaged(e, "it has no head");
	/* All heads are of that length since there are any. */
	uint32_t crc = crc_more(~0U, head, 16);
	crc = crc_more(crc, none, sizeof none);
	crc = ~crc_more(crc, head + 20, sizeof head - 20);
	if (le32(head + 12) != GPT_HEAD || crc != le32(head + 16))
		return gpt_damaged(e, "the checksum of its head is wrong");
	uint64_t block = le64(head + 72), all = d->bytes / d->block_len;
	ret->entries = le32(head + 80);
	ret->entry_len = le32(head + 84);
	ret->crc = le32(head + 88);
	if (ret->entry_len < GPT_ENTRY_MIN || ret->entry_len > GPT_ENTRY_MAX ||
		ret->entry_len % 8 || ret->entries > GPT_TABLE_MAX / ret->entry_len)
		return gpt_damaged(e, "no table is of that size");
	if (block < 2 || block >= all ||
		(uint64_t)ret->entries * ret->entry_len > d->bytes - block * d->block_len)
		return gpt_damaged(e, "it ends behind the disk");
	ret->at = block * d->block_len;
	return 0;
}

/* A used entry; false where it lies outside of the disk. */
static bool gpt_entry(struct parts *ps, const struct disk *d, unsigned n, const uint8_t *entry)
{
	static const uint8_t unused[16] = { 0 };
	uint64_t first = le64(entry + 32), last = le64(entry + 40);
	if (memcmp(entry, unused, sizeof unused) == 0)
		return true;
	return last >= first && last < UINT64_MAX && part_add(ps, d, n, first, last - first + 1);
}

static int gpt_read(struct parts *ps, const struct disk *d, struct err *e)
{
	uint8_t some[GPT_ENTRY_MAX];
	struct gpt g = { .at = 0 };
	uint32_t crc = ~0U, n;
	bool inside = true;
	int r = gpt_head(&g, d, e);
	for (uint32_t i = 0; r == 0 && i < g.entries; i += n) {
		n = sizeof some / g.entry_len;
		n = n < g.entries - i ? n : g.entries - i;
		r = d->read(
			d->of, g.at + (uint64_t)i * g.entry_len, some, (size_t)n * g.entry_len, e);
		if (r < 0)
			return r;
		crc = crc_more(crc, some, (size_t)n * g.entry_len);
		for (uint32_t k = 0; k < n; k++)
			inside &= gpt_entry(ps, d, i + k + 1, some + (size_t)k * g.entry_len);
	}
	if (r == 0 && ~crc != g.crc)
		return gpt_damaged(e, "the checksum of the table is wrong");
	if (r == 0 && !inside)
		return gpt_damaged(e, "a partition lies outside of the disk");
	return r;
}

/* ------------------------------------------------------------------ MBR */

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Each link tells one partition, counted from itself, and the next link, counted from the first. */
static int logical_read(struct parts *ps, const struct disk *d, uint64_t base, struct err *e)
{
	uint8_t link[MBR_LEN];
	uint64_t at = base;
	for (unsigned n = 5; n < 5 + LOGICAL_MAX; n++) {
		if (at >= d->bytes / d->block_len)
			return err_say(e, EBADMSG,
				"its partition table (MBR) is damaged: a logical partition lies "
				"outside of the disk");
		int r = d->read(d->of, at * d->block_len, link, sizeof link, e);
		if (r < 0)
			return r;
		const uint8_t *is = link + MBR_ENTRIES, *next = is + MBR_ENTRY;
		if (link[510] != 0x55 || link[511] != 0xaa)
			return err_say(e, EBADMSG,
				"its partition table (MBR) is damaged: the chain of logical "
				"partitions is broken");
		if (is[4])
			part_add(ps, d, n, at + le32(is + 8), le32(is + 12));
		if (!is_extended(next[4]))
			return 0;
		at = base + le32(next + 8);
	}
	return err_say(e, EBADMSG,
		"its partition table (MBR) is damaged: the chain of logical partitions has no end");
}

static int mbr_read(struct parts *ps, const struct disk *d, const uint8_t *mbr, struct err *e)
{
	for (unsigned i = 0; i < MBR_PRIMARY; i++) {
		const uint8_t *entry = mbr + MBR_ENTRIES + (size_t)i * MBR_ENTRY;
		int r = 0;
		if (is_extended(entry[4]))
			r = logical_read(ps, d, le32(entry + 8), e);
		else if (entry[4])
			part_add(ps, d, i + 1, le32(entry + 8), le32(entry + 12));
		if (r < 0)
			return r;
	}
	return 0;
}

/* The boot sector of a file system has the same mark, and other bytes where the entries begin. */
static bool mbr_is(const uint8_t *mbr, bool *gpt)
{
	bool any = false;
	*gpt = false;
	if (mbr[510] != 0x55 || mbr[511] != 0xaa)
		return false;
	for (unsigned i = 0; i < MBR_PRIMARY; i++) {
		const uint8_t *entry = mbr + MBR_ENTRIES + (size_t)i * MBR_ENTRY;
		if (entry[0] & 0x7f)
			return false;
		any |= entry[4] != 0;
		*gpt |= entry[4] == MBR_GPT;
	}
	return any;
}

int parts_read(struct parts *ret, const struct disk *d, struct err *e)
{
	uint8_t mbr[MBR_LEN];
	bool gpt;
	ret->n = 0;
	if (d->block_len < MBR_LEN || d->block_len > BLOCK_MAX || d->bytes < d->block_len)
		return err_say(e, EBADMSG, "the disk is too small to hold anything");
	int r = d->read(d->of, 0, mbr, sizeof mbr, e);
	if (r < 0)
		return r;
	if (mbr_is(mbr, &gpt))
		return gpt ? gpt_read(ret, d, e) : mbr_read(ret, d, mbr, e);
	ret->of[ret->n++] = (struct part){ 0, 0, d->bytes };
	return 0;
}

/* ------------------------------------------------------------------ what is in a partition */

static const struct mark {
	enum part_kind kind;
	uint32_t at;
	uint8_t len;
	const char *bytes, *word;
} marks[] = {
	{ PART_EXT, 1024 + 56, 2, "\x53\xef", "ext" },
	{ PART_OTHER, 0, 4, "XFSB", "XFS" },
	{ PART_OTHER, 65536 + 64, 8, "_BHRfS_M", "btrfs" },
	{ PART_OTHER, 0, 6, "LUKS\xba\xbe", "encrypted (LUKS)" },
	{ PART_OTHER, 512, 8, "LABELONE", "a volume of LVM" },
	{ PART_OTHER, 0, 8, "LABELONE", "a volume of LVM" },
	{ PART_OTHER, 4096, 4, "\xfc\x4e\x2b\xa9", "a member of a RAID" },
	{ PART_OTHER, 1024, 4, "\x10\x20\xf5\xf2", "F2FS" },
	{ PART_OTHER, 0, 4, "hsqs", "SquashFS" },
	{ PART_OTHER, 3, 8, "NTFS    ", "NTFS" },
	{ PART_OTHER, 4086, 10, "SWAPSPACE2", "swap" },
	/* No reader needs these, but every mkfs writes them. */
	{ PART_FAT, 54, 3, "FAT", "FAT" },
	{ PART_FAT, 82, 5, "FAT32", "FAT" },
};

int part_look(enum part_kind *ret, const char **word, const struct disk *d, const struct part *p,
	struct err *e)
{
	uint8_t is[16];
	*ret = PART_UNKNOWN;
	*word = "";
	for (const struct mark *m = marks; m < marks + COUNT(marks); m++) {
		if (m->at + m->len > p->bytes)
			continue;
		int r = d->read(d->of, p->first + m->at, is, m->len, e);
		if (r < 0)
			return r;
		if (memcmp(is, m->bytes, m->len) == 0) {
			*ret = m->kind;
			*word = m->word;
			return 0;
		}
	}
	return 0;
}
