/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs and the board in the shim: the order's lines, what sysfs shows, and a tool at work. The tool
 * is a shell script that keeps what it is told in files. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initramfs/back.h"
#include "initramfs/board.h"
#include "initramfs/hba.h"
#include "initramfs/job.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/baton-hba.XXXXXX";

static void put(const char *name, const char *text, unsigned mode)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	for (char *c = path + strlen(dir) + 1; (c = strchr(c, '/')); *c++ = '/') {
		*c = '\0';
		mkdir(path, 0755);
	}
	FILE *f = fopen(path, "we");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static const char *got(const char *name)
{
	static char text[2048];
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

#define OWN_WWPN "10:00:00:00:c9:aa:00:01"
#define OWN_WWNN "20:00:00:00:c9:aa:00:01"
#define NEW_WWPN "20:00:02:ba:70:00:00:01"
#define NEW_WWNN "20:01:02:ba:70:00:00:01"
#define PORT_A "50:06:01:60:3b:a0:00:01"
#define PORT_B "50:06:01:68:3b:a0:00:01"

static const char order[] = "deed identity\nmachine blade-b\ngeneration 7\npersona db-01\n"
			    "hba - " OWN_WWPN " " NEW_WWPN " " NEW_WWNN " carries\n"
			    "hba 0000:81:00.1 - - - keeps\n"
			    "fc-target 0 " PORT_A " 3\nfc-target 0 " PORT_B " 3\n"
			    "uuid 5e0c1a70-0a0a-4a00-8000-52540aaa0001\nserial C2A 0117\n";

static void an_order_of_hbas_is_read_and_kept(void)
{
	struct job j, again;
	struct err e = { 0 };
	char text[JOB_TEXT_MAX + 1];
	struct fc_target t[FC_TARGETS];
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_TEXT(e.text, "");
	CHECK_INT(j.hbas, 2);
	CHECK(job_hba_is_due(&j, 0) && !job_hba_is_due(&j, 1) && job_board_is_due(&j));
	CHECK_INT(job_targets(t, &j, 0), 2);
	CHECK_INT(job_targets(t, &j, 1), 0);
	CHECK_TEXT(j.serial, "C2A 0117");
	job_text(text, &j);
	CHECK_TEXT(text, order);
	CHECK_INT(job_parse(&again, text, &e), 0);
	CHECK(j.hbas == again.hbas);

	struct hba h = { .pci = "0000:81:00.0" };
	wwn_parse(&h.wwpn, OWN_WWPN);
	CHECK_INT(job_match_hbas(&j, &h, 1, &e), 0);
	job_text(text, &j);
	CHECK(strstr(text, "\nhba 0000:81:00.0 " OWN_WWPN " " NEW_WWPN));
}

static void a_wrong_line_of_an_hba_is_refused(void)
{
	static const char *const wrong[] = {
		"hba - - - - maybe",
		"hba - - - - carries more",
		"hba - - - carries",
		"hba 81:00.0 - - - keeps",
		"hba - 10:00 - - keeps",
		"hba - 00:00:00:00:00:00:00:00 - - keeps",
		"fc-target 0 " PORT_A,
		"fc-target 0 " PORT_A " -1",
		"fc-target 0 - 1",
		"fc-target 0 " PORT_A " 1",
		"uuid x",
		"uuid 00000000-0000-0000-0000-000000000000",
		"serial ",
		"serial  x",
		"serial x\ty",
		"serial 1234567890123456789012345678901234567890123456789012345678901234",
		"serial a\nserial b",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct job j;
		char text[256];
		snprintf(text, sizeof text, "deed identity\nmachine a\n%s\n", wrong[i]);
		CHECK_INT(job_parse(&j, text, NULL), -EINVAL);
	}
	struct job j;
	char many[1024] = "deed identity\nmachine a\nhba - - - - carries\n";
	for (int i = 0; i <= FC_TARGETS; i++) {
		CHECK_INT(job_parse(&j, many, NULL), 0);
		strcat(many, "fc-target 0 " PORT_A " 1\n");
	}
	CHECK_INT(job_parse(&j, many, NULL), -EINVAL);
}

static void an_hba_is_known_by_place_then_by_name(void)
{
	struct job j;
	struct err e = { 0 };
	struct hba h[2] = { { .pci = "0000:81:00.0" }, { .pci = "0000:81:00.1" } };
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_INT(job_match_hbas(&j, h, 2, &e), -ENODEV);
	CHECK(strstr(
		e.text, "no HBA with the WWPN " OWN_WWPN " among its 2; want its PCI address"));
	wwn_parse(&h[0].wwpn, NEW_WWPN); /* written before */
	CHECK_INT(job_match_hbas(&j, h, 2, &e), 0);
	CHECK(j.hba[0].hba == &h[0] && j.hba[1].hba == &h[1]);
	h[1].wwpn = h[0].wwpn;
	CHECK_INT(job_match_hbas(&j, h, 2, &e), -ENODEV);
	CHECK(strstr(e.text, "several HBAs fit"));
	snprintf(j.hba[0].pci, sizeof j.hba[0].pci, "0000:81:00.1");
	CHECK_INT(job_match_hbas(&j, h, 2, &e), -ENODEV);
	CHECK(strstr(e.text, "two of its HBAs are the one at PCI 0000:81:00.1"));
}

static void device(const char *pci, const char *class, const char *vendor, const char *id)
{
	char name[128];
	snprintf(name, sizeof name, "sys/bus/pci/devices/%s/class", pci);
	put(name, class, 0644);
	snprintf(name, sizeof name, "sys/bus/pci/devices/%s/vendor", pci);
	put(name, vendor, 0644);
	snprintf(name, sizeof name, "sys/bus/pci/devices/%s/device", pci);
	put(name, id, 0644);
}

static struct tools tools;

static void load(const char *which)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, which);
	tools_load(&tools, path);
	CHECK_TEXT(tools.left_out, "");
}

/* Keeps one HBA: names in `names`, boot targets a line each in `targets`. */
static const char script[] = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho \"$*\" >>log\n"
			     "[ ! -e lies ] || case $1 in read|probe|board) ;; *) exit 0 ;; esac\n"
			     "case $1 in\nprobe) [ -e names ] ;;\n"
			     "read) cat names; cat targets 2>/dev/null || true ;;\n"
			     "write) echo \"names $2 $3\" >names ;;\n"
			     "none) rm -f targets ;;\n"
			     "target) echo \"boot $2 from $3 lun $4\" >>targets ;;\n"
			     "boards) echo \"uuid $2\" >board; echo \"serial $3\" >>board ;;\n"
			     "board) cat board ;;\n"
			     "*) ;;\nesac\n";

static void packs(void)
{
	put("packs/fc/tool", script, 0755);
	put("packs/fc/manifest",
		"name = fc\nkind = fc\npci = 10df:* 1af4:1048\nprobe = {pack}/tool probe\n"
		"read = {pack}/tool read {old_wwpn_hex}\nwrite = {pack}/tool write {wwpn} {wwnn}\n"
		"target_none = {pack}/tool none\n"
		"target = {pack}/tool target {n} {target_wwpn} {lun}\n"
		"boot_on = {pack}/tool on {old_wwpn}\nwwpn = ^names ([0-9a-f:]{23})\n"
		"wwnn = ([0-9a-f:]{23})$\n"
		"targets = ^boot [0-9]+ from ([0-9a-f:]{23}) lun ([0-9]+)$\n",
		0644);
	put("packs/fc/names", "names " OWN_WWPN " " OWN_WWNN "\n", 0644);
	put("packs/fc/board", "uuid 701a0c5e-0a0a-004a-8000-52540aaa0001\nserial OWN 1\n", 0644);
}

static void sysfs_shows_the_hbas(void)
{
	struct hba h[HBAS_MAX];
	struct err e = { 0 };
	char sys[64], link[256], text[WWN_TEXT];
	packs();
	load("packs");
	snprintf(sys, sizeof sys, "%s/sys", dir);
	device("0000:81:00.1", "0x0c0400\n", "0x1077\n", "0x2532\n");
	device("0000:81:00.0", "0x0c0400\n", "0x10df\n", "0xf100\n");
	device("0000:00:05.0", "0x010000\n", "0x1af4\n", "0x1048\n"); /* a pack names it */
	device("0000:00:06.0", "0x010000\n", "0x1af4\n", "0x1001\n");
	device("0000:81:01.0", "0x0c0400\n", "0x10df\n", "0xf100\n");
	put("sys/bus/pci/devices/0000:81:01.0/physfn", "", 0644); /* a virtual function */
	put("sys/bus/pci/devices/0000:81:00.0/host3/fc_host/host3/port_name",
		"0x10000000c9aa0001\n", 0644);
	put("sys/bus/pci/devices/0000:81:00.0/host3/fc_host/host3/node_name",
		"0x20000000c9aa0001\n", 0644);
	snprintf(link, sizeof link, "%s/class", sys);
	mkdir(link, 0755);
	snprintf(link, sizeof link, "%s/class/fc_host", sys);
	mkdir(link, 0755);
	snprintf(link, sizeof link, "%s/class/fc_host/host3", sys);
	CHECK_INT(symlink("../../bus/pci/devices/0000:81:00.0/host3/fc_host/host3", link), 0);
	CHECK_INT(hbas_find(h, sys, &tools, &e), 3);
	CHECK_TEXT(h[0].pci, "0000:00:05.0");
	CHECK_TEXT(h[1].pci, "0000:81:00.0");
	CHECK_TEXT(wwn_text(text, &h[1].wwpn), OWN_WWPN);
	CHECK_TEXT(wwn_text(text, &h[1].wwnn), OWN_WWNN);
	CHECK_TEXT(h[2].pci, "0000:81:00.1");
	CHECK(wwn_is_zero(&h[2].wwpn) && wwn_is_zero(&h[0].wwpn));
	CHECK(h[1].vendor == 0x10df && h[1].device == 0xf100);
	tools_fini(&tools);
}

static void prepare(struct job *j, struct hba *h, const char *text)
{
	struct err e = { 0 };
	*h = (struct hba){ .pci = "0000:81:00.0", .driver = "lpfc", .vendor = 0x10df };
	wwn_parse(&h->wwpn, OWN_WWPN);
	CHECK_INT(job_parse(j, text, &e), 0);
	CHECK_INT(job_match_hbas(j, h, 1, &e), 0);
	put("packs/fc/log", "", 0644);
}

static void a_tool_writes_names_and_targets(void)
{
	struct job j;
	struct hba h;
	struct hba_state s;
	struct err e = { 0 };
	char text[WWN_TEXT];
	packs();
	load("packs");
	prepare(&j, &h, order);
	CHECK_INT(hba_write(&j, 0, &tools, &e), 0);
	CHECK_TEXT(got("packs/fc/log"),
		"probe\nread 10000000c9aa0001\nwrite " NEW_WWPN " " NEW_WWNN "\nnone\n"
		"target 0 " PORT_A " 3\ntarget 1 " PORT_B " 3\non " OWN_WWPN "\n");
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), 0);
	CHECK_TEXT(wwn_text(text, &s.wwpn), NEW_WWPN);
	CHECK_TEXT(wwn_text(text, &s.wwnn), NEW_WWNN);
	CHECK(s.targets == 2 && s.target[1].lun == 3);
	CHECK_TEXT(s.tool, "fc");

	prepare(&j, &h, order); /* it holds all of it by now */
	CHECK_INT(hba_write(&j, 0, &tools, &e), 0);
	CHECK_TEXT(got("packs/fc/log"), "probe\nread 10000000c9aa0001\n");

	prepare(&j, &h,
		"deed restore\nmachine b\nhba 0000:81:00.0 " OWN_WWPN " " OWN_WWPN " " OWN_WWNN
		" carries\n");
	CHECK_INT(hba_write(&j, 0, &tools, &e), 0);
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), 0);
	CHECK_TEXT(got("packs/fc/names"), "names " OWN_WWPN " " OWN_WWNN "\n");
	CHECK_INT(s.targets, 0);
	CHECK_TEXT(e.text, "");
	tools_fini(&tools);
}

static void a_tool_that_lies_is_caught(void)
{
	struct job j;
	struct hba h;
	struct hba_state s;
	struct err e = { 0 };
	packs();
	load("packs");
	prepare(&j, &h, order);
	put("packs/fc/lies", "", 0644);
	CHECK_INT(hba_write(&j, 0, &tools, &e), 0);
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), -EIO);
	CHECK_TEXT(e.text, "card 0000:81:00.0 holds WWPN " OWN_WWPN ", WWNN " OWN_WWNN
			   " after " NEW_WWPN ", " NEW_WWNN " was written by pack fc");
	/* One that forgets a target. */
	put("packs/fc/names", "names " NEW_WWPN " " NEW_WWNN "\n", 0644);
	put("packs/fc/targets", "boot 0 from " PORT_A " lun 3\nboot 1 from " PORT_B " lun 4\n",
		0644);
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), -EIO);
	CHECK_TEXT(e.text, "card 0000:81:00.0 has 2 boot targets after 2 were set by pack fc; the "
			   "one at 1 is " PORT_B " LUN 4, not " PORT_B " LUN 3");
	put("packs/fc/targets", "", 0644);
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), -EIO);
	CHECK(strstr(e.text, "the one at 0 is none, not " PORT_A " LUN 3"));
	tools_fini(&tools);
}

static void without_a_pack_only_what_is_set_already_is_good(void)
{
	struct job j;
	struct hba h;
	struct hba_state s;
	struct err e = { 0 };
	put("no-packs/x", "", 0644);
	tools = (struct tools){ 0 };
	prepare(&j, &h, order);
	CHECK_INT(hba_write(&j, 0, &tools, &e), -ENODEV);
	CHECK_TEXT(e.text,
		"card 0000:81:00.0 (lpfc, PCI id 10df:0000): none of 0 tool-packs writes "
		"it; want one of kind fc in packs_dir whose manifest names that id");
	prepare(&j, &h, "deed restore\nmachine b\nhba - " OWN_WWPN " " OWN_WWPN " - carries\n");
	CHECK_INT(hba_write(&j, 0, &tools, &e), 0);
	CHECK_INT(hba_verify(&s, &j, 0, &tools, &e), 0);
	CHECK_TEXT(s.tool, "none");
}

static void an_hba_of_no_known_name_is_asked(void)
{
	struct hba h = { .pci = "0000:00:05.0", .vendor = 0x1af4, .device = 0x1048 };
	char text[WWN_TEXT];
	packs();
	put("packs/fc/manifest",
		"name = fc\nkind = fc\npci = 1af4:1048\nread = {pack}/tool read\n"
		"write = {pack}/tool write {wwpn} {wwnn}\nwwpn = ^names ([0-9a-f:]{23})\n"
		"wwnn = ([0-9a-f:]{23})$\n",
		0644);
	load("packs");
	hba_ask(&h, &tools);
	CHECK_TEXT(wwn_text(text, &h.wwpn), OWN_WWPN);
	CHECK_TEXT(wwn_text(text, &h.wwnn), OWN_WWNN);
	/* It sets no boot targets, and is not tried. */
	struct job j;
	struct err e = { 0 };
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_INT(job_match_hbas(&j, &h, 1, &e), 0);
	CHECK_INT(hba_write(&j, 0, &tools, &e), -ENOTSUP);
	CHECK(strstr(e.text, "pack fc sets no boot targets"));
	CHECK_TEXT(got("packs/fc/names"), "names " OWN_WWPN " " OWN_WWNN "\n");
	tools_fini(&tools);
}

static void a_board_takes_what_is_ordered_and_keeps_the_rest(void)
{
	struct job j;
	struct board_state s;
	struct err e = { 0 };
	put("boards/b/tool", script, 0755);
	put("boards/b/board", "uuid 701a0c5e-0a0a-004a-8000-52540aaa0001\nserial OWN 1\n", 0644);
	put("boards/b/manifest",
		"name = b\nkind = board\nread = {pack}/tool board\n"
		"write = {pack}/tool boards {uuid} {serial}\nuuid = ^uuid ([0-9a-f-]{36})$\n"
		"serial = ^serial (.*)$\n",
		0644);
	load("boards");
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\nserial C2A 0117\n", &e), 0);
	CHECK_INT(board_write(&j, &tools, &e), 0);
	CHECK_TEXT(got("boards/b/board"),
		"uuid 701a0c5e-0a0a-004a-8000-52540aaa0001\nserial C2A 0117\n");
	CHECK_INT(board_verify(&s, &j, &tools, &e), 0);
	CHECK_TEXT(s.serial, "C2A 0117");
	/* The same UUID in the other byte order is there already. */
	put("boards/b/log", "", 0644);
	CHECK_INT(job_parse(&j, order, &e), 0);
	CHECK_INT(board_write(&j, &tools, &e), 0);
	CHECK_TEXT(got("boards/b/log"), "board\n");
	put("boards/b/lies", "", 0644);
	CHECK_INT(job_parse(&j, "deed identity\nmachine a\nserial X\n", &e), 0);
	CHECK_INT(board_write(&j, &tools, &e), 0);
	CHECK_INT(board_verify(&s, &j, &tools, &e), -EIO);
	tools_fini(&tools);
}

static void what_was_read_back_stands_as_text(void)
{
	struct back b, again;
	struct err e = { 0 };
	char text[BACK_TEXT_MAX + 1];
	static const char all[] = "nic 0000:00:03.0 02:ba:70:00:00:01 nvram\n"
				  "hba 0000:81:00.0 " NEW_WWPN " " NEW_WWNN " fc\n"
				  "target " PORT_A " 3\ntarget " PORT_B " 0\n"
				  "uuid 5e0c1a70-0a0a-4a00-8000-52540aaa0001\nserial C2A 0117\n";
	CHECK_INT(back_parse(&b, all, &e), 0);
	CHECK(b.nics == 1 && b.hbas == 1 && b.hba[0].targets == 2);
	back_text(text, &b);
	CHECK_TEXT(text, all);
	CHECK_INT(back_parse(&again, text, &e), 0);
	CHECK_INT(back_parse(&b, "", &e), 0);
	CHECK_INT(back_parse(&b, "target " PORT_A " 3\n", &e), -EINVAL);
	CHECK_INT(back_parse(&b, "nic 0000:00:03.0 zz nvram\n", &e), -EINVAL);
}

static void a_manifest_of_another_kind_is_told(void)
{
#define FC_HEAD "name = a\nkind = fc\npci = 10df:*\nread = {pack}/t\nwrite = {pack}/t {wwpn}\n"
#define FC_RULES "wwpn = a(b)\nwwnn = c(d)\n"
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ FC_HEAD, "m: no wwpn or no wwnn; want the rules that find them in what read "
			   "prints" },
		{ FC_HEAD FC_RULES "mac = a(b)\n", "m: a pack of kind fc has no rule `mac`" },
		{ FC_HEAD FC_RULES "verify = {pack}/t {mac}\n",
			"m: verify: a pack of kind fc has no {mac}" },
		{ FC_HEAD FC_RULES "target = {pack}/t\n",
			"m: want target, target_none and the rule targets together, or none of "
			"them nor read_targets nor boot_on" },
		{ FC_HEAD FC_RULES "boot_on = {pack}/t\n",
			"m: want target, target_none and the rule targets together, or none of "
			"them nor read_targets nor boot_on" },
		{ "kind = fc\nkind = fc\n", "m:2: this key stands here for the second time" },
		{ "targets = (a)(b)(c)\n",
			"m:1: targets: want an extended regular expression with one (group) or "
			"two, repeats of up to 64, none of a group or of a repeat, none of "
			"\\letter" },
		{ "targets = (a*)\n",
			"m:1: targets: want one (group), around the value, and something to find" },
		{ "name = a\nkind = board\npci = 10df:*\n",
			"m: pci: a board has none; want a probe that fails on other boards" },
		{ "name = a\nkind = board\nread = {pack}/t\nwrite = {pack}/t\n",
			"m: no uuid and no serial; want the rule that finds them in what read "
			"prints" },
		{ "name = a\nkind = board\nread = {pack}/t {pci}\nwrite = {pack}/t\nuuid = a(b)\n",
			"m: read: a pack of kind board has no {pci}" },
		{ "name = a\npci = 10df:*\nread = {pack}/t\nwrite = {pack}/t\nmac = a(b)\n"
		  "boot_on = {pack}/t\ntarget = {pack}/t\ntarget_none = {pack}/t\n",
			"m: want target, target_none and the rule targets together, or none of "
			"them nor read_targets nor boot_on" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pack p;
		struct err e = { 0 };
		CHECK_INT(pack_parse(&p, "m", cases[i].text, strlen(cases[i].text), &e), -EINVAL);
		CHECK_TEXT(e.text, cases[i].why);
	}
}

static void targets_are_found_all(void)
{
	struct pack p;
	struct fc_target t[4];
	static const char text[] = FC_HEAD FC_RULES "target = {pack}/t\ntarget_none = {pack}/t\n"
						    "targets = ^([0-9a-f:]{23}),?([0-9a-fx]*)\n";
	CHECK_INT(pack_parse(&p, "m", text, sizeof text - 1, NULL), 0);
	CHECK_INT(pack_targets(t, 4, &p, "none here\n"), 0);
	CHECK_INT(pack_targets(
			  t, 4, &p, PORT_A ",0x1f and\n00:00:00:00:00:00:00:00,0\n" PORT_B ",7\n"),
		2);
	CHECK(t[0].lun == 31 && t[1].lun == 7);
	CHECK_INT(pack_targets(t, 4, &p, PORT_A ",ff\n"), -1);
	CHECK_INT(pack_targets(t, 4, &p, "50:06:01:60:3b:a0:00::1,1\n"), -1);
	pack_fini(&p);
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

TESTS(T(begin), T(an_order_of_hbas_is_read_and_kept), T(a_wrong_line_of_an_hba_is_refused),
	T(an_hba_is_known_by_place_then_by_name), T(sysfs_shows_the_hbas),
	T(a_tool_writes_names_and_targets), T(a_tool_that_lies_is_caught),
	T(without_a_pack_only_what_is_set_already_is_good), T(an_hba_of_no_known_name_is_asked),
	T(a_board_takes_what_is_ordered_and_keeps_the_rest), T(what_was_read_back_stands_as_text),
	T(a_manifest_of_another_kind_is_told), T(targets_are_found_all), T(end))
