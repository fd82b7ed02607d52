/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decompression by libarchive; the only file that sees it. Of its formats only "raw" is on, and of
 * its filters those that are compiled in: it would start a program for others. */
#include "drivers/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"

struct ours {
	const struct unpack *u;
	struct err failed; /* of next(); its code is 0 while it did not */
};

static void archive_drop(struct archive **a)
{
	archive_read_free(*a);
}

static la_ssize_t bytes_next(struct archive *a, void *to_ours, const void **bytes)
{
	struct ours *o = to_ours;
	ssize_t n = o->u->next(o->u->of, bytes, &o->failed);
	if (n < 0)
		archive_set_error(a, -(int)n, "%s", "the source");
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int filters(struct archive *a)
{
	static int (*const on[])(struct archive *) = { archive_read_support_filter_gzip,
		archive_read_support_filter_xz, archive_read_support_filter_lzma,
		archive_read_support_filter_zstd, archive_read_support_filter_lz4,
		archive_read_support_filter_bzip2, archive_read_support_format_raw };
	for (size_t i = 0; i < COUNT(on); i++)
		if (on[i](a) != ARCHIVE_OK)
			return -ENOSYS;
	return 0;
}

/* libarchive's words, which may quote the stream. */
static int told(const struct ours *o, struct archive *a, struct err *e)
{
	char words[120] = "it does not say why";
	const char *said = archive_error_string(a);
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
	OWN(archive) struct archive *a = archive_read_new();
	if (!a || filters(a) < 0)
		return err_say(e, ENOSYS, "libarchive lacks a way to decompress");
	if (archive_read_open(a, &o, NULL, bytes_next, NULL) != ARCHIVE_OK ||
		archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return told(&o, a, e);
	if (archive_filter_count(a) < 2)
		return err_say(e, EBADMSG,
			"it is compressed in a way that is not known here (gzip, xz, lzma, zstd, "
			"lz4 and bzip2 are)");
	for (;;) {
		const void *bytes;
		size_t n;
		la_int64_t at;
		int r = archive_read_data_block(a, &bytes, &n, &at);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return told(&o, a, e);
		r = u->out(u->of, bytes, n, e);
		if (r < 0)
			return r;
	}
}
