/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manifests that ship: each is good, and its commands are what the maker's tool is called with.
 */
#include <stdlib.h>

#include "initramfs/pack.h"
#include "tests/unit/tap.h"

static struct mac mac, old;
static struct wwn wwpn, wwnn, old_wwpn, old_wwnn;
static struct uuid uuid;
static struct fc_target target = { .lun = 3 };

/* A card with a value for every word. */
static struct pack_card card(void)
{
	mac_parse(&mac, "02:ba:70:00:00:01");
	mac_parse(&old, "52:54:00:aa:00:01");
	wwn_parse(&wwpn, "20:00:02:ba:70:00:00:01");
	wwn_parse(&wwnn, "20:01:02:ba:70:00:00:01");
	wwn_parse(&old_wwpn, "10:00:00:00:c9:aa:00:01");
	wwn_parse(&old_wwnn, "20:00:00:00:c9:aa:00:01");
	wwn_parse(&target.wwpn, "50:06:01:60:3b:a0:00:01");
	uuid_parse(&uuid, "03000200-0400-0500-0006-000700080009");
	return (struct pack_card){ .pci = "0000:81:1f.1",
		.netdev = "eth1",
		.mac = &mac,
		.old = &old,
		.wwpn = &wwpn,
		.wwnn = &wwnn,
		.old_wwpn = &old_wwpn,
		.old_wwnn = &old_wwnn,
		.target = &target,
		.n = 1,
		.uuid = &uuid,
		.serial = "C2A 0117" };
}

static void load(struct pack *p, const char *dir)
{
	char text[PACK_TEXT_MAX], path[128];
	struct err e = { 0 };
	snprintf(path, sizeof path, "%s/manifest", dir);
	FILE *f = fopen(path, "re");
	CHECK(f != NULL);
	size_t len = f ? fread(text, 1, sizeof text, f) : 0;
	CHECK_INT(pack_parse(p, path, text, len, &e), 0);
	CHECK_TEXT(e.text, "");
	snprintf(p->dir, sizeof p->dir, "/packs/%s", p->name);
	if (f)
		fclose(f);
}

/* The command's words with '|' between. */
static const char *words(const struct pack *p, enum pack_deed deed)
{
	static char text[PACK_ARG_TEXT];
	struct pack_args a;
	struct pack_card c = card();
	struct err e = { 0 };
	text[0] = '\0';
	CHECK_INT(pack_args(&a, p, deed, &c, &e), 0);
	CHECK_TEXT(e.text, "");
	for (int i = 0; !e.code && a.argv[i]; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "|" : "",
			a.argv[i]);
	return text;
}

static void mellanox(void)
{
	struct pack p;
	struct mac found;
	char text[MAC_TEXT];
	load(&p, "initramfs/packs/mstflint");
	CHECK(pack_fits(&p, 0x15b3, 0x1015) && !pack_writes_function(&p, "0000:81:00.1"));
	CHECK_TEXT(words(&p, PACK_WRITE),
		"/packs/mstflint/lib/ld-linux-x86-64.so.2|--library-path|/packs/mstflint/lib|"
		"/packs/mstflint/bin/mstflint|-y|-d|0000:81:1f.1|--mac|02ba70000001|sg");
	CHECK(pack_mac(&found, &p,
		"FW Version: 14\nBase GUID:   b8599f0300c15e42  8\n"
		"Orig Base MAC: b8599fffffff 8\nBase MAC:    b8599fc15e42      8\n"));
	CHECK_TEXT(mac_text(text, &found), "b8:59:9f:c1:5e:42");
	CHECK(pack_mac(&found, &p, "GUIDs: x\nMACs:       0002c9aabbcc     0002c9aabbcd\n"));
	CHECK_TEXT(mac_text(text, &found), "00:02:c9:aa:bb:cc");
	pack_fini(&p);
}

static void intel(void)
{
	struct pack p;
	struct mac found;
	char text[MAC_TEXT];
	load(&p, "initramfs/packs/eeupdate");
	CHECK(pack_fits(&p, 0x8086, 0x1533) && !pack_fits(&p, 0x8086, 0x1572));
	CHECK_TEXT(words(&p, PACK_READ),
		"/packs/eeupdate/eeupdate64e|/BUS=0x81|/DEV=0x1f|/FUN=1|/MAC_DUMP");
	CHECK_TEXT(words(&p, PACK_WRITE),
		"/packs/eeupdate/eeupdate64e|/BUS=0x81|/DEV=0x1f|/FUN=1|/MAC=02ba70000001");
	CHECK(pack_mac(&found, &p,
		"NIC Bus Dev Fun Vendor-Device  Branding string\n"
		"  5  15  00  00   8086-1533    Intel(R) I210 Gigabit Network Connection\n\n"
		" 5: LAN MAC Address is 525400AA0001.\n"));
	CHECK_TEXT(mac_text(text, &found), "52:54:00:aa:00:01");
	pack_fini(&p);
}

static void broadcom(void)
{
	struct pack p;
	struct mac found;
	char text[MAC_TEXT];
	load(&p, "initramfs/packs/bnxtnvm");
	CHECK(pack_fits(&p, 0x14e4, 0x16d8));
	CHECK_TEXT(
		words(&p, PACK_READ), "/packs/bnxtnvm/bnxtnvm|-dev=eth1|getoption=mac_address:0");
	CHECK_TEXT(words(&p, PACK_WRITE),
		"/packs/bnxtnvm/bnxtnvm|-dev=eth1|setoption=mac_address:0#02ba70000001");
	CHECK(pack_mac(&found, &p, "mac_address:0 = 02:BA:70:00:00:01\n"));
	CHECK_TEXT(mac_text(text, &found), "02:ba:70:00:00:01");
	CHECK(pack_mac(&found, &p, "mac_address:0#02ba70000002\n"));
	CHECK_TEXT(mac_text(text, &found), "02:ba:70:00:00:02");
	pack_fini(&p);
}

static void emulex(void)
{
	struct pack p;
	struct wwn found;
	char text[WWN_TEXT];
	static const char *const said[] = {
		"Current WWNs for 10:00:00:00:c9:aa:00:01\n"
		"WWPN: 10:00:00:00:C9:AA:00:01\nWWNN: 20:00:00:00:C9:AA:00:01\n",
		"Node WWN : 20:00:00:00:c9:aa:00:01\nPort WWN : 10:00:00:00:c9:aa:00:01\n",
	};
	load(&p, "initramfs/packs/emulex");
	CHECK_INT(p.kind, PACK_FC);
	CHECK(pack_fits(&p, 0x10df, 0xf100) && !pack_fits(&p, 0x1077, 0x2532));
	CHECK_TEXT(
		words(&p, PACK_READ), "/packs/emulex/bin/hbacmd|ReadWWN|10:00:00:00:c9:aa:00:01|1");
	CHECK_TEXT(words(&p, PACK_WRITE),
		"/packs/emulex/bin/hbacmd|ChangeWWN|10:00:00:00:c9:aa:00:01|"
		"20:00:02:ba:70:00:00:01|20:01:02:ba:70:00:00:01|1");
	for (int i = 0; i < 2; i++) {
		CHECK(pack_wwn(&found, &p, RULE_WWPN, said[i]));
		CHECK_TEXT(wwn_text(text, &found), "10:00:00:00:c9:aa:00:01");
		CHECK(pack_wwn(&found, &p, RULE_WWNN, said[i]));
		CHECK_TEXT(wwn_text(text, &found), "20:00:00:00:c9:aa:00:01");
	}
	pack_fini(&p);
}

static void ami(void)
{
	struct pack p;
	struct uuid found;
	char text[UUID_TEXT], serial[PACK_SERIAL_LEN + 1];
	static const char said[] =
		"(/SU)System UUID              R    Done   \"00020003000400050006000700080009h\"\n"
		"(/SS)System serial number     R    Done   \"C2A 0117  \"\n";
	load(&p, "initramfs/packs/amide");
	CHECK_INT(p.kind, PACK_BOARD);
	CHECK_TEXT(words(&p, PACK_WRITE),
		"/packs/amide/amidelnx_64|/SU|00020003000400050006000700080009|/SS|C2A 0117");
	card();
	CHECK(pack_uuid(&found, &p, said) && uuid_same_body(&found, &uuid));
	CHECK_TEXT(uuid_text(text, &found), "00020003-0004-0005-0006-000700080009");
	CHECK(pack_serial(serial, &p, said));
	CHECK_TEXT(serial, "C2A 0117");
	pack_fini(&p);
}

static void the_labs_own(void)
{
	struct pack p;
	struct mac found;
	struct wwn name;
	struct uuid is;
	struct fc_target t[2];
	char text[WWN_TEXT], serial[PACK_SERIAL_LEN + 1];
	load(&p, "tests/lab/nvram-tool");
	CHECK_INT(p.kind, PACK_NIC);
	CHECK(pack_mac(&found, &p, "mac 02:ba:70:00:00:01\n"));
	pack_fini(&p);

	static const char hba[] = "hba 20:00:02:ba:70:00:00:01 20:01:02:ba:70:00:00:01 "
				  "50:06:01:60:3b:a0:00:01/3 50:06:01:68:3b:a0:00:01/0\n";
	load(&p, "tests/lab/nvram-fc");
	CHECK_TEXT(words(&p, PACK_TARGET),
		"/packs/nvram-fc/nvram|say|hba-target|0000:81:1f.1|1|50:06:01:60:3b:a0:00:01|3");
	CHECK(pack_wwn(&name, &p, RULE_WWPN, hba) && pack_wwn(&name, &p, RULE_WWNN, hba));
	CHECK_INT(pack_targets(t, 2, &p, hba), 2);
	CHECK_TEXT(wwn_text(text, &t[1].wwpn), "50:06:01:68:3b:a0:00:01");
	CHECK(t[0].lun == 3 && t[1].lun == 0);
	CHECK_INT(pack_targets(t, 1, &p, hba), -1);
	pack_fini(&p);

	load(&p, "tests/lab/nvram-board");
	CHECK(pack_uuid(&is, &p, "board 03000200-0400-0500-0006-000700080009 S1\n"));
	CHECK(pack_serial(serial, &p, "board 03000200-0400-0500-0006-000700080009 S1\n"));
	CHECK_TEXT(serial, "S1");
	pack_fini(&p);
}

TESTS(T(mellanox), T(intel), T(broadcom), T(emulex), T(ami), T(the_labs_own))
