/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events are alarms, in which words, for how long, and who can push whom out of the list. */
#include "broker/alarms.h"

#include "base/list.h"
#include "base/own.h"
#include "broker/broker.h"
#include "broker/events.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;
static struct alarms alarms;
static const struct alarm *now[ALARMS_MAX];

static void note(const char *word, double at_s, const char *text)
{
	struct event_row row = { .at_s = at_s };
	snprintf(row.word, sizeof row.word, "%s", word);
	snprintf(row.text, sizeof row.text, "%s", text);
	alarms_note(&alarms, &row);
}

static void an_alarm_is_a_sentence_with_what_to_do(void)
{
	alarms = (struct alarms){ 0 };
	note("dhcp-foreign", 1000,
		"network=mgmt addr=10.77.0.9 server-mac=52:54:00:00:00:99 offered=10.77.0.55");
	note("proxy-ignored", 1010, "mac=52:54:00:aa:00:01 machine=blade-a");
	note("dhcp-answered", 1020, "mac=52:54:00:aa:00:01 machine=blade-a");
	CHECK_INT(alarms_now(now, &alarms, 1030), 2);
	CHECK_TEXT(alarm_word(now[0]), "proxy-ignored");
	CHECK(!alarm_is_of_served(now[0]));
	CHECK_TEXT(now[0]->network, "");
	CHECK(strstr(now[0]->text, "machine blade-a took an address") == now[0]->text);
	CHECK(strstr(now[0]->text, "its NIC 52:54:00:aa:00:01 does not listen") != NULL);
	CHECK_TEXT(alarm_word(now[1]), "dhcp-foreign");
	CHECK(alarm_is_of_served(now[1]));
	CHECK_TEXT(now[1]->network, "mgmt");
	CHECK_TEXT(now[1]->text,
		"another DHCP server answers on network mgmt: 10.77.0.9, MAC 52:54:00:00:00:99, "
		"which has offered 10.77.0.55; switch it off, or serve this network with --mode "
		"proxy");
}

static void what_is_not_said_is_left_out(void)
{
	alarms = (struct alarms){ 0 };
	note("dhcp-foreign", 1000, "network=mgmt addr=10.77.0.9 server-mac=52:54:00:00:00:99");
	CHECK_INT(alarms_now(now, &alarms, 1000), 1);
	CHECK(strstr(now[0]->text, "10.77.0.9, MAC 52:54:00:00:00:99; switch it off") != NULL);
	note("dhcp-foreign", 1001, "network=mgmt");
	CHECK_INT(alarms_now(now, &alarms, 1001), 2);
	CHECK(strstr(now[0]->text, "network mgmt: -; switch it off") != NULL);
}

static void a_crash_is_an_alarm_for_a_day(void)
{
	alarms = (struct alarms){ 0 };
	note("child-crashed", 1000,
		"program=baton-edge signal=SIGSEGV kind=dhcp from=10.88.0.9 "
		"file=/var/lib/baton/crash/1");
	note("child-crashed", 1001, "program=baton-files signal=SIGSYS");
	CHECK_INT(alarms_now(now, &alarms, 1001 + 86000), 2);
	CHECK_TEXT(now[0]->text,
		"baton-files was ended by SIGSYS, and was started again; nothing was kept");
	CHECK_TEXT(now[1]->text,
		"baton-edge was ended by SIGSEGV over what came by dhcp from 10.88.0.9, and was "
		"started again; the bytes are kept in /var/lib/baton/crash/1");
	note("child-crashed", 1002, "program=baton-edge signal=SIGABRT kind=tftp");
	CHECK_INT(alarms_now(now, &alarms, 1002), 2);
	CHECK_TEXT(now[0]->text, "baton-edge was ended by SIGABRT over what came by tftp, and was "
				 "started again; nothing was kept");
	CHECK_INT(alarms_now(now, &alarms, 1002 + 86400), 0);
}

static void the_same_alarm_again_is_one_and_ends_after_a_quarter_of_an_hour(void)
{
	alarms = (struct alarms){ 0 };
	note("dhcp-foreign", 1000, "network=mgmt addr=10.77.0.9");
	note("dhcp-foreign", 1100, "network=mgmt addr=10.77.0.9");
	note("dhcp-foreign", 1200, "network=mgmt addr=10.77.0.8");
	CHECK_INT(alarms_now(now, &alarms, 1200), 2);
	CHECK_INT(alarms_now(now, &alarms, 1100 + 899), 2);
	CHECK_INT(alarms_now(now, &alarms, 1100 + 900), 1);
	CHECK_INT((int)now[0]->at_s, 1200);
	CHECK_INT(alarms_now(now, &alarms, 1200 + 900), 0);
	/* the clock was set back */
	CHECK_INT(alarms_now(now, &alarms, 10), 2);
}

static void a_thousand_of_one_kind_push_out_none_of_another(void)
{
	alarms = (struct alarms){ 0 };
	unsigned of_kind = 0;
	for (int i = 0; i < 1000; i++) {
		char text[80];
		snprintf(text, sizeof text, "network=mgmt addr=10.77.%d.%d", i / 200, i % 200);
		note("dhcp-foreign", 1000 + i / 10, text);
		if (i == 500)
			note("proxy-ignored", 1000, "mac=52:54:00:aa:00:01 machine=blade-a");
	}
	CHECK_INT(alarms_now(now, &alarms, 1100), ALARMS_MAX);
	for (size_t i = 0; i < ALARMS_MAX; i++)
		of_kind += strcmp(alarm_word(now[i]), "proxy-ignored") == 0;
	CHECK_INT(of_kind, 1);
}

static void a_field_that_is_too_long_cuts_and_spoils_nothing(void)
{
	char text[480] = "network=mgmt addr=";
	alarms = (struct alarms){ 0 };
	memset(text + strlen(text), 'x', 400);
	note("dhcp-foreign", 1000, text);
	memcpy(text, "network=xxxxx", 13);
	memset(text + 13, 'y', 400);
	note("dhcp-foreign", 1001, text);
	CHECK_INT(alarms_now(now, &alarms, 1002), 2);
	CHECK_TEXT(now[0]->network, "");
	CHECK(strlen(now[0]->text) < sizeof now[0]->text);
}

static bool take(struct events *v, const char *line)
{
	return events_take(v, line, strlen(line));
}

static void the_edge_may_say_them_and_a_later_broker_knows(void)
{
	OWN(store) struct store *s = peopled("");
	struct events *v = NULL;
	MUST(events_open(&v, s, NULL, NULL, &e));
	CHECK_INT(alarms_now(now, events_alarms(v), now_s()), 0);
	CHECK(take(v, "dhcp-foreign network=mgmt addr=10.77.0.9 server-mac=52:54:00:00:00:99"));
	CHECK(take(v, "proxy-ignored mac=52:54:00:aa:00:01 machine=blade-a"));
	CHECK(take(v, "child-crashed program=baton-edge signal=SIGSEGV"));
	CHECK(take(v, "dhcp-limited mac=52:54:00:aa:00:01 dropped=12"));
	CHECK(take(v, "dhcp-left mac=52:54:00:aa:00:01 stage=os machine=blade-a deed=persona "
		      "generation=1 addr=10.77.0.9"));
	CHECK_INT(alarms_now(now, events_alarms(v), now_s()), 3);
	events_close(v);
	MUST(events_open(&v, s, NULL, NULL, &e));
	CHECK_INT(alarms_now(now, events_alarms(v), now_s()), 3);
	CHECK_INT(alarms_now(now, events_alarms(v), now_s() + 1000), 1);
	events_close(v);
}

TESTS(T(an_alarm_is_a_sentence_with_what_to_do), T(what_is_not_said_is_left_out),
	T(a_crash_is_an_alarm_for_a_day),
	T(the_same_alarm_again_is_one_and_ends_after_a_quarter_of_an_hour),
	T(a_thousand_of_one_kind_push_out_none_of_another),
	T(a_field_that_is_too_long_cuts_and_spoils_nothing),
	T(the_edge_may_say_them_and_a_later_broker_knows))
