/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a machine takes a persona's addresses, as a table. */
#include "core/taking.h"

#include "tests/unit/tap.h"
#include "tests/unit/world.h"

#define CARRIES "52:54:00:bb:00:02" /* blade-b's NIC that takes web-01's address */
#define KEEPS "52:54:00:bb:00:01"

static const struct {
	enum taking wish;
	bool told;
	const char *why, *mac;
	bool settable;
	enum taking want;
	const char *says;
} rows[] = {
	{ TAKING_AUTO, true, "", CARRIES, true, TAKING_BMC,
		"by its BMC while it is off, in one start" },
	{ TAKING_AUTO, true, "", CARRIES, false, TAKING_SHIM,
		"by the shim, in two starts: its BMC does not let itself be told the address of "
		"NIC " CARRIES },
	{ TAKING_AUTO, true, "", KEEPS, true, TAKING_SHIM,
		"by the shim, in two starts: its BMC shows no NIC " CARRIES },
	{ TAKING_AUTO, false, "", CARRIES, true, TAKING_SHIM,
		"by the shim, in two starts: no address is set by ipmi" },
	{ TAKING_AUTO, false, "the BMC hung up", CARRIES, true, TAKING_SHIM,
		"by the shim, in two starts: the BMC hung up" },
	{ TAKING_HANDOVER, true, "", CARRIES, true, TAKING_BMC,
		"by its BMC while it is off, in one start" },
	{ TAKING_HANDOVER, false, "", CARRIES, true, TAKING_HANDOVER,
		"by a handover, in one start where that is sound: no address is set by ipmi" },
	{ TAKING_SHIM, true, "", CARRIES, true, TAKING_SHIM,
		"by the shim, in two starts: its BMC is not to be asked, by the word of --taking" },
};

static void every_row_comes_out_as_written(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world w;
		char why[TAKING_WHY];
		struct taking_cards cards = {
			.told = rows[i].told, .n = 1, .kind = "ipmi", .why = rows[i].why
		};
		world_init(&w, PHASE_PERSONA);
		w.machine[1].taking = rows[i].wish;
		cards.card[0].permanent = world_mac(rows[i].mac);
		cards.card[0].settable = rows[i].settable;
		struct taking_left left = { .stale = false };
		CHECK_INT(taking_choose(why, &w.machine[1], &w.persona[0], &cards, &left),
			rows[i].want);
		CHECK_TEXT(why, rows[i].says);
	}
}

/* What an earlier order left on the cards decides before anything that a BMC says. */
static void what_was_left_on_the_cards_comes_first(void)
{
	static const struct {
		enum taking taken, wish;
		bool holds;
		enum taking want, prestaged;
		const char *says;
	} of[] = {
		{ TAKING_SHIM, TAKING_AUTO, true, TAKING_PRESTAGED, TAKING_SHIM,
			"prestaged, in one start: its cards hold the addresses already" },
		{ TAKING_PRESTAGED, TAKING_SHIM, true, TAKING_PRESTAGED, TAKING_SHIM,
			"prestaged, in one start: its cards hold the addresses already" },
		{ TAKING_SHIM, TAKING_AUTO, false, TAKING_SHIM, TAKING_SHIM,
			"by the shim, in two starts: the shim wrote its cards before" },
		{ TAKING_PRESTAGED, TAKING_HANDOVER, false, TAKING_HANDOVER, TAKING_SHIM,
			"by a handover, in one start where that is sound: the shim wrote its cards "
			"before" },
		{ TAKING_BMC, TAKING_SHIM, true, TAKING_BMC, TAKING_BMC,
			"by its BMC while it is off, in one start" },
	};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct world w;
		char why[TAKING_WHY];
		struct taking_cards cards = { .told = true, .n = 1, .kind = "redfish", .why = "" };
		struct taking_left left = { .stale = true, .holds = of[i].holds };
		world_init(&w, PHASE_PERSONA);
		cards.card[0].permanent = world_mac(CARRIES);
		cards.card[0].settable = true;
		struct machine *m = &w.machine[1];
		m->taken = of[i].taken;
		m->taking = of[i].wish;
		CHECK_INT(
			taking_to_prestage(why, m, &w.persona[0], &cards, &left), of[i].prestaged);
		CHECK_INT(taking_choose(why, m, &w.persona[0], &cards, &left), of[i].want);
		CHECK_TEXT(why, of[i].says);
	}
}

static void a_bmc_that_is_not_believed_is_not_asked(void)
{
	static const struct {
		const char *quirks;
		bool want;
	} of[] = { { "", false }, { "no-identity", true }, { "efi no-identity", true },
		{ "no-identity efi", true }, { "no-identity2", false }, { "xno-identity", false } };
	struct world w;
	char why[TAKING_WHY];
	struct taking_cards cards = { .distrusted = true, .kind = "redfish", .why = "" };
	world_init(&w, PHASE_PERSONA);
	struct machine *m = &w.machine[1];
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		snprintf(m->bmc.quirks, sizeof m->bmc.quirks, "%s", of[i].quirks);
		CHECK_INT(taking_distrusts(m), of[i].want);
	}
	m->taking = TAKING_AUTO;
	CHECK_INT(taking_choose(why, m, &w.persona[0], &cards, &(struct taking_left){ false }),
		TAKING_SHIM);
	CHECK_TEXT(why,
		"by the shim, in two starts: its BMC is not asked, since no-identity stands among "
		"its quirks");
}

TESTS(T(every_row_comes_out_as_written), T(what_was_left_on_the_cards_comes_first),
	T(a_bmc_that_is_not_believed_is_not_asked))
