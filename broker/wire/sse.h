/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Server-sent events, out of bytes that come in pieces (WHATWG HTML, "Server-sent events"). What is
 * read is a stranger's: a line may be as long as it likes and an event may have no end, what is
 * kept of both has one. Names and ids of events are not kept. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SSE_DATA_MAX = 32768, /* of one event; what is more is dropped, and `cut` says so */
	SSE_NAME_MAX = 6,     /* of a field that means something here */
	SSE_RETRY_MAX_S = 86400,
};

enum sse_at { SSE_NAME, SSE_SPACE, SSE_VALUE };

struct sse {
	char data[SSE_DATA_MAX]; /* of an event that is whole; no NUL behind it */
	size_t len;
	bool cut;
	uint32_t retry_ms; /* so long to wait before the stream is asked for again; 0: not said */
	/* wire/sse.c: */
	bool any;  /* the event has a line of data */
	bool told; /* what is in data was an event's */
	bool after_cr, number;
	uint8_t bom; /* bytes of it that have come; 3: over */
	enum sse_at at;
	char name[SSE_NAME_MAX];
	size_t name_len; /* SSE_NAME_MAX + 1: of a field that means nothing */
	uint64_t value;
};

void sse_begin(struct sse *s);
/* Takes bytes up to the end of the first event in them, and returns how many they were. *event: it
 * is whole, and stands in data until the next call. */
size_t sse_take(struct sse *s, bool *event, const char *bytes, size_t len);
