/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks behind relays, several on one wire, and those with a DHCP server of their own. */
#include <errno.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

/* A network that relays reach. */
static struct network relayed(const char *name, const char *cidr)
{
	return network_of(name, "", cidr);
}

static void networks_come_back_with_mode_wire_and_relays(void)
{
	OWN(store) struct store *s = world("");
	OWN(list) struct network *all = NULL;
	struct network far = relayed("far", "10.88.0.0/24"), got;
	struct network office = network_of("office", "eth1", "192.168.1.9/24");
	struct network old = network_of("old", "mgmt0", "10.90.0.1/24");
	size_t n = 0;
	far.relays = 3;
	far.relay[0] = ip4_of("10.66.0.9");
	far.relay[1] = ip4_of("10.66.0.2");
	far.relay[2] = ip4_of("10.65.0.7");
	far.gateway = ip4_of("10.88.0.254");
	far.pool_from = ip4_of("10.88.0.10");
	far.pool_to = ip4_of("10.88.0.20");
	office.mode = DHCP_MODE_PROXY;
	snprintf(old.link, sizeof old.link, "mgmt");
	MUST(store_network_add(s, &far, &e));
	MUST(store_network_add(s, &office, &e));
	MUST(store_network_add(s, &old, &e));
	MUST(store_networks(s, &all, &n, &e));
	CHECK_INT(n, 4);
	CHECK(memcmp(&all[0], &far, sizeof far) == 0);
	CHECK(memcmp(&all[2], &office, sizeof office) == 0);
	CHECK(memcmp(&all[3], &old, sizeof old) == 0);
	MUST(store_network(s, "far", &got, &e));
	CHECK(memcmp(&got, &far, sizeof far) == 0);
	MUST(store_network_rm(s, "far", &e));
	WANT(ENOENT, "network far: no such network; `baton network add` makes one",
		store_network(s, "far", &got, &e));
	MUST(store_network_add(s, &far, &e)); /* its relays went with it */
}

static void an_address_is_drawn_from_a_relayed_networks_pool(void)
{
	OWN(store) struct store *s = world("");
	struct network far = relayed("far", "10.88.0.0/24");
	struct machine m = machine_of("m", "52:54:00:00:00:01");
	far.pool_from = ip4_of("10.88.0.10");
	far.pool_to = ip4_of("10.88.0.20");
	MUST(store_network_add(s, &far, &e));
	snprintf(m.nic[0].network, sizeof m.nic[0].network, "far");
	MUST(store_machine_add(s, &m, &e));
	CHECK_INT(m.nic[0].addr, ip4_of("10.88.0.10"));
	WANT(EBUSY, "network far: machine m has a NIC on it; `baton machine rm m` first",
		store_network_rm(s, "far", &e));
}

static void a_place_that_cannot_be_gets_one_sentence(void)
{
	OWN(store) struct store *s = world("");
	struct network n = relayed("far", "10.88.0.1/24");
	WANT(EINVAL,
		"network far: 10.88.0.1/24: want the interface that has this address, or "
		"10.88.0.0/24, the network's number, where only relays reach it",
		store_network_add(s, &n, &e));
	n = relayed("far", "10.88.0.0/24");
	n.gateway = ip4_of("10.88.0.0");
	WANT(EINVAL, "network far: gateway 10.88.0.0 lies outside of 10.88.0.0/24",
		store_network_add(s, &n, &e));
	n = relayed("far", "10.77.0.0/16");
	WANT(EEXIST, "network far: its addresses overlap those of network mgmt",
		store_network_add(s, &n, &e));
}

static void a_relay_that_cannot_be_gets_one_sentence(void)
{
	OWN(store) struct store *s = world("");
	struct network n = relayed("far", "10.88.0.0/24");
	n.relays = 1;
	n.relay[0] = ip4_of("10.88.0.254");
	WANT(EINVAL,
		"network far: relay 10.88.0.254: want an address outside of it; relays inside are "
		"believed unnamed",
		store_network_add(s, &n, &e));
	n.relay[0] = ip4_of("10.77.0.9");
	WANT(EEXIST, "network far: relay 10.77.0.9 is of network mgmt, and so is believed unnamed",
		store_network_add(s, &n, &e));
	n.relay[0] = 0;
	WANT(EINVAL,
		"network far: relay 0.0.0.0: want an address outside of it; relays inside are "
		"believed unnamed",
		store_network_add(s, &n, &e));
	n.relays = 2;
	n.relay[0] = n.relay[1] = ip4_of("10.66.0.9");
	WANT(EEXIST, "network far: relay 10.66.0.9 is written twice", store_network_add(s, &n, &e));
	n.relays = RELAYS_MAX + 1;
	WANT(EINVAL, "network far: 5 relays, and 4 at most can be kept",
		store_network_add(s, &n, &e));
	n.relays = 1;
	MUST(store_network_add(s, &n, &e));
	struct network other = relayed("other", "10.89.0.0/24");
	other.relays = 1;
	other.relay[0] = ip4_of("10.66.0.9");
	WANT(EEXIST, "network other: relay 10.66.0.9 belongs to network far",
		store_network_add(s, &other, &e));
}

static void an_interface_is_shared_by_one_wire_only(void)
{
	OWN(store) struct store *s = world("");
	struct network n = network_of("old", "mgmt0", "10.90.0.1/24");
	WANT(EEXIST,
		"network old: interface mgmt0 belongs to network mgmt; want a link to that one if "
		"both are on its wire",
		store_network_add(s, &n, &e));
	snprintf(n.link, sizeof n.link, "old");
	WANT(EINVAL, "network old: a link to itself; want another network on the same wire",
		store_network_add(s, &n, &e));
	snprintf(n.link, sizeof n.link, "none");
	WANT(ENOENT, "network old: link none: no such network; add that one first",
		store_network_add(s, &n, &e));
	snprintf(n.link, sizeof n.link, "mgmt");
	MUST(store_network_add(s, &n, &e));

	/* in a chain, and without an address of ours there */
	struct network third = relayed("third", "10.91.0.0/24");
	snprintf(third.link, sizeof third.link, "old");
	MUST(store_network_add(s, &third, &e));
	struct network fourth = network_of("fourth", "mgmt0", "10.92.0.1/24");
	snprintf(fourth.link, sizeof fourth.link, "third");
	MUST(store_network_add(s, &fourth, &e));

	/* on another wire */
	struct network other = network_of("other", "eth1", "10.93.0.1/24");
	MUST(store_network_add(s, &other, &e));
	struct network wrong = network_of("wrong", "mgmt0", "10.94.0.1/24");
	snprintf(wrong.link, sizeof wrong.link, "other");
	WANT(EEXIST,
		"network wrong: interface mgmt0 belongs to network fourth; want a link to that one "
		"if both are on its wire",
		store_network_add(s, &wrong, &e));

	WANT(EBUSY, "network mgmt: network old is linked to it; `baton network rm old` first",
		store_network_rm(s, "mgmt", &e));
	MUST(store_network_rm(s, "fourth", &e));
	MUST(store_network_rm(s, "third", &e));
	MUST(store_network_rm(s, "old", &e));
	MUST(store_network_rm(s, "mgmt", &e));
}

static void beside_another_server_no_address_is_given(void)
{
	OWN(store) struct store *s = world("");
	struct network n = relayed("office", "192.168.1.0/24");
	n.mode = DHCP_MODE_PROXY;
	WANT(EINVAL,
		"network office: mode proxy: want an interface and no relays; beside another DHCP "
		"server Baton has to hear the machines itself",
		store_network_add(s, &n, &e));
	n = network_of("office", "eth1", "192.168.1.9/24");
	n.mode = DHCP_MODE_PROXY;
	n.unknown = UNKNOWN_LEASE;
	static const char no_pool[] =
		"network office: mode proxy: want no pool, and unknown silence; the network's own "
		"DHCP server gives the addresses";
	WANT(EINVAL, no_pool, store_network_add(s, &n, &e));
	n.unknown = UNKNOWN_SILENCE;
	n.pool_from = ip4_of("192.168.1.20");
	n.pool_to = ip4_of("192.168.1.30");
	WANT(EINVAL, no_pool, store_network_add(s, &n, &e));
	n.pool_from = n.pool_to = 0;
	snprintf(n.link, sizeof n.link, "mgmt");
	WANT(EINVAL,
		"network office: mode proxy, and network mgmt on the same wire has mode serve; "
		"want "
		"the same",
		store_network_add(s, &n, &e));
	n.link[0] = '\0';
	MUST(store_network_add(s, &n, &e));

	/* no pool, and still no address is wanted of anybody; one may be written down */
	struct machine m = machine_of("m", "52:54:00:00:00:01");
	struct persona p = persona_of("p");
	snprintf(m.nic[0].network, sizeof m.nic[0].network, "office");
	snprintf(p.nic[0].network, sizeof p.nic[0].network, "office");
	MUST(store_machine_add(s, &m, &e));
	MUST(store_persona_add(s, &p, &e));
	CHECK_INT(m.nic[0].addr, 0);
	CHECK_INT(p.nic[0].addr, 0);
	m = machine_of("m2", "52:54:00:00:00:02");
	snprintf(m.nic[0].network, sizeof m.nic[0].network, "office");
	m.nic[0].addr = ip4_of("192.168.1.77");
	MUST(store_machine_add(s, &m, &e));
	CHECK_INT(m.nic[0].addr, ip4_of("192.168.1.77"));
}

static void an_isolated_network_leads_nowhere(void)
{
	OWN(store) struct store *s = world("");
	struct network iso = network_of("iso", "eth7", "10.99.0.1/24"), got;
	struct network on = network_of("on", "eth7", "10.98.0.1/24");
	iso.isolated = true;
	iso.gateway = ip4_of("10.99.0.254");
	CHECK_INT(store_network_add(s, &iso, &e), -EINVAL);
	CHECK(strstr(e.text, "want no gateway and no link"));
	iso.gateway = 0;
	snprintf(iso.link, sizeof iso.link, "mgmt");
	CHECK_INT(store_network_add(s, &iso, &e), -EINVAL);
	memset(iso.link, 0, sizeof iso.link);
	iso.relays = 1;
	iso.relay[0] = ip4_of("10.66.0.9");
	CHECK_INT(store_network_add(s, &iso, &e), -EINVAL);
	CHECK(strstr(e.text, "no relays"));
	iso.relays = iso.relay[0] = 0;
	MUST(store_network_add(s, &iso, &e));
	MUST(store_network(s, "iso", &got, &e));
	CHECK(memcmp(&got, &iso, sizeof got) == 0);
	snprintf(on.link, sizeof on.link, "iso");
	CHECK_INT(store_network_add(s, &on, &e), -EINVAL);
	CHECK(strstr(e.text, "network iso is isolated"));
}

TESTS(T(an_isolated_network_leads_nowhere), T(networks_come_back_with_mode_wire_and_relays),
	T(an_address_is_drawn_from_a_relayed_networks_pool),
	T(a_place_that_cannot_be_gets_one_sentence), T(a_relay_that_cannot_be_gets_one_sentence),
	T(an_interface_is_shared_by_one_wire_only), T(beside_another_server_no_address_is_given))
