/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Server-sent events: as the standard's own examples, as BMCs send them, and as nobody should; each
 * stream whole, byte by byte, and in every other size of pieces. */
#include "wire/sse.h"

#include <stdlib.h>

#include "tap.h"

static struct sse s;

/* Each event as <data>, or <data>+ where it was cut. */
static const char *events_of(const char *bytes, size_t len, size_t piece)
{
	static char all[2 * SSE_DATA_MAX];
	size_t n = 0;
	sse_begin(&s);
	for (size_t at = 0; at < len;) {
		size_t some = len - at < piece ? len - at : piece;
		for (size_t took = 0; took < some;) {
			bool event;
			took += sse_take(&s, &event, bytes + at + took, some - took);
			if (event)
				n += (size_t)snprintf(all + n, sizeof all - n, "<%.*s>%s",
					(int)s.len, s.data, s.cut ? "+" : "");
		}
		at += some;
	}
	all[n] = '\0';
	return all;
}

static void check_of(const char *bytes, size_t len, const char *want)
{
	for (size_t piece = 1; piece <= len && piece < 40; piece++)
		CHECK_TEXT(events_of(bytes, len, piece), want);
	CHECK_TEXT(events_of(bytes, len, len ? len : 1), want);
}

#define CHECK_EVENTS(bytes, want) check_of(bytes, sizeof(bytes) - 1, want)

static void an_event_ends_with_an_empty_line(void)
{
	CHECK_EVENTS("data: one\n\n", "<one>");
	CHECK_EVENTS("data: one\n", "");
	CHECK_EVENTS("data: one", "");
	CHECK_EVENTS("data: a\ndata: b\n\ndata: c\n\n", "<a\nb><c>");
	CHECK_EVENTS("\n\n\ndata:x\n\n\n\n", "<x>");
	CHECK_EVENTS("", "");
}

static void one_blank_behind_the_colon_is_no_data(void)
{
	CHECK_EVENTS("data:a\n\ndata: a\n\ndata:  a\n\n", "<a><a>< a>");
	CHECK_EVENTS("data: a: b\n\n", "<a: b>");
	CHECK_EVENTS("data\n\ndata\ndata\n\ndata:\n\n", "<><\n><>");
}

static void lines_end_in_three_ways(void)
{
	CHECK_EVENTS("data: a\r\n\r\ndata: b\r\rdata: c\n\n", "<a><b><c>");
	CHECK_EVENTS("data: a\r\ndata: b\r\n\n", "<a\nb>");
	CHECK_EVENTS("data: a\n\rdata: b\r\n\r\n", "<a><b>");
}

static void comments_and_other_fields_are_nothing(void)
{
	CHECK_EVENTS(": alive\n\n", "");
	CHECK_EVENTS(":\n\ndata: a\n: alive\n\n", "<a>");
	CHECK_EVENTS("id: 7\nevent: power\ndata: a\n\n", "<a>");
	CHECK_EVENTS("id: 7\n\n", "");
	CHECK_EVENTS("dat: a\ndatas: b\nDATA: c\n data: d\ndata : e\n\n", "");
	CHECK_EVENTS("a name as long as it likes to be: x\ndata: a\n\n", "<a>");
}

static void a_mark_of_byte_order_is_read_over_once(void)
{
	CHECK_EVENTS("\xef\xbb\xbf"
		     "data: a\n\n",
		"<a>");
	CHECK_EVENTS("\xef\xbb\xbf\xef\xbb\xbf"
		     "data: a\n\n",
		"");
	CHECK_EVENTS("\xef\xbb"
		     "data: a\n\ndata: b\n\n",
		"<b>");
	CHECK_EVENTS("\xef\xef\xbb\xbf\ndata: b\n\n", "<b>");
}

static void nuls_and_bytes_of_any_value_are_data_and_no_end(void)
{
	bool event;
	static const char with_nul[] = "data: a\0b\n\n";
	sse_begin(&s);
	CHECK_INT(sse_take(&s, &event, with_nul, sizeof with_nul - 1), sizeof with_nul - 1);
	CHECK(event);
	CHECK_INT(s.len, 3);
	CHECK(memcmp(s.data, "a\0b", 3) == 0);
	CHECK_EVENTS("da\0ta: a\n\ndata: \xff\xfe\n\n", "<\xff\xfe>");
}

static void what_is_too_long_is_cut_and_the_next_is_whole(void)
{
	enum { LONG = 3 * SSE_DATA_MAX };
	char *bytes = malloc(LONG + 64);
	bool event;
	size_t took;
	int n = sprintf(bytes, "data: ");
	memset(bytes + n, 'x', LONG);
	strcpy(bytes + n + LONG, "\ndata: y\n\ndata: z\n\n");
	sse_begin(&s);
	took = sse_take(&s, &event, bytes, strlen(bytes));
	CHECK(event && s.cut);
	CHECK_INT(s.len, SSE_DATA_MAX);
	took += sse_take(&s, &event, bytes + took, strlen(bytes) - took);
	CHECK(event && !s.cut);
	CHECK_INT(s.len, 1);
	CHECK_INT(took, strlen(bytes));
	/* A line that never ends is no event. */
	memset(bytes, 'd', LONG);
	sse_begin(&s);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(sse_take(&s, &event, bytes, LONG), LONG);
		CHECK(!event);
	}
	free(bytes);
}

static void retry_of(const char *stream, uint32_t want)
{
	for (size_t piece = 1; piece < 6; piece++) {
		events_of(stream, strlen(stream), piece);
		CHECK_INT(s.retry_ms, want);
	}
}

static void how_long_to_wait_is_a_number_with_an_end(void)
{
	retry_of("retry: 2500\n", 2500);
	retry_of("retry: 2500\nretry: soon\nretry: 1e3\nretry: -1\nretry\nretry:\n", 2500);
	retry_of("retry: 2500", 0);
	retry_of("retry: 99999999999999999999999999\n", SSE_RETRY_MAX_S * 1000u);
	retry_of("retry: 12 \n", 0);
	retry_of("retry:0\n", 0);
}

TESTS(T(an_event_ends_with_an_empty_line), T(one_blank_behind_the_colon_is_no_data),
	T(lines_end_in_three_ways), T(comments_and_other_fields_are_nothing),
	T(a_mark_of_byte_order_is_read_over_once),
	T(nuls_and_bytes_of_any_value_are_data_and_no_end),
	T(what_is_too_long_is_cut_and_the_next_is_whole),
	T(how_long_to_wait_is_a_number_with_an_end))
