/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of a JSON body by a table, and fields of an event. */
#include <errno.h>

#include "base/list.h"
#include "broker/events.h"
#include "broker/members.h"
#include "tests/unit/tap.h"

struct thing {
	char name[8];
	uint64_t port;
	bool on;
	const json_t *list;
	uint32_t addr[3];
};

static int thing_read(struct thing *t, const char *text, enum members_mode mode, struct err *e)
{
	*t = (struct thing){ .port = 9 };
	*e = (struct err){ 0 };
	const struct member members[] = {
		{ "name", MEMBER_TEXT, t->name, sizeof t->name, 0, true },
		{ "port", MEMBER_UINT, &t->port, 0, 65535, false },
		{ "on", MEMBER_BOOL, &t->on, 0, 0, false },
		{ "list", MEMBER_LIST, &t->list, 0, 0, false },
		{ "addr", MEMBER_ADDRS, t->addr, 2, 0, false },
	};
	OWN(json) json_t *body = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	return members_read(body, "thing", members, COUNT(members), mode, e);
}

static void members_are_read_and_defaults_stay(void)
{
	struct thing t;
	struct err e;
	CHECK_INT(
		thing_read(&t, "{\"name\":\"a\",\"on\":true,\"list\":[1]}", MEMBERS_STRICT, &e), 0);
	CHECK_TEXT(t.name, "a");
	CHECK_INT(t.port, 9);
	CHECK(t.on && t.list);
	CHECK_INT(thing_read(&t, "{\"name\":\"a\",\"addr\":[\"10.0.0.1\",\"10.0.0.2\"]}",
			  MEMBERS_STRICT, &e),
		0);
	CHECK_INT(t.addr[0], 0x0a000001);
	CHECK_INT(t.addr[1], 0x0a000002);
	CHECK_INT(thing_read(&t, "{\"name\":\"a\",\"addr\":[]}", MEMBERS_STRICT, &e), 0);
	CHECK_INT(t.addr[0], 0);
	CHECK_INT(thing_read(&t, "{\"name\":\"a\",\"more\":1}", MEMBERS_MORE_ALLOWED, &e), 0);
}

static void wrong_members_are_named(void)
{
#define NO_ADDRS "thing: \"addr\": want a list of at most 2 IPv4 addresses, as in [\"10.77.0.2\"]"
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "[]", "thing: want a JSON object" },
		{ "{}", "thing: member \"name\" is missing" },
		{ "{\"name\":\"a\",\"size\":1}", "thing: member \"size\" is not known" },
		{ "{\"name\":\"a\",\"\\u0007x\":1}", "thing: member \"?x\" is not known" },
		{ "{\"name\":7}", "thing: \"name\" is not text" },
		{ "{\"name\":\"12345678\"}",
			"thing: \"name\" is too long: want at most 7 characters" },
		{ "{\"name\":\"a\\nb\"}",
			"thing: \"name\" has a character that is not printable ASCII" },
		{ "{\"name\":\"a\\u0000b\"}",
			"thing: \"name\" has a character that is not printable ASCII" },
		{ "{\"name\":\"a\",\"port\":65536}",
			"thing: \"port\": want a whole number of 0 to 65535" },
		{ "{\"name\":\"a\",\"port\":-1}",
			"thing: \"port\": want a whole number of 0 to 65535" },
		{ "{\"name\":\"a\",\"port\":1.5}",
			"thing: \"port\": want a whole number of 0 to 65535" },
		{ "{\"name\":\"a\",\"on\":1}", "thing: \"on\": want true or false" },
		{ "{\"name\":\"a\",\"list\":{}}", "thing: \"list\": want a list" },
		{ "{\"name\":\"a\",\"addr\":\"10.0.0.1\"}", NO_ADDRS },
		{ "{\"name\":\"a\",\"addr\":[\"10.0.0.1\",7]}", NO_ADDRS },
		{ "{\"name\":\"a\",\"addr\":[\"10.0.0.256\"]}", NO_ADDRS },
		{ "{\"name\":\"a\",\"addr\":[\"0.0.0.0\"]}", NO_ADDRS },
		{ "{\"name\":\"a\",\"addr\":[\"10.0.0.1\",\"10.0.0.2\",\"10.0.0.3\"]}", NO_ADDRS },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct thing t;
		struct err e;
		CHECK_INT(thing_read(&t, bad[i].text, MEMBERS_STRICT, &e), -EINVAL);
		CHECK_TEXT(e.text, bad[i].why);
	}
}

static void a_field_is_found_whole_and_undone(void)
{
	char to[16];
	CHECK(event_field(to, sizeof to, "mac=1 stage=os what=a%20b", "stage"));
	CHECK_TEXT(to, "os");
	CHECK(event_field(to, sizeof to, "mac=1 what=a%20b", "what"));
	CHECK_TEXT(to, "a b");
	CHECK(event_field(to, sizeof to, "mac= stage=os", "mac"));
	CHECK_TEXT(to, "");
	CHECK(!event_field(to, sizeof to, "mac=1 substage=os", "stage"));
	CHECK(!event_field(to, sizeof to, "mac=1", "ma"));
	CHECK(!event_field(to, sizeof to, "what=%2", "what"));
	CHECK(!event_field(to, sizeof to, "what=0123456789abcdef", "what"));
	CHECK(event_field(to, sizeof to, "what=%0a%00", "what"));
	CHECK_TEXT(to, "??");
}

TESTS(T(members_are_read_and_defaults_stay), T(wrong_members_are_named),
	T(a_field_is_found_whole_and_undone))
