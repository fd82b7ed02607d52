/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From plan to script: words, guarded lines, and the shim's work order. */
#include "core/script.h"

#include <errno.h>

#include "tests/unit/tap.h"
#include "tests/unit/world.h"

static char *rendered(struct world *w, enum script which, const char *mac, struct boot_plan *plan)
{
	const char *why = "";
	char *text = NULL;
	struct err e = { 0 };
	struct boot_ask ask = {
		.mac = world_mac(mac), .via = world_ip("10.77.0.1"), .stage = STAGE_SCRIPT
	};
	CHECK(boot_decide(plan, &why, &w->table, &ask));
	CHECK_INT(script_render(&text, which, &w->table, plan, "TOKEN", &e), 0);
	CHECK_TEXT(e.text, "");
	return text;
}

static void words_take_their_values(void)
{
	struct world w;
	struct boot_plan plan;
	world_init(&w, PHASE_IDENTITY);
	CHECK_INT(world_build(&w, NULL), 0);
	char *text = rendered(&w, SCRIPT_ENTRY, "52:54:00:aa:00:01", &plan);
	CHECK_TEXT(text, "entry http://10.77.0.1:8080/b/TOKEN\n");
	free(text);
	text = rendered(&w, SCRIPT_SHIM, "52:54:00:aa:00:01", &plan);
	CHECK_TEXT(text,
		"shim identity blade-a\n"
		"initrd --name lab.img http://10.77.0.1:8080/shim/packs/lab.img || goto failed\n"
		"initrd --name mstflint.img http://10.77.0.1:8080/shim/packs/mstflint.img || goto "
		"failed\n\n");
	free(text);
	world_fini(&w);
}

static void a_guarded_line_goes_with_its_value(void)
{
	struct world w;
	struct boot_plan plan;
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, NULL), 0);
	char *text = rendered(&w, SCRIPT_PERSONA, "02:ba:70:00:00:01", &plan);
	CHECK_TEXT(text,
		"set username u\nsanboot iscsi:10.77.0.1::3260:11:iqn.2026-01.org.example:disk "
		"iscsi:10.77.0.2::3261:11:iqn.2026-01.org.example:disk\n");
	free(text);
	world_fini(&w);
	world_init(&w, PHASE_PERSONA);
	w.persona[0].chap_user[0] = '\0';
	w.persona[0].paths = 1;
	CHECK_INT(world_build(&w, NULL), 0);
	text = rendered(&w, SCRIPT_PERSONA, "02:ba:70:00:00:01", &plan);
	CHECK_TEXT(text, "sanboot iscsi:10.77.0.1::3260:11:iqn.2026-01.org.example:disk\n");
	free(text);
	world_fini(&w);
}

static void an_unknown_word_is_named_with_its_line(void)
{
	struct err e = { 0 };
	CHECK_INT(script_check("a.ipxe", "one {{mac}}\n{{?persona}}x {{macs}} y\n", &e), -EINVAL);
	CHECK_TEXT(e.text, "a.ipxe:2: {{macs}} is no word of a script");
	CHECK_INT(script_check("a.ipxe", "x {{?mac}}\n", &e), -EINVAL);
	CHECK_INT(script_check("a.ipxe", "x {{mac\n", &e), -EINVAL);
	CHECK_INT(script_check("a.ipxe", "{{?what}}\n", &e), -EINVAL);
	CHECK_INT(script_check("a.ipxe", "{{?mac}}{{mac}} ${net0/mac}\n{\n", &e), 0);
}

static void a_script_that_grows_too_long_is_refused(void)
{
	static char long_one[20000];
	struct world w;
	struct boot_plan plan;
	const char *why;
	char *text = NULL;
	struct err e = { 0 };
	memset(long_one, 'x', sizeof long_one - 1);
	world_init(&w, PHASE_PERSONA);
	w.source.script[SCRIPT_PARK] = long_one;
	CHECK_INT(world_build(&w, NULL), 0);
	struct boot_ask ask = { .mac = world_mac("52:54:00:bb:00:01"),
		.via = world_ip("10.77.0.1"),
		.stage = STAGE_SCRIPT };
	CHECK(boot_decide(&plan, &why, &w.table, &ask));
	CHECK_INT(script_render(&text, SCRIPT_PARK, &w.table, &plan, "TOKEN", &e), -ENOSPC);
	CHECK(!text);
	world_fini(&w);
}

static void job(struct world *w, enum phase phase, const char *mac, const char *want)
{
	struct boot_plan plan;
	const char *why = "";
	char *text = NULL;
	w->binding[0].phase = phase;
	CHECK_INT(world_build(w, NULL), 0);
	struct boot_ask ask = {
		.mac = world_mac(mac), .via = world_ip("10.77.0.1"), .stage = STAGE_SCRIPT
	};
	CHECK(boot_decide(&plan, &why, &w->table, &ask));
	int rc = job_render(&text, &w->table, &plan, NULL);
	CHECK_INT(rc, want ? 0 : -ENOENT);
	if (want && text)
		CHECK_TEXT(text, want);
	free(text);
	world_fini(w);
}

static void the_shim_is_told_which_card_takes_what(void)
{
	struct world w;
	world_init(&w, PHASE_IDENTITY);
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01",
		"deed identity\nmachine blade-a\npersona web-01\ngeneration 4\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n");
	job(&w, PHASE_RESTORE, "02:ba:70:00:00:01",
		"deed restore\nmachine blade-a\npersona web-01\ngeneration 4\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 52:54:00:aa:00:01 carries\n");
	w.machine[0].taken = TAKING_HANDOVER;
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01",
		"deed identity\nmachine blade-a\npersona web-01\ngeneration 4\ntakes handover\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n");
	job(&w, PHASE_RESTORE, "02:ba:70:00:00:01",
		"deed restore\nmachine blade-a\npersona web-01\ngeneration 4\n"
		"nic 0000:00:03.0 52:54:00:aa:00:01 52:54:00:aa:00:01 carries\n");
	snprintf(w.binding[0].machine, sizeof w.binding[0].machine, "blade-b");
	job(&w, PHASE_IDENTITY, "52:54:00:bb:00:01",
		"deed identity\nmachine blade-b\npersona web-01\ngeneration 4\n"
		"nic - 52:54:00:bb:00:01 - keeps\n"
		"nic - 52:54:00:bb:00:02 02:ba:70:00:00:01 carries\n");
	job(&w, PHASE_PERSONA, "52:54:00:bb:00:01", NULL);
}

#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"
#define OWN_UUID "00112233-4455-6677-8899-aabbccddeeff"
#define TAKES(more)                                                                                \
	"deed identity\nmachine blade-a\npersona web-01\ngeneration 4\n" more                      \
	"nic 0000:00:03.0 52:54:00:aa:00:01 02:ba:70:00:00:01 carries\n"
#define RESTORES(more)                                                                             \
	"deed restore\nmachine blade-a\npersona web-01\ngeneration 4\n" more                       \
	"nic 0000:00:03.0 52:54:00:aa:00:01 52:54:00:aa:00:01 carries\n"

static void the_shim_is_told_what_the_board_shall_say_where_a_tool_writes_it(void)
{
	struct world w;
	world_init(&w, PHASE_IDENTITY);
	struct machine *m = &w.machine[0];
	uuid_parse(&w.persona[0].uuid, WEB);
	strcpy(w.persona[0].serial, "BTN-7");
	strcpy(m->serial, "CZ123");
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01", TAKES(""));
	m->uuid_by = m->serial_by = SMBIOS_BMC;
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01", TAKES(""));
	m->uuid_by = m->serial_by = SMBIOS_TOOL;
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01", TAKES("uuid " WEB "\nserial BTN-7\n"));
	/* Nothing was written: there is nothing to give back. */
	job(&w, PHASE_RESTORE, "52:54:00:aa:00:01", RESTORES(""));
	m->carried_uuid = w.persona[0].uuid;
	job(&w, PHASE_RESTORE, "52:54:00:aa:00:01", RESTORES("uuid " OWN_UUID "\n"));
	strcpy(m->carried_serial, "BTN-7");
	job(&w, PHASE_RESTORE, "52:54:00:aa:00:01", RESTORES("uuid " OWN_UUID "\nserial CZ123\n"));
	m->uuid_by = SMBIOS_PRESENTED;
	job(&w, PHASE_IDENTITY, "52:54:00:aa:00:01", TAKES("serial BTN-7\n"));
}

TESTS(T(words_take_their_values), T(a_guarded_line_goes_with_its_value),
	T(an_unknown_word_is_named_with_its_line), T(a_script_that_grows_too_long_is_refused),
	T(the_shim_is_told_which_card_takes_what),
	T(the_shim_is_told_what_the_board_shall_say_where_a_tool_writes_it))
