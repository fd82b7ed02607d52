/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs in the store: what is kept, drawn and refused. */
#include <errno.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

#define A0 "10:00:00:00:c9:00:00:01"
#define AN "20:00:00:00:c9:00:00:01"
#define P0 "20:00:02:ba:70:00:00:01"
#define T0 "50:00:09:72:00:00:00:01"
#define GOOD                                                                                       \
	": want a port's or a node's name, as in 20:00:02:ba:70:00:00:01: not zero, not a "        \
	"group's, and its first digit 1, 2, 3, 5 or c to f"

static struct err e;

static struct wwn wwn(const char *text)
{
	struct wwn w = { { 0 } };
	if (!wwn_parse(&w, text))
		abort();
	return w;
}

static struct pool wwn_pool(const char *name, const char *from, const char *to)
{
	struct pool p = { .kind = POOL_WWN, .wwn_from = wwn(from), .wwn_to = wwn(to) };
	snprintf(p.name, sizeof p.name, "%s", name);
	return p;
}

static struct machine blade(void)
{
	struct machine m = machine_of("blade-c", "52:54:00:cc:00:01");
	m.hbas = 2;
	m.hba[0] = (struct hba){ .wwpn = wwn(A0), .wwnn = wwn(AN), .carries = true };
	m.hba[1] = (struct hba){ .pci = "0000:00:06.0",
		.wwpn = wwn("10:00:00:00:c9:00:00:02"),
		.wwnn = wwn(AN),
		.port = "fake://fabric-b/7" };
	return m;
}

static struct persona fc(const char *name)
{
	struct persona p = persona_of(name);
	strcpy(p.san, "fc");
	p.hbas = 2;
	p.hba[0].targets = p.hba[1].targets = 1;
	p.hba[0].target[0] = (struct fc_target){ wwn(T0), 3 };
	p.hba[1].target[0] = (struct fc_target){ wwn("50:00:09:72:00:00:00:02"), 3 };
	return p;
}

static void what_goes_in_comes_out(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = blade(), got;
	struct persona p = fc("fc-01"), is;
	struct pool pool = wwn_pool("wwns", P0, "20:00:02:ba:70:00:00:04");
	MUST(store_pool_add(s, &pool, &e));
	CHECK_INT(pool.size, 4);
	MUST(store_machine_add(s, &m, &e));
	MUST(store_machine(s, "blade-c", &got, &e));
	CHECK_INT(got.hbas, 2);
	CHECK(wwn_equal(&got.hba[0].wwpn, &m.hba[0].wwpn) && got.hba[0].carries);
	CHECK(!got.hba[1].carries && !got.hba[1].journaled);
	CHECK_TEXT(got.hba[1].port, "fake://fabric-b/7");
	/* One WWPN for each, one WWNN for the persona. */
	MUST(store_persona_add(s, &p, &e));
	MUST(store_persona(s, "fc-01", &is, &e));
	CHECK(memcmp(is.hba, p.hba, sizeof p.hba) == 0 && is.hbas == 2);
	CHECK(wwn_equal(&is.hba[0].wwpn, &pool.wwn_from));
	CHECK(wwn_equal(&is.hba[0].wwnn, &is.hba[1].wwnn));
	CHECK(is.hba[1].wwpn.b[7] == 2 && is.hba[1].wwnn.b[7] == 3);
	CHECK_INT(is.hba[1].target[0].lun, 3);
	/* Never drawn twice, also when the first one has gone. */
	WANT(EBUSY, "pool wwns: persona fc-01 has " P0 " of it; `baton persona rm fc-01` first",
		store_pool_rm(s, "wwns", &e));
	MUST(store_persona_rm(s, "fc-01", &e));
	struct persona q = fc("fc-02");
	WANT(EDQUOT, "persona fc-02: every pool of WWNs is used up; `baton pool add` adds one",
		store_persona_add(s, &q, &e));
}

static void a_name_is_one_holders_alone(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = blade(), twin = machine_of("blade-d", "52:54:00:dd:00:01");
	struct persona p = fc("fc-01");
	MUST(store_machine_add(s, &m, &e));
	p.hba[0].wwpn = wwn(AN);
	p.hba[0].wwnn = p.hba[1].wwnn = wwn("20:00:02:ba:70:00:00:09");
	p.hba[1].wwpn = wwn(P0);
	WANT(EEXIST, "persona fc-01: WWN " AN " belongs to machine blade-c",
		store_persona_add(s, &p, &e));
	p.hba[0].wwpn = wwn("20:00:02:ba:70:00:00:02");
	MUST(store_persona_add(s, &p, &e));
	twin.hbas = 1;
	twin.hba[0] = (struct hba){ .wwpn = wwn(P0), .wwnn = wwn("20:00:00:00:c9:00:00:07") };
	WANT(EEXIST, "machine blade-d: WWN " P0 " belongs to persona fc-01",
		store_machine_add(s, &twin, &e));
	twin.hba[0].wwpn = wwn("10:00:00:00:c9:00:00:07");
	strcpy(twin.hba[0].port, "fake://fabric-b/7");
	WANT(EEXIST, "machine blade-d: port fake://fabric-b/7 is that of machine blade-c already",
		store_machine_add(s, &twin, &e));
	struct persona none = fc("fc-03");
	WANT(EDQUOT,
		"persona fc-03: there is no pool of WWNs; `baton pool add` makes one, or write the "
		"WWN out",
		store_persona_add(s, &none, &e));
}

static void what_makes_no_sense_is_refused_in_words(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = blade();
	struct persona p = fc("fc-01");
	m.hba[1].wwpn = m.hba[0].wwpn;
	WANT(EEXIST, "machine blade-c: WWPN " A0 " is written twice", store_machine_add(s, &m, &e));
	m = blade();
	m.hba[0].wwnn = (struct wwn){ { 0 } };
	WANT(EINVAL, "machine blade-c: HBA 0: 00:00:00:00:00:00:00:00" GOOD,
		store_machine_add(s, &m, &e));
	p.hba[0].wwpn = p.hba[1].wwpn = wwn(P0);
	WANT(EEXIST, "persona fc-01: WWPN " P0 " is written twice", store_persona_add(s, &p, &e));
	p = fc("fc-01");
	p.hba[0].target[0].wwpn = wwn("60:00:00:00:00:00:00:01");
	WANT(EINVAL, "persona fc-01: HBA 0: target 60:00:00:00:00:00:00:01" GOOD,
		store_persona_add(s, &p, &e));
	p = fc("fc-01");
	p.hba[0].wwpn = wwn(T0);
	WANT(EINVAL,
		"persona fc-01: HBA 0: target " T0 " is its own WWPN; want that of a port of the "
		"storage",
		store_persona_add(s, &p, &e));
	p = fc("fc-01");
	strcpy(p.target, "iqn.2026-01.org.example:disk");
	p.paths = 1;
	p.path[0] = (struct path){ ip4_of("10.77.0.1"), 3260 };
	WANT(EINVAL,
		"persona fc-01: HBA 0 has a target to boot from, and iqn.2026-01.org.example:disk "
		"is "
		"one by iSCSI: want one of them; an HBA for data alone needs no target here",
		store_persona_add(s, &p, &e));
	struct pool pool = wwn_pool("wwns", A0, "10:00:00:00:c9:00:00:09");
	WANT(EINVAL,
		"pool wwns: " A0 " to 10:00:00:00:c9:00:00:09: both must begin with the same four "
		"bytes, and those with 3, or with a locally administered number in them: "
		"20:00:02:ba or 50:2b:a7:00 for instance",
		store_pool_add(s, &pool, &e));
}

static void the_journal_keeps_the_place_and_never_the_name(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = blade(), got;
	MUST(store_machine_add(s, &m, &e));
	MUST(store_hba_journal(s, "blade-c", 0, "0000:00:05.0", &e));
	MUST(store_hba_card_set(s, "blade-c", 0, "10df:f100", "lpfc", "pci:v000010DF", &e));
	MUST(store_machine(s, "blade-c", &got, &e));
	CHECK(got.hba[0].journaled && !got.hba[1].journaled);
	CHECK_TEXT(got.hba[0].pci, "0000:00:05.0");
	CHECK_TEXT(got.hba[0].card, "10df:f100");
	CHECK(wwn_equal(&got.hba[0].wwpn, &m.hba[0].wwpn));
	WANT(EEXIST, "machine blade-c: HBA 1 is the card at 0000:00:06.0 already",
		store_hba_journal(s, "blade-c", 0, "0000:00:06.0", &e));
	WANT(EINVAL, "machine blade-c: HBA 2: it has 2",
		store_hba_journal(s, "blade-c", 2, "0000:00:07.0", &e));
	struct machine_change c = { .to = { .hbas = 1 } };
	c.to.hba[0].wwpn = wwn(A0);
	strcpy(c.to.hba[0].port, "fake://fabric-a/7");
	MUST(store_machine_set(s, "blade-c", &c, &e));
	MUST(store_machine(s, "blade-c", &got, &e));
	CHECK_TEXT(got.hba[0].port, "fake://fabric-a/7");
	MUST(store_machine_rm(s, "blade-c", &e));
}

static void nobody_signs_for_a_machine_that_fibre_channel_lets_in(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = blade();
	struct persona p = fc("fc-01");
	struct binding b;
	uuid_parse(&m.uuid, "11111111-2222-3333-4444-cccccccccccc");
	p.hbas = 1;
	p.hba[0].wwpn = p.hba[0].wwnn = wwn(P0);
	MUST(store_machine_add(s, &m, &e));
	MUST(store_persona_add(s, &p, &e));
	MUST(store_bind(s, "fc-01", "blade-c", &b, &e));
	MUST(store_wake(s, &b, &e));
	struct proof word = proof_of(&b, PROOF_ATTESTED);
	WANT(EPERM,
		"machine blade-c: nobody can attest for it: the LUNs of fc-01 are reached by Fibre "
		"Channel, which knows no secret, and a mask by WWPN lets blade-c in as it lets its "
		"next machine in; its BMC must see it off, or its switch ports must be shut",
		store_proof_add(s, &word, &e));
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));
}

TESTS(T(what_goes_in_comes_out), T(a_name_is_one_holders_alone),
	T(what_makes_no_sense_is_refused_in_words),
	T(the_journal_keeps_the_place_and_never_the_name),
	T(nobody_signs_for_a_machine_that_fibre_channel_lets_in))
