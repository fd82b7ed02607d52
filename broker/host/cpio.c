/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See cpio.h. */
#include "host/cpio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

enum { DEPTH_MAX = 16, PATH_LEN = 1024, HEAD_LEN = 110 };

struct cpio {
	int fd;
	size_t len, len_max;
	unsigned inode, depth;
	struct err *e;
};

static int put(struct cpio *c, const void *bytes, size_t len)
{
	if (len > c->len_max - c->len)
		return err_say(c->e, EFBIG, "more than %zu bytes", c->len_max);
	for (size_t done = 0; done < len;) {
		ssize_t n = write(c->fd, (const char *)bytes + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(c->e, errno, "write the image");
		done += (size_t)n;
	}
	c->len += len;
	return 0;
}

static int pad(struct cpio *c, size_t to)
{
	static const char zero[512];
	size_t rest = c->len % to;
	return rest ? put(c, zero, to - rest) : 0;
}

static int put_head(struct cpio *c, const char *name, unsigned mode, unsigned links, size_t len)
{
	char head[HEAD_LEN + 1];
	size_t name_len = strlen(name) + 1;
	if (len > UINT32_MAX)
		return err_say(c->e, EFBIG, "%s: too large", name);
	snprintf(head, sizeof head, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		links ? ++c->inode : 0, mode, 0, 0, links, 0, (unsigned)len, 0, 0, 0, 0,
		(unsigned)name_len, 0);
	int r = put(c, head, HEAD_LEN);
	r = r ? r : put(c, name, name_len);
	return r ? r : pad(c, 4);
}

static int put_file(struct cpio *c, const char *name, int fd, const struct stat *st)
{
	char bytes[65536];
	size_t len = (size_t)st->st_size, done = 0;
	int r = put_head(c, name, S_IFREG | (st->st_mode & 0777), 1, len);
	while (r == 0 && done < len) {
		ssize_t n = read(fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(c->e, errno, "read %s", name);
		if (n == 0 || (size_t)n > len - done)
			return err_say(c->e, EBUSY, "%s changed while it was read", name);
		r = put(c, bytes, (size_t)n);
		done += (size_t)n;
	}
	return r ? r : pad(c, 4);
}

static int put_folder(struct cpio *c, const char *path, int dir);

static int put_entry(struct cpio *c, const char *path, int dir, const char *name)
{
	char full[PATH_LEN];
	struct stat st;
	if (snprintf(full, sizeof full, "%s/%s", path, name) >= (int)sizeof full)
		return err_say(c->e, ENAMETOOLONG, "%s/%s: the path is too long", path, name);
	/* O_NOFOLLOW and O_NONBLOCK: neither a link nor a FIFO is ever opened through. */
	OWN(fd) int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP)
		return err_say(c->e, EINVAL, "%s is a link: want files and folders alone", full);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(c->e, errno, "open %s", full);
	if (S_ISDIR(st.st_mode))
		return put_folder(c, full, fd);
	if (!S_ISREG(st.st_mode))
		return err_say(
			c->e, EINVAL, "%s is no plain file: want files and folders alone", full);
	return put_file(c, full, fd, &st);
}

static int real_name(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int put_folder(struct cpio *c, const char *path, int dir)
{
	struct stat st;
	struct dirent **list;
	if (fstat(dir, &st) < 0)
		return err_set(c->e, errno, "%s", path);
	if (++c->depth > DEPTH_MAX)
		return err_say(c->e, EINVAL, "%s: more than %d folders deep", path, DEPTH_MAX);
	int n = scandirat(dir, ".", &list, real_name, alphasort);
	if (n < 0)
		return err_set(c->e, errno, "%s", path);
	int r = put_head(c, path, S_IFDIR | (st.st_mode & 0777), 2, 0);
	for (int i = 0; i < n; i++) {
		r = r ? r : put_entry(c, path, dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	c->depth--;
	return r;
}

int cpio_write(int fd, const char *prefix, int dir, size_t len_max, struct err *e)
{
	struct err unread;
	struct cpio c = { .fd = fd, .len_max = len_max, .e = e ? e : &unread };
	int r = 0;
	for (const char *slash = strchr(prefix, '/'); slash && r == 0;
		slash = strchr(slash + 1, '/')) {
		char parent[PATH_LEN];
		snprintf(parent, sizeof parent, "%.*s", (int)(slash - prefix), prefix);
		r = put_head(&c, parent, S_IFDIR | 0755, 2, 0);
	}
	r = r ? r : put_folder(&c, prefix, dir);
	r = r ? r : put_head(&c, "TRAILER!!!", 0, 0, 0);
	return r ? r : pad(&c, 512);
}
