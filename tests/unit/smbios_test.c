/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a machine comes to say a persona's UUID and serial, and what a pre-flight says of it. */
#include "core/smbios.h"

#include "core/preflight.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"

#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"
#define OWN_UUID "00112233-4455-6677-8899-aabbccddeeff"
#define NOBODY "its BMC does not say that it sets it, and no tool-pack writes its board"

static const struct uuid_row {
	const char *own, *shown;
	bool settable, pack, port;
	enum taking taking;
	enum smbios_by want;
	const char *why;
} uuid_rows[] = {
	{ OWN_UUID, OWN_UUID, true, false, true, TAKING_SHIM, SMBIOS_BMC, "" },
	{ OWN_UUID, OWN_UUID, true, true, true, TAKING_BMC, SMBIOS_BMC, "" },
	{ OWN_UUID, "33221100-5544-7766-8899-aabbccddeeff", true, false, true, TAKING_SHIM,
		SMBIOS_BMC, "" },
	{ OWN_UUID, OWN_UUID, false, true, true, TAKING_SHIM, SMBIOS_TOOL, "" },
	{ OWN_UUID, OWN_UUID, false, true, true, TAKING_BMC, SMBIOS_PRESENTED, NOBODY },
	{ OWN_UUID, OWN_UUID, false, false, true, TAKING_SHIM, SMBIOS_PRESENTED, NOBODY },
	{ "", OWN_UUID, true, true, true, TAKING_SHIM, SMBIOS_PRESENTED,
		"the machine's own is not on record: machine set --uuid" },
	{ OWN_UUID, OWN_UUID, true, true, false, TAKING_SHIM, SMBIOS_PRESENTED,
		"no relay port is on record of its NIC, by which its body would be known" },
	{ OWN_UUID, WEB, true, false, true, TAKING_SHIM, SMBIOS_PRESENTED,
		"its BMC shows another than is on record as its own" },
	{ OWN_UUID, WEB, true, true, true, TAKING_SHIM, SMBIOS_TOOL, "" },
};

static void a_uuid_is_carried_where_it_can_be_given_back_and_its_body_known(void)
{
	for (size_t i = 0; i < sizeof uuid_rows / sizeof *uuid_rows; i++) {
		const struct uuid_row *q = &uuid_rows[i];
		struct world w;
		struct smbios_choice c;
		struct smbios_bmc bmc = { .uuid_settable = q->settable };
		world_init(&w, PHASE_PERSONA);
		uuid_parse(&w.persona[0].uuid, WEB);
		w.machine[0].uuid = (struct uuid){ { 0 } };
		uuid_parse(&w.machine[0].uuid, q->own);
		uuid_parse(&bmc.uuid, q->shown);
		if (!q->port)
			w.machine[0].nic[0].relay_port.circuit.len = 0;
		smbios_choose(&c, &w.machine[0], &w.persona[0], q->taking, &bmc, q->pack);
		CHECK_INT(c.uuid, q->want);
		CHECK_TEXT(c.uuid_why, q->why);
		CHECK_INT(c.serial, SMBIOS_PRESENTED); /* it has none */
		/* What it carries it goes on carrying in the same way. */
		w.machine[0].carried_uuid = w.persona[0].uuid;
		w.machine[0].uuid_by = SMBIOS_BMC;
		smbios_choose(&c, &w.machine[0], &w.persona[0], q->taking, &bmc, q->pack);
		CHECK_INT(c.uuid, SMBIOS_BMC);
	}
}

static void a_serial_is_carried_where_it_can_be_given_back(void)
{
	static const struct {
		const char *own, *shown;
		bool settable, pack;
		enum smbios_by want;
		const char *why;
	} q[] = {
		{ "CZ 1", "CZ 1", true, false, SMBIOS_BMC, "" },
		{ "", "CZ 1", true, false, SMBIOS_BMC, "" },
		{ "CZ1", "CZ2", true, false, SMBIOS_PRESENTED,
			"the machine's own could not be written back as it is" },
		{ "CZ1", "CZ2", true, true, SMBIOS_TOOL, "" },
		{ "CZ1", "", false, true, SMBIOS_TOOL, "" },
		{ "CZ 1", "", false, true, SMBIOS_PRESENTED,
			"the machine's own could not be written back as it is" },
		{ "", "", false, true, SMBIOS_PRESENTED, "the machine's own is not known yet" },
		{ "CZ1", "CZ1", false, false, SMBIOS_PRESENTED, NOBODY },
	};
	for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
		struct world w;
		struct smbios_choice c;
		struct smbios_bmc bmc = { .serial_settable = q[i].settable };
		world_init(&w, PHASE_PERSONA);
		strcpy(w.persona[0].serial, "BTN-7");
		strcpy(w.machine[0].serial, q[i].own);
		strcpy(bmc.serial, q[i].shown);
		w.machine[0].nic[0].relay_port.circuit.len = 0; /* it needs none */
		smbios_choose(&c, &w.machine[0], &w.persona[0], TAKING_SHIM, &bmc, q[i].pack);
		CHECK_INT(c.serial, q[i].want);
		CHECK_TEXT(c.serial_why, q[i].why);
		CHECK_TEXT(c.own_serial, q[i].shown);
	}
}

static void the_preflight_says_which(void)
{
	static const struct {
		enum smbios_by by;
		const char *why;
		enum taking taking;
		const char *unknown, *line;
		bool grub;
		enum finding want;
		const char *says;
	} q[] = {
		{ SMBIOS_BMC, "", TAKING_SHIM, "no", "", false, FINDING_OK,
			"UUID: the machine's BMC sets it, and gives it back" },
		{ SMBIOS_TOOL, "", TAKING_SHIM, "no", "", false, FINDING_OK,
			"UUID: a tool-pack writes it into the machine's board, where one fits "
			"that, "
			"and gives it back" },
		{ SMBIOS_PRESENTED, "x", TAKING_HANDOVER, "no", "", false, FINDING_OK,
			"UUID: the handover tells its kernel (baton.uuid=) (not carried: x)" },
		{ SMBIOS_PRESENTED, "", TAKING_SHIM, NULL, WEB, false, FINDING_OK,
			"UUID: its loader's line tells its kernel (baton.uuid=)" },
		{ SMBIOS_PRESENTED, "x", TAKING_SHIM, NULL, "", false, FINDING_UNKNOWN,
			"UUID: not presented: add `baton.uuid=" WEB
			"` to the options of its loader "
			"entry (not carried: x)" },
		{ SMBIOS_PRESENTED, "", TAKING_SHIM, NULL, "", true, FINDING_UNKNOWN,
			"UUID: not presented: add `baton.uuid=" WEB "` to GRUB_CMDLINE_LINUX" },
		{ SMBIOS_PRESENTED, "", TAKING_SHIM, "it is LUKS", "", false, FINDING_UNKNOWN,
			"UUID: whether its kernel's line has `baton.uuid=" WEB
			"` was not read: it is LUKS" },
		{ SMBIOS_PRESENTED, "", TAKING_HANDOVER, NULL, "another", false, FINDING_BAD,
			"UUID: its kernel's line says baton.uuid=another, and its own is " WEB
			"; mend the line" },
	};
	for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
		struct world w;
		struct checklist l = {
			.smbios = { .uuid = q[i].by, .uuid_why = q[i].why, .serial_why = "" }
		};
		char trouble[200];
		world_init(&w, PHASE_PERSONA);
		uuid_parse(&w.persona[0].uuid, WEB);
		l.taking = q[i].taking;
		struct preflight_case c = {
			.verb = VERB_START, .p = &w.persona[0], .to = &w.machine[0]
		};
		const struct smbios_line line = { q[i].unknown, q[i].line, "", q[i].grub };
		check_smbios(&l, &c, &line);
		CHECK_INT(l.n, 1);
		CHECK_INT(l.check[0].finding, q[i].want);
		CHECK_TEXT(l.check[0].why, q[i].says);
		CHECK_TEXT(l.check[0].about, "web-01");
		checklist_trouble(trouble, sizeof trouble, &l);
		CHECK_TEXT(trouble, ""); /* it stops no order */
		strcpy(w.persona[0].serial, "BTN-7");
		check_smbios(&l, &c, &line);
		CHECK_INT(l.n, 3);
		CHECK(strncmp(l.check[2].why, "serial: ", 8) == 0);
	}
}

TESTS(T(a_uuid_is_carried_where_it_can_be_given_back_and_its_body_known),
	T(a_serial_is_carried_where_it_can_be_given_back), T(the_preflight_says_which))
