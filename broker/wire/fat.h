/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FAT12, FAT16 and FAT32 with long names, on a partition that is only read (Microsoft, FAT: General
 * Overview of On-Disk Format, 1.03). Pure: the bytes come through struct disk, nothing is believed
 * about them, and every walk has an end. -EBADMSG: damaged, with a sentence; else what d->read
 * said. */
#pragma once
#include "wire/parts.h"

enum { FAT_NAME = 255, FAT_WINDOW = 4096 };

struct fat {
	const struct disk *disk;
	struct part part;
	unsigned bits;              /* of a link: 12, 16 or 32 */
	uint32_t cluster, clusters; /* bytes of one; how many, the first is number 2 */
	/* in bytes from the partition's begin */
	uint64_t table, table_len, root, data;
	uint32_t root_bytes;   /* the root folder of FAT12 and FAT16 is no chain */
	uint32_t root_cluster; /* that of FAT32 is */
	uint64_t window_at;    /* the part of the table that was read last */
	size_t window_len;
	uint8_t window[FAT_WINDOW];
};

/* A file or a folder, and how far it was read. */
struct fat_file {
	bool folder, chain;
	uint32_t bytes; /* of a file */
	uint32_t cluster, skip;
	uint64_t left;
};

/* In a name a letter that is not ASCII is '?', and no path fits it. */
struct fat_entry {
	char name[FAT_NAME + 1];
	char alias[13]; /* the short name of one that has a long one */
	struct fat_file file;
};

int fat_open(struct fat *ret, const struct disk *d, const struct part *p, struct err *e);

/* Calls each() with what is in a folder, until it says false. */
int fat_list(struct fat *f, const struct fat_file *folder,
	bool (*each)(void *of, const struct fat_entry *entry), void *of, struct err *e);

/* By a path of parts between '/' or '\', which case does not matter in; "" is the root. -ENOENT. */
int fat_find(struct fat_file *ret, struct fat *f, const char *path, struct err *e);

/* The next bytes: how many, 0 at the end. */
int fat_next(struct fat *f, struct fat_file *x, void *to, unsigned len, struct err *e);
