/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which questions are looked at when there are too many, and what the broker hears of the rest. */
#include "edge/limit.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "tests/unit/tap.h"
#include "tests/unit/world.h"

enum { RATE = 16, RELAY_RATE = 100 };

static struct world w;
static struct err e;

static void site(uint32_t mac_rate, uint32_t relay_rate)
{
	world_init(&w, PHASE_PERSONA);
	w.source.mac_rate = mac_rate;
	w.source.relay_rate = relay_rate;
	if (world_build(&w, &e) < 0)
		abort();
}

static bool ask(
	struct limit *l, const struct mac *m, uint32_t giaddr, int interface, uint64_t now_s)
{
	uint8_t bytes[300] = { 1, 1, 6 };
	for (int i = 0; i < 4; i++)
		bytes[24 + i] = (uint8_t)(giaddr >> (24 - 8 * i));
	memcpy(bytes + 28, m->b, sizeof m->b);
	struct engine_ask a = {
		.bytes = bytes, .len = sizeof bytes, .interface_index = interface, .now_s = now_s
	};
	return limit_allows(l, &w.table, &a);
}

static struct mac stranger(unsigned n)
{
	return (struct mac){ { 0x06, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
		(uint8_t)n } };
}

static unsigned of_one(struct limit *l, const struct mac *m, unsigned times, uint64_t now_s)
{
	unsigned allowed = 0;
	while (times-- > 0)
		allowed += ask(l, m, 0, 1, now_s);
	return allowed;
}

/* Each of another MAC, through the relay (0: by interface 1). */
static unsigned of_strangers(
	struct limit *l, uint32_t relay, unsigned from, unsigned n, uint64_t now_s)
{
	unsigned allowed = 0;
	for (unsigned i = from; i < from + n; i++) {
		struct mac m = stranger(i);
		allowed += ask(l, &m, relay, 1, now_s);
	}
	return allowed;
}

static void a_known_mac_has_its_rate_and_some_at_once(void)
{
	struct limit *l = limit_new();
	struct mac a = world_mac("52:54:00:aa:00:01"), p = world_mac("02:ba:70:00:00:01");
	site(RATE, RELAY_RATE);
	CHECK_INT(of_one(l, &a, 1000, 50), RATE * LIMIT_BURST);
	CHECK_INT(of_one(l, &a, 1000, 51), RATE);
	CHECK_INT(of_one(l, &a, 1000, 53), 2 * RATE);
	/* another MAC has its own */
	CHECK_INT(of_one(l, &p, 1000, 53), RATE * LIMIT_BURST);
	world_fini(&w);
	free(l);
}

static void strangers_share_what_their_way_in_has(void)
{
	struct limit *l = limit_new();
	struct mac a = world_mac("52:54:00:aa:00:01"), m = stranger(9999999);
	site(RATE, RELAY_RATE);
	CHECK_INT(of_strangers(l, 0, 0, 5000, 50), RELAY_RATE * LIMIT_BURST);
	CHECK_INT(of_strangers(l, 0, 5000, 5000, 51), RELAY_RATE);
	/* another interface, a relay, and above all the machines that are known are let in */
	CHECK(ask(l, &m, 0, 2, 51));
	CHECK_INT(of_strangers(l, world_ip("10.88.0.254"), 0, 5000, 51), RELAY_RATE * LIMIT_BURST);
	CHECK(ask(l, &a, 0, 1, 51));
	CHECK(ask(l, &a, world_ip("10.88.0.254"), 1, 51));
	world_fini(&w);
	free(l);
}

static void invented_relays_have_a_limit_together(void)
{
	struct limit *l = limit_new();
	unsigned allowed = 0;
	site(RATE, RELAY_RATE);
	for (unsigned i = 0; i < 20000; i++)
		allowed += of_strangers(l, 0x0a000000 + i * 257, i, 1, 50);
	CHECK_INT(allowed, RELAY_RATE * LIMIT_BURST * LIMIT_ALL);
	world_fini(&w);
	free(l);
}

static void none_is_none(void)
{
	struct limit *l = limit_new();
	struct mac a = world_mac("52:54:00:aa:00:01");
	site(0, 0);
	CHECK_INT(of_one(l, &a, 5000, 50), 5000);
	CHECK_INT(of_strangers(l, 0, 0, 5000, 50), 5000);
	world_fini(&w);
	free(l);
}

static void the_broker_hears_how_many_now_and_then(void)
{
	struct limit *l = limit_new();
	struct mac a = world_mac("52:54:00:aa:00:01");
	int ends[2];
	char said[256] = "";
	site(RATE, RELAY_RATE);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		abort();
	limit_tell(l, ends[0], 50);
	CHECK(recv(ends[1], said, sizeof said, MSG_DONTWAIT) < 0);
	of_one(l, &a, 100, 50);
	limit_tell(l, ends[0], 50);
	CHECK(recv(ends[1], said, sizeof said - 1, MSG_DONTWAIT) > 0);
	CHECK_TEXT(said, "dhcp-limited mac=52:54:00:aa:00:01 dropped=36");
	/* not again at once, and then with all that came since */
	of_strangers(l, world_ip("10.88.0.254"), 0, RELAY_RATE * LIMIT_BURST + 7, 51);
	limit_tell(l, ends[0], 51);
	CHECK(recv(ends[1], said, sizeof said, MSG_DONTWAIT) < 0);
	limit_tell(l, ends[0], 60);
	memset(said, 0, sizeof said);
	CHECK(recv(ends[1], said, sizeof said - 1, MSG_DONTWAIT) > 0);
	CHECK_TEXT(said, "dhcp-limited via=10.88.0.254 dropped=7");
	world_fini(&w);
	free(l);
}

TESTS(T(a_known_mac_has_its_rate_and_some_at_once), T(strangers_share_what_their_way_in_has),
	T(invented_relays_have_a_limit_together), T(none_is_none),
	T(the_broker_hears_how_many_now_and_then))
