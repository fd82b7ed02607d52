/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fibre Channel through the core: which HBA takes which, what the boot table and the shim's job say
 * of it, and what is judged before an order. */
#include <errno.h>

#include "core/choice.h"
#include "core/handover.h"
#include "core/preflight.h"
#include "core/script.h"
#include "core/silence.h"
#include "core/table_layout.h"
#include "core/taking.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"

#define A0 "10:00:00:00:c9:00:00:01"
#define A1 "10:00:00:00:c9:00:00:02"
#define AN "20:00:00:00:c9:00:00:01"
#define P0 "20:00:02:ba:70:00:00:01"
#define P1 "20:00:02:ba:70:00:00:02"
#define PN "20:00:02:ba:70:00:00:09"
#define T0 "50:00:09:72:00:00:00:01"
#define T1 "50:00:09:72:00:00:00:02"

static struct wwn wwn(const char *text)
{
	struct wwn w = { { 0 } };
	if (!wwn_parse(&w, text))
		abort();
	return w;
}

/* blade-a has three HBAs of which the last two carry; web-01 has two, with two targets each. */
static void fc_world(struct world *w, enum phase phase)
{
	world_init(w, phase);
	struct machine *m = &w->machine[0];
	struct persona *p = &w->persona[0];
	m->hbas = 3;
	m->hba[0] = (struct hba){ .pci = "0000:00:09.0", .wwpn = wwn(T1), .wwnn = wwn(AN) };
	m->hba[1] = (struct hba){
		.pci = "0000:00:05.0", .wwpn = wwn(A0), .wwnn = wwn(AN), .carries = true
	};
	m->hba[2] = (struct hba){ .wwpn = wwn(A1), .wwnn = wwn(AN), .carries = true };
	p->target[0] = '\0';
	p->paths = 0;
	p->chap_user[0] = p->chap_secret[0] = '\0';
	p->hbas = 2;
	p->hba[0] = (struct persona_hba){ wwn(P0), wwn(PN), 2, { { wwn(T0), 3 }, { wwn(T1), 3 } } };
	p->hba[1] = (struct persona_hba){ wwn(P1), wwn(PN), 2, { { wwn(T1), 3 }, { wwn(T0), 4 } } };
	w->source.script[SCRIPT_PERSONA_FC] = "fc {{persona}}\n{{fc_lines}}\n";
}

static void a_wwn_tells_its_kind(void)
{
	static const struct {
		const char *text;
		bool good, local;
	} rows[] = {
		{ "10:00:00:00:c9:00:00:01", true, false },
		{ P0, true, true },
		{ "20:00:01:00:5e:00:00:01", false, false },
		{ T0, true, false },
		{ "50:2b:a7:00:00:00:00:01", true, true },
		{ "50:10:00:00:00:00:00:01", false, false },
		{ "30:00:00:00:00:00:00:01", true, true },
		{ "c0:03:ff:00:00:00:00:01", true, false },
		{ "00:00:00:00:00:00:00:00", false, false },
		{ "60:00:00:00:00:00:00:01", false, false },
		{ "ff:ff:ff:ff:ff:ff:ff:ff", false, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wwn w = wwn(rows[i].text);
		if (wwn_is_good(&w) != rows[i].good || wwn_is_local(&w) != rows[i].local)
			CHECK_TEXT("this row", rows[i].text);
	}
}

static void hbas_that_carry_are_taken_in_order(void)
{
	struct world w;
	fc_world(&w, PHASE_PERSONA);
	const struct machine *m = &w.machine[0];
	struct persona *p = &w.persona[0];
	CHECK_INT(hba_for(m, p, 0), 1);
	CHECK_INT(hba_for(m, p, 1), 2);
	CHECK_INT(hba_for(m, p, 2), -1);
	CHECK_INT(hba_for(&w.machine[1], p, 0), -1);
	CHECK(persona_boots_by_fc(p));
	strcpy(p->target, "iqn.2026-01.org.example:disk");
	CHECK(!persona_boots_by_fc(p));
	p->target[0] = '\0';
	p->hba[0].targets = 0;
	CHECK(persona_boots_by_fc(p));
	p->hba[1].targets = 0;
	CHECK(!persona_boots_by_fc(p));
}

static void a_table_holds_what_each_hba_shall_be(void)
{
	struct world w;
	struct err e = { 0 };
	fc_world(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, &e), 0);
	CHECK_TEXT(e.text, "");
	const struct table_machine *m = &w.table.machine[0];
	const struct table_hba *h = &w.table.hba[m->hba_at];
	CHECK_INT(m->hbas, 3);
	CHECK(!h[0].carries && h[0].targets == 0 && wwn_is_zero(&h[0].persona_wwpn));
	CHECK(wwn_equal(&h[2].persona_wwpn, &w.persona[0].hba[1].wwpn));
	CHECK_INT(w.table.fc_target[h[2].target_at + 1].lun, 4);
	CHECK(table_boots_by_fc(&w.table, m) && table_has_fc(&w.table, m));
	CHECK(!table_has_fc(&w.table, &w.table.machine[1]));
	world_fini(&w);
	fc_world(&w, PHASE_PERSONA);
	w.machine[0].hbas = 2;
	CHECK_INT(world_build(&w, &e), -ENOENT);
	CHECK_TEXT(e.text, "persona web-01: machine blade-a has no HBA to carry its HBA 2");
}

static void a_table_whose_hbas_lead_out_of_it_is_refused(void)
{
	struct world w;
	struct table t;
	struct err e = { 0 };
	fc_world(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, NULL), 0);
	struct table_header *h = w.bytes;
	struct table_hba *hba = (struct table_hba *)(uintptr_t)w.table.hba, was = *hba;
	struct table_machine *m = (struct table_machine *)(uintptr_t)w.table.machine, had = *m;
	for (int i = 0; i < 7; i++) {
		*hba = was;
		*m = had;
		if (i == 0)
			hba->target_at = h->fc_targets + 1;
		else if (i == 1)
			hba->targets = FC_TARGETS_MAX + 1;
		else if (i == 2)
			hba->pci = h->text_len;
		else if (i == 3)
			hba->carries = 2;
		else if (i == 4)
			m->hba_at = h->hbas;
		else if (i == 5)
			m->hbas = HBAS_MAX + 1;
		h->checksum = table_checksum(w.bytes, w.len);
		CHECK_INT(table_check(&t, w.bytes, w.len, &e), i == 6 ? 0 : -EBADMSG);
		if (i < 6)
			CHECK_TEXT(e.text, i < 4 ? "boot table: an HBA makes no sense"
						 : "boot table: a machine makes no sense");
	}
	world_fini(&w);
}

static void plan_of(struct boot_plan *plan, struct world *w, const char *mac)
{
	const char *why = "";
	struct boot_ask ask = {
		.mac = world_mac(mac), .via = world_ip("10.77.0.1"), .stage = STAGE_SCRIPT
	};
	CHECK_INT(world_build(w, NULL), 0);
	CHECK(boot_decide(plan, &why, &w->table, &ask));
}

static void job(enum phase phase, const char *mac, const char *want)
{
	struct world w;
	struct boot_plan plan;
	char *text = NULL;
	fc_world(&w, phase);
	w.machine[0].taken = TAKING_HANDOVER;
	plan_of(&plan, &w, mac);
	CHECK_INT(script_of(&w.table, &plan), SCRIPT_SHIM);
	CHECK_INT(job_render(&text, &w.table, &plan, NULL), 0);
	CHECK_TEXT(text, want);
	free(text);
	world_fini(&w);
}

static void the_shim_is_told_of_names_and_targets_and_of_neither_to_keep_on_the_way_back(void)
{
	job(PHASE_IDENTITY, "52:54:00:aa:00:01",
		"deed identity\nmachine blade-a\npersona web-01\ngeneration 4\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n"
		"hba 0000:00:09.0 " T1 " - - keeps\n"
		"hba 0000:00:05.0 " A0 " " P0 " " PN " carries\n"
		"hba - " A1 " " P1 " " PN " carries\n"
		"fc-target 1 " T0 " 3\nfc-target 1 " T1 " 3\n"
		"fc-target 2 " T1 " 3\nfc-target 2 " T0 " 4\n");
	job(PHASE_RESTORE, "02:ba:70:00:00:01",
		"deed restore\nmachine blade-a\npersona web-01\ngeneration 4\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 52:54:00:aa:00:01 carries\n"
		"hba 0000:00:09.0 " T1 " - - keeps\n"
		"hba 0000:00:05.0 " A0 " " A0 " " AN " carries\n"
		"hba - " A1 " " A1 " " AN " carries\n");
}

static void the_second_boot_leaves_for_the_hba_and_says_where_to(void)
{
	struct world w;
	struct boot_plan plan;
	struct err e = { 0 };
	char *text = NULL;
	fc_world(&w, PHASE_PERSONA);
	w.machine[0].taken = TAKING_HANDOVER;
	plan_of(&plan, &w, "02:ba:70:00:00:01");
	CHECK_INT(script_of(&w.table, &plan), SCRIPT_PERSONA_FC);
	CHECK_INT(script_render(&text, SCRIPT_PERSONA_FC, &w.table, &plan, "TOKEN", &e), 0);
	CHECK_TEXT(text, "fc web-01\n"
			 "echo Baton: HBA " P0 " boots from target " T0 ", LUN 3\n"
			 "echo Baton: HBA " P0 " boots from target " T1 ", LUN 3\n"
			 "echo Baton: HBA " P1 " boots from target " T1 ", LUN 3\n"
			 "echo Baton: HBA " P1 " boots from target " T0 ", LUN 4\n");
	free(text);
	CHECK_INT(handover_render(&text, &w.table, &plan, &e), -ENOENT);
	CHECK_TEXT(e.text, "the persona has an HBA, which goes by its new name after a restart");
	world_fini(&w);
	world_init(&w, PHASE_PERSONA);
	plan_of(&plan, &w, "02:ba:70:00:00:01");
	CHECK_INT(script_of(&w.table, &plan), SCRIPT_PERSONA);
	world_fini(&w);
}

static void its_bmc_must_set_every_hba_as_well(void)
{
	struct world w;
	char why[TAKING_WHY];
	struct taking_cards cards = { .told = true, .n = 3, .kind = "redfish", .why = "" };
	const struct taking_left left = { .stale = false };
	fc_world(&w, PHASE_PERSONA);
	w.machine[0].taking = TAKING_AUTO;
	cards.card[0].permanent = w.machine[0].nic[0].factory;
	cards.card[1].permanent_wwpn = wwn(A0);
	cards.card[2].permanent_wwpn = wwn(A1);
	cards.card[0].settable = cards.card[1].settable = cards.card[2].settable = true;
	CHECK_INT(taking_choose(why, &w.machine[0], &w.persona[0], &cards, &left), TAKING_BMC);
	cards.card[2].settable = false;
	CHECK_INT(taking_choose(why, &w.machine[0], &w.persona[0], &cards, &left), TAKING_SHIM);
	CHECK_TEXT(why,
		"by the shim, in two starts: its BMC does not let itself be told the WWPN of "
		"HBA " A1);
	cards.n = 1;
	CHECK_INT(taking_choose(why, &w.machine[0], &w.persona[0], &cards, &left), TAKING_SHIM);
	CHECK_TEXT(why, "by the shim, in two starts: its BMC shows no HBA " A0);
	w.persona[0].hbas = 0;
	CHECK_INT(taking_choose(why, &w.machine[0], &w.persona[0], &cards, &left), TAKING_BMC);
}

static const char *found(
	const struct world *w, const struct machine *m, const char *packs, enum check_id id)
{
	static char text[CHECK_WHY + 16];
	struct checklist l = { 0 };
	struct preflight_case c = {
		.verb = VERB_START, .p = &w->persona[0], .to = m, .packs = packs
	};
	check_standing(&l, &c);
	text[0] = '\0';
	for (unsigned i = 0; i < l.n && !*text; i++)
		if (l.check[i].id == id)
			snprintf(text, sizeof text, "%s: %s", finding_word(l.check[i].finding),
				l.check[i].why);
	return text;
}

static void a_plan_says_what_is_there_and_what_nobody_can_see(void)
{
	struct world w;
	fc_world(&w, PHASE_PERSONA);
	struct machine *m = &w.machine[0];
	CHECK_TEXT(found(&w, m, NULL, CHECK_hbas_fit), "ok: it has an HBA for each of web-01");
	CHECK_TEXT(found(&w, &w.machine[1], NULL, CHECK_hbas_fit),
		"bad: machine blade-b has no HBA left that carries HBA 0 of web-01");
	CHECK(strstr(found(&w, m, NULL, CHECK_fence), "unknown: Fibre Channel knows no secret"));
	CHECK(strstr(found(&w, m, NULL, CHECK_lun_visible), "unknown: Baton has no Fibre Channel"));
	CHECK(strstr(
		found(&w, m, NULL, CHECK_lun_bootable), "unknown: Baton has no Fibre Channel"));
	CHECK_TEXT(found(&w, m, "8086:100e", CHECK_tool_pack),
		"unknown: no shim has told yet what its cards are");
	strcpy(m->nic[0].card, "8086:100e");
	strcpy(m->hba[1].card, "10df:f100");
	strcpy(m->hba[2].card, "1077:2532");
	CHECK_TEXT(found(&w, m, "8086:100e 10df:*", CHECK_tool_pack),
		"bad: no tool-pack writes the card  of machine blade-a (1077:2532): put one into "
		"packs_dir and reload batond");
	CHECK_TEXT(found(&w, m, "8086:100e 10df:* 1077:2532", CHECK_tool_pack),
		"ok: there is one for each card that takes an address");
	struct checklist l = { 0 };
	struct bmc_said dead = { .why = "bmc 10.0.0.9: no answer" };
	struct preflight_case c = { .verb = VERB_FAILOVER, .p = &w.persona[0], .from = m };
	check_bmc(&l, &c, SIDE_FROM, &dead);
	CHECK_TEXT(l.check[0].why,
		"bmc 10.0.0.9: no answer; the order will wait at `silence` until "
		"it does, or until the switch ports of blade-a can be shut");
	w.persona[0].hbas = 0;
	CHECK_TEXT(found(&w, m, NULL, CHECK_hbas_fit), "");
	CHECK_TEXT(found(&w, m, NULL, CHECK_lun_visible), "");
}

static void a_machine_without_the_hbas_is_no_choice(void)
{
	struct world w;
	fc_world(&w, PHASE_PERSONA);
	struct candidate c[2] = { { .m = &w.machine[0], .carries = "", .stale_of = "", .like = "" },
		{ .m = &w.machine[1], .carries = "", .stale_of = "", .like = "" } };
	struct verdict v[2];
	CHECK_INT(choice_make(v, &w.persona[0], c, 2, NULL, 0), 1);
	CHECK_TEXT(v[0].machine, "blade-a");
	CHECK_TEXT(v[1].why, "has no HBA left that carries HBA 0 of web-01; has no HBA left that "
			     "carries HBA 1 of web-01");
	/* Who needs none leaves them to others. */
	w.persona[0].hbas = 0;
	CHECK_INT(choice_make(v, &w.persona[0], c, 2, NULL, 0), 2);
	CHECK_TEXT(v[0].machine, "blade-b");
	CHECK_TEXT(v[1].why, "fits as well, but leaves more unused: it has 2 HBAs for a persona, "
			     "blade-b has 0 HBAs for a persona");
}

static void every_hba_must_have_a_port_where_the_persona_has_any(void)
{
	struct world w;
	struct silence_ports ports;
	struct err e = { 0 };
	fc_world(&w, PHASE_PERSONA);
	struct machine *m = &w.machine[0];
	strcpy(m->nic[0].port, "fake://lan/1");
	strcpy(m->hba[1].port, "fake://fabric-a/1");
	strcpy(m->hba[2].port, "fake://fabric-b/1");
	CHECK_INT(silence_ports(&ports, m, &w.persona[0], &e), -ENOENT);
	CHECK_TEXT(e.text, "HBA " T1 " of blade-a has no switch port on record");
	strcpy(m->hba[0].port, "fake://fabric-a/2");
	CHECK_INT(silence_ports(&ports, m, &w.persona[0], &e), 0);
	CHECK_INT(ports.n, 4);
	CHECK_TEXT(ports.port[3], "fake://fabric-b/1");
	w.persona[0].hbas = 0;
	CHECK_INT(silence_ports(&ports, m, &w.persona[0], &e), 0);
	CHECK_INT(ports.n, 1);
}

TESTS(T(a_wwn_tells_its_kind), T(hbas_that_carry_are_taken_in_order),
	T(a_table_holds_what_each_hba_shall_be), T(a_table_whose_hbas_lead_out_of_it_is_refused),
	T(the_shim_is_told_of_names_and_targets_and_of_neither_to_keep_on_the_way_back),
	T(the_second_boot_leaves_for_the_hba_and_says_where_to),
	T(its_bmc_must_set_every_hba_as_well), T(a_plan_says_what_is_there_and_what_nobody_can_see),
	T(a_machine_without_the_hbas_is_no_choice),
	T(every_hba_must_have_a_port_where_the_persona_has_any))
