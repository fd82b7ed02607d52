/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who counts as a stranger, and who is forgotten when there are too many. */
#include "broker/strangers.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static void strangers_drop(struct strangers **s)
{
	strangers_close(*s);
}

static void heard(struct strangers *s, enum event ev, double at_s, const char *text)
{
	struct event_row row = { .at_s = at_s };
	snprintf(row.text, sizeof row.text, "%s", text);
	strangers_heard(s, ev, &row);
}

static void who_is_nobodys_is_listed_with_what_it_said(void)
{
	OWN(strangers) struct strangers *s = NULL;
	const struct stranger *all[STRANGERS_MAX];
	MUST(strangers_open(&s, &e));
	heard(s, EV_dhcp_silent, 10,
		"mac=52:54:00:00:00:01 why=unknown-machine network=mgmt stage=firmware arch=7 "
		"uuid=11111111-2222-3333-4444-555555555555 circuit=eth1/7 remote=sw-1");
	heard(s, EV_dhcp_silent, 11, "mac=52:54:00:00:00:02 why=stale-body network=mgmt");
	heard(s, EV_dhcp_silent, 12, "mac=nonsense why=unknown-machine network=mgmt");
	heard(s, EV_dhcp_answered, 13, "mac=52:54:00:00:00:03 stage=os deed=lease network=guests");
	heard(s, EV_dhcp_answered, 14, "mac=52:54:00:00:00:04 stage=os machine=a deed=persona");
	heard(s, EV_dhcp_silent, 15, "mac=52:54:00:00:00:05 why=unknown-machine network=-");
	/* Its OS says less than its firmware did. */
	heard(s, EV_dhcp_silent, 20,
		"mac=52:54:00:00:00:01 why=unknown-machine network=mgmt stage=os");
	CHECK_INT(strangers_list(all, s), 3);
	CHECK_INT(all[0]->mac.b[5], 1);
	CHECK_TEXT(all[0]->stage, "os");
	CHECK_INT(all[0]->arch, 7);
	CHECK(!uuid_is_zero(&all[0]->uuid));
	CHECK_INT(all[0]->times, 2);
	CHECK(all[0]->first_s == 10 && all[0]->last_s == 20);
	CHECK_TEXT(all[0]->circuit, ""); /* where it asked last */
	CHECK_INT(all[1]->mac.b[5], 5);
	CHECK_TEXT(all[1]->network, "");
	CHECK_TEXT(all[2]->network, "guests");
}

static void made_up_macs_do_not_push_out_who_goes_on_asking(void)
{
	OWN(strangers) struct strangers *s = NULL;
	const struct stranger *all[STRANGERS_MAX];
	char text[120];
	bool there = false;
	MUST(strangers_open(&s, &e));
	heard(s, EV_dhcp_silent, 1, "mac=52:54:00:00:00:01 why=unknown-machine network=mgmt");
	heard(s, EV_dhcp_silent, 2, "mac=52:54:00:00:00:01 why=unknown-machine network=mgmt");
	for (unsigned i = 0; i < 10 * STRANGERS_MAX; i++) {
		snprintf(text, sizeof text, "mac=06:00:00:00:%02x:%02x why=unknown-machine", i >> 8,
			i & 255);
		heard(s, EV_dhcp_silent, 10 + i, text);
	}
	size_t n = strangers_list(all, s);
	CHECK_INT(n, STRANGERS_MAX);
	for (size_t i = 0; i < n; i++)
		there |= all[i]->mac.b[0] == 0x52;
	CHECK(there);
	CHECK_INT(all[0]->mac.b[4], (10 * STRANGERS_MAX - 1) >> 8);
}

TESTS(T(who_is_nobodys_is_listed_with_what_it_said),
	T(made_up_macs_do_not_push_out_who_goes_on_asking))
