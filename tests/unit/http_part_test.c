/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which part of a file is wanted, and whether it is wanted at all: wire/http_part.h. */
#include "wire/http_part.h"

#include "base/list.h"
#include "tests/unit/tap.h"

#define ETAG "\"1f-3e8-5\""
enum { LEN = 1000 };

static void a_range_is_a_part_of_the_file_or_nothing(void)
{
	static const struct {
		const char *range;
		unsigned status;
		uint64_t first, len;
	} rows[] = {
		{ "bytes=0-0", 206, 0, 1 },
		{ "bytes=0-499", 206, 0, 500 },
		{ "bytes=500-999", 206, 500, 500 },
		{ "bytes=500-", 206, 500, 500 },
		{ "bytes=0-", 206, 0, 1000 },
		{ "bytes=999-5000", 206, 999, 1 },
		{ "bytes=-1", 206, 999, 1 },
		{ "bytes=-1000", 206, 0, 1000 },
		{ "bytes=-5000", 206, 0, 1000 },
		{ "BYTES=1-2", 206, 1, 2 },
		{ "bytes= 1-2 ", 206, 1, 2 },
		{ "bytes=1-99999999999999999999999", 206, 1, 999 },
		{ "bytes=1000-", 416, 0, 0 },
		{ "bytes=1000-1001", 416, 0, 0 },
		{ "bytes=18446744073709551615-", 416, 0, 0 },
		{ "bytes=99999999999999999999999-", 416, 0, 0 },
		{ "bytes=-0", 416, 0, 0 },
		{ "bytes=2-1", 200, 0, 1000 },
		{ "bytes=0-1,5-6", 200, 0, 1000 },
		{ "bytes=0-1,", 200, 0, 1000 },
		{ "bytes=", 200, 0, 1000 },
		{ "bytes=-", 200, 0, 1000 },
		{ "bytes=--1", 200, 0, 1000 },
		{ "bytes=1", 200, 0, 1000 },
		{ "bytes=1-2-3", 200, 0, 1000 },
		{ "bytes=0x1-2", 200, 0, 1000 },
		{ "bytes=+1-2", 200, 0, 1000 },
		{ "bytes 1-2", 200, 0, 1000 },
		{ "items=1-2", 200, 0, 1000 },
		{ "byte", 200, 0, 1000 },
		{ "", 200, 0, 1000 },
		{ NULL, 200, 0, 1000 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_wish wish = { .range = rows[i].range };
		struct http_part p;
		unsigned status = http_part(&p, &wish, LEN, ETAG);
		if (status != rows[i].status)
			printf("# %s\n", rows[i].range ? rows[i].range : "none");
		CHECK_INT(status, rows[i].status);
		if (status == 416)
			continue;
		CHECK_INT(p.first, rows[i].first);
		CHECK_INT(p.len, rows[i].len);
	}
}

static void an_empty_file_has_no_part(void)
{
	struct http_part p;
	CHECK_INT(http_part(&p, &(struct http_wish){ .range = "bytes=0-" }, 0, ETAG), 416);
	CHECK_INT(http_part(&p, &(struct http_wish){ .range = "bytes=-5" }, 0, ETAG), 200);
	CHECK_INT(p.len, 0);
}

static void what_the_client_has_is_not_sent_again(void)
{
	static const struct {
		const char *none_match;
		unsigned status;
	} rows[] = {
		{ ETAG, 304 },
		{ "*", 304 },
		{ "W/" ETAG, 304 },
		{ "\"a\", " ETAG, 304 },
		{ "\"a,b\" ,, W/\"c\"\t," ETAG ", \"d\"", 304 },
		{ "\"a\"", 200 },
		{ "1f-3e8-5", 200 },
		{ "\"1f-3e8-5", 200 },
		{ "\"1f-3e8-55\"", 200 },
		{ "\"a\" nonsense " ETAG, 200 },
		{ "w/" ETAG, 200 },
		{ "**", 200 },
		{ "", 200 },
		{ "\"", 200 },
		{ "W/", 200 },
	};
	struct http_part p;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_wish wish = { .if_none_match = rows[i].none_match };
		if (http_part(&p, &wish, LEN, ETAG) != rows[i].status)
			printf("# %s\n", rows[i].none_match);
		CHECK_INT(http_part(&p, &wish, LEN, ETAG), rows[i].status);
	}
}

static void a_part_of_another_file_is_not_sent(void)
{
	struct http_part p;
	struct http_wish w = { .range = "bytes=1-2", .if_range = ETAG };
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 206);
	w.if_range = "\"another\"";
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 200);
	CHECK_INT(p.len, LEN);
	w.if_range = "W/" ETAG;
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 200);
	w.if_range = "Sat, 29 Oct 1994 19:43:31 GMT";
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 200);
}

static void conditions_come_before_the_range(void)
{
	struct http_part p;
	struct http_wish w = { .range = "bytes=5000-", .if_match = "\"another\"" };
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 412);
	w.if_match = "W/" ETAG; /* must be the very same */
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 412);
	w.if_match = "\"another\", " ETAG;
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 416);
	w.if_match = "*";
	w.if_none_match = ETAG;
	CHECK_INT(http_part(&p, &w, LEN, ETAG), 304);
}

TESTS(T(a_range_is_a_part_of_the_file_or_nothing), T(an_empty_file_has_no_part),
	T(what_the_client_has_is_not_sent_again), T(a_part_of_another_file_is_not_sent),
	T(conditions_come_before_the_range))
