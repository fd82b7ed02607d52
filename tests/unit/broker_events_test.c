/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What edge and files may say to the broker, what becomes of it, and what was seen last. */
#include "broker/events.h"

#include <errno.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/broker.h"
#include "broker/members.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;
static unsigned heard;

static void on_heard(void *ctx, enum event ev, const struct event_row *row)
{
	(void)ctx, (void)ev, (void)row;
	heard++;
}

static void events_drop(struct events **v)
{
	events_close(*v);
}

static bool take(struct events *v, const char *line)
{
	return events_take(v, line, strlen(line));
}

static void what_the_data_path_may_not_say_is_not_believed(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(events) struct events *v = NULL;
	OWN(list) struct event_row *row = NULL;
	size_t n = 0;
	MUST(events_open(&v, s, on_heard, NULL, &e));
	heard = 0;
	CHECK(take(v, "dhcp-silent mac=52:54:00:00:00:99 why=unknown-machine network=mgmt\n"));
	CHECK(!take(v, "order-done order=1"));
	CHECK(!take(v, "no-such-word x=1"));
	CHECK(!take(v, ""));
	CHECK(!take(v, "\n"));
	CHECK(!take(v, " dhcp-silent"));
	CHECK(!take(v, "dhcp-silent  why=two-blanks"));
	CHECK(!take(v, "dhcp-silent why=\x1b[2J"));
	CHECK(!take(v, "dhcp-silent why=\xff"));
	CHECK(!events_take(v, "dhcp-silent\0why=x", 17));
	char much[1200];
	memset(much, 'x', sizeof much - 1);
	memcpy(much, "dhcp-silent ", 12);
	much[sizeof much - 1] = '\0';
	CHECK(!take(v, much));
	CHECK_INT(heard, 1);
	MUST(store_events(s, 0, 0, 100, &row, &n, &e));
	CHECK_INT(n, 1);
	CHECK_TEXT(row[0].text, "mac=52:54:00:00:00:99 why=unknown-machine network=mgmt");
	CHECK(take(v, "dhcp-foreign network=mgmt addr=10.0.0.9 server-mac=02:00:00:00:00:99\n"));
	CHECK(take(v, "ipv6-asked mac=52:54:00:00:00:99 machine=blade-a what=solicit\n"));
	CHECK_INT(heard, 3);
}

static void what_was_seen_is_told_with_its_age(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(events) struct events *v = NULL, *later = NULL;
	char seen[EVENT_SEEN];
	MUST(events_open(&v, s, on_heard, NULL, &e));
	event_last_of(seen, v, "blade-a");
	CHECK_TEXT(seen, "nothing yet");
	CHECK(take(v, "script-sent mac=52:54:00:aa:00:01 machine=blade-a script=shim.ipxe"));
	event_last_of(seen, v, "blade-a");
	CHECK_TEXT(seen, "script-sent shim.ipxe 0 s ago");
	static const struct {
		double ago_s;
		const char *text;
	} ages[] = { { 90, "shim-sent initrd.img 90 s ago" },
		{ 600, "shim-sent initrd.img 10 min ago" },
		{ 36000, "shim-sent initrd.img 10 h ago" },
		{ 864000, "shim-sent initrd.img 10 days ago" } };
	for (size_t i = 0; i < COUNT(ages); i++) {
		struct event_row row = { .at_s = now_s() - ages[i].ago_s, .level = 6 };
		strcpy(row.word, "shim-sent");
		strcpy(row.machine, "blade-b");
		strcpy(row.text, "machine=blade-b file=initrd.img");
		MUST(store_event_add(s, &row, &e));
		/* As a broker that starts finds it. */
		MUST(events_open(&later, s, on_heard, NULL, &e));
		event_last_of(seen, later, "blade-b");
		CHECK_TEXT(seen, ages[i].text);
		events_close(TAKE(later));
	}
}

static void what_the_broker_says_is_one_plain_line(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(events) struct events *v = NULL;
	OWN(list) struct event_row *row = NULL;
	size_t n = 0;
	MUST(events_open(&v, s, on_heard, NULL, &e));
	event_say(v, EV_report_refused, &(struct event_about){ 0 }, "why=a\nb\x1b[0m \xc3\xa4");
	MUST(store_events(s, 0, 0, 100, &row, &n, &e));
	CHECK_INT(n, 1);
	CHECK_TEXT(row[0].text, "why=a?b?[0m ??");
	char small[5];
	plain_text(small, sizeof small, "longer");
	CHECK_TEXT(small, "long");
}

TESTS(T(what_the_data_path_may_not_say_is_not_believed), T(what_was_seen_is_told_with_its_age),
	T(what_the_broker_says_is_one_plain_line))
