/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small plain cpio archive, which stands in front of an operating system's own initramfs. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct front {
	int fd; /* where it is written to; not owned */
	uint32_t files;
	int failed; /* the errno of the first write that failed; what follows does nothing */
};

void front_folder(struct front *f, const char *path);
void front_file(struct front *f, const char *path, unsigned mode, const void *bytes, size_t len);
/* Writes its end. -errno where anything of it could not be written. */
int front_end(struct front *f, struct err *e);
