/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UUIDs and serials in the store: whose they are, what is drawn, and that a machine's own serial is
 * never overwritten by one that it carries. */
#include <errno.h>

#include "base/list.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

#define WEB "6b1c7a52-3f0e-4d0a-9d3e-0a6c51b7f204"
#define WEB_SWAPPED "527a1c6b-0e3f-0a4d-9d3e-0a6c51b7f204"
#define BLADE "00112233-4455-6677-8899-aabbccddeeff"

static struct err e;

static struct uuid uuid_of(const char *text)
{
	struct uuid u = { { 0 } };
	if (*text && !uuid_parse(&u, text))
		abort();
	return u;
}

static struct persona with(const char *name, const char *uuid, const char *serial)
{
	struct persona p = persona_of(name);
	p.uuid = uuid_of(uuid);
	snprintf(p.serial, sizeof p.serial, "%s", serial);
	return p;
}

static struct machine as_stored(struct store *s, const char *name)
{
	struct machine m;
	MUST(store_machine(s, name, &m, &e));
	return m;
}

static void they_come_back_as_they_were_written(void)
{
	OWN(store) struct store *s = world("");
	struct persona p = with("web-01", WEB, "BTN-7"), none = with("web-02", "", ""), got;
	char text[UUID_TEXT];
	MUST(store_persona_add(s, &p, &e));
	MUST(store_persona_add(s, &none, &e));
	MUST(store_persona(s, "web-01", &got, &e));
	CHECK_TEXT(uuid_text(text, &got.uuid), WEB);
	CHECK_TEXT(got.serial, "BTN-7");
	MUST(store_persona(s, "web-02", &got, &e));
	CHECK(uuid_is_zero(&got.uuid) && !*got.serial);
	MUST(store_persona_rm(s, "web-01", &e));
	MUST(store_persona_add(s, &p, &e)); /* removed by mistake, and put back */
}

static void a_uuid_is_one_personas_and_no_machines(void)
{
	OWN(store) struct store *s = world("");
	struct machine m = machine_of("blade-a", "52:54:00:aa:00:01");
	m.uuid = uuid_of(BLADE);
	MUST(store_machine_add(s, &m, &e));
	struct persona p = with("web-01", WEB, "");
	MUST(store_persona_add(s, &p, &e));
	p = with("web-02", WEB_SWAPPED, ""); /* firmware says it in either byte order */
	WANT(EEXIST, "persona web-02: UUID " WEB_SWAPPED " belongs to persona web-01",
		store_persona_add(s, &p, &e));
	p = with("web-02", BLADE, "");
	WANT(EEXIST,
		"persona web-02: UUID " BLADE " is that of machine blade-a, which is known by it; "
		"want another",
		store_persona_add(s, &p, &e));
	p = with("web-02", "03000200-0400-0500-0006-000700080009", "");
	WANT(EINVAL,
		"persona web-02: UUID 03000200-0400-0500-0006-000700080009 is one that boards ship "
		"with; want one that is this persona's alone",
		store_persona_add(s, &p, &e));
	m = machine_of("blade-b", "52:54:00:bb:00:01");
	m.uuid = uuid_of(WEB);
	WANT(EEXIST, "machine blade-b: UUID " WEB " belongs to persona web-01",
		store_machine_add(s, &m, &e));
	struct machine_change c = { .parts = PART_UUID, .to.uuid = uuid_of(WEB) };
	WANT(EEXIST, "machine blade-a: UUID " WEB " belongs to persona web-01",
		store_machine_set(s, "blade-a", &c, &e));
}

static void a_serial_is_one_personas(void)
{
	OWN(store) struct store *s = world("");
	struct persona p = with("web-01", "", "BTN-7");
	MUST(store_persona_add(s, &p, &e));
	p = with("web-02", "", "BTN-7");
	WANT(EEXIST, "persona web-02: serial BTN-7 belongs to persona web-01",
		store_persona_add(s, &p, &e));
	p = with("web-02", "", "two words");
	WANT(EINVAL,
		"persona web-02: serial \"two words\": want 1 to 63 of letters, digits and . _ : + "
		"/ = -",
		store_persona_add(s, &p, &e));
}

static void a_pool_of_serials_gives_none_twice(void)
{
	OWN(store) struct store *s = world("");
	struct pool pool = { .kind = POOL_SERIAL, .name = "serials", .prefix = "BTN-" };
	char serial[SERIAL_LEN + 1];
	MUST(store_serial_draw(s, serial, "web-01", &e));
	CHECK_TEXT(serial, ""); /* there is no such pool */
	MUST(store_pool_add(s, &pool, &e));
	CHECK_INT(pool.size, 0);
	MUST(store_serial_draw(s, serial, "web-01", &e));
	CHECK_TEXT(serial, "BTN-000001");
	struct persona p = with("web-01", "", "BTN-000002"); /* written out */
	MUST(store_persona_add(s, &p, &e));
	MUST(store_serial_draw(s, serial, "web-02", &e));
	CHECK_TEXT(serial, "BTN-000003");
	OWN(list) struct pool *all = NULL;
	size_t n = 0;
	MUST(store_pools(s, &all, &n, &e));
	CHECK_INT(n, 3);
	CHECK_TEXT(all[2].name, "serials");
	CHECK_INT(all[2].kind, POOL_SERIAL);
	CHECK_INT(all[2].given, 3);
	CHECK_INT(all[0].given, 1); /* an IQN is no serial, whatever it begins with */
	WANT(EBUSY,
		"pool serials: persona web-01 has BTN-000002 of it; `baton persona rm web-01` "
		"first",
		store_pool_rm(s, "serials", &e));
	MUST(store_persona_rm(s, "web-01", &e));
	MUST(store_pool_rm(s, "serials", &e));
	MUST(store_pool_add(s, &pool, &e)); /* made anew, it forgets nothing */
	MUST(store_serial_draw(s, serial, "web-03", &e));
	CHECK_TEXT(serial, "BTN-000004");
	struct pool wrong = { .kind = POOL_SERIAL, .name = "wrong", .prefix = "two words" };
	WANT(EINVAL,
		"pool wrong: prefix \"two words\": want 1 to 51 of letters, digits and . _ : + / = "
		"-",
		store_pool_add(s, &wrong, &e));
}

static void a_machines_own_serial_is_kept_from_before_another_was_set(void)
{
	OWN(store) struct store *s = world("");
	struct machine m = machine_of("blade-a", "52:54:00:aa:00:01");
	struct persona p = with("web-01", WEB, "BTN-7");
	MUST(store_machine_add(s, &m, &e));
	MUST(store_persona_add(s, &p, &e));
	CHECK_TEXT(as_stored(s, "blade-a").serial, "");
	MUST(store_serial_journal(s, "blade-a", "BTN-7", &e)); /* a persona's is no machine's */
	MUST(store_serial_journal(s, "blade-a", "odd\n", &e));
	CHECK_TEXT(as_stored(s, "blade-a").serial, "");
	MUST(store_carried_set(s, "blade-a", &p.uuid, p.serial, &e));
	MUST(store_serial_journal(s, "blade-a", "SOMETHING", &e)); /* who knows whose that is */
	m = as_stored(s, "blade-a");
	CHECK_TEXT(m.serial, "");
	CHECK_TEXT(m.carried_serial, "BTN-7");
	CHECK(uuid_same_body(&m.carried_uuid, &p.uuid));
	MUST(store_carried_set(s, "blade-a", &(struct uuid){ { 0 } }, "", &e));
	MUST(store_serial_journal(s, "blade-a", "CZ 123", &e));
	MUST(store_serial_journal(s, "blade-a", "CZ 124", &e));
	m = as_stored(s, "blade-a");
	CHECK_TEXT(m.serial, "CZ 123");
	CHECK(uuid_is_zero(&m.carried_uuid) && !*m.carried_serial);
}

static void how_they_are_carried_stands_while_the_machine_has_them(void)
{
	OWN(store) struct store *s = peopled("");
	struct binding b;
	struct proof off = { .persona = "web-01", .machine = "blade-a", .kind = PROOF_POWER };
	MUST(store_smbios_by_set(s, "blade-a", SMBIOS_BMC, SMBIOS_TOOL, &e));
	CHECK_INT(as_stored(s, "blade-a").uuid_by, SMBIOS_BMC);
	CHECK_INT(as_stored(s, "blade-a").serial_by, SMBIOS_TOOL);
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	MUST(store_smbios_by_set(s, "blade-a", SMBIOS_PRESENTED, SMBIOS_PRESENTED, &e));
	CHECK_INT(as_stored(s, "blade-a").uuid_by, SMBIOS_BMC);
	MUST(store_stale_add(s, "blade-a", "web-01", b.generation, 1, &e));
	off.generation = b.generation;
	MUST(store_proof_add(s, &off, &e));
	MUST(store_unbind(s, &b, &e));
	MUST(store_smbios_by_set(s, "blade-a", SMBIOS_PRESENTED, SMBIOS_PRESENTED, &e));
	CHECK_INT(as_stored(s, "blade-a").serial_by, SMBIOS_TOOL);
	MUST(store_stale_rm(s, "blade-a", &e));
	MUST(store_smbios_by_set(s, "blade-a", SMBIOS_PRESENTED, SMBIOS_PRESENTED, &e));
	CHECK_INT(as_stored(s, "blade-a").uuid_by, SMBIOS_PRESENTED);
}

TESTS(T(they_come_back_as_they_were_written), T(a_uuid_is_one_personas_and_no_machines),
	T(a_serial_is_one_personas), T(a_pool_of_serials_gives_none_twice),
	T(a_machines_own_serial_is_kept_from_before_another_was_set),
	T(how_they_are_carried_stands_while_the_machine_has_them))
