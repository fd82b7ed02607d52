/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an OS is told of its persona: kept as it was put, and refused where it cannot be. */
#include <errno.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static struct static_route route_of(const char *to, const char *via)
{
	struct static_route r = { .via = ip4_of(via) };
	if (!net4_parse(&r.to, &r.prefix, to))
		abort();
	return r;
}

/* Its name written out: what is behind a drawn one's end is no part of it. */
static struct persona named(const char *name)
{
	struct persona p = persona_of(name);
	snprintf(p.iqn, sizeof p.iqn, "iqn.2026-01.org.example:%s", name);
	return p;
}

/* Two NICs, and everything that a persona's OS can be told. */
static struct persona talkative(const char *name)
{
	struct persona p = named(name);
	p.dns[0] = ip4_of("10.77.0.53");
	p.dns[1] = ip4_of("9.9.9.9");
	p.dns[2] = ip4_of("1.1.1.1");
	p.ntp[0] = ip4_of("10.77.0.123");
	snprintf(p.domain, sizeof p.domain, "lab-1.example.org");
	p.nics = 2;
	p.nic[1] = p.nic[0];
	p.nic[0].mtu = 9000;
	p.nic[1].routes = 2;
	p.nic[1].route[0] = route_of("192.168.0.0/16", "10.77.0.254");
	p.nic[1].route[1] = route_of("10.0.0.0/8", "10.77.0.253");
	return p;
}

static void what_an_os_is_told_comes_back_as_it_was_put(void)
{
	OWN(store) struct store *s = world("");
	OWN(list) struct persona *all = NULL;
	struct persona first = talkative("a-01"), plain = named("b-01"), got;
	size_t n = 0;
	MUST(store_persona_add(s, &plain, &e));
	MUST(store_persona_add(s, &first, &e));
	struct persona last = named("c-01");
	last.ntp[0] = ip4_of("10.77.0.1");
	MUST(store_persona_add(s, &last, &e));
	MUST(store_personas(s, &all, &n, &e));
	CHECK_INT(n, 3);
	CHECK(memcmp(&all[0], &first, sizeof first) == 0);
	CHECK(memcmp(&all[1], &plain, sizeof plain) == 0);
	CHECK(memcmp(&all[2], &last, sizeof last) == 0);
	MUST(store_persona(s, "a-01", &got, &e));
	CHECK(memcmp(&got, &first, sizeof first) == 0);
	MUST(store_persona_rm(s, "a-01", &e));
	MUST(store_persona_add(s, &first, &e)); /* all of it went with it */
}

static void what_cannot_be_told_gets_one_sentence(void)
{
	static const struct {
		const char *to, *via, *words;
	} routes[] = {
		{ "10.0.0.1/8", "10.77.0.254",
			"persona p: route to 10.0.0.1/8: want a network's number, as 10.0.0.0/8" },
		{ "10.0.0.0/8", "10.78.0.254",
			"persona p: route to 10.0.0.0/8 by 10.78.0.254: want a gateway of network "
			"mgmt (10.77.0.1/24)" },
	};
	static const char *const domains[] = { ".org", "org.", "a..b", "a_b", "-a", "a-", "a.-b",
		"a-.b", "a b", "." };
	OWN(store) struct store *s = world("");
	struct persona p;
	for (size_t i = 0; i < COUNT(routes); i++) {
		p = persona_of("p");
		p.nic[0].routes = 1;
		p.nic[0].route[0] = route_of(routes[i].to, routes[i].via);
		WANT(EINVAL, routes[i].words, store_persona_add(s, &p, &e));
	}
	p.nic[0].route[0] = route_of("10.0.0.0/8", "10.77.0.254");
	p.nic[0].route[1] = p.nic[0].route[0];
	p.nic[0].routes = 2;
	WANT(EEXIST, "persona p: route to 10.0.0.0/8 is written twice",
		store_persona_add(s, &p, &e));
	p.nic[0].routes = ROUTES_MAX + 1;
	WANT(EINVAL, "persona p: 9 routes, and 8 at most can be kept",
		store_persona_add(s, &p, &e));
	p.nic[0].routes = 1;
	p.nic[0].network[0] = '\0';
	WANT(EINVAL, "persona p: route to 10.0.0.0/8: its NIC is on no network; name the network",
		store_persona_add(s, &p, &e));
	p = persona_of("p");
	p.nic[0].mtu = MTU_MIN - 1;
	WANT(EINVAL, "persona p: MTU 575: want 576 to 9216", store_persona_add(s, &p, &e));
	p.nic[0].mtu = MTU_MAX + 1;
	WANT(EINVAL, "persona p: MTU 9217: want 576 to 9216", store_persona_add(s, &p, &e));
	p.nic[0].mtu = 0;
	for (size_t i = 0; i < COUNT(domains); i++) {
		char words[200];
		snprintf(words, sizeof words,
			"persona p: domain \"%s\": want letters, digits and '-' with dots between, "
			"as "
			"example.org",
			domains[i]);
		snprintf(p.domain, sizeof p.domain, "%s", domains[i]);
		WANT(EINVAL, words, store_persona_add(s, &p, &e));
	}
	CHECK_INT(store_persona(s, "p", &p, NULL), -ENOENT);
}

static void beside_another_server_nothing_can_be_told(void)
{
	OWN(store) struct store *s = world("");
	struct network office = network_of("office", "eth1", "192.168.1.9/24");
	struct persona p = persona_of("p");
	office.mode = DHCP_MODE_PROXY;
	MUST(store_network_add(s, &office, &e));
	snprintf(p.nic[0].network, sizeof p.nic[0].network, "office");
	p.nic[0].mtu = 9000;
	WANT(EINVAL,
		"persona p: an MTU or routes on network office would not be told: its own DHCP "
		"server answers the OS there",
		store_persona_add(s, &p, &e));
	/* what is said on its other NICs may stay */
	p.nic[0].mtu = 0;
	p.ntp[0] = ip4_of("10.77.0.123");
	MUST(store_persona_add(s, &p, &e));
}

TESTS(T(what_an_os_is_told_comes_back_as_it_was_put), T(what_cannot_be_told_gets_one_sentence),
	T(beside_another_server_nothing_can_be_told))
