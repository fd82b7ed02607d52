/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lab blade's NVRAM as its vendor tool sees it, and which LUNs the lab's storage shows to whom.
 */
#include <stdlib.h>
#include <unistd.h>

#include "tests/lab/fabric.h"
#include "tests/lab/port.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/baton-port.XXXXXX";

#define OWN "10:00:00:00:c9:aa:00:01 20:00:00:00:c9:aa:00:01"
#define NEW "20:00:02:ba:70:00:00:01 20:01:02:ba:70:00:00:01"
#define PORT "50:06:01:60:3b:a0:00:01"

static struct nvram blade(void)
{
	struct nvram n = {
		.nics = 1, .hbas = 1, .own_uuid = "5e0c1a70-0a0a-4a00-8000-52540aaa0001"
	};
	snprintf(n.path, sizeof n.path, "%s/nvram", dir);
	snprintf(n.nic[0].pci, sizeof n.nic[0].pci, "0000:00:03.0");
	mac_parse(&n.nic[0].mac, "52:54:00:aa:00:01");
	snprintf(n.hba[0].pci, sizeof n.hba[0].pci, "0000:00:05.0");
	wwn_parse(&n.hba[0].wwpn, "10:00:00:00:c9:aa:00:01");
	wwn_parse(&n.hba[0].wwnn, "20:00:00:00:c9:aa:00:01");
	memcpy(n.uuid, n.own_uuid, sizeof n.uuid);
	return n;
}

static struct nvram at_work;

static const char *said(enum manner m, const char *line)
{
	static char text[PORT_ANSWER];
	port_answer(text, &at_work, m, line);
	return text;
}

static void a_blade_keeps_what_its_tool_writes(void)
{
	struct err e = { 0 };
	char text[NVRAM_TEXT], again[NVRAM_TEXT];
	at_work = blade();
	CHECK_TEXT(said(HONEST, "ports"), "port 0000:00:03.0 52:54:00:aa:00:01\nend\n");
	CHECK_TEXT(said(HONEST, "hba 0000:00:05.0"), "hba " OWN "\n");
	CHECK_TEXT(said(HONEST, "hba-write 0000:00:05.0 " NEW), "ok\n");
	CHECK_TEXT(said(HONEST, "hba-target 0000:00:05.0 0 " PORT " 3"), "ok\n");
	CHECK_TEXT(said(HONEST, "hba-target 0000:00:05.0 1 " PORT " 4"), "ok\n");
	CHECK_TEXT(said(HONEST, "hba-target 0000:00:05.0 0 " PORT " 5"), "ok\n");
	CHECK_TEXT(said(HONEST, "hba 0000:00:05.0"), "hba " NEW " " PORT "/5 " PORT "/4\n");
	CHECK_TEXT(said(HONEST, "write 0000:00:03.0 02:ba:70:00:00:01"), "ok\n");
	CHECK_TEXT(said(HONEST, "board"), "board 5e0c1a70-0a0a-4a00-8000-52540aaa0001 -\n");
	CHECK_TEXT(said(HONEST, "board-write 5e0c1a70-0a0a-4a00-8000-52540aaa0001 P-1"), "ok\n");
	nvram_text(text, &at_work);
	CHECK_TEXT(text, "nic 0000:00:03.0 02:ba:70:00:00:01\nhba 0000:00:05.0 " NEW "\n"
			 "target 0000:00:05.0 " PORT " 5\ntarget 0000:00:05.0 " PORT " 4\n"
			 "serial P-1\n");
	at_work = blade(); /* its power is gone */
	CHECK_INT(nvram_load(&at_work, &e), 0);
	nvram_text(again, &at_work);
	CHECK_TEXT(again, text);
	CHECK_TEXT(said(HONEST, "hba-none 0000:00:05.0"), "ok\n");
	CHECK_TEXT(said(HONEST, "hba 0000:00:05.0"), "hba " NEW "\n");
}

static void a_wrong_line_changes_nothing(void)
{
	static const char *const wrong[] = { "hba", "hba 0000:00:06.0",
		"hba-write 0000:00:05.0 x y", "hba-target 0000:00:05.0 2 " PORT " 1",
		"hba-target 0000:00:05.0 0 " PORT, "hba-none 0000:00:03.0", "board-write x y",
		"write 0000:00:03.0 01:00:00:00:00:01", "read 0000:00:05.0", "format" };
	char before[NVRAM_TEXT], after[NVRAM_TEXT];
	at_work = blade();
	nvram_text(before, &at_work);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		CHECK(strncmp(said(HONEST, wrong[i]), "error ", 6) == 0);
	CHECK_TEXT(said(LIES, "hba-write 0000:00:05.0 " NEW), "ok\n");
	CHECK_TEXT(
		said(FAILS, "hba-write 0000:00:05.0 " NEW), "error the NVRAM is write-protected\n");
	CHECK_TEXT(said(HONEST, ""), "");
	nvram_text(after, &at_work);
	CHECK_TEXT(after, before);
}

static void put(const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "we");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void a_lun_is_seen_by_whom_its_mask_names(void)
{
	struct fabric_lun lun[FABRIC_LUNS];
	struct wwn own, new;
	char image[128];
	wwn_parse(&own, "10:00:00:00:c9:aa:00:01");
	wwn_parse(&new, "20:00:02:ba:70:00:00:01");
	CHECK_INT(fabric_luns(lun, dir, &new), 0);
	put("b.mask", "target " PORT " 3\n20:00:02:BA:70:00:00:01\n");
	put("a.mask", "20:00:02:ba:70:00:00:01\n10:00:00:00:c9:aa:00:01\ntarget " PORT " 0\n");
	put("c.mask", "20:00:02:ba:70:00:00:01\n"); /* shown nowhere */
	CHECK_INT(fabric_luns(lun, dir, &own), 1);
	CHECK_INT(fabric_luns(lun, dir, &new), 2);
	snprintf(image, sizeof image, "%s/b.img", dir);
	CHECK_TEXT(lun[1].image, image);
	CHECK_INT(lun[1].at.lun, 3);
}

static void begin(void)
{
	CHECK(mkdtemp(dir) != NULL);
}

static void end(void)
{
	char command[64];
	snprintf(command, sizeof command, "rm -r %s", dir);
	CHECK_INT(system(command), 0);
}

TESTS(T(begin), T(a_blade_keeps_what_its_tool_writes), T(a_wrong_line_changes_nothing),
	T(a_lun_is_seen_by_whom_its_mask_names), T(end))
