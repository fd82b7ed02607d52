/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See lun.h. The way to the disk, and what counts on it, is that of the broker's hands. */
#include "initramfs/lun.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/san.h"

enum {
	TIMEOUT_MS = 10000,
	CHUNK = 256 * 1024,
	KERNEL_MOST = 128 << 20,
	INITRD_MOST = 512 << 20,
};

static int disk_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	return san_iscsi_read(of, at, to, len, e);
}

static int bytes_put(int fd, const char *bytes, size_t len, struct err *e)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n <= 0)
			return err_set(e, n < 0 ? errno : EIO, "keep a file in memory");
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_copy(
	int fd, struct volume *v, const char *path, uint64_t most, char *chunk, struct err *e)
{
	uint64_t bytes;
	int n = v->ops->file(v, path, &bytes, e);
	if (n == 0 && bytes > most)
		n = err_say(e, EFBIG, "it is larger than %u MiB", (unsigned)(most >> 20));
	for (n = n < 0 ? n : 1; n > 0;) {
		n = v->ops->next(v, chunk, CHUNK, e);
		if (n > 0) {
			int r = bytes_put(fd, chunk, (size_t)n, e);
			n = r < 0 ? r : n;
		}
	}
	return n < 0 ? err_in(e, n, "%s", path) : 0;
}

static int files_copy(struct lun *l, const struct disk *d, struct err *e)
{
	const struct booted *b = &l->booted;
	OWN(volume) struct volume *v = NULL;
	OWN(text) char *chunk = malloc(CHUNK);
	if (!chunk)
		return err_set(e, ENOMEM, "read a kernel");
	l->kernel = memfd_create("kernel", MFD_CLOEXEC);
	if (l->kernel < 0)
		return err_set(e, errno, "keep a kernel in memory");
	int r = volume_of(b->kind)->open(&v, d, &b->part, e);
	r = r < 0 ? r : file_copy(l->kernel, v, b->kernel, KERNEL_MOST, chunk, e);
	for (unsigned i = 0; r == 0 && i < b->files; i++) {
		/* Archives that stand one behind the other begin at multiples of four. */
		off_t at = lseek(l->initrd, 0, SEEK_END);
		r = bytes_put(l->initrd, "\0\0\0", (size_t)(-at & 3), e);
		r = r < 0 ? r : file_copy(l->initrd, v, b->file[i], INITRD_MOST, chunk, e);
	}
	return r;
}

/* What is not known is not guessed: the firmware's way boots it. */
static int files_find(struct lun *l, const struct disk *d, struct err *e)
{
	char why[BOOTED_WHY];
	int r = booted_find(&l->booted, why, d, e);
	if (r > 0)
		return err_say(e, ENOENT, "%s", why);
	if (r == 0 && !*l->booted.kernel)
		return err_say(
			e, ENOENT, "%s: which kernel it belongs to is not told", l->booted.file[0]);
	if (r == 0 && !l->booted.has_line)
		return err_say(e, ENOENT, "%s: what its loader tells it is not understood here",
			l->booted.kernel);
	return r;
}

static int path_open(struct san_disk **session, struct san_facts *facts, const struct handover *h,
	const struct handover_path *p, struct err *e)
{
	char ip[IP4_TEXT], portal[IP4_TEXT + 8];
	snprintf(portal, sizeof portal, "%s:%u", ip4_text(ip, p->addr), p->port);
	const struct san_login login = { .portal = portal,
		.target = h->target,
		.initiator = h->initiator,
		.user = *h->user ? h->user : NULL,
		.secret = *h->user ? h->secret : NULL,
		.target_user = *h->mutual_user ? h->mutual_user : NULL,
		.target_secret = *h->mutual_user ? h->mutual_secret : NULL };
	return san_iscsi_open(session, facts, &login, h->lun, TIMEOUT_MS, e);
}

int lun_read(struct lun *l, const struct handover *h, struct err *e)
{
	struct san_disk *session = NULL;
	struct san_facts facts;
	int r = -ENOENT;
	for (l->path = 0; l->path < h->paths; l->path++) {
		r = path_open(&session, &facts, h, &h->path[l->path], e);
		if (r == 0)
			break;
	}
	if (r < 0)
		return r;
	const struct disk d = { disk_read, session, facts.bytes, facts.block_len };
	r = files_find(l, &d, e);
	r = r ? r : files_copy(l, &d, e);
	san_iscsi_close(session);
	return r;
}
