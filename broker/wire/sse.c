/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sse.h. No line is kept: a byte is of a field's name, or of its value, and goes to where that
 * field stands. */
#include "wire/sse.h"

#include <string.h>

static const char bom[] = { '\xef', '\xbb', '\xbf' };

void sse_begin(struct sse *s)
{
	*s = (struct sse){ .at = SSE_NAME };
}

static bool name_is(const struct sse *s, const char *name)
{
	size_t len = strlen(name);
	return s->name_len == len && memcmp(s->name, name, len) == 0;
}

static void data_put(struct sse *s, char c)
{
	if (s->len < sizeof s->data)
		s->data[s->len++] = c;
	else
		s->cut = true;
}

/* The name of a field is over: a line of data begins, or a number. */
static void value_begin(struct sse *s)
{
	if (name_is(s, "data")) {
		if (s->any)
			data_put(s, '\n');
		s->any = true;
	}
	s->value = 0;
	s->number = false;
}

static void value_put(struct sse *s, char c)
{
	if (name_is(s, "data")) {
		data_put(s, c);
	} else if (name_is(s, "retry")) {
		s->number = c >= '0' && c <= '9';
		if (s->number && s->value < UINT32_MAX)
			s->value = s->value * 10 + (uint64_t)(c - '0');
		if (!s->number) /* and for the rest of the line */
			s->name_len = SSE_NAME_MAX + 1;
	}
}

static void name_put(struct sse *s, char c)
{
	if (c == ':') {
		value_begin(s);
		s->at = SSE_SPACE;
	} else if (s->name_len < SSE_NAME_MAX) {
		s->name[s->name_len++] = c;
	} else {
		s->name_len = SSE_NAME_MAX + 1;
	}
}

/* True: an event is whole. */
static bool line_end(struct sse *s)
{
	bool empty = s->at == SSE_NAME && s->name_len == 0;
	if (s->at == SSE_NAME && !empty)
		value_begin(s);
	if (s->number && name_is(s, "retry"))
		s->retry_ms = s->value < SSE_RETRY_MAX_S * 1000u ? (uint32_t)s->value
								 : SSE_RETRY_MAX_S * 1000u;
	s->at = SSE_NAME;
	s->name_len = 0;
	s->number = false;
	s->told = empty && s->any;
	return s->told;
}

static bool byte_take(struct sse *s, char c)
{
	bool after_cr = s->after_cr;
	s->after_cr = c == '\r';
	if (c == '\n' && after_cr)
		return false;
	if (c == '\r' || c == '\n')
		return line_end(s);
	if (s->at == SSE_NAME) {
		name_put(s, c);
		return false;
	}
	if (s->at == SSE_VALUE || c != ' ')
		value_put(s, c);
	s->at = SSE_VALUE;
	return false;
}

/* Bytes of a mark that is none are of a name that means nothing. */
static bool bom_take(struct sse *s, char c)
{
	if (s->bom == sizeof bom)
		return false;
	if (c == bom[s->bom]) {
		s->bom++;
		return true;
	}
	if (s->bom)
		s->name_len = SSE_NAME_MAX + 1;
	s->bom = sizeof bom;
	return false;
}

size_t sse_take(struct sse *s, bool *event, const char *bytes, size_t len)
{
	if (s->told) {
		s->len = 0;
		s->any = s->cut = s->told = false;
	}
	*event = false;
	for (size_t i = 0; i < len; i++) {
		if (bom_take(s, bytes[i]))
			continue;
		if (byte_take(s, bytes[i])) {
			*event = true;
			return i + 1;
		}
	}
	return len;
}
