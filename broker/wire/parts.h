/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The partitions of a disk that somebody else wrote, out of its GPT or MBR, and what each holds by
 * its mark. Pure: the bytes come through a function of the caller's, and nothing is believed about
 * them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PARTS_MAX = 64 };

struct disk {
	/* All of len bytes from at on, or -errno with a sentence. Never asked beyond bytes. */
	int (*read)(void *of, uint64_t at, void *to, size_t len, struct err *e);
	void *of;
	uint64_t bytes;
	uint32_t block_len; /* what addresses in the tables count in: 512 to 65536 */
};

struct part {
	unsigned n; /* as Linux counts them; 0: the whole disk */
	uint64_t first, bytes;
};

struct parts {
	unsigned n;
	struct part of[PARTS_MAX];
};

/* Without a table the whole disk is the one part. -EBADMSG: the table is damaged, with a sentence;
 * else what d->read said. A part that is given lies inside of the disk. */
int parts_read(struct parts *ret, const struct disk *d, struct err *e);

enum part_kind { PART_EXT, PART_FAT, PART_OTHER, PART_UNKNOWN };

/* *word is what it is called, "XFS"; "" where it is unknown. */
int part_look(enum part_kind *ret, const char **word, const struct disk *d, const struct part *p,
	struct err *e);
