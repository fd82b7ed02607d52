/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file system on a disk that is only read: nothing is replayed, nothing is written, and there is
 * no function here that could. What it says is a stranger's. -EBADMSG: it cannot be read, with a
 * sentence; -ENOENT; any other error is the disk's own. */
#pragma once
#include "wire/parts.h"

struct volume {
	const struct volume_ops *ops;
};

struct volume_ops {
	enum part_kind kind;
	int (*open)(struct volume **ret, const struct disk *d, const struct part *p, struct err *e);
	void (*close)(struct volume *v);
	/* Calls each() with the names in a folder, until it says false. */
	int (*list)(struct volume *v, const char *folder, bool (*each)(void *of, const char *name),
		void *of, struct err *e);
	/* Opens a plain file, links followed inside of the file system. One at a time. */
	int (*file)(struct volume *v, const char *path, uint64_t *bytes, struct err *e);
	/* The next bytes of it: how many, 0 at its end. */
	int (*next)(struct volume *v, void *to, unsigned len, struct err *e);
};

/* ext2, 3 and 4 by libext2fs; FAT by wire/fat.h. */
extern const struct volume_ops volume_ext, volume_fat;

/* NULL: none of that kind is read here. */
const struct volume_ops *volume_of(enum part_kind kind);
void volume_drop(struct volume **v);
