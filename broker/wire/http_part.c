/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See http_part.h. */
#include "wire/http_part.h"

#include <string.h>

static const char *skip(const char *text, const char *any)
{
	return text + strspn(text, any);
}

/* True when a list of entity tags has this one; "*" is every list's. Weak ones are equal to it
 * where `weak` says so. Anything but tags ends the list. */
static bool has_tag(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);
	if (strcmp(list, "*") == 0)
		return true;
	for (;;) {
		list = skip(list, ", \t");
		bool is_weak = strncmp(list, "W/", 2) == 0;
		const char *tag = list + (is_weak ? 2 : 0);
		const char *end = *tag == '"' ? strchr(tag + 1, '"') : NULL;
		if (!end)
			return false;
		if ((weak || !is_weak) && (size_t)(end + 1 - tag) == len &&
			memcmp(tag, etag, len) == 0)
			return true;
		list = end + 1;
	}
}

/* Digits, at least one; what is more than 64 bits hold counts as all that they hold. */
static bool take_number(uint64_t *ret, const char **at)
{
	const char *digit = *at;
	uint64_t n = 0;
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		unsigned d = (unsigned)(*digit - '0');
		n = n > (UINT64_MAX - d) / 10 ? UINT64_MAX : n * 10 + d;
	}
	bool some = digit != *at;
	*at = digit;
	*ret = n;
	return some;
}

/* "bytes=1-2", "bytes=1-" or "bytes=-2". */
static bool take_range(uint64_t *first, uint64_t *last, bool *suffix, const char *text)
{
	static const char unit[] = "bytes=", unit_loud[] = "BYTES=";
	for (size_t i = 0; unit[i]; i++, text++)
		if (*text != unit[i] && *text != unit_loud[i])
			return false;
	text = skip(text, " \t");
	*suffix = !take_number(first, &text);
	if (*text++ != '-')
		return false;
	bool open = !take_number(last, &text);
	text = skip(text, " \t");
	if (*text || (open && *suffix))
		return false;
	if (open)
		*last = UINT64_MAX;
	return *suffix || *first <= *last;
}

static unsigned part_of(struct http_part *ret, const char *range, uint64_t file_len)
{
	uint64_t first, last;
	bool suffix;
	if (!take_range(&first, &last, &suffix, range))
		return 200;
	if (suffix) {
		if (last == 0)
			return 416;
		/* The end of an empty file is all of it, and no part of it. */
		if (file_len == 0)
			return 200;
		ret->first = last < file_len ? file_len - last : 0;
		ret->len = file_len - ret->first;
		return 206;
	}
	if (first >= file_len)
		return 416;
	ret->first = first;
	ret->len = (last < file_len ? last + 1 : file_len) - first;
	return 206;
}

unsigned http_part(
	struct http_part *ret, const struct http_wish *wish, uint64_t file_len, const char *etag)
{
	*ret = (struct http_part){ 0, file_len };
	/* In this order: RFC 9110, 13.2.2. */
	if (wish->if_match && !has_tag(wish->if_match, etag, false))
		return 412;
	if (wish->if_none_match && has_tag(wish->if_none_match, etag, true))
		return 304;
	/* One tag, the very same; a date is never that of a file whose date was not told. */
	if (!wish->range || (wish->if_range && strcmp(wish->if_range, etag) != 0))
		return 200;
	return part_of(ret, wish->range, file_len);
}
