/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kernel a disk boots, and which of some wanted drivers that kernel's initramfs carries. The
 * disk is a stranger's, and is only read. docs/design/0022-drivers-in-the-initramfs.md. */
#pragma once
#include <stdbool.h>

#include "wire/loader.h"
#include "wire/modules.h"
#include "wire/parts.h"

struct initramfs_found {
	bool has_line, grub; /* what its loader tells its kernel is known; it is GRUB's to say */
	/* Of its words baton.uuid= and baton.serial=, cut to what they can be; "": not there. */
	char line_uuid[40], line_serial[72];
	char unknown[200]; /* why nothing below is known; "" when it was read */
	char kernel[VERSION_LEN + 1];
	char file[LOADER_PATH + 1]; /* "/boot/initrd.img-6.1.0-18-amd64" */
	unsigned partition;
	unsigned modules;
	bool aliases;                       /* it says itself which devices its modules are for */
	struct module_found of[WANTED_MAX]; /* in the order of what was wanted */
};

/* A disk that holds something else, or something damaged, is no failure but unknown. Else -errno
 * with the disk's own sentence. */
int initramfs_read(struct initramfs_found *ret, const struct disk *d, const char *const wanted[],
	unsigned n, struct err *e);
