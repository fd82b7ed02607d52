/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any stream of a BMC: its events are the same whole and byte by byte, and none is longer than what
 * is kept. The first byte says how large the pieces are of the second reading. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "wire/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sum over all events: their number, lengths and bytes. */
static uint64_t sum_of(const char *bytes, size_t len, size_t piece, uint32_t *retry)
{
	static struct sse s;
	uint64_t sum = 0;
	sse_begin(&s);
	for (size_t at = 0; at < len;) {
		bool event;
		size_t some = len - at < piece ? len - at : piece;
		size_t took = sse_take(&s, &event, bytes + at, some);
		assert(took > 0 && took <= some && (event || took == some));
		assert(s.len <= SSE_DATA_MAX && s.retry_ms <= SSE_RETRY_MAX_S * 1000u);
		for (size_t i = 0; event && i < s.len; i++)
			sum = sum * 31 + (uint8_t)s.data[i] + 1;
		sum = event ? sum * 31 + s.cut : sum;
		at += took;
	}
	*retry = s.retry_ms;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t whole, pieces;
	if (size < 1)
		return 0;
	const char *bytes = (const char *)data + 1;
	uint64_t sum = sum_of(bytes, size - 1, size, &whole);
	assert(sum == sum_of(bytes, size - 1, data[0] ? data[0] : 1, &pieces));
	assert(whole == pieces);
	return 0;
}
