/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot table: what goes in comes out, and no damaged byte gets through. */
#include "core/table.h"

#include <errno.h>

#include "core/table_layout.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"

static void every_mac_is_found_and_leads_home(void)
{
	struct world w;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, &e), 0);
	CHECK_TEXT(e.text, "");
	bool is_persona = true;
	const struct table_nic *n = table_find(&w.table, &w.machine[0].nic[0].factory, &is_persona);
	CHECK(n && !is_persona);
	CHECK_TEXT(table_text(&w.table, w.table.machine[n->machine].name), "blade-a");
	CHECK(table_find(&w.table, &w.persona[0].nic[0].mac, &is_persona) == n && is_persona);
	n = table_find(&w.table, &w.persona[1].nic[0].mac, &is_persona);
	CHECK(n && n->machine == TABLE_NOWHERE);
	CHECK(!table_find(&w.table, &(struct mac){ { 2, 0, 0, 0, 0, 9 } }, &is_persona));
	const struct table_machine *m = &w.table.machine[0];
	CHECK_INT(m->lun, 17);
	CHECK_INT(m->paths, 2);
	CHECK_INT(w.table.path[m->path_at + 1].port, 3261);
	CHECK_TEXT(table_text(&w.table, m->chap_secret), "s");
	CHECK(table_network_of(&w.table, world_ip("10.88.0.7")) == &w.table.network[1]);
	CHECK(table_network_of(&w.table, world_ip("10.99.0.7")) == NULL);
	world_fini(&w);
}

static void a_nic_has_its_relay_port_and_a_machine_knows_whether_its_uuid_is_its_own(void)
{
	struct world w;
	struct relay_port got;
	world_init(&w, PHASE_PERSONA);
	w.machine[1].nic[0].relay_port.circuit = (struct relay_id){ 6, { 0, 4, 0, 1, 0, 3 } };
	CHECK_INT(world_build(&w, NULL), 0);
	const struct table *t = &w.table;
	for (int i = 0; i < 2; i++) {
		table_relay_port(&got, t, &t->nic[t->machine[i].nic_at]);
		CHECK(memcmp(&got, &w.machine[i].nic[0].relay_port, sizeof got) == 0);
	}
	table_relay_port(&got, t, &t->nic[t->machine[1].nic_at + 1]);
	CHECK(got.circuit.len == 0 && got.remote.len == 0);
	CHECK(!t->machine[0].uuid_shared && t->machine[1].uuid_shared); /* it has none */
	world_fini(&w);

	world_init(&w, PHASE_PERSONA);
	uuid_parse(&w.machine[1].uuid, "33221100-5544-7766-8899-aabbccddeeff");
	CHECK_INT(world_build(&w, NULL), 0);
	CHECK(w.table.machine[0].uuid_shared && w.table.machine[1].uuid_shared);
	world_fini(&w);
}

static void a_machine_says_what_it_was_told_to_say_and_who_tells_it(void)
{
	struct world w;
	struct table t;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	uuid_parse(&w.persona[0].uuid, "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204");
	strcpy(w.persona[0].serial, "BTN-7");
	strcpy(w.machine[0].serial, "CZ123");
	strcpy(w.machine[0].carried_serial, "BTN-7");
	w.machine[0].carried_uuid = w.persona[0].uuid;
	w.machine[0].serial_by = SMBIOS_TOOL;
	w.machine[1].uuid_by = SMBIOS_TOOL;
	CHECK_INT(world_build(&w, NULL), 0);
	struct table_machine *m = (struct table_machine *)(uintptr_t)w.table.machine;
	CHECK(memcmp(&m->persona_uuid, &w.persona[0].uuid, sizeof m->persona_uuid) == 0);
	CHECK(memcmp(&m->carried_uuid, &w.persona[0].uuid, sizeof m->carried_uuid) == 0);
	CHECK_TEXT(table_text(&w.table, m->serial), "CZ123");
	CHECK_TEXT(table_text(&w.table, m->persona_serial), "BTN-7");
	CHECK(m->carries_serial && !m[1].carries_serial);
	CHECK_INT(m->by_tool, TABLE_TOOL_SERIAL);
	CHECK_INT(m[1].by_tool, TABLE_TOOL_UUID);
	CHECK(uuid_is_zero(&m[1].carried_uuid) && uuid_is_zero(&m[1].persona_uuid));
	struct table_header *h = w.bytes;
	uint32_t *serial[] = { &m->serial, &m->persona_serial };
	for (size_t i = 0; i < 2; i++) {
		uint32_t was = *serial[i];
		*serial[i] = h->text_len;
		h->checksum = table_checksum(w.bytes, w.len);
		CHECK_INT(table_check(&t, w.bytes, w.len, &e), -EBADMSG);
		CHECK_TEXT(e.text, "boot table: a machine makes no sense");
		*serial[i] = was;
	}
	world_fini(&w);
}

static void a_relay_port_that_leads_out_of_the_text_is_refused(void)
{
	struct world w;
	struct table t;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, NULL), 0);
	struct table_header *h = w.bytes;
	struct table_nic *nic = (struct table_nic *)(uintptr_t)w.table.nic, was = *nic;
	for (int i = 0; i < 6; i++) {
		*nic = was;
		if (i == 0)
			nic->circuit = h->text_len - 6;
		else if (i == 1)
			nic->remote = h->text_len - 5;
		else if (i == 2)
			nic->circuit = UINT32_MAX;
		else if (i == 3)
			nic->circuit_len = RELAY_ID_LEN + 1;
		else if (i == 4)
			nic->remote_len = UINT8_MAX;
		bool whole = i == 5;
		h->checksum = table_checksum(w.bytes, w.len);
		CHECK_INT(table_check(&t, w.bytes, w.len, &e), whole ? 0 : -EBADMSG);
		if (!whole)
			CHECK_TEXT(e.text, "boot table: a NIC leads nowhere");
	}
	world_fini(&w);
}

static void one_changed_bit_anywhere_is_refused(void)
{
	struct world w;
	struct table t;
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, NULL), 0);
	unsigned char *b = w.bytes;
	size_t missed = 0;
	for (size_t i = 0; i < w.len * 8; i++) {
		b[i / 8] ^= (unsigned char)(1 << i % 8);
		missed += table_check(&t, b, w.len, NULL) == 0;
		b[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	CHECK_INT(missed, 0);
	CHECK_INT(table_check(&t, b, w.len, NULL), 0);
	world_fini(&w);
}

static void a_table_cut_short_is_refused_with_a_sentence(void)
{
	struct world w;
	struct table t;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	CHECK_INT(world_build(&w, &e), 0);
	size_t missed = 0;
	for (size_t n = 0; n < w.len; n++)
		missed += table_check(&t, w.bytes, n, &e) == 0;
	CHECK_INT(missed, 0);
	CHECK_TEXT(e.text, "boot table: it is cut short or too long");
	world_fini(&w);
}

static void two_that_claim_one_mac_are_named(void)
{
	struct world w;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	w.machine[1].nic[0].factory = w.persona[0].nic[0].mac;
	CHECK_INT(world_build(&w, &e), -EEXIST);
	CHECK_TEXT(e.text, "MAC 02:ba:70:00:00:01: both web-01 and blade-b claim it");
	world_fini(&w);
}

static void a_persona_that_does_not_fit_is_named(void)
{
	struct world w;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	w.machine[0].nic[0].carries = false;
	CHECK_INT(world_build(&w, &e), -ENOENT);
	CHECK_TEXT(e.text, "persona web-01: machine blade-a has no NIC to carry its NIC 1");
	world_fini(&w);
}

static void one_machine_never_carries_two(void)
{
	struct world w;
	struct err e = { 0 };
	world_init(&w, PHASE_PERSONA);
	w.binding[1] = (struct binding){ .persona = "db-01", .machine = "blade-a" };
	w.source.bindings = 2;
	CHECK_INT(world_build(&w, &e), -EEXIST);
	world_fini(&w);
}

static void an_empty_site_has_a_table_too(void)
{
	struct world w;
	world_init(&w, PHASE_PERSONA);
	w.source.networks = w.source.machines = w.source.personas = w.source.bindings = 0;
	CHECK_INT(world_build(&w, NULL), 0);
	bool is_persona;
	CHECK(!table_find(&w.table, &w.machine[0].nic[0].factory, &is_persona));
	world_fini(&w);
}

TESTS(T(every_mac_is_found_and_leads_home),
	T(a_nic_has_its_relay_port_and_a_machine_knows_whether_its_uuid_is_its_own),
	T(a_machine_says_what_it_was_told_to_say_and_who_tells_it),
	T(a_relay_port_that_leads_out_of_the_text_is_refused),
	T(one_changed_bit_anywhere_is_refused), T(a_table_cut_short_is_refused_with_a_sentence),
	T(two_that_claim_one_mac_are_named), T(a_persona_that_does_not_fit_is_named),
	T(one_machine_never_carries_two), T(an_empty_site_has_a_table_too))
