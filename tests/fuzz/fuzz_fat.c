/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the begin of a FAT file system of 8 MiB, the rest of which is zeros; then as what
 * stands in its loader's files. Every folder is walked, and every file read. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wire/fat.h"
#include "wire/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DISK = 8 << 20, FIRST = 512, READ_MOST = 64 * 1024, ENTRIES_MOST = 200 };

struct input {
	const uint8_t *data;
	size_t size;
};

static int input_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	const struct input *in = of;
	(void)e;
	assert(at >= FIRST && at <= DISK && len <= DISK - at);
	at -= FIRST;
	size_t have = at < in->size ? in->size - (size_t)at : 0;
	memset(to, 0, len);
	if (have)
		memcpy(to, in->data + at, have < len ? have : len);
	return 0;
}

struct walk {
	struct fat fat;
	struct fat_entry kept;
	unsigned entries, folders;
};

static bool one(void *of, const struct fat_entry *entry)
{
	struct walk *w = of;
	assert(strlen(entry->name) <= FAT_NAME && strlen(entry->alias) < sizeof entry->alias);
	for (const char *c = entry->name; *c; c++)
		assert(*c >= ' ' && *c <= '~');
	if (entry->file.folder && w->folders++ == 0)
		w->kept = *entry;
	if (!entry->file.folder) {
		static uint8_t bytes[4096];
		struct fat_file x = entry->file;
		struct err e = { 0 };
		uint64_t all = 0;
		int n = 1;
		while (n > 0 && all < READ_MOST) {
			n = fat_next(&w->fat, &x, bytes, sizeof bytes, &e);
			assert(n >= 0 || (n == -EBADMSG && *e.text));
			all += n > 0 ? (unsigned)n : 0;
		}
		assert(all <= x.bytes);
	}
	return ++w->entries < ENTRIES_MOST;
}

static void loader(const char *text, size_t size)
{
	struct loader_entry a, b;
	char pattern[LOADER_PATH + 1];
	loader_entry_read(&a, "debian-6.1.0-18-amd64.conf", text, size);
	loader_entry_read(&b, "debian-6.1.0-18-amd64+0-3.conf", text + size / 2, size - size / 2);
	assert(a.initrds <= LOADER_INITRDS && strlen(a.kernel) <= LOADER_PATH);
	assert(strlen(a.line) <= LOADER_LINE);
	if (loader_grub_line(a.line, "vmlinuz-6.1.0-18-amd64", text, size))
		assert(strlen(a.line) <= LOADER_LINE && !strpbrk(a.line, "$\\\n"));
	int r = loader_entry_compare(&a, &b), back = loader_entry_compare(&b, &a);
	assert((r < 0) == (back > 0) && (r > 0) == (back < 0));
	loader_default_read(pattern, text, size);
	loader_default_fits(pattern, &a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct walk w;
	struct input in = { data, size };
	const struct disk d = { input_read, &in, DISK, 512 };
	const struct part p = { 1, FIRST, DISK - FIRST };
	struct fat_file x;
	struct err e = { 0 };
	loader((const char *)data, size);
	w = (struct walk){ .folders = 0 };
	int r = fat_open(&w.fat, &d, &p, &e);
	assert(r == 0 || (r == -EBADMSG && *e.text));
	if (r < 0)
		return 0;
	r = fat_find(&x, &w.fat, "", &e);
	r = r ? r : fat_list(&w.fat, &x, one, &w, &e);
	assert(r == 0 || (r == -EBADMSG && *e.text));
	if (r == 0 && w.folders) {
		r = fat_list(&w.fat, &w.kept.file, one, &w, &e);
		assert(r == 0 || r == -EBADMSG);
	}
	r = fat_find(&x, &w.fat, "/loader/entries\\a.conf", &e);
	assert(r == 0 || r == -ENOENT || r == -EBADMSG);
	return 0;
}
