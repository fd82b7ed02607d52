/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Firmware that was told what to boot beside another DHCP server: who asked for it, who did not. */
#include "edge/proxied.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "engine/asked.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"

#define A "52:54:00:aa:00:01"

static struct world w;
static struct proxied p;
static int ends[2];
static char said[256];

static void begin(void)
{
	struct err e;
	world_init(&w, PHASE_PERSONA);
	w.network[0].mode = DHCP_MODE_PROXY;
	p = (struct proxied){ .count = 0 };
	if (world_build(&w, &e) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		abort();
}

/* A question of blade-a, and what became of it: an offer from us, or nothing. */
static void asks(enum boot_stage stage, unsigned type, uint32_t wanted, bool offered, bool on_4011,
	uint64_t now_s)
{
	struct engine_answer a = { .heard = true, .type = type, .wanted = wanted, .len = offered };
	struct engine_ask ask = { .now_s = now_s, .pxe = on_4011 };
	a.ask.mac = world_mac(A);
	a.ask.stage = stage;
	if (offered) {
		a.plan.network = &w.table.network[0];
		a.plan.machine = &w.table.machine[0];
	}
	proxied_answer(&p, &a, &w.table, &ask);
}

static const char *told(uint64_t now_s)
{
	memset(said, 0, sizeof said);
	proxied_look(&p, ends[0], now_s);
	return recv(ends[1], said, sizeof said - 1, MSG_DONTWAIT) > 0 ? said : "nothing";
}

static void takes_an_address(uint64_t now_s)
{
	asks(STAGE_FIRMWARE, DHCP_DISCOVER, 0, true, false, now_s);
	asks(STAGE_FIRMWARE, DHCP_REQUEST, world_ip("10.77.0.99"), false, false, now_s + 1);
}

static void one_that_asks_for_nothing_is_told_of_once(void)
{
	begin();
	takes_an_address(50);
	CHECK_TEXT(told(60), "nothing");
	CHECK(proxied_look(&p, -1, 60));
	CHECK_TEXT(told(51 + PROXIED_WAIT_S), "proxy-ignored mac=" A " machine=blade-a");
	CHECK_TEXT(told(200), "nothing");
	CHECK(!proxied_look(&p, -1, 200));
	world_fini(&w);
}

static void one_that_fetches_a_file_listens(void)
{
	begin();
	takes_an_address(50);
	proxied_fetched(&p, world_ip("10.77.0.98"));
	proxied_fetched(&p, world_ip("10.77.0.99"));
	CHECK_TEXT(told(200), "nothing");
	CHECK_INT(p.count, 0);
	world_fini(&w);
}

static void one_that_asks_on_4011_or_runs_ipxe_listens(void)
{
	begin();
	takes_an_address(50);
	asks(STAGE_FIRMWARE, DHCP_REQUEST, world_ip("10.77.0.99"), true, true, 52);
	CHECK_TEXT(told(200), "nothing");
	takes_an_address(250);
	asks(STAGE_IPXE, DHCP_DISCOVER, 0, true, false, 255);
	CHECK_TEXT(told(400), "nothing");
	world_fini(&w);
}

static void one_that_gets_no_address_is_the_other_servers_affair(void)
{
	begin();
	asks(STAGE_FIRMWARE, DHCP_DISCOVER, 0, true, false, 50);
	CHECK_TEXT(told(1000), "nothing");
	CHECK_INT(p.count, 0);
	world_fini(&w);
}

static void where_baton_gives_the_addresses_nobody_is_watched(void)
{
	begin();
	world_fini(&w);
	world_init(&w, PHASE_PERSONA);
	if (world_build(&w, NULL) < 0)
		abort();
	takes_an_address(50);
	CHECK_INT(p.count, 0);
	world_fini(&w);
}

TESTS(T(one_that_asks_for_nothing_is_told_of_once), T(one_that_fetches_a_file_listens),
	T(one_that_asks_on_4011_or_runs_ipxe_listens),
	T(one_that_gets_no_address_is_the_other_servers_affair),
	T(where_baton_gives_the_addresses_nobody_is_watched))
