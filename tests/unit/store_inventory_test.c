/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machines are made of, in the store: each teller's words as a whole. */
#include <errno.h>

#include "tap.h"

#include "store_fixture.h"

static struct component one(enum component_kind kind, const char *slot, const char *firmware)
{
	struct component c = { .kind = kind, .bytes = 960197124096, .bus = "nvme" };
	component_text(c.slot, sizeof c.slot, slot);
	component_text(c.model, sizeof c.model, "SAMSUNG MZQL2960");
	component_text(c.serial, sizeof c.serial, "S64");
	component_text(c.firmware, sizeof c.firmware, firmware);
	component_text(c.health, sizeof c.health, "OK");
	return c;
}

static void what_was_told_is_kept_whole(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct inventory_row *rows = NULL;
	size_t n = 9;
	struct err e;
	const struct component told[] = { one(COMPONENT_DISK, "nvme0n1", "GDC5602Q"),
		one(COMPONENT_NIC, "0000:3b:00.0", "") };
	WANT(0, "", store_inventory(s, "", &rows, &n, &e));
	CHECK(n == 0 && !rows);
	MUST(store_inventory_set(s, "blade-a", BY_SHIM, 1e9, told, 2, &e));
	MUST(store_inventory(s, "blade-a", &rows, &n, &e));
	CHECK_INT(n, 2);
	CHECK_TEXT(rows[0].machine, "blade-a");
	CHECK(rows[0].c.kind == COMPONENT_DISK && rows[0].c.by == BY_SHIM);
	CHECK_TEXT(rows[0].c.slot, "nvme0n1");
	CHECK_TEXT(rows[0].c.bus, "nvme");
	CHECK_TEXT(rows[0].c.model, "SAMSUNG MZQL2960");
	CHECK_TEXT(rows[0].c.serial, "S64");
	CHECK_TEXT(rows[0].c.firmware, "GDC5602Q");
	CHECK_TEXT(rows[0].c.health, "OK");
	CHECK(rows[0].c.bytes == 960197124096 && rows[0].c.seen_s == 1e9);
	CHECK(rows[1].c.kind == COMPONENT_NIC);
}

static void one_teller_leaves_the_other_alone(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct inventory_row *rows = NULL;
	OWN(list) struct inventory_row *again = NULL;
	size_t n = 0;
	struct err e;
	const struct component a = one(COMPONENT_DISK, "sda", "1"),
			       b[] = { one(COMPONENT_DISK, "Bay 1", "1"),
				       one(COMPONENT_BIOS, "", "2.1") };
	MUST(store_inventory_set(s, "blade-a", BY_BMC, 1, b, 2, &e));
	MUST(store_inventory_set(s, "blade-a", BY_SHIM, 2, &a, 1, &e));
	MUST(store_inventory_set(s, "blade-b", BY_SHIM, 2, &a, 1, &e));
	MUST(store_inventory(s, "", &rows, &n, &e));
	CHECK_INT(n, 4);
	CHECK_TEXT(rows[0].c.slot, "sda"); /* the shim's first */
	CHECK_TEXT(rows[1].c.slot, "Bay 1");
	CHECK_TEXT(rows[3].machine, "blade-b");
	/* A disk that was pulled is gone with the next report. */
	MUST(store_inventory_set(s, "blade-a", BY_SHIM, 3, NULL, 0, &e));
	MUST(store_inventory(s, "blade-a", &again, &n, &e));
	CHECK_INT(n, 2);
	CHECK(again[0].c.by == BY_BMC);
}

static void it_goes_with_its_machine_and_needs_one(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct inventory_row *rows = NULL;
	size_t n = 0;
	struct err e = { 0 };
	struct component c[COMPONENTS_MAX + 1] = { one(COMPONENT_DISK, "sda", "1") };
	CHECK(store_inventory_set(s, "nobody", BY_SHIM, 1, c, 1, &e) < 0);
	MUST(store_inventory_set(s, "blade-a", BY_SHIM, 1, c, 1, &e));
	/* All or nothing. */
	WANT(E2BIG, "machine blade-a: 129 components, and 128 at most can be kept",
		store_inventory_set(s, "blade-a", BY_SHIM, 2, c, COMPONENTS_MAX + 1, &e));
	MUST(store_inventory(s, "blade-a", &rows, &n, &e));
	CHECK_INT(n, 1);
	MUST(store_machine_rm(s, "blade-a", &e));
	free(rows);
	rows = NULL;
	MUST(store_inventory(s, "", &rows, &n, &e));
	CHECK_INT(n, 0);
}

TESTS(T(what_was_told_is_kept_whole), T(one_teller_leaves_the_other_alone),
	T(it_goes_with_its_machine_and_needs_one))
