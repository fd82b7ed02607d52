/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of an ext2, ext3 or ext4 on a disk that is only read: nothing is replayed, nothing is
 * written, and there is no function here that could. What the file system says is a stranger's.
 * -EBADMSG: it cannot be read, with a sentence; any other error is the disk's own. */
#pragma once
#include "wire/parts.h"

struct ext;

int ext_open(struct ext **ret, const struct disk *d, const struct part *p, struct err *e);
void ext_drop(struct ext **x);

/* Calls each() with the names in a folder, until it says false. -ENOENT. */
int ext_list(struct ext *x, const char *folder, bool (*each)(void *of, const char *name), void *of,
	struct err *e);

/* Opens a plain file, links followed inside of the file system. One at a time. -ENOENT. */
int ext_file(struct ext *x, const char *path, uint64_t *bytes, struct err *e);
/* The next bytes of it: how many, 0 at its end. */
int ext_next(struct ext *x, void *to, unsigned len, struct err *e);
