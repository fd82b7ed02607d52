/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder as an initramfs image: cpio "newc", as in the kernel's buffer-format.rst, not
 * compressed. Owner and times are zero, so that equal folders make equal images. */
#pragma once
#include <stddef.h>

#include "base/err.h"

/* Writes the folder `dir` and all below it to fd, under `prefix` ("packs/lab"), whose parents are
 * made too. Plain files and folders alone: -EINVAL with a sentence for a link or device; -EFBIG
 * when the image would pass len_max. Names are written in order. */
int cpio_write(int fd, const char *prefix, int dir, size_t len_max, struct err *e);
