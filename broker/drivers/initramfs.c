/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See initramfs.h. Found as the usual boot loaders find it: the newest kernel in /boot. */
#include "drivers/initramfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/extfs.h"
#include "drivers/unpack.h"
#include "wire/newc.h"

enum {
	KERNELS_MAX = 64,
	PACKED_MAX = 512 << 20,
	CHUNK = 128 * 1024,
};
static const uint64_t unpacked_max = 4ULL << 30;

/* ------------------------------------------------------------------ which one is booted */

struct kernels {
	unsigned n;
	char version[KERNELS_MAX][VERSION_LEN + 1];
};

/* Keeps the newest ones. */
static bool kernel_take(void *of, const char *name)
{
	static const char begins[] = "vmlinuz-";
	struct kernels *k = of;
	const char *version = name + sizeof begins - 1;
	if (strncmp(name, begins, sizeof begins - 1) != 0 ||
		!kernel_word_ok(version, strlen(version), VERSION_LEN))
		return true;
	unsigned at = 0;
	while (at < k->n && strverscmp(k->version[at], version) >= 0)
		at++;
	if (at == KERNELS_MAX)
		return true;
	if (k->n < KERNELS_MAX)
		k->n++;
	memmove(k->version[at + 1], k->version[at], (k->n - at - 1) * sizeof k->version[0]);
	snprintf(k->version[at], sizeof k->version[at], "%s", version);
	return true;
}

struct place {
	char file[128], version[VERSION_LEN + 1];
	uint64_t bytes;
	unsigned partition;
};

/* Debian's name, Fedora's, SUSE's. */
static int place_of(
	struct place *ret, struct ext *x, const char *folder, const char *version, struct err *e)
{
	static const struct {
		const char *before, *behind;
	} names[] = { { "initrd.img-", "" }, { "initramfs-", ".img" }, { "initrd-", "" } };
	int r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < COUNT(names); i++) {
		snprintf(ret->file, sizeof ret->file, "%s/%s%s%s", folder, names[i].before, version,
			names[i].behind);
		r = ext_file(x, ret->file, &ret->bytes, e);
	}
	snprintf(ret->version, sizeof ret->version, "%s", version);
	return r;
}

static int place_in(struct place *ret, struct ext *x, const char *folder, struct err *e)
{
	struct kernels k = { 0 };
	int r = ext_list(x, *folder ? folder : "/", kernel_take, &k, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < k.n; i++) {
		r = place_of(ret, x, folder, k.version[i], e);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

/* The newest kernel that has one, in /boot or, where that is a partition of its own, at its root;
 * else where a link shows to. */
static int place_find(struct place *ret, struct ext *x, struct err *e)
{
	static const char *const links[] = { "/boot/initrd.img", "/initrd.img" };
	int r = place_in(ret, x, "/boot", e);
	r = r == -ENOENT ? place_in(ret, x, "", e) : r;
	for (size_t i = 0; r == -ENOENT && i < COUNT(links); i++) {
		*ret = (struct place){ .version = "" };
		snprintf(ret->file, sizeof ret->file, "%s", links[i]);
		r = ext_file(x, links[i], &ret->bytes, e);
	}
	return r;
}

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

/* Looks at one partition: 0 and another place, if it has one; what else is there goes into other.
 */
static int partition_look(struct initramfs_found *ret, struct place *place, unsigned *places,
	char other[80], const struct disk *d, const struct part *p, struct err *e)
{
	OWN(ext) struct ext *x = NULL;
	struct place at = { .version = "" };
	enum part_kind kind;
	const char *word;
	size_t n = strlen(other);
	int r = part_look(&kind, &word, d, p, e);
	if (r < 0)
		return r;
	if (kind != PART_EXT) {
		if (kind == PART_OTHER)
			snprintf(other + n, 80 - n, "%s%s", n ? ", " : "", word);
		return 0;
	}
	r = ext_open(&x, d, p, e);
	r = r ? r : place_find(&at, x, e);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return judged(ret, r, e);
	at.partition = p->n;
	if ((*places)++ == 0)
		*place = at;
	else
		return unknown(ret, "several partitions hold a kernel, and which one is booted is "
				    "not known");
	return 0;
}

static int disk_look(struct initramfs_found *ret, struct place *place, struct part *part,
	const struct disk *d, struct err *e)
{
	struct parts parts;
	char other[80] = "", why[200];
	unsigned places = 0;
	int r = parts_read(&parts, d, e);
	if (r < 0)
		return judged(ret, r, e);
	for (unsigned i = 0; i < parts.n; i++) {
		r = partition_look(ret, place, &places, other, d, &parts.of[i], e);
		if (r != 0)
			return r;
		if (places == 1 && place->partition == parts.of[i].n)
			*part = parts.of[i];
	}
	if (places)
		return 0;
	snprintf(why, sizeof why, "it has no kernel with an initramfs in the /boot of an ext%s%s",
		*other ? "; not read here: " : "", other);
	return unknown(ret, why);
}

/* ------------------------------------------------------------------ what it carries */

struct walk {
	struct ext *x;
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
	return ext_next(w->x, w->chunk, CHUNK, e);
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
		int n = ext_next(w->x, w->chunk, CHUNK, e);
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

static int place_walk(struct initramfs_found *ret, struct modules *m, const struct disk *d,
	const struct part *part, const struct place *place, struct err *e)
{
	OWN(ext) struct ext *x = NULL;
	uint64_t bytes;
	int r = ext_open(&x, d, part, e);
	r = r ? r : ext_file(x, place->file, &bytes, e);
	if (r < 0)
		return r == -ENOENT ? unknown(ret, e->text) : r;
	if (bytes > PACKED_MAX)
		return err_say(e, EBADMSG, "it is larger than %d MiB", PACKED_MAX >> 20);
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(e, ENOMEM, "initramfs");
	w->x = x;
	w->modules = m;
	w->newc.to = (struct newc_sink){ walk_file, walk_bytes, walk_end, w };
	r = walk_all(w, e);
	free(w);
	return r;
}

static int result(struct initramfs_found *ret, const struct modules *m, const struct place *place,
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
	memcpy(ret->file, place->file, sizeof ret->file);
	ret->partition = place->partition;
	ret->modules = seen.modules;
	ret->aliases = seen.aliases;
	for (unsigned i = 0; i < wanted; i++)
		modules_found(&ret->of[i], m, i);
	return 0;
}

int initramfs_read(struct initramfs_found *ret, const struct disk *d, const char *const wanted[],
	unsigned n, struct err *e)
{
	struct place place = { .version = "" };
	struct part part = { 0 };
	struct err ours = { 0 };
	struct err *why = e ? e : &ours; /* its sentence may be part of an answer */
	*ret = (struct initramfs_found){ .unknown = "" };
	OWN(modules) struct modules *m = modules_new(wanted, n);
	if (!m)
		return err_set(e, ENOMEM, "initramfs");
	int r = disk_look(ret, &place, &part, d, why);
	if (r == 0) {
		r = place_walk(ret, m, d, &part, &place, why);
		if (r < 0)
			err_in(why, r, "%s", place.file);
		r = judged(ret, r, why);
	}
	if (r == 0)
		r = result(ret, m, &place, n);
	if (r >= 0 && e)
		*e = (struct err){ 0 };
	return r < 0 ? r : 0;
}
