/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the broker makes of a report's disks and of its cards' firmware. */
#include "broker/inventory.h"

#include "tap.h"

#define HEAD "report id=7 mac=52:54:00:aa:00:01 generation=4\n"
#define FOUND                                                                                      \
	HEAD "{\"stage\":\"found\",\"deed\":\"identity\",\"machine\":\"blade-a\",\"generation\":"  \
	     "4,"

static struct report read_of(const char *text)
{
	static struct report r;
	struct err e = { 0 };
	CHECK_INT(report_read(&r, text, strlen(text), &e), 0);
	CHECK_TEXT(e.text, "");
	return r;
}

static void disks_and_cards_become_components(void)
{
	static struct component all[COMPONENTS_MAX];
	struct report r = read_of(
		FOUND "\"disks\":[{\"name\":\"nvme0n1\",\"kind\":\"nvme\",\"model\":\"KXG60\","
		      "\"serial\":\"S1\",\"firmware\":\"AGXA4103\",\"bytes\":1024209543168}],"
		      "\"nics\":[{\"pci\":\"0000:3b:00.0\",\"permanent\":\"52:54:00:aa:00:01\","
		      "\"driver\":\"mlx5_core\",\"id\":\"15b3:1015\",\"firmware\":\"14.31.1014\"},"
		      "{\"pci\":\"0000:3b:00.1\"}]}");
	CHECK_INT(report_components(all, &r), 3);
	CHECK(all[0].kind == COMPONENT_DISK && all[0].bytes == 1024209543168);
	CHECK_TEXT(all[0].slot, "nvme0n1");
	CHECK_TEXT(all[0].bus, "nvme");
	CHECK_TEXT(all[0].model, "KXG60");
	CHECK_TEXT(all[0].serial, "S1");
	CHECK_TEXT(all[0].firmware, "AGXA4103");
	CHECK(all[1].kind == COMPONENT_NIC);
	CHECK_TEXT(all[1].slot, "0000:3b:00.0");
	CHECK_TEXT(all[1].model, "15b3:1015 mlx5_core");
	CHECK_TEXT(all[1].serial, "52:54:00:aa:00:01");
	CHECK_TEXT(all[1].firmware, "14.31.1014");
	CHECK_TEXT(all[2].firmware, "");
}

static void strange_disks_are_passed_over(void)
{
	static const char *const odd[] = { "7", "{}", "\"sda\"", "{\"sda\":{}}", "[7,[],{},null]",
		"[{\"name\":7}]", "[{\"name\":\"\"}]", "[{\"name\":\"sda\",\"bytes\":-1}]" };
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		char text[400];
		snprintf(text, sizeof text, FOUND "\"disks\":%s,\"firmware\":[]}", odd[i]);
		CHECK_INT(read_of(text).disks, 0);
	}
	struct report r = read_of(FOUND "\"disks\":[{\"name\":\"sda\",\"kind\":\"drum\","
					"\"model\":[],\"serial\":\"\\u001b[1m\\\"\"}]}");
	CHECK_INT(r.disks, 1);
	CHECK_TEXT(r.disk[0].bus, "");
	CHECK_TEXT(r.disk[0].model, "");
	CHECK_TEXT(r.disk[0].serial, "?[1m?");
}

static void more_than_there_is_room_for_are_left_out(void)
{
	static char text[8192];
	static struct component all[COMPONENTS_MAX];
	size_t at = (size_t)snprintf(text, sizeof text, "%s\"disks\":[", FOUND);
	for (int i = 0; i < 200; i++)
		at += (size_t)snprintf(
			text + at, sizeof text - at, "%s{\"name\":\"sd%d\"}", i ? "," : "", i);
	snprintf(text + at, sizeof text - at, "]}");
	struct report r = read_of(text);
	CHECK_INT(r.disks, REPORT_DISKS);
	CHECK_INT(report_components(all, &r), REPORT_DISKS);
}

TESTS(T(disks_and_cards_become_components), T(strange_disks_are_passed_over),
	T(more_than_there_is_room_for_are_left_out))
