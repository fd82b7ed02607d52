/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See newc.h; the format is Documentation/driver-api/early-userspace/buffer-format.rst of Linux. */
#include "wire/newc.h"

#include <string.h>

enum { NAME_FIELD_MAX = 4096, FIELDS_AT = 6, FIELD = 8, MODE = 1, FILE_SIZE = 6, NAME_SIZE = 11 };

static const char trailer[] = "TRAILER!!!";

static bool field(uint32_t *ret, const uint8_t *head, unsigned which)
{
	const uint8_t *at = head + FIELDS_AT + (size_t)which * FIELD;
	*ret = 0;
	for (int i = 0; i < FIELD; i++) {
		uint8_t c = at[i], low = c | 0x20;
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (low >= 'a' && low <= 'f')
			digit = low - 'a' + 10U;
		else
			return false;
		*ret = *ret << 4 | digit;
	}
	return true;
}

static uint32_t padding(uint64_t len)
{
	return (uint32_t)(-len & 3);
}

static enum newc_state head_done(struct newc *w)
{
	uint32_t size;
	if (memcmp(w->head, "07070", 5) != 0 || (w->head[5] != '1' && w->head[5] != '2') ||
		!field(&w->mode, w->head, MODE) || !field(&size, w->head, FILE_SIZE) ||
		!field(&w->name_len, w->head, NAME_SIZE))
		return NEWC_BAD;
	if (w->name_len == 0 || w->name_len > NAME_FIELD_MAX)
		return NEWC_BAD;
	w->have = 0;
	w->left = w->name_len + padding(NEWC_HEAD + (uint64_t)w->name_len);
	w->pad = padding(size);
	/* The data's length is kept in the head's place until the name is over. */
	memcpy(w->head, &size, sizeof size);
	return NEWC_IN_NAME;
}

static enum newc_state name_done(struct newc *w)
{
	uint32_t size;
	memcpy(&size, w->head, sizeof size);
	w->have = 0;
	w->left = (uint64_t)size + w->pad;
	w->last = w->name_len == sizeof trailer && strcmp(w->name, trailer) == 0;
	w->wanted =
		!w->last && w->name_len <= NEWC_NAME + 1 && w->to.file(w->to.of, w->name, w->mode);
	return NEWC_IN_DATA;
}

static enum newc_state data_done(struct newc *w)
{
	if (w->wanted)
		w->to.end(w->to.of);
	w->have = 0;
	return w->last ? NEWC_BETWEEN : NEWC_IN_HEAD;
}

static size_t take_head(struct newc *w, const uint8_t *bytes, size_t n)
{
	size_t room = NEWC_HEAD - w->have, take = n < room ? n : room;
	memcpy(w->head + w->have, bytes, take);
	w->have += take;
	if (w->have == NEWC_HEAD)
		w->state = head_done(w);
	return take;
}

static size_t take_name(struct newc *w, const uint8_t *bytes, size_t n)
{
	size_t take = n < w->left ? n : (size_t)w->left;
	size_t most = w->name_len < NEWC_NAME ? w->name_len : NEWC_NAME;
	for (size_t i = 0; i < take && w->have < most; i++)
		w->name[w->have++] = (char)bytes[i];
	w->name[w->have] = '\0';
	w->left -= take;
	if (w->left == 0)
		w->state = name_done(w);
	return take;
}

static size_t take_data(struct newc *w, const uint8_t *bytes, size_t n)
{
	size_t take = n < w->left ? n : (size_t)w->left;
	if (w->wanted && w->left > w->pad) {
		uint64_t data = w->left - w->pad;
		w->to.bytes(w->to.of, bytes, take < data ? take : (size_t)data);
	}
	w->left -= take;
	return take;
}

size_t newc_feed(struct newc *w, const uint8_t *bytes, size_t n)
{
	size_t at = 0;
	while (at < n && w->state < NEWC_FOREIGN) {
		if (w->state == NEWC_BETWEEN) {
			if (bytes[at] == 0)
				at++;
			else
				w->state = bytes[at] == '0' ? NEWC_IN_HEAD : NEWC_FOREIGN;
			continue;
		}
		if (w->state == NEWC_IN_HEAD)
			at += take_head(w, bytes + at, n - at);
		else if (w->state == NEWC_IN_NAME)
			at += take_name(w, bytes + at, n - at);
		else if (w->state == NEWC_IN_DATA)
			at += take_data(w, bytes + at, n - at);
		/* A member of no bytes ends without any. */
		if (w->state == NEWC_IN_DATA && w->left == 0)
			w->state = data_done(w);
	}
	return at;
}

bool newc_is_whole(const struct newc *w)
{
	return w->state == NEWC_BETWEEN;
}
