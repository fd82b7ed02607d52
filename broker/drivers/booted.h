/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kernel and initramfs a disk is booted with: what its loader says, else the newest kernel's.
 * The disk is a stranger's. docs/design/0022-drivers-in-the-initramfs.md. */
#pragma once
#include "drivers/volume.h"
#include "wire/loader.h"

struct booted {
	struct part part;
	enum part_kind kind;
	unsigned files; /* that the kernel gets, one behind the other */
	char file[LOADER_INITRDS][LOADER_PATH + 1];
	char kernel[LOADER_PATH + 1]; /* "": which one is not told */
	char line[LOADER_LINE + 1];   /* what its loader tells it */
	bool has_line;                /* that is known */
};

enum { BOOTED_WHY = 200 };

/* 0; 1: it cannot be told, and why[] says why; -EBADMSG: something is damaged, with a sentence;
 * else the disk's own failure. */
int booted_find(struct booted *ret, char why[BOOTED_WHY], const struct disk *d, struct err *e);
