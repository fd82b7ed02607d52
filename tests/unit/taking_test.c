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
		CHECK_INT(taking_choose(why, &w.machine[1], &w.persona[0], &cards), rows[i].want);
		CHECK_TEXT(why, rows[i].says);
	}
}

TESTS(T(every_row_comes_out_as_written))
