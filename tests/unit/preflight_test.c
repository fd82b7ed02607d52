/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks before an order: what each finds, and in which words. */
#include "core/preflight.h"

#include <stdlib.h>

#include "base/list.h"
#include "tests/unit/tap.h"

static struct machine blade(const char *name)
{
	struct machine m = { .nics = 1, .nic = { { .pci = "0000:00:03.0", .carries = true } } };
	snprintf(m.name, sizeof m.name, "%s", name);
	return m;
}

static struct persona web(void)
{
	return (struct persona){ .name = "web-01",
		.san = "iscsi",
		.target = "iqn.2026-01.org.example:disk",
		.chap_user = "web",
		.paths = 2,
		.nics = 1 };
}

/* "bad: its sentence" of one check; "" where it was not made. */
static const char *found(const struct checklist *l, enum check_id id)
{
	static char text[CHECK_WHY + 16];
	text[0] = '\0';
	for (unsigned i = 0; i < l->n; i++)
		if (l->check[i].id == id)
			snprintf(text, sizeof text, "%s: %s", finding_word(l->check[i].finding),
				l->check[i].why);
	return text;
}

static const char *standing(const struct preflight_case *c, enum check_id id)
{
	struct checklist l = { 0 };
	check_standing(&l, c);
	return found(&l, id);
}

static void a_machine_is_compared_with_what_is_wanted(void)
{
	struct persona p = web();
	struct machine m = blade("blade-a");
	struct preflight_case c = { .verb = VERB_START, .p = &p, .to = &m };
	CHECK_TEXT(standing(&c, CHECK_nics_fit), "ok: it has a NIC for each of web-01");
	CHECK_TEXT(standing(&c, CHECK_firmware_mode),
		"ok: web-01 wants none in particular; `--wants "
		"firmware=` of persona add says which");
	p.wants.firmware = FIRMWARE_UEFI;
	p.wants.arch = ARCH_AARCH64;
	CHECK_TEXT(standing(&c, CHECK_firmware_mode),
		"unknown: web-01 wants uefi, and no shim has seen yet what blade-a is");
	m.is.firmware = FIRMWARE_BIOS;
	m.is.arch = ARCH_AARCH64;
	CHECK_TEXT(standing(&c, CHECK_firmware_mode),
		"bad: machine blade-a is bios, web-01 wants uefi");
	CHECK_TEXT(standing(&c, CHECK_architecture), "ok: it is aarch64, as web-01 wants");
	m.nic[0].carries = false;
	strcpy(p.nic[0].network, "mgmt");
	CHECK_TEXT(standing(&c, CHECK_nics_fit),
		"bad: machine blade-a has no NIC left that carries NIC 0 of web-01 on mgmt");
	c.to = NULL;
	CHECK_TEXT(standing(&c, CHECK_nics_fit), "");
}

static void what_cannot_be_fenced_rests_on_silence(void)
{
	struct persona p = web();
	struct machine m = blade("blade-a");
	struct preflight_case c = { .verb = VERB_START, .p = &p, .to = &m };
	CHECK(strstr(standing(&c, CHECK_fence), "unknown: Baton does not administer its target"));
	CHECK(strstr(standing(&c, CHECK_fence), "exclusivity rests on silence"));
	strcpy(p.san, "tgt");
	CHECK(strstr(standing(&c, CHECK_fence), "ok: Baton administers its target"));
	p.target[0] = '\0';
	CHECK_TEXT(standing(&c, CHECK_fence), "");
}

static void a_card_has_a_pack_by_vendor_and_device(void)
{
	static const struct {
		const char *packs, *card;
		bool has;
	} cases[] = {
		{ "8086:100e", "8086:100e", true },
		{ "15b3:1017 8086:100e", "8086:100e", true },
		{ "8086:100E", "8086:100e", true },
		{ "15b3:*", "15b3:1017", true },
		{ "1af4:1000  15b3:* ", "15b3:1017", true },
		{ "15b3:*", "8086:100e", false },
		{ "8086:100", "8086:100e", false },
		{ "8086:100ef", "8086:100e", false },
		{ "8086", "8086:100e", false },
		{ "*", "8086:100e", false },
		{ "", "8086:100e", false },
		{ "  ", "8086:100e", false },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (card_in_packs(cases[i].packs, cases[i].card) != cases[i].has)
			printf("# \"%s\" %s\n", cases[i].packs, cases[i].card);
		CHECK(card_in_packs(cases[i].packs, cases[i].card) == cases[i].has);
	}
}

static void only_cards_that_take_an_address_want_a_pack(void)
{
	struct persona p = web();
	struct machine m = blade("blade-a");
	struct preflight_case c = { .verb = VERB_START, .p = &p, .to = &m, .packs = "8086:*" };
	CHECK_TEXT(
		standing(&c, CHECK_tool_pack), "unknown: no shim has told yet what its cards are");
	strcpy(m.nic[0].card, "8086:100e");
	CHECK_TEXT(standing(&c, CHECK_tool_pack),
		"ok: there is one for each card that takes an address");
	m.nics = 2;
	m.nic[1] = (struct nic){ .pci = "0000:00:04.0", .card = "14e4:1657", .carries = true };
	CHECK(strncmp(standing(&c, CHECK_tool_pack), "ok", 2) == 0);
	p.nics = 2;
	CHECK_TEXT(standing(&c, CHECK_tool_pack), "bad: no tool-pack writes the card 0000:00:04.0 "
						  "of machine blade-a (14e4:1657): put "
						  "one into packs_dir and reload batond");
	c.packs = NULL;
	CHECK_TEXT(standing(&c, CHECK_tool_pack), "unknown: the tool-packs cannot be read");
}

static void a_bmc_is_judged_by_whose_it_is(void)
{
	struct persona p = web();
	struct machine from = blade("old"), to = blade("new");
	struct preflight_case c = { .verb = VERB_MOVE, .p = &p, .from = &from, .to = &to };
	struct bmc_said on = { true, false, "" }, off = { true, true, "" },
			dead = { false, false, "bmc 10.0.0.9: no answer" };
	struct checklist l = { 0 };
	check_bmc(&l, &c, SIDE_TO, &off);
	CHECK_TEXT(found(&l, CHECK_bmc_answers), "ok: it answers: new is off");
	CHECK_TEXT(found(&l, CHECK_spare_off), "ok: it is off");
	l.n = 0;
	check_bmc(&l, &c, SIDE_TO, &on);
	CHECK(strstr(found(&l, CHECK_spare_off), "bad: machine new is on and carries no persona"));
	l.n = 0;
	check_bmc(&l, &c, SIDE_TO, &dead);
	CHECK_TEXT(found(&l, CHECK_bmc_answers), "bad: bmc 10.0.0.9: no answer");
	CHECK_TEXT(found(&l, CHECK_spare_off), "unknown: its BMC does not answer");
	l.n = 0;
	check_bmc(&l, &c, SIDE_FROM, &on); /* it runs there: of course it is on */
	CHECK_TEXT(found(&l, CHECK_spare_off), "");
	CHECK_INT(checklist_count(&l, FINDING_BAD), 0);
	l.n = 0;
	check_bmc(&l, &c, SIDE_FROM, &dead);
	CHECK_TEXT(found(&l, CHECK_bmc_answers), "bad: bmc 10.0.0.9: no answer");
	l.n = 0;
	c.verb = VERB_FAILOVER;
	check_bmc(&l, &c, SIDE_FROM, &dead);
	CHECK_TEXT(found(&l, CHECK_bmc_answers),
		"unknown: bmc 10.0.0.9: no answer; the order will wait at `silence` for `baton "
		"attest old`");
}

static void a_look_tells_the_lun_from_the_secret(void)
{
	struct persona p = web();
	struct machine to = blade("new");
	struct preflight_case c = { .verb = VERB_START, .p = &p, .to = &to };
	struct look_said good = { .ok = true,
		.bootable = true,
		.paths = 1,
		.portals = 2,
		.why = "",
		.dead = "portal 10.0.0.2:3260: nothing listens there" };
	struct look_said refused = {
		.refused = true, .why = "the persona's account: refused", .dead = ""
	};
	struct look_said gone = { .why = "target x: has no LUN 7", .dead = "" };
	struct checklist l = { 0 };
	check_look(&l, &c, &good);
	CHECK_TEXT(found(&l, CHECK_lun_visible),
		"ok: by 1 of 2 portals; portal 10.0.0.2:3260: nothing listens there");
	CHECK_TEXT(found(&l, CHECK_lun_bootable), "ok: it carries boot code");
	CHECK_TEXT(found(&l, CHECK_chap_right), "ok: the target takes its secret");
	l.n = 0;
	good.bootable = false;
	p.chap_user[0] = '\0';
	check_look(&l, &c, &good);
	CHECK(strstr(found(&l, CHECK_lun_bootable), "bad: the disk carries no boot code"));
	CHECK(strstr(found(&l, CHECK_chap_right), "unknown: it has no account"));
	l.n = 0;
	check_look(&l, &c, &gone);
	CHECK_TEXT(found(&l, CHECK_lun_visible), "bad: target x: has no LUN 7");
	CHECK_TEXT(found(&l, CHECK_chap_right), "unknown: the LUN was not reached");
	l.n = 0;
	check_look(&l, &c, &refused);
	CHECK_TEXT(found(&l, CHECK_chap_right), "bad: the persona's account: refused");
	CHECK_INT(checklist_count(&l, FINDING_BAD), 1);
	/* Where Baton makes the secrets, none that is right yet is no trouble. */
	l.n = 0;
	strcpy(p.san, "tgt");
	check_look(&l, &c, &refused);
	CHECK_INT(checklist_count(&l, FINDING_BAD), 0);
}

static void bad_ones_come_first_and_make_one_sentence(void)
{
	struct checklist l = { 0 };
	char text[64], tight[8];
	checklist_trouble(text, sizeof text, &l);
	CHECK_TEXT(text, "");
	checklist_add(&l, CHECK_nics_fit, "m", FINDING_OK, "well");
	checklist_add(&l, CHECK_bmc_answers, "m", FINDING_BAD, "no answer");
	checklist_add(&l, CHECK_fence, "p", FINDING_UNKNOWN, "who knows");
	checklist_add(
		&l, CHECK_spare_off, "m", FINDING_BAD, "it is on"); /* an order switches it off */
	checklist_add(&l, CHECK_lun_visible, "p", FINDING_BAD, "no LUN");
	checklist_sort(&l);
	CHECK_TEXT(check_word(l.check[0].id), "bmc-answers");
	CHECK_TEXT(check_word(l.check[1].id), "spare-off");
	CHECK_TEXT(check_word(l.check[2].id), "lun-visible");
	CHECK_TEXT(check_word(l.check[3].id), "fence");
	checklist_trouble(text, sizeof text, &l);
	CHECK_TEXT(text, "no answer; no LUN");
	checklist_trouble(tight, sizeof tight, &l);
	CHECK_TEXT(tight, "no answ");
	for (int i = 0; i < 100; i++)
		checklist_add(&l, CHECK_fence, "p", FINDING_OK, "too many");
	CHECK_INT(l.n, CHECKLIST_MAX);
}

TESTS(T(a_machine_is_compared_with_what_is_wanted), T(what_cannot_be_fenced_rests_on_silence),
	T(a_card_has_a_pack_by_vendor_and_device), T(only_cards_that_take_an_address_want_a_pack),
	T(a_bmc_is_judged_by_whose_it_is), T(a_look_tells_the_lun_from_the_secret),
	T(bad_ones_come_first_and_make_one_sentence))
