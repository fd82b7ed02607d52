/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks, pools, machines and personas: who gets which address, who is refused in which words. */
#include "store/store.h"

#include <errno.h>

#include "base/list.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static void a_network_comes_back_as_it_was_put(void)
{
	OWN(store) struct store *s = NULL;
	OWN(list) struct network *all = NULL;
	size_t n = 9;
	MUST(store_open(&s, "", fixed_key, &e));
	MUST(store_networks(s, &all, &n, &e));
	CHECK_INT(n, 0);
	CHECK(!all);
	struct network b = network_of("b-net", "eth1", "192.168.7.9/23");
	b.gateway = ip4_of("192.168.6.1");
	b.dns = ip4_of("9.9.9.9");
	b.pool_from = ip4_of("192.168.7.20");
	b.pool_to = ip4_of("192.168.7.30");
	b.unknown = UNKNOWN_LEASE;
	struct network a = network_of("a-net", "eth0", "10.0.0.1/8");
	MUST(store_network_add(s, &b, &e));
	MUST(store_network_add(s, &a, &e));
	MUST(store_networks(s, &all, &n, &e));
	CHECK_INT(n, 2);
	CHECK_TEXT(all[0].name, "a-net");
	CHECK(memcmp(&all[1], &b, sizeof b) == 0);
	MUST(store_network_rm(s, "a-net", &e));
	WANT(ENOENT, "network a-net: no such network; `baton network add` makes one",
		store_network_rm(s, "a-net", &e));
}

static void a_wrong_network_gets_one_sentence(void)
{
	OWN(store) struct store *s = world("");
	struct network n = network_of("Mgmt", "eth0", "10.1.0.1/24");
	WANT(EINVAL,
		"network \"Mgmt\": a name is 1 to 63 of a-z, 0-9 and '-', and does not begin with "
		"'-'",
		store_network_add(s, &n, &e));
	n = network_of("two", "eth 0", "10.1.0.1/24");
	WANT(EINVAL,
		"network two: interface \"eth 0\": want the name of one of Baton's interfaces, as "
		"`ip "
		"link` shows it",
		store_network_add(s, &n, &e));
	n = network_of("two", "eth0", "10.1.0.0/24");
	WANT(EINVAL,
		"network two: 10.1.0.0/24 is no host's address; want Baton's own one there, as "
		"10.77.0.1/24",
		store_network_add(s, &n, &e));
	n = network_of("two", "eth0", "10.1.0.1/24");
	n.gateway = ip4_of("10.2.0.1");
	WANT(EINVAL, "network two: gateway 10.2.0.1 lies outside of 10.1.0.1/24",
		store_network_add(s, &n, &e));
	n.gateway = 0;
	n.pool_from = ip4_of("10.1.0.9");
	n.pool_to = ip4_of("10.1.0.255");
	WANT(EINVAL,
		"network two: pool 10.1.0.9-10.1.0.255: want two hosts' addresses of this network, "
		"the "
		"lower first",
		store_network_add(s, &n, &e));
	n = network_of("mgmt", "eth0", "10.1.0.1/24");
	WANT(EEXIST, "network mgmt exists already", store_network_add(s, &n, &e));
	n = network_of("two", "mgmt0", "10.1.0.1/24");
	WANT(EEXIST,
		"network two: interface mgmt0 belongs to network mgmt; want a link to that one if "
		"both are on its wire",
		store_network_add(s, &n, &e));
	n = network_of("two", "eth0", "10.77.1.1/16");
	WANT(EEXIST, "network two: its addresses overlap those of network mgmt",
		store_network_add(s, &n, &e));
}

static void a_pool_holds_only_addresses_that_are_ours_to_give(void)
{
	OWN(store) struct store *s = world("");
	struct pool p = mac_pool("x", "52:54:00:00:00:09", "52:54:00:00:00:01");
	WANT(EINVAL, "pool x: 52:54:00:00:00:09 to 52:54:00:00:00:01: write the lower one first",
		store_pool_add(s, &p, &e));
	static const char *const wrong[][2] = {
		{ "00:11:22:00:00:01", "00:11:22:00:00:02" }, /* a maker's */
		{ "03:00:00:00:00:01", "03:00:00:00:00:02" }, /* a group */
		{ "02:00:00:00:00:01", "06:00:00:00:00:02" }, /* would run through 03 */
	};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char words[320];
		snprintf(words, sizeof words,
			"pool x: %s to %s: both must begin with the same locally administered "
			"unicast "
			"byte, 02, 06, 0a or 0e for instance",
			wrong[i][0], wrong[i][1]);
		p = mac_pool("x", wrong[i][0], wrong[i][1]);
		WANT(EINVAL, words, store_pool_add(s, &p, &e));
	}
	p = mac_pool("x", "02:ba:70:00:00:04", "02:ba:70:00:00:09");
	WANT(EEXIST, "pool x: overlaps pool macs", store_pool_add(s, &p, &e));
	p = iqn_pool("x", "iqn.2026-01.org.example:");
	WANT(EEXIST, "pool x: overlaps pool iqns", store_pool_add(s, &p, &e));
	p = iqn_pool("x", "IQN:");
	WANT(EINVAL,
		"pool x: prefix \"IQN:\": want iqn.YEAR-MONTH.DOMAIN: in lower case, 152 "
		"characters at "
		"most",
		store_pool_add(s, &p, &e));
	p = iqn_pool("macs", "iqn.2026-02.org.example:");
	WANT(EEXIST, "pool macs exists already", store_pool_add(s, &p, &e));
	WANT(ENOENT, "pool x: no such pool; `baton pool list` shows them",
		store_pool_rm(s, "x", &e));
}

static void pools_count_what_they_gave(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct pool *all = NULL;
	size_t n = 0;
	MUST(store_pools(s, &all, &n, &e));
	CHECK_INT(n, 2);
	CHECK_TEXT(all[0].name, "iqns");
	CHECK_INT(all[0].kind, POOL_IQN);
	CHECK_INT(all[0].given, 1);
	CHECK_INT(all[0].size, 0);
	CHECK_TEXT(all[0].prefix, "iqn.2026-01.org.example:");
	CHECK_INT(all[1].kind, POOL_MAC);
	CHECK_INT(all[1].given, 1);
	CHECK_INT(all[1].size, 4);
	WANT(EBUSY,
		"pool macs: persona web-01 has 02:ba:70:00:00:01 of it; `baton persona rm web-01` "
		"first",
		store_pool_rm(s, "macs", &e));
	WANT(EBUSY,
		"pool iqns: persona web-01 has iqn.2026-01.org.example:web-01 of it; `baton "
		"persona rm "
		"web-01` first",
		store_pool_rm(s, "iqns", &e));
	MUST(store_persona_rm(s, "web-01", &e));
	MUST(store_pool_rm(s, "macs", &e));
	MUST(store_pool_rm(s, "iqns", &e));
}

static void nothing_is_drawn_twice_even_after_removal(void)
{
	OWN(store) struct store *s = world("");
	char text[MAC_TEXT];
	struct persona p = persona_of("web-01");
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(mac_text(text, &p.nic[0].mac), "02:ba:70:00:00:01");
	CHECK_TEXT(p.iqn, "iqn.2026-01.org.example:web-01");
	CHECK_INT(p.nic[0].addr, ip4_of("10.77.0.100"));
	struct persona first = p;
	MUST(store_persona_rm(s, "web-01", &e));

	p = persona_of("web-01");
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(mac_text(text, &p.nic[0].mac), "02:ba:70:00:00:02");
	CHECK_TEXT(p.iqn, "iqn.2026-01.org.example:web-01-2");
	CHECK_INT(p.nic[0].addr, ip4_of("10.77.0.100")); /* addresses come back */
	MUST(store_persona_rm(s, "web-01", &e));

	/* the pool itself is removed and made anew: it forgets nothing */
	struct pool macs = mac_pool("macs", "02:ba:70:00:00:01", "02:ba:70:00:00:03");
	MUST(store_pool_rm(s, "macs", &e));
	MUST(store_pool_add(s, &macs, &e));
	p = persona_of("web-01");
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(mac_text(text, &p.nic[0].mac), "02:ba:70:00:00:03");
	MUST(store_persona_rm(s, "web-01", &e));

	p = persona_of("web-01");
	WANT(EDQUOT, "persona web-01: every pool of MACs is used up; `baton pool add` adds one",
		store_persona_add(s, &p, &e));
	CHECK(mac_is_zero(&p.nic[0].mac)); /* a call that fails fills nothing in */
	CHECK_TEXT(p.iqn, "");

	/* what was removed by mistake can be put back, written out */
	MUST(store_persona_add(s, &first, &e));
}

static void the_second_pool_goes_on_where_the_first_ends(void)
{
	OWN(store) struct store *s = world("");
	struct pool more = mac_pool("more", "06:00:00:00:00:ff", "06:00:00:00:01:00");
	char text[MAC_TEXT];
	MUST(store_pool_add(s, &more, &e));
	struct persona p = persona_of("wide");
	p.nics = 6;
	for (unsigned i = 0; i < p.nics; i++)
		p.nic[i] = (struct persona_nic){ .network = "" };
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(mac_text(text, &p.nic[3].mac), "02:ba:70:00:00:04");
	CHECK_TEXT(mac_text(text, &p.nic[4].mac), "06:00:00:00:00:ff");
	CHECK_TEXT(mac_text(text, &p.nic[5].mac), "06:00:00:00:01:00");
}

static void a_pool_steps_over_what_is_written_out(void)
{
	OWN(store) struct store *s = world("");
	char text[MAC_TEXT];
	struct machine m = machine_of("odd", "02:ba:70:00:00:01"); /* a card with such a MAC */
	m.nic[0].addr = ip4_of("10.77.0.101");
	MUST(store_machine_add(s, &m, &e));
	struct persona p = persona_of("two");
	p.nics = 2;
	p.nic[1] = p.nic[0];
	p.nic[1].mac = mac_of("02:ba:70:00:00:02"); /* what the first would draw */
	p.nic[1].addr = ip4_of("10.77.0.100");
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(mac_text(text, &p.nic[0].mac), "02:ba:70:00:00:03");
	CHECK_INT(p.nic[0].addr, ip4_of("10.77.0.102"));
}

static void without_pools_everything_must_be_written_out(void)
{
	OWN(store) struct store *s = NULL;
	struct network bare = network_of("mgmt", "mgmt0", "10.77.0.1/24");
	MUST(store_open(&s, "", fixed_key, &e));
	MUST(store_network_add(s, &bare, &e));
	struct persona p = persona_of("web-01");
	WANT(EDQUOT,
		"persona web-01: network mgmt has no pool of addresses; write the NIC's address "
		"out",
		store_persona_add(s, &p, &e));
	p.nic[0].addr = ip4_of("10.77.0.9");
	WANT(EDQUOT,
		"persona web-01: there is no pool of initiator names; `baton pool add` makes one, "
		"or "
		"write the IQN out",
		store_persona_add(s, &p, &e));
	snprintf(p.iqn, sizeof p.iqn, "iqn.2026-01.org.example:x");
	WANT(EDQUOT,
		"persona web-01: there is no pool of MACs; `baton pool add` makes one, or write "
		"the MAC "
		"out",
		store_persona_add(s, &p, &e));
	p.nic[0].mac = mac_of("00:11:22:33:44:55");
	MUST(store_persona_add(s, &p, &e));
}

static void an_address_pool_runs_dry_and_refills(void)
{
	OWN(store) struct store *s = world("");
	for (int i = 0; i < 4; i++) {
		char name[16], mac[32];
		snprintf(name, sizeof name, "m%d", i);
		snprintf(mac, sizeof mac, "52:54:00:00:00:0%d", i);
		struct machine m = machine_of(name, mac);
		MUST(store_machine_add(s, &m, &e));
		CHECK_INT(m.nic[0].addr, ip4_of("10.77.0.100") + (uint32_t)i);
	}
	struct machine m = machine_of("m9", "52:54:00:00:00:09");
	WANT(EDQUOT,
		"machine m9: network mgmt: every address of its pool is somebody's; write one out "
		"that "
		"lies beside the pool",
		store_machine_add(s, &m, &e));
	MUST(store_machine_rm(s, "m2", &e));
	MUST(store_machine_add(s, &m, &e));
	CHECK_INT(m.nic[0].addr, ip4_of("10.77.0.102"));
}

static void a_machine_comes_back_as_it_was_put(void)
{
	OWN(store) struct store *s = world("");
	OWN(list) struct machine *all = NULL;
	size_t n = 0;
	struct machine a = { .name = "blade-a",
		.bmc = { .kind = "ipmi",
			.host = "bmc.example",
			.port = 9001,
			.user = "baton",
			.secret = "rack1",
			.cipher = 17 },
		.idle = IDLE_LOCAL,
		.loader = "own.efi",
		.nics = 2 };
	uuid_parse(&a.uuid, "01234567-89ab-cdef-0123-456789abcdef");
	a.nic[0] = (struct nic){ .factory = mac_of("52:54:00:aa:00:01"),
		.pci = "0000:00:03.0",
		.network = "mgmt",
		.addr = ip4_of("10.77.0.50") };
	a.nic[1] = (struct nic){ .factory = mac_of("52:54:00:aa:00:02"), .carries = true };
	struct machine was = a, b = machine_of("blade-b", "52:54:00:bb:00:01"), got;
	MUST(store_machine_add(s, &b, &e));
	MUST(store_machine_add(s, &a, &e));
	CHECK(memcmp(&a, &was, sizeof a) == 0);
	MUST(store_machine(s, "blade-a", &got, &e));
	CHECK(memcmp(&a, &got, sizeof a) == 0);
	MUST(store_machines(s, &all, &n, &e));
	CHECK_INT(n, 2);
	CHECK(memcmp(&all[0], &a, sizeof a) == 0);
	CHECK(memcmp(&all[1], &b, sizeof b) == 0);
	WANT(ENOENT, "machine blade-c: no such machine; `baton machine list` shows them",
		store_machine(s, "blade-c", &got, &e));
	WANT(EBUSY,
		"network mgmt: machine blade-a has a NIC on it; `baton machine rm blade-a` first",
		store_network_rm(s, "mgmt", &e));
	MUST(store_machine_rm(s, "blade-a", &e));
	WANT(ENOENT, "machine blade-a: no such machine; `baton machine list` shows them",
		store_machine_rm(s, "blade-a", &e));
}

static void a_wrong_machine_gets_one_sentence(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = machine_of("blade-a", "52:54:00:cc:00:01");
	WANT(EEXIST, "machine blade-a exists already", store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "52:54:00:bb:00:01");
	WANT(EEXIST, "machine blade-c: MAC 52:54:00:bb:00:01 belongs to machine blade-b",
		store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "02:ba:70:00:00:01");
	WANT(EEXIST, "machine blade-c: MAC 02:ba:70:00:00:01 belongs to persona web-01",
		store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "03:00:00:00:00:01");
	WANT(EINVAL, "machine blade-c: NIC 0: 03:00:00:00:00:01 is no MAC that a card can have",
		store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "52:54:00:cc:00:01");
	m.nic[1] = m.nic[0];
	m.nics = 2;
	WANT(EEXIST, "machine blade-c: MAC 52:54:00:cc:00:01 is written twice",
		store_machine_add(s, &m, &e));
	m.nics = 1;
	snprintf(m.nic[0].network, sizeof m.nic[0].network, "san");
	WANT(ENOENT, "machine blade-c: network san: no such network; `baton network add` makes one",
		store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "52:54:00:cc:00:01");
	m.nic[0].addr = ip4_of("10.77.0.100");
	WANT(EEXIST, "machine blade-c: address 10.77.0.100 belongs to machine blade-a",
		store_machine_add(s, &m, &e));
	m.nic[0].addr = ip4_of("10.77.0.1");
	WANT(EEXIST,
		"machine blade-c: address 10.77.0.1 belongs to network mgmt itself: to Baton, its "
		"gateway or its DNS",
		store_machine_add(s, &m, &e));
	m.nic[0].addr = ip4_of("10.78.0.1");
	WANT(EINVAL,
		"machine blade-c: address 10.78.0.1 is no host's of network mgmt (10.77.0.1/24)",
		store_machine_add(s, &m, &e));
	m = machine_of("blade-c", "52:54:00:cc:00:01");
	snprintf(m.bmc.secret, sizeof m.bmc.secret, "../shadow");
	WANT(EINVAL,
		"machine blade-c: BMC secret \"../shadow\": want the name of a file in secrets_dir",
		store_machine_add(s, &m, &e));
	m.bmc.secret[0] = '\0';
	snprintf(m.nic[0].pci, sizeof m.nic[0].pci, "03.0");
	WANT(EINVAL,
		"machine blade-c: NIC 0: PCI address \"03.0\": want 0000:00:03.0, as `lspci -D` "
		"shows it",
		store_machine_add(s, &m, &e));
	m.nics = NICS_MAX + 1;
	WANT(EINVAL, "machine blade-c: 9 NICs, and 8 at most can be kept",
		store_machine_add(s, &m, &e));
}

static void a_journaled_address_is_never_overwritten(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m;
	char text[MAC_TEXT];
	struct mac typo_mended = mac_of("52:54:00:aa:00:0f"), other = mac_of("52:54:00:aa:00:99");
	struct mac web = mac_of("02:ba:70:00:00:01"), b = mac_of("52:54:00:bb:00:01");
	WANT(EEXIST,
		"machine blade-a: card at 0000:00:03.0: MAC 02:ba:70:00:00:01 belongs to persona "
		"web-01",
		store_nic_journal(s, "blade-a", 0, "0000:00:03.0", &web, &e));
	WANT(EEXIST,
		"machine blade-a: card at 0000:00:03.0: MAC 52:54:00:bb:00:01 belongs to machine "
		"blade-b",
		store_nic_journal(s, "blade-a", 0, "0000:00:03.0", &b, &e));
	MUST(store_nic_journal(s, "blade-a", 0, "0000:00:03.0", &typo_mended, &e));
	MUST(store_nic_journal(s, "blade-a", 0, "0000:00:04.0", &other, &e));
	MUST(store_nic_journal(s, "blade-a", 0, "0000:00:05.0", &web, &e)); /* it carries it now */
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_TEXT(mac_text(text, &m.nic[0].factory), "52:54:00:aa:00:0f");
	CHECK_TEXT(m.nic[0].pci, "0000:00:05.0");
	CHECK(m.nic[0].journaled);

	CHECK_TEXT(m.nic[0].driver, "");
	MUST(store_nic_driver(s, "blade-a", 0, "e1000", "pci:v1", &e));
	MUST(store_nic_driver(s, "blade-a", 0, "", "pci:v2", &e)); /* what is not said stays */

	MUST(store_nic_journal(s, "blade-a", 1, "0000:00:06.0", &other, &e));
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_INT(m.nics, 2);
	CHECK_TEXT(m.nic[0].driver, "e1000");
	CHECK_TEXT(m.nic[0].modalias, "pci:v2");
	CHECK_TEXT(mac_text(text, &m.nic[1].factory), "52:54:00:aa:00:99");
	CHECK(m.nic[1].journaled && !m.nic[1].carries && !m.nic[1].addr);
	WANT(EEXIST, "machine blade-a: NIC 1 is the card at 0000:00:06.0 already",
		store_nic_journal(s, "blade-a", 0, "0000:00:06.0", &other, &e));
	WANT(EINVAL, "machine blade-a: NIC 3: it has 2, and 8 at most can be kept",
		store_nic_journal(s, "blade-a", 3, "0000:00:07.0", &other, &e));
	WANT(EINVAL, "machine blade-a: a card at \"\" with MAC 52:54:00:aa:00:99 cannot be",
		store_nic_journal(s, "blade-a", 0, "", &other, &e));
	WANT(ENOENT, "machine nobody: no such machine; `baton machine list` shows them",
		store_nic_journal(s, "nobody", 0, "0000:00:07.0", &other, &e));
}

static void a_persona_comes_back_as_it_was_put(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct persona *all = NULL;
	size_t n = 0;
	struct persona p = { .name = "db-01",
		.iqn = "iqn.2026-01.org.example:own",
		.target = "iqn.2026-01.org.example:target",
		.lun = UINT64_MAX,
		.paths = 2,
		.path = { { ip4_of("10.77.0.1"), 3260 }, { ip4_of("10.78.0.1"), 860 } },
		.chap_user = "u",
		.chap_secret = "s+/=",
		.nics = 2,
		.nic = { { mac_of("02:00:00:00:00:02"), "mgmt", ip4_of("10.77.0.60") },
			{ mac_of("02:00:00:00:00:01"), "", 0 } } };
	struct persona was = p, got;
	MUST(store_persona_add(s, &p, &e));
	CHECK(memcmp(&p, &was, sizeof p) == 0);
	MUST(store_persona(s, "db-01", &got, &e));
	CHECK(memcmp(&p, &got, sizeof p) == 0);
	MUST(store_personas(s, &all, &n, &e));
	CHECK_INT(n, 2);
	CHECK(memcmp(&all[0], &p, sizeof p) == 0);
	CHECK_TEXT(all[1].name, "web-01");
	MUST(store_persona_rm(s, "db-01", &e));
	WANT(ENOENT, "persona db-01: no such persona; `baton persona list` shows them",
		store_persona_rm(s, "db-01", &e));
	MUST(store_persona_add(s, &p, &e)); /* its NICs and paths went with it */
}

static void a_wrong_persona_gets_one_sentence(void)
{
	OWN(store) struct store *s = peopled("");
	struct persona p = persona_of("web-01");
	WANT(EEXIST, "persona web-01 exists already", store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	p.nic[0].mac = mac_of("02:ba:70:00:00:01");
	WANT(EEXIST, "persona web-02: MAC 02:ba:70:00:00:01 belongs to persona web-01",
		store_persona_add(s, &p, &e));
	p.nic[0].mac = mac_of("52:54:00:aa:00:01");
	WANT(EEXIST, "persona web-02: MAC 52:54:00:aa:00:01 belongs to machine blade-a",
		store_persona_add(s, &p, &e));
	p.nic[0].mac = mac_of("ff:ff:ff:ff:ff:ff");
	WANT(EINVAL, "persona web-02: ff:ff:ff:ff:ff:ff is no MAC that a card can have",
		store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	snprintf(p.iqn, sizeof p.iqn, "iqn.2026-01.org.example:web-01");
	WANT(EEXIST, "persona web-02: IQN iqn.2026-01.org.example:web-01 belongs to persona web-01",
		store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	snprintf(p.chap_user, sizeof p.chap_user, "u");
	WANT(EINVAL,
		"persona web-02: half a CHAP pair; name both chap_user and chap_secret, or none",
		store_persona_add(s, &p, &e));
	snprintf(p.chap_secret, sizeof p.chap_secret, "a b");
	WANT(EINVAL,
		"persona web-02: chap_user and chap_secret are 1 to 64 of letters, digits and . _ "
		": + / "
		"= -",
		store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	snprintf(p.target, sizeof p.target, "iqn.2026-01.org.example:t");
	WANT(EINVAL, "persona web-02: a target and its portals go together",
		store_persona_add(s, &p, &e));
	p.paths = 1;
	WANT(EINVAL, "persona web-02: portal 1: want ADDRESS:PORT", store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	snprintf(p.nic[0].network, sizeof p.nic[0].network, "san");
	WANT(ENOENT, "persona web-02: network san: no such network; `baton network add` makes one",
		store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	p.nic[0].network[0] = '\0';
	p.nic[0].addr = ip4_of("10.77.0.9");
	WANT(EINVAL,
		"persona web-02: address 10.77.0.9: its NIC is on no network; name the network",
		store_persona_add(s, &p, &e));
	p = persona_of("web-02");
	p.nic[0].addr = ip4_of("10.77.0.9");
	p.nic[1] = p.nic[0];
	p.nics = 2;
	WANT(EEXIST, "persona web-02: address 10.77.0.9 is written twice",
		store_persona_add(s, &p, &e));
}

static void a_call_that_fails_has_changed_nothing(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct pool *pools = NULL;
	size_t n = 0;
	/* the first NIC draws a MAC, the second finds no address: the draw must be undone */
	struct persona p = persona_of("web-02");
	p.nics = 2;
	p.nic[1] = (struct persona_nic){ .mac = mac_of("52:54:00:bb:00:01") };
	WANT(EEXIST, "persona web-02: MAC 52:54:00:bb:00:01 belongs to machine blade-b",
		store_persona_add(s, &p, &e));
	MUST(store_pools(s, &pools, &n, &e));
	CHECK_INT(pools[0].given, 1);
	CHECK_INT(pools[1].given, 1);
	/* the same inside of somebody's transaction, which goes on */
	MUST(store_begin(s, &e));
	CHECK_INT(store_persona_add(s, &p, &e), -EEXIST);
	struct persona good = persona_of("web-03");
	MUST(store_persona_add(s, &good, &e));
	MUST(store_commit(s, &e));
	char text[MAC_TEXT];
	CHECK_TEXT(mac_text(text, &good.nic[0].mac), "02:ba:70:00:00:02");
	CHECK_INT(store_persona(s, "web-02", &p, NULL), -ENOENT);
}

static void transactions_nest(void)
{
	OWN(store) struct store *s = world("");
	uint64_t v;
	store_rollback(s); /* without one: nothing */
	MUST(store_begin(s, &e));
	MUST(store_next(s, "x", &v, &e));
	CHECK_INT(v, 1);
	MUST(store_begin(s, &e));
	MUST(store_next(s, "x", &v, &e));
	MUST(store_begin(s, &e));
	MUST(store_next(s, "x", &v, &e));
	CHECK_INT(v, 3);
	MUST(store_commit(s, &e));
	store_rollback(s);
	MUST(store_next(s, "x", &v, &e));
	CHECK_INT(v, 2);
	MUST(store_commit(s, &e));
	MUST(store_next(s, "x", &v, &e));
	CHECK_INT(v, 3);
	MUST(store_begin(s, &e));
	MUST(store_next(s, "x", &v, &e));
	store_rollback(s);
	MUST(store_next(s, "x", &v, &e));
	CHECK_INT(v, 4);
	MUST(store_next(s, "y", &v, &e));
	CHECK_INT(v, 1);
}

static void hostile_names_are_only_text(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m;
	struct persona p;
	CHECK_INT(store_machine(s, "' OR 1=1 --", &m, &e), -ENOENT);
	CHECK_INT(store_persona(s, "", &p, &e), -ENOENT);
	CHECK_INT(store_machine_rm(s, "x'; DROP TABLE machine; --", &e), -ENOENT);
	MUST(store_machine(s, "blade-a", &m, &e));
}

TESTS(T(a_network_comes_back_as_it_was_put), T(a_wrong_network_gets_one_sentence),
	T(a_pool_holds_only_addresses_that_are_ours_to_give), T(pools_count_what_they_gave),
	T(nothing_is_drawn_twice_even_after_removal),
	T(the_second_pool_goes_on_where_the_first_ends), T(a_pool_steps_over_what_is_written_out),
	T(without_pools_everything_must_be_written_out), T(an_address_pool_runs_dry_and_refills),
	T(a_machine_comes_back_as_it_was_put), T(a_wrong_machine_gets_one_sentence),
	T(a_journaled_address_is_never_overwritten), T(a_persona_comes_back_as_it_was_put),
	T(a_wrong_persona_gets_one_sentence), T(a_call_that_fails_has_changed_nothing),
	T(transactions_nest), T(hostile_names_are_only_text))
