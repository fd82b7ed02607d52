/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a disk of 512 KiB, in blocks of 512 or 4096: the first byte says which. Each run of
 * zeros that a table needs is where the input has none. What comes of it is inside of the disk. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wire/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
	uint64_t bytes;
};

static int input_read(void *of, uint64_t at, void *to, size_t len, struct err *e)
{
	const struct input *in = of;
	(void)e;
	assert(at <= in->bytes && len <= in->bytes - at);
	size_t have = at < in->size ? in->size - (size_t)at : 0;
	memset(to, 0, len);
	if (have)
		memcpy(to, in->data + at, have < len ? have : len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts ps;
	struct err e = { 0 };
	if (size == 0)
		return 0;
	struct input in = { data + 1, size - 1, 512 * 1024 };
	const struct disk d = { input_read, &in, in.bytes, data[0] & 1 ? 4096 : 512 };
	int r = parts_read(&ps, &d, &e);
	assert(r == 0 || (r == -EBADMSG && *e.text));
	for (unsigned i = 0; r == 0 && i < ps.n; i++) {
		enum part_kind kind;
		const char *word;
		assert(ps.of[i].bytes && ps.of[i].first < in.bytes &&
			ps.of[i].bytes <= in.bytes - ps.of[i].first);
		assert(part_look(&kind, &word, &d, &ps.of[i], &e) == 0);
		assert((kind == PART_UNKNOWN) == (*word == '\0'));
	}
	return 0;
}
