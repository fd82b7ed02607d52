/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may reach which portal, from the model alone: which NIC, when, by which interface. */
#include "core/guard.h"
#include "tap.h"
#include "tests/unit/world.h"

static struct world w;
static struct guard_pass pass[GUARD_OF_ONE_MAX];

static unsigned of_web_01_on(unsigned machine)
{
	return guard_of_one(pass, &w.binding[0], &w.persona[0], &w.machine[machine], w.network, 2);
}

static void check_pass(const struct guard_pass *p, const char *want)
{
	char text[GUARD_PASS_TEXT];
	CHECK_TEXT(guard_pass_text(text, p), want);
}

static void a_running_persona_reaches_its_portals_and_no_others(void)
{
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(of_web_01_on(0), 2);
	check_pass(&pass[0], "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260");
	check_pass(&pass[1], "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.2:3261");
}

static void nothing_passes_before_the_second_boot_nor_behind_it(void)
{
	world_init(&w, PHASE_IDENTITY);
	CHECK_INT(of_web_01_on(0), 0);
	w.binding[0].phase = PHASE_RESTORE;
	CHECK_INT(of_web_01_on(0), 0);
	w.binding[0].phase = PHASE_PERSONA;
	w.binding[0].fenced = false;
	CHECK_INT(of_web_01_on(0), 0);
}

static void a_nic_that_carries_nothing_passes_under_its_own_mac(void)
{
	world_init(&w, PHASE_PERSONA);
	w.persona[0].paths = 1;
	CHECK_INT(of_web_01_on(1), 2);
	check_pass(&pass[0], "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260");
	check_pass(&pass[1], "mgmt0 52:54:00:bb:00:01 10.77.0.12 10.77.0.1:3260");
}

static void a_shim_that_hands_over_reads_the_disk_under_the_cards_own_mac(void)
{
	world_init(&w, PHASE_PERSONA);
	w.persona[0].paths = 1;
	w.machine[0].taken = TAKING_HANDOVER;
	CHECK_INT(of_web_01_on(0), 2);
	check_pass(&pass[0], "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260");
	check_pass(&pass[1], "mgmt0 52:54:00:aa:00:01 10.77.0.11 10.77.0.1:3260");
	w.binding[0].fenced = false;
	CHECK_INT(of_web_01_on(0), 0);
}

static void the_interface_is_that_of_the_network_that_the_nic_is_on(void)
{
	world_init(&w, PHASE_PERSONA);
	w.persona[0].paths = 1;
	snprintf(w.machine[0].nic[0].network, NAME_LEN + 1, "other");
	w.persona[0].nic[0].network[0] = '\0';
	CHECK_INT(of_web_01_on(0), 1);
	CHECK_TEXT(pass[0].interface, "other0");
	/* The machine's says nothing: the persona's does. */
	w.machine[0].nic[0].network[0] = '\0';
	snprintf(w.persona[0].nic[0].network, NAME_LEN + 1, "mgmt");
	CHECK_INT(of_web_01_on(0), 1);
	CHECK_TEXT(pass[0].interface, "mgmt0");
	/* Reached by relays: its packets come from a router. */
	w.network[0].interface[0] = '\0';
	CHECK_INT(of_web_01_on(0), 0);
}

static void an_address_that_another_server_gives_is_any(void)
{
	world_init(&w, PHASE_PERSONA);
	w.persona[0].nic[0].addr = 0;
	CHECK_INT(of_web_01_on(0), 2);
	check_pass(&pass[0], "mgmt0 02:ba:70:00:00:01 any 10.77.0.1:3260");
}

static struct guard_source source(const char *interfaces)
{
	return (struct guard_source){ interfaces, w.network, w.machine, w.persona, w.binding, 2, 2,
		2, 1 };
}

static void the_portals_of_all_personas_are_guarded_and_each_once(void)
{
	struct err e = { 0 };
	struct guard g;
	unsigned without;
	char text[GUARD_PORTAL_TEXT];
	world_init(&w, PHASE_PERSONA);
	snprintf(w.persona[1].target, sizeof w.persona[1].target, "iqn.2026-01.org.example:db");
	w.persona[1].paths = 2;
	w.persona[1].path[0] = (struct path){ world_ip("10.77.0.9"), 3260 };
	w.persona[1].path[1] = w.persona[0].path[0];
	struct guard_source from = source(" other0  mgmt0 mgmt0");
	CHECK_INT(guard_build(&g, &without, &from, &e), 0);
	CHECK_INT(g.interfaces, 2);
	CHECK_TEXT(g.interface[0], "mgmt0");
	CHECK_INT(g.portals, 3);
	CHECK_TEXT(guard_portal_text(text, &g.portal[0]), "10.77.0.1:3260");
	CHECK_TEXT(guard_portal_text(text, &g.portal[2]), "10.77.0.9:3260");
	CHECK_INT(g.passes, 2);
	CHECK_INT(without, 0);
	guard_fini(&g);
}

static void what_is_not_guarded_needs_no_pass_and_a_persona_behind_a_relay_is_told_of(void)
{
	struct err e = { 0 };
	struct guard g;
	unsigned without;
	world_init(&w, PHASE_PERSONA);
	struct guard_source from = source("other0");
	CHECK_INT(guard_build(&g, &without, &from, &e), 0);
	CHECK_INT(g.portals, 2);
	CHECK_INT(g.passes, 0);
	CHECK_INT(without, 0);
	guard_fini(&g);
	w.network[0].interface[0] = '\0';
	CHECK_INT(guard_build(&g, &without, &from, &e), 0);
	CHECK_INT(without, 1);
	guard_fini(&g);
	from = source("  ");
	CHECK_INT(guard_build(&g, &without, &from, &e), 0);
	CHECK_INT(g.interfaces + g.portals + g.passes, 0);
	guard_fini(&g);
}

static void too_much_is_refused(void)
{
	struct err e = { 0 };
	struct guard g;
	unsigned without;
	world_init(&w, PHASE_PERSONA);
	struct guard_source from = source("a b c d e f g h i j k l m n o p q");
	CHECK_INT(guard_build(&g, &without, &from, &e), -E2BIG);
	guard_fini(&g);
	from = source("an-interface-of-17");
	CHECK_INT(guard_build(&g, &without, &from, &e), -EINVAL);
	CHECK_TEXT(e.text, "guard_interfaces: an-interface-of-17: want an interface's name");
	guard_fini(&g);
	struct persona *many = calloc(300, sizeof *many);
	CHECK(many != NULL);
	for (unsigned i = 0; many && i < 300; i++) {
		many[i] = w.persona[0];
		for (unsigned k = 0; k < PATHS_MAX; k++)
			many[i].path[k] = (struct path){ 0x0a000000 + i * 4 + k, 3260 };
		many[i].paths = PATHS_MAX;
	}
	from = source("mgmt0");
	from.persona = many;
	from.personas = 300;
	CHECK_INT(guard_build(&g, &without, &from, &e), -E2BIG);
	CHECK(strstr(e.text, "1200 portals") != NULL);
	guard_fini(&g);
	free(many);
}

static void texts_are_read_back_and_nonsense_is_not(void)
{
	static const char *const wrong[] = { "", "mgmt0", "mgmt0 02:ba:70:00:00:01 10.77.0.50",
		"mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:0",
		"mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:65536",
		"mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260 ",
		"mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260x",
		"mgmt0 03:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260",
		"mgmt0 02:ba:70:00:00:01 0.0.0.0 10.77.0.1:3260",
		"mg/t0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260",
		"an-interface-of-17 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260" };
	static const char right[] = "a-name-of-15-ch 02:ba:70:00:00:01 110.177.110.150 "
				    "110.177.110.101:65535";
	char text[GUARD_PASS_TEXT];
	struct guard_pass p;
	struct path portal;
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (guard_pass_parse(&p, wrong[i])) {
			tap_failed = 1;
			printf("# taken: \"%s\"\n", wrong[i]);
		}
	CHECK(guard_pass_parse(&p, right));
	CHECK_TEXT(guard_pass_text(text, &p), right);
	CHECK(guard_pass_parse(&p, "mgmt0 02:ba:70:00:00:01 any 10.77.0.1:3260"));
	CHECK_INT(p.addr, 0);
	CHECK(!guard_portal_parse(&portal, "10.77.0.1"));
	CHECK(!guard_portal_parse(&portal, "[fd00::1]:3260"));
	CHECK(!guard_portal_parse(&portal, "10.77.0.1:-1"));
}

TESTS(T(a_running_persona_reaches_its_portals_and_no_others),
	T(nothing_passes_before_the_second_boot_nor_behind_it),
	T(a_nic_that_carries_nothing_passes_under_its_own_mac),
	T(a_shim_that_hands_over_reads_the_disk_under_the_cards_own_mac),
	T(the_interface_is_that_of_the_network_that_the_nic_is_on),
	T(an_address_that_another_server_gives_is_any),
	T(the_portals_of_all_personas_are_guarded_and_each_once),
	T(what_is_not_guarded_needs_no_pass_and_a_persona_behind_a_relay_is_told_of),
	T(too_much_is_refused), T(texts_are_read_back_and_nonsense_is_not))
