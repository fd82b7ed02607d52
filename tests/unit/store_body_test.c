/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store knows of bodies: which relay port is whose, and where a person's word is not
 * enough because nothing on record would tell the old machine from the new one. */
#include <errno.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static struct machine on_port(
	const char *name, const char *mac, const char *circuit, const char *remote)
{
	struct machine m = machine_of(name, mac);
	m.nic[0].network[0] = '\0';
	relay_id_parse(&m.nic[0].relay_port.circuit, circuit);
	relay_id_parse(&m.nic[0].relay_port.remote, remote);
	return m;
}

static void a_relay_port_is_one_machines(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine a = on_port("c1", "52:54:00:cc:00:01", "7", "0xaa"), got;
	a.nic[1] = a.nic[0]; /* of the same machine it may be two NICs' */
	a.nic[1].factory = mac_of("52:54:00:cc:00:02");
	a.nics = 2;
	MUST(store_machine_add(s, &a, &e));
	struct machine m = on_port("c2", "52:54:00:cc:00:03", "7", "");
	WANT(EEXIST,
		"machine c2: relay port 7 is that of machine c1, and a port that two share tells "
		"nobody; give both their relay's remote-id, too, where they are behind two",
		store_machine_add(s, &m, &e));
	m = on_port("c2", "52:54:00:cc:00:03", "7", "0xaa");
	CHECK_INT(store_machine_add(s, &m, NULL), -EEXIST);
	CHECK_INT(store_machine(s, "c2", &got, NULL), -ENOENT);
	m = on_port("c2", "52:54:00:cc:00:03", "7", "0xab");
	MUST(store_machine_add(s, &m, &e));
	m = on_port("c3", "52:54:00:cc:00:04", "8", "");
	MUST(store_machine_add(s, &m, &e));
	m = on_port("c4", "52:54:00:cc:00:05", "8", "0xab");
	CHECK_INT(store_machine_add(s, &m, NULL), -EEXIST);
	MUST(store_machine_rm(s, "c3", &e));
	MUST(store_machine_add(s, &m, &e));
	m = on_port("c5", "52:54:00:cc:00:06", "", "0xab");
	WANT(EINVAL,
		"machine c5: NIC 0: a remote-id names a relay, and no port of it: want the "
		"circuit-id, too",
		store_machine_add(s, &m, &e));
}

/* db-01, with a NIC, on the first of two machines that have this UUID and this circuit-id, "" for
 * none; an order takes it to the second. */
static struct store *failing_over(
	struct binding *b, const char *const uuid[2], const char *const circuit[2])
{
	struct store *s = world("");
	struct order o = { .verb = VERB_FAILOVER };
	struct persona db = fenced_of("db-01");
	db.nics = 1;
	snprintf(db.nic[0].network, sizeof db.nic[0].network, "mgmt");
	MUST(store_persona_add(s, &db, &e));
	for (int i = 0; i < 2; i++) {
		struct machine m = machine_of(
			i ? "new" : "old", i ? "52:54:00:bb:00:01" : "52:54:00:aa:00:01");
		uuid_parse(&m.uuid, uuid[i]);
		relay_id_parse(&m.nic[0].relay_port.circuit, circuit[i]);
		MUST(store_machine_add(s, &m, &e));
	}
	MUST(store_bind(s, "db-01", "old", b, &e));
	MUST(store_wake(s, b, &e));
	snprintf(o.persona, sizeof o.persona, "db-01");
	snprintf(o.from, sizeof o.from, "old");
	snprintf(o.to, sizeof o.to, "new");
	MUST(store_order_add(s, &o, &e));
	return s;
}

#define U1 "11111111-2222-3333-4444-aaaaaaaaaaaa"
#define U2 "11111111-2222-3333-4444-bbbbbbbbbbbb"
#define SHIPPED "03000200-0400-0500-0006-000700080009"

static void a_persons_word_is_not_taken_where_nothing_tells_the_two_apart(void)
{
	static const char *const cannot =
		"machine old: nobody can attest for it: by UUID and relay port, as they are on "
		"record, it could not be told from new if it came back; it must be seen off";
	static const struct {
		const char *uuid[2], *circuit[2];
		bool taken;
	} rows[] = {
		{ { U1, U2 }, { "", "" }, true },
		{ { U1, U1 }, { "", "" }, false }, /* the UUID moved, too */
		{ { U1, "" }, { "", "" }, false },
		{ { SHIPPED, SHIPPED }, { "", "" }, false },
		{ { U1, U1 }, { "7", "8" }, true },
		{ { SHIPPED, SHIPPED }, { "7", "8" }, true },
		{ { "", "" }, { "7", "8" }, true },
		{ { U1, "" }, { "7", "8" }, true },
		{ { "", "" }, { "7", "" }, false },
		{ { U1, "" }, { "", "8" }, false },
		/* the old one may say the same UUID, and that would be believed */
		{ { "", U2 }, { "7", "8" }, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct binding b;
		OWN(store) struct store *s = failing_over(&b, rows[i].uuid, rows[i].circuit);
		struct proof p = proof_of(&b, PROOF_ATTESTED);
		WANT(rows[i].taken ? 0 : EPERM, rows[i].taken ? "" : cannot,
			store_proof_add(s, &p, &e));
		CHECK_INT(store_unbind(s, &b, NULL), rows[i].taken ? 0 : -EPERM);
		if (rows[i].taken)
			continue;
		/* Seen off it needs no sign. */
		proved(s, &b, PROOF_POWER);
		MUST(store_unbind(s, &b, &e));
		MUST(store_stale_add(s, "old", "db-01", b.generation, 1, &e));
		MUST(store_bind(s, "db-01", "new", &b, &e));
	}
}

static void a_machine_that_was_signed_away_is_told_from_every_later_one(void)
{
	struct binding b, again;
	OWN(store)
	struct store *s =
		failing_over(&b, (const char *const[]){ U1, U2 }, (const char *const[]){ "", "" });
	struct machine twin = machine_of("twin", "52:54:00:cc:00:01");
	uuid_parse(&twin.uuid, U1);
	MUST(store_machine_add(s, &twin, &e));
	proved(s, &b, PROOF_ATTESTED);
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale_add(s, "old", "db-01", b.generation, 1, &e));
	WANT(EPERM,
		"machine twin: by UUID and relay port, as they are on record, it could not be told "
		"from old, which has addresses of db-01 and was never seen off: a person has "
		"signed "
		"for it; `baton restore old` first, or take another machine",
		store_bind(s, "db-01", "twin", &again, &e));
	CHECK_INT(store_binding(s, "db-01", &again, NULL), -ENOENT);
	MUST(store_bind(s, "db-01", "new", &again, &e));
	MUST(store_unbind(s, &again, &e));
	/* once it has its own addresses back */
	MUST(store_stale_rm(s, "old", &e));
	MUST(store_bind(s, "db-01", "twin", &again, &e));
}

TESTS(T(a_relay_port_is_one_machines),
	T(a_persons_word_is_not_taken_where_nothing_tells_the_two_apart),
	T(a_machine_that_was_signed_away_is_told_from_every_later_one))
