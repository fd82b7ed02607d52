/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a cpio archive of the kind "newc" (the kernel's buffer-format.rst): see front.h. */
#include "initramfs/front.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FOLDER = 0040755, PLAIN = 0100000, HEAD = 110, ALIGN = 4 };

static void put(struct front *f, const void *bytes, size_t len)
{
	for (const char *at = bytes; len && !f->failed;) {
		ssize_t n = write(f->fd, at, len);
		if (n <= 0) {
			f->failed = n < 0 ? errno : EIO;
			return;
		}
		at += n;
		len -= (size_t)n;
	}
}

static void pad(struct front *f, size_t len)
{
	put(f, "\0\0\0", (ALIGN - len % ALIGN) % ALIGN);
}

static void entry(struct front *f, const char *path, unsigned mode, const void *bytes, size_t len)
{
	char head[HEAD + 1];
	size_t name = strlen(path) + 1;
	snprintf(head, sizeof head, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		++f->files, mode, 0, 0, 1, 0, (unsigned)len, 0, 0, 0, 0, (unsigned)name, 0);
	put(f, head, HEAD);
	put(f, path, name);
	pad(f, HEAD + name);
	put(f, bytes, len);
	pad(f, len);
}

void front_folder(struct front *f, const char *path)
{
	entry(f, path, FOLDER, "", 0);
}

void front_file(struct front *f, const char *path, unsigned mode, const void *bytes, size_t len)
{
	entry(f, path, PLAIN | mode, bytes, len);
}

int front_end(struct front *f, struct err *e)
{
	entry(f, "TRAILER!!!", 0, "", 0);
	return f->failed ? err_set(e, f->failed, "write an initramfs") : 0;
}
