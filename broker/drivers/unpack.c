/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decompression by libarchive; the only file that sees it. Of its formats only "raw" is on, and of
 * its filters those that are compiled in: it would start a program for others.
 * It is loaded by whoever unpacks something. A hand is started for every deed, nearly all of them
 * ask a BMC or a target, and this library with the dozen that it brings was half of what a hand's
 * start cost. */
#include "drivers/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"

#define LIBRARY "libarchive.so.13"
/* All that is called of it. */
#define CALLS(of)                                                                                  \
	of(read_new) of(read_free) of(set_error) of(read_support_filter_gzip)                      \
		of(read_support_filter_xz) of(read_support_filter_lzma)                            \
			of(read_support_filter_zstd) of(read_support_filter_lz4)                   \
				of(read_support_filter_bzip2) of(read_support_format_raw)          \
					of(error_string) of(read_open) of(read_next_header)        \
						of(filter_count) of(read_data_block)
#define CALL(name) __typeof__(&archive_##name) name;
#define FIND(name) (la.name = (__typeof__(la.name))dlsym(lib, "archive_" #name)) &&

static struct {
	CALLS(CALL)
} la;

/* Stays for as long as the process does. */
int unpack_load(struct err *e)
{
	if (la.read_data_block)
		return 0;
	void *lib = dlopen(LIBRARY, RTLD_NOW);
	if (lib && CALLS(FIND) true)
		return 0;
	return err_say(e, ENOSYS, "it cannot be unpacked: %s", dlerror());
}

struct ours {
	const struct unpack *u;
	struct err failed; /* of next(); its code is 0 while it did not */
};

static void archive_drop(struct archive **a)
{
	la.read_free(*a);
}

static la_ssize_t bytes_next(struct archive *a, void *to_ours, const void **bytes)
{
	struct ours *o = to_ours;
	ssize_t n = o->u->next(o->u->of, bytes, &o->failed);
	if (n < 0)
		la.set_error(a, -(int)n, "%s", "the source");
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int filters(struct archive *a)
{
	int (*const on[])(struct archive *) = { la.read_support_filter_gzip,
		la.read_support_filter_xz, la.read_support_filter_lzma, la.read_support_filter_zstd,
		la.read_support_filter_lz4, la.read_support_filter_bzip2,
		la.read_support_format_raw };
	for (size_t i = 0; i < COUNT(on); i++)
		if (on[i](a) != ARCHIVE_OK)
			return -ENOSYS;
	return 0;
}

/* libarchive's words, which may quote the stream. */
static int told(const struct ours *o, struct archive *a, struct err *e)
{
	char words[120] = "it does not say why";
	const char *said = la.error_string(a);
	if (o->failed.code) {
		if (e)
			*e = o->failed;
		return -o->failed.code;
	}
	for (size_t i = 0; said && i + 1 < sizeof words; i++) {
		words[i] = said[i] >= ' ' && said[i] <= '~' ? said[i] : said[i] ? '?' : '\0';
		words[i + 1] = '\0';
		if (!said[i])
			break;
	}
	return err_say(e, EBADMSG, "it cannot be unpacked: %s", words);
}

int unpack_all(const struct unpack *u, struct err *e)
{
	struct ours o = { .u = u };
	struct archive_entry *entry;
	int loaded = unpack_load(e);
	if (loaded < 0)
		return loaded;
	OWN(archive) struct archive *a = la.read_new();
	if (!a || filters(a) < 0)
		return err_say(e, ENOSYS, "libarchive lacks a way to decompress");
	if (la.read_open(a, &o, NULL, bytes_next, NULL) != ARCHIVE_OK ||
		la.read_next_header(a, &entry) != ARCHIVE_OK)
		return told(&o, a, e);
	if (la.filter_count(a) < 2)
		return err_say(e, EBADMSG,
			"it is compressed in a way that is not known here (gzip, xz, lzma, zstd, "
			"lz4 and bzip2 are)");
	for (;;) {
		const void *bytes;
		size_t n;
		la_int64_t at;
		int r = la.read_data_block(a, &bytes, &n, &at);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return told(&o, a, e);
		r = u->out(u->of, bytes, n, e);
		if (r < 0)
			return r;
	}
}
