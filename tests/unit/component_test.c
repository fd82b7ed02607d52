/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Components of machines: what is made of foreign words, and what two tellers mean alike. */
#include "core/component.h"

#include <string.h>

#include "tap.h"

static void words_of_devices_become_plain(void)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "SAMSUNG MZ7L3960  ", "SAMSUNG MZ7L3960" },
		{ "   Z1X2", "Z1X2" },
		{ "a\tb\x80\x1b[1m", "a?b??[1m" },
		{ "say \"x\\y\"", "say ?x?y?" },
		{ "      ", "" },
		{ "", "" },
		{ NULL, "" },
		{ "12345678901234567890", "1234567890123456" },
		{ "123456789 1234           ", "123456789 1234" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char to[17] = "x";
		component_text(to, sizeof to, cases[i].from);
		CHECK_TEXT(to, cases[i].to);
	}
}

static void words_go_both_ways(void)
{
	enum component_kind k;
	enum component_by by;
	for (int i = COMPONENT_DISK; i <= COMPONENT_MEMORY; i++)
		CHECK(component_kind_parse(&k, component_kind_word((enum component_kind)i)) &&
			(int)k == i);
	for (int i = BY_SHIM; i <= BY_BOTH; i++)
		CHECK(component_by_parse(&by, component_by_word((enum component_by)i)) &&
			(int)by == i);
	CHECK(!component_kind_parse(&k, "") && !component_kind_parse(&k, "tape"));
	CHECK(!component_by_parse(&by, "") && !component_by_parse(&by, "you"));
	CHECK(component_bus_ok("") && component_bus_ok("nvme") && !component_bus_ok("mfm"));
}

static struct component disk(enum component_by by, const char *slot, const char *serial,
	const char *firmware, const char *health)
{
	struct component c = { .kind = COMPONENT_DISK, .by = by };
	component_text(c.slot, sizeof c.slot, slot);
	component_text(c.serial, sizeof c.serial, serial);
	component_text(c.firmware, sizeof c.firmware, firmware);
	component_text(c.health, sizeof c.health, health);
	return c;
}

static void what_both_tell_of_is_one(void)
{
	struct component c[] = {
		disk(BY_SHIM, "sda", "S1", "HXT7", ""),
		disk(BY_SHIM, "sdb", "S2", "JXTC404Q", ""),
		disk(BY_SHIM, "sdc", "", "1", ""),
		disk(BY_BMC, "Bay 1", "S1", "HXT7404Q", "failure predicted"),
		disk(BY_BMC, "Bay 2", "S2", "JXTC", "OK"),
		disk(BY_BMC, "Bay 3", "", "1", "OK"),
		disk(BY_BMC, "Bay 4", "S4", "1", "OK"),
	};
	c[3].bytes = 960;
	c[0].bytes = 0;
	CHECK_INT(components_merge(c, 7), 5);
	CHECK_TEXT(c[0].slot, "sda");
	CHECK(c[0].by == BY_BOTH && c[0].bytes == 960);
	CHECK_TEXT(c[0].firmware, "HXT7404Q"); /* the shim saw its beginning */
	CHECK_TEXT(c[0].health, "failure predicted");
	CHECK(c[1].by == BY_BOTH);
	CHECK_TEXT(c[1].firmware, "JXTC404Q");
	/* Without a serial number nobody can say that they are one. */
	CHECK(c[2].by == BY_SHIM && c[3].by == BY_BMC);
	CHECK_TEXT(c[3].slot, "Bay 3");
	CHECK_TEXT(c[4].slot, "Bay 4");
}

static void kinds_are_not_mixed(void)
{
	struct component c[] = { disk(BY_SHIM, "sda", "S1", "1", ""),
		disk(BY_BMC, "NIC.1", "S1", "2", "OK"), disk(BY_BMC, "twin", "S1", "1", "OK"),
		disk(BY_BMC, "twin", "S1", "1", "OK") };
	c[1].kind = COMPONENT_NIC;
	c[2].by = BY_SHIM;
	CHECK_INT(components_merge(c, 3), 3);
	CHECK_INT(components_merge(c, 0), 0);
	CHECK_INT(components_merge(c + 3, 1), 1);
}

TESTS(T(words_of_devices_become_plain), T(words_go_both_ways), T(what_both_tell_of_is_one),
	T(kinds_are_not_mixed))
