/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See follow.h. */
#include "host/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

/* A file that is written in place keeps its inode; mtime and ctime tell. */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Pages of the kernel's own, so that an outlived copy goes back to it; large ones where it has
 * them, since a look-up in a long table jumps about. */
static bool room_get(struct follow_room *ret, size_t len)
{
	len = len ? len : 1;
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return false;
	madvise(at, len, MADV_HUGEPAGE);
	*ret = (struct follow_room){ at, len };
	return true;
}

static void room_drop(struct follow_room *r)
{
	if (r->at)
		munmap(r->at, r->len);
	*r = (struct follow_room){ 0 };
}

/* Up to len bytes: fewer when the file has shrunk since it was looked at. */
static ssize_t read_all(int fd, char *to, size_t len)
{
	size_t got = 0;
	while (got < len) {
		ssize_t n = read(fd, to + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int load(struct follow *f, struct stat *now, const void **bytes, size_t *len, struct err *e)
{
	OWN(fd) int fd = openat(f->folder, f->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	/* The descriptor's own state is what was read, whatever the name leads to by now. */
	if (fd < 0 || fstat(fd, now) < 0)
		return err_set(e, errno, "%s", f->name);
	if (!S_ISREG(now->st_mode))
		return err_say(e, EINVAL, "%s: not a plain file", f->name);
	if (now->st_size < 0 || (uint64_t)now->st_size > f->len_max)
		return err_say(e, EFBIG, "%s: %lld bytes, more than the %zu that are allowed",
			f->name, (long long)now->st_size, f->len_max);
	struct follow_room room;
	if (!room_get(&room, (size_t)now->st_size))
		return err_set(e, ENOMEM, "%s", f->name);
	ssize_t n = read_all(fd, room.at, (size_t)now->st_size);
	if (n < 0) {
		room_drop(&room);
		return err_set(e, (int)-n, "read %s", f->name);
	}
	f->tried = room;
	*bytes = room.at;
	*len = (size_t)n;
	return 1;
}

int follow_look(struct follow *f, const void **bytes, size_t *len, struct err *e)
{
	struct stat now = { 0 };
	int r;
	follow_refuse(f);
	if (fstatat(f->folder, f->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_set(e, errno, "%s", f->name);
	else if (f->trouble == 0 && same_file(&now, &f->seen))
		return 0;
	else
		r = load(f, &now, bytes, len, e);
	bool told = r == f->trouble && same_file(&now, &f->seen);
	f->seen = now;
	f->trouble = r < 0 ? r : 0;
	return told ? 0 : r;
}

void follow_take(struct follow *f)
{
	room_drop(&f->used);
	f->used = f->tried;
	f->tried = (struct follow_room){ 0 };
}

void follow_refuse(struct follow *f)
{
	room_drop(&f->tried);
}

void follow_fini(struct follow *f)
{
	room_drop(&f->tried);
	room_drop(&f->used);
}
