/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See initramfs.h. Which one it is says booted.h; here is what it carries. */
#include "drivers/initramfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "drivers/booted.h"
#include "drivers/unpack.h"
#include "wire/newc.h"

enum {
	PACKED_MAX = 512 << 20,
	CHUNK = 128 * 1024,
};
static const uint64_t unpacked_max = 4ULL << 30;

static int unknown(struct initramfs_found *ret, const char *why)
{
	snprintf(ret->unknown, sizeof ret->unknown, "%.199s", why);
	return 1;
}

/* What the error says is about what is on the disk, and not about the way there. */
static int judged(struct initramfs_found *ret, int r, const struct err *e)
{
	return r == -EBADMSG ? unknown(ret, e->text) : r;
}

/* ------------------------------------------------------------------ what it carries */

struct walk {
	struct volume *v;
	struct newc newc;
	struct modules *modules;
	uint64_t unpacked;
	const uint8_t *rest;
	size_t rest_len;
	uint8_t chunk[CHUNK];
};

static bool walk_file(void *of, const char *name, uint32_t mode)
{
	struct walk *w = of;
	return modules_file(w->modules, name, mode);
}

static void walk_bytes(void *of, const uint8_t *bytes, size_t n)
{
	struct walk *w = of;
	modules_bytes(w->modules, bytes, n);
}

static void walk_end(void *of)
{
	struct walk *w = of;
	modules_end(w->modules);
}

/* -EBADMSG, or how many were taken. */
static int walk_feed(struct walk *w, const uint8_t *bytes, size_t n, struct err *e)
{
	size_t took = newc_feed(&w->newc, bytes, n);
	if (w->newc.state == NEWC_BAD)
		return err_say(e, EBADMSG, "its cpio archive is damaged");
	return (int)took;
}

static ssize_t packed_next(void *of, const void **bytes, struct err *e)
{
	struct walk *w = of;
	*bytes = w->rest;
	if (w->rest_len) {
		size_t n = w->rest_len;
		w->rest_len = 0;
		return (ssize_t)n;
	}
	*bytes = w->chunk;
	return w->v->ops->next(w->v, w->chunk, CHUNK, e);
}

static int packed_out(void *of, const uint8_t *bytes, size_t n, struct err *e)
{
	struct walk *w = of;
	w->unpacked += n;
	if (w->unpacked > unpacked_max)
		return err_say(e, EBADMSG, "there is no end of it");
	int r = walk_feed(w, bytes, n, e);
	if (r >= 0 && w->newc.state == NEWC_FOREIGN)
		return err_say(e, EBADMSG, "what is packed in it is no cpio archive");
	return r < 0 ? r : 0;
}

/* Archives as they are, then one stream of compressed ones. */
static int walk_all(struct walk *w, struct err *e)
{
	const struct unpack u = { packed_next, packed_out, w };
	for (;;) {
		int n = w->v->ops->next(w->v, w->chunk, CHUNK, e);
		if (n < 0)
			return n;
		if (n == 0)
			break;
		int took = walk_feed(w, w->chunk, (size_t)n, e);
		if (took < 0)
			return took;
		if (w->newc.state == NEWC_FOREIGN) {
			w->rest = w->chunk + took;
			w->rest_len = (size_t)(n - took);
			w->newc = (struct newc){ .to = w->newc.to };
			int r = unpack_all(&u, e);
			if (r < 0)
				return r;
			break;
		}
	}
	if (!newc_is_whole(&w->newc) || !w->newc.last)
		return err_say(e, EBADMSG, "its cpio archive is cut short");
	return 0;
}

/* One of the files that the kernel gets. */
static int file_walk(struct modules *m, struct volume *v, const char *path, struct err *e)
{
	uint64_t bytes;
	int r = v->ops->file(v, path, &bytes, e);
	if (r < 0)
		return r == -ENOENT ? err_say(e, EBADMSG, "it is gone") : r;
	if (bytes > PACKED_MAX)
		return err_say(e, EBADMSG, "it is larger than %d MiB", PACKED_MAX >> 20);
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, ENOMEM, "initramfs");
	w->v = v;
	w->modules = m;
	w->newc.to = (struct newc_sink){ walk_file, walk_bytes, walk_end, w };
	r = walk_all(w, e);
	free(w);
	return r;
}

static int files_walk(
	struct modules *m, const struct disk *d, const struct booted *from, struct err *e)
{
	OWN(volume) struct volume *v = NULL;
	int r = volume_of(from->kind)->open(&v, d, &from->part, e);
	for (unsigned i = 0; r == 0 && i < from->files; i++) {
		r = file_walk(m, v, from->file[i], e);
		if (r < 0)
			return err_in(e, r, "%s", from->file[i]);
	}
	return r;
}

static int result(struct initramfs_found *ret, const struct modules *m, const struct booted *from,
	unsigned wanted)
{
	struct modules_seen seen;
	modules_seen(&seen, m);
	if (seen.too_many)
		return unknown(ret, "its initramfs lists more modules than any kernel has");
	if (!seen.version[0])
		return unknown(ret, "its initramfs has no lib/modules: what its kernel has built "
				    "in is not told there");
	memcpy(ret->kernel, seen.version, sizeof ret->kernel);
	/* What the CPU's microcode is in stands before what has the modules. */
	memcpy(ret->file, from->file[from->files - 1], sizeof ret->file);
	ret->partition = from->part.n;
	ret->modules = seen.modules;
	ret->aliases = seen.aliases;
	for (unsigned i = 0; i < wanted; i++)
		modules_found(&ret->of[i], m, i);
	return 0;
}

/* The value of the last such word, which is the one that a kernel's reader mostly takes. */
static void word_find(char *to, size_t size, const char *line, const char *word)
{
	size_t len = strlen(word);
	to[0] = '\0';
	for (const char *at = line; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strncmp(at, word, len) == 0)
			snprintf(to, size, "%.*s", (int)strcspn(at + len, " "), at + len);
}

static void line_take(struct initramfs_found *ret, const struct booted *from)
{
	ret->has_line = from->has_line;
	ret->grub = from->kind != PART_FAT;
	word_find(ret->line_uuid, sizeof ret->line_uuid, from->line, "baton.uuid=");
	word_find(ret->line_serial, sizeof ret->line_serial, from->line, "baton.serial=");
}

int initramfs_read(struct initramfs_found *ret, const struct disk *d, const char *const wanted[],
	unsigned n, struct err *e)
{
	struct booted from = { .files = 0 };
	struct err ours = { 0 };
	struct err *why = e ? e : &ours; /* its sentence may be part of an answer */
	*ret = (struct initramfs_found){ .unknown = "" };
	OWN(modules) struct modules *m = modules_new(wanted, n);
	if (!m)
		return err_set(e, ENOMEM, "initramfs");
	int r = booted_find(&from, ret->unknown, d, why);
	if (r == 0)
		line_take(ret, &from);
	r = r ? r : files_walk(m, d, &from, why);
	r = judged(ret, r, why);
	if (r == 0)
		r = result(ret, m, &from, n);
	if (r >= 0 && e)
		*e = (struct err){ 0 };
	return r < 0 ? r : 0;
}
