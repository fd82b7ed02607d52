/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a tenant wrote on his disk: archives of an initramfs and its lists, pushed in pieces of
 * sizes that the input chooses, and partition tables. */
#include <stdlib.h>
#include <string.h>

#include "wire/modules.h"
#include "wire/newc.h"
#include "wire/parts.h"

struct memory {
	const uint8_t *at;
	size_t len;
};

static int memory_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	const struct memory *m = of;
	if (at > m->len || len > m->len - at)
		abort(); /* nothing is asked beyond the disk */
	(void)e;
	memcpy(to, m->at + at, len);
	return 0;
}

static bool on_file(void *of, const char *name, uint32_t mode)
{
	return modules_file(of, name, mode);
}

static void on_bytes(void *of, const uint8_t *bytes, size_t n)
{
	modules_bytes(of, bytes, n);
}

static void on_end(void *of)
{
	modules_end(of);
}

static void archive(const uint8_t *data, size_t size, size_t piece)
{
	static const char *const wanted[] = {
		"pci:v00008086d0000100Esv00000000sd00000000bc02sc00i00", "igb"
	};
	struct modules *m = modules_new(wanted, 2);
	struct modules_seen seen;
	struct module_found f;
	if (!m)
		return;
	struct newc w = { .to = { on_file, on_bytes, on_end, m } };
	for (size_t at = 0; at < size && w.state != NEWC_BAD && w.state != NEWC_FOREIGN;) {
		size_t n = piece < size - at ? piece : size - at;
		size_t took = newc_feed(&w, data + at, n);
		if (took > n || (took < n && w.state != NEWC_BAD && w.state != NEWC_FOREIGN))
			abort();
		at += took;
	}
	modules_seen(&seen, m);
	modules_found(&f, m, 0);
	modules_found(&f, m, 1);
	modules_drop(&m);
}

static void table(const uint8_t *data, size_t size, uint32_t block_len)
{
	struct memory m = { data, size };
	struct disk d = { memory_read, &m, size, block_len };
	struct parts p;
	struct err e = { 0 };
	enum part_kind kind;
	const char *word;
	if (parts_read(&p, &d, &e) < 0)
		return;
	for (unsigned i = 0; i < p.n; i++) {
		if (p.of[i].first > size || p.of[i].bytes > size - p.of[i].first)
			abort();
		part_look(&kind, &word, &d, &p.of[i], &e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	archive(data + 2, size - 2, (size_t)data[0] + 1);
	table(data + 2, size - 2, data[1] & 1 ? 4096 : 512);
	return 0;
}
