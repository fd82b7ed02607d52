/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A compressed stream, taken apart as it comes: gzip, xz, lzma, zstd, lz4, bzip2, which is told by
 * its first bytes. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct unpack {
	/* The next bytes of the stream; 0 at its end, -errno with a sentence. */
	ssize_t (*next)(void *of, const void **bytes, struct err *e);
	/* What was in them; 0, or -errno with a sentence to end it all. */
	int (*out)(void *of, const uint8_t *bytes, size_t n, struct err *e);
	void *of;
};

/* Loads what unpacks, which opens files: for a caller that gives those up before it reads. */
int unpack_load(struct err *e);

/* -EBADMSG: damaged, or compressed in another way. Else what next() or out() said. */
int unpack_all(const struct unpack *u, struct err *e);
