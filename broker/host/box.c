/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See box.h. The warden reads by pread() and maps nothing: what it holds is a copy that no longer
 * changes under it. */
#include "host/box.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"
#include "host/given.h"

enum { MAGIC = 0x62617431, HEX_MAX = 12 };

static struct box nowhere, *box = &nowhere;

int box_open(struct err *e)
{
	OWN(fd) int fd = given_fd("box", NULL);
	if (fd < 0)
		return 0;
	void *at = mmap(NULL, sizeof *box, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return err_set(e, errno, "map the box");
	box = at;
	box->magic = MAGIC;
	box_clear();
	return 0;
}

void box_put(const char *kind, const char *interface, uint32_t from, uint16_t port,
	const void *bytes, size_t len)
{
	size_t fits = len < BOX_BYTES ? len : BOX_BYTES;
	/* In this order: a box that says its length is whole. */
	box_clear();
	strncpy(box->kind, kind, sizeof box->kind - 1);
	strncpy(box->interface, interface, sizeof box->interface - 1);
	box->from = from;
	box->port = port;
	box->sent = (uint32_t)len;
	memcpy(box->bytes, bytes, fits);
	__atomic_store_n(&box->len, (uint32_t)fits, __ATOMIC_RELEASE);
}

void box_clear(void)
{
	__atomic_store_n(&box->len, 0, __ATOMIC_RELEASE);
}

int box_make(int *ret, struct err *e)
{
	OWN(fd) int fd = memfd_create("box", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, sizeof *box) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return err_set(e, errno, "make a box");
	*ret = fd_take(&fd);
	return 0;
}

bool box_take(struct box *ret, int fd)
{
	static const struct box empty;
	ssize_t n = pread(fd, ret, sizeof *ret, 0);
	if (pwrite(fd, &empty, sizeof empty, 0) < 0 || n != (ssize_t)sizeof *ret)
		return false;
	ret->kind[sizeof ret->kind - 1] = ret->interface[sizeof ret->interface - 1] = '\0';
	return ret->magic == MAGIC && ret->len > 0 && ret->len <= BOX_BYTES && *ret->kind;
}

void box_blank(struct box *b)
{
	size_t row = 0;
	for (size_t i = 0; i <= b->len; i++) {
		if (i < b->len && isxdigit(b->bytes[i])) {
			row++;
			continue;
		}
		if (row > HEX_MAX)
			memset(b->bytes + i - row, 'x', row);
		row = 0;
	}
}
