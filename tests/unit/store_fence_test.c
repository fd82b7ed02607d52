/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store holds a change of body to: one secret for each generation, no unbind without a
 * proof of silence, nothing for a machine that was left behind. */
#include <errno.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

/* blade-c has a UUID, blade-a and blade-b have none; db-01 is fenced, web-01 has no disk. */
static struct store *fenced_world(void)
{
	struct store *s = peopled("");
	struct machine c = machine_of("blade-c", "52:54:00:cc:00:01");
	struct persona db = fenced_of("db-01");
	c.uuid.b[0] = 1;
	MUST(store_machine_add(s, &c, &e));
	MUST(store_persona_add(s, &db, &e));
	return s;
}

static void every_kind_of_proof_has_its_word(void)
{
	static const char *const words[] = { "storage", "power", "port", "attested" };
	enum proof_kind k;
	for (int i = PROOF_STORAGE; i <= PROOF_ATTESTED; i++) {
		CHECK_TEXT(proof_word((enum proof_kind)i), words[i]);
		CHECK(proof_parse(&k, words[i]) && (int)k == i);
	}
	CHECK(!proof_parse(&k, "hearsay"));
}

/* ------------------------------------------------------------------ secrets */

static void a_persona_that_baton_fences_brings_no_secret_and_shares_no_target(void)
{
	OWN(store) struct store *s = fenced_world();
	struct persona p = fenced_of("db-02"), db = fenced_of("db-01"), got;
	snprintf(p.target, sizeof p.target, "%s", db.target);
	WANT(EEXIST,
		"persona db-02: target iqn.2026-01.org.example:disk-of-db-01 is that of persona "
		"db-01, and Baton drops all its sessions when one moves; want a target for each",
		store_persona_add(s, &p, &e));
	snprintf(p.san, sizeof p.san, "iscsi"); /* nor does anybody else come to it */
	CHECK_INT(store_persona_add(s, &p, NULL), -EEXIST);
	p = fenced_of("db-02");
	snprintf(p.chap_user, sizeof p.chap_user, "u");
	snprintf(p.chap_secret, sizeof p.chap_secret, "s");
	WANT(EINVAL,
		"persona db-02: Baton makes the secrets of a disk of kind \"tgt\"; leave chap_user "
		"and chap_secret out",
		store_persona_add(s, &p, &e));
	p = fenced_of("db-02");
	snprintf(p.name, sizeof p.name, "%052d", 1);
	WANT(EINVAL,
		"persona 0000000000000000000000000000000000000000000000000001: want a name of 51 "
		"characters at most, since it is part of a CHAP user",
		store_persona_add(s, &p, &e));
	p = persona_of("db-02");
	p.mutual = true;
	WANT(EINVAL,
		"persona db-02: mutual is for a target that Baton administers; at this one the "
		"secrets are yours",
		store_persona_add(s, &p, &e));

	/* Two that Baton does not fence may share one, as LUNs of it. */
	p = fenced_of("ls-01");
	snprintf(p.san, sizeof p.san, "iscsi");
	MUST(store_persona_add(s, &p, &e));
	struct persona q = fenced_of("ls-02");
	snprintf(q.san, sizeof q.san, "iscsi");
	snprintf(q.target, sizeof q.target, "%s", p.target);
	MUST(store_persona_add(s, &q, &e));
	p = fenced_of("db-03");
	p.mutual = true;
	MUST(store_persona_add(s, &p, &e));
	MUST(store_persona(s, "db-03", &got, &e));
	CHECK(got.mutual);
}

static bool is_made(const char *secret)
{
	return strlen(secret) == 16 &&
	       strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") ==
		       16;
}

static void a_claim_makes_the_secret_of_its_generation(void)
{
	OWN(store) struct store *s = fenced_world();
	struct chap c, again;
	struct binding b, repeat;
	WANT(ENOENT, "persona db-01 has no secret yet; one is made when a machine carries it",
		store_chap(s, "db-01", &c, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	CHECK(!b.fenced);
	MUST(store_chap(s, "db-01", &c, &e));
	CHECK_INT(c.generation, b.generation);
	CHECK_TEXT(c.user, "db-01.1");
	CHECK(is_made(c.secret));
	CHECK_TEXT(c.mutual_user, "");
	CHECK_TEXT(c.mutual_secret, "");
	MUST(store_bind(s, "db-01", "blade-a", &repeat, &e));
	MUST(store_chap(s, "db-01", &again, &e));
	CHECK(memcmp(&b, &repeat, sizeof b) == 0);
	CHECK(memcmp(&c, &again, sizeof c) == 0);
	MUST(store_unbind(s, &b, &e));
	MUST(store_bind(s, "db-01", "blade-b", &b, &e));
	MUST(store_chap(s, "db-01", &again, &e));
	CHECK_INT(again.generation, 2);
	CHECK_TEXT(again.user, "db-01.2");
	CHECK(strcmp(c.secret, again.secret) != 0);

	/* Without a disk that Baton administers there is no secret, and nothing to wait for. */
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	CHECK(b.fenced);
	CHECK_INT(store_chap(s, "web-01", &c, NULL), -ENOENT);
	WANT(EINVAL,
		"persona web-01: Baton makes no secrets for a disk of kind \"\"; it does not "
		"administer the target",
		store_chap_renew(s, "web-01", &c, &e));
}

static void a_claim_that_is_rolled_back_leaves_no_secret(void)
{
	OWN(store) struct store *s = fenced_world();
	struct binding b;
	struct chap c;
	MUST(store_begin(s, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	MUST(store_chap(s, "db-01", &c, &e));
	store_rollback(s);
	CHECK_INT(store_chap(s, "db-01", &c, NULL), -ENOENT);
	CHECK_INT(store_binding(s, "db-01", &b, NULL), -ENOENT);
}

static void both_sides_show_a_secret_where_it_is_mutual(void)
{
	OWN(store) struct store *s = fenced_world();
	struct persona p = fenced_of("db-02");
	struct chap c;
	p.mutual = true;
	MUST(store_persona_add(s, &p, &e));
	MUST(store_chap_renew(s, "db-02", &c, &e));
	CHECK_TEXT(c.user, "db-02.1");
	CHECK_TEXT(c.mutual_user, "db-02.1.t");
	CHECK(is_made(c.secret) && is_made(c.mutual_secret));
	CHECK(strcmp(c.secret, c.mutual_secret) != 0);
	CHECK(chap_word_ok(c.mutual_user) && chap_word_ok(c.mutual_secret));
	p = fenced_of("db-03");
	memset(p.name, 'n', 51);
	p.mutual = true;
	MUST(store_persona_add(s, &p, &e));
	for (int i = 0; i < 2; i++) {
		MUST(store_chap_renew(s, p.name, &c, &e));
		CHECK_INT(strlen(c.mutual_user), 51 + 4);
	}
}

/* 62 letters in 32,000 drawn: each is there, none more often than chance makes likely. */
static void every_letter_of_a_secret_is_as_likely_as_another(void)
{
	OWN(store) struct store *s = fenced_world();
	unsigned times[256] = { 0 }, kinds = 0, most = 0, least = UINT32_MAX;
	struct chap c;
	MUST(store_begin(s, &e));
	for (int i = 0; i < 2000; i++) {
		MUST(store_chap_renew(s, "db-01", &c, &e));
		for (const char *letter = c.secret; *letter; letter++)
			times[(uint8_t)*letter]++;
	}
	MUST(store_commit(s, &e));
	for (int i = 0; i < 256; i++) {
		if (!times[i])
			continue;
		kinds++;
		most = times[i] > most ? times[i] : most;
		least = times[i] < least ? times[i] : least;
	}
	/* 516 each, and 23 more or less is one deviation; a plain modulo gives eight of them 625.
	 */
	CHECK_INT(kinds, 62);
	CHECK(most < 516 + 6 * 23 && least > 516 - 6 * 23);
	CHECK(times['A'] + times['B'] + times['C'] + times['D'] + times['E'] + times['F'] +
			times['G'] + times['H'] <
		8 * 516 + 6 * 64);
}

static void a_secret_for_nobody_ends_the_generation(void)
{
	OWN(store) struct store *s = fenced_world();
	struct binding b, now, again;
	struct chap c, nobody;
	struct persona p;
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	MUST(store_phase_set(s, &b, PHASE_PERSONA, &e));
	MUST(store_fenced_set(s, &b, &e));
	MUST(store_binding(s, "db-01", &now, &e));
	CHECK(now.fenced);
	MUST(store_chap_renew(s, "db-01", &nobody, &e));
	CHECK_INT(nobody.generation, 2);
	MUST(store_chap(s, "db-01", &c, &e));
	CHECK(memcmp(&c, &nobody, sizeof c) == 0);
	/* It is not its body's: it must not be given to it. */
	MUST(store_binding(s, "db-01", &now, &e));
	CHECK(!now.fenced);
	CHECK_INT(now.generation, 1);
	WANT(ESTALE,
		"persona db-01: generation 1 on machine blade-a has no secret that is good; "
		"another "
		"was made since",
		store_fenced_set(s, &b, &e));
	/* Taken back: the same two, and everything of generation 1 stays dead. */
	MUST(store_bind(s, "db-01", "blade-a", &again, &e));
	CHECK_INT(again.generation, 3);
	CHECK_INT(again.phase, PHASE_IDENTITY);
	CHECK(!again.fenced);
	CHECK_INT(store_phase_set(s, &b, PHASE_PERSONA, NULL), -ESTALE);
	CHECK_INT(store_unbind(s, &b, NULL), -ESTALE);
	MUST(store_chap(s, "db-01", &c, &e));
	CHECK_INT(c.generation, 3);
	MUST(store_persona(s, "db-01", &p, &e));
	CHECK_INT(p.generation, 3);
	MUST(store_fenced_set(s, &again, &e));
}

static void a_fence_of_an_old_generation_is_refused(void)
{
	OWN(store) struct store *s = fenced_world();
	struct binding first, second, now;
	MUST(store_bind(s, "db-01", "blade-a", &first, &e));
	MUST(store_unbind(s, &first, &e));
	WANT(ESTALE,
		"persona db-01: generation 1 on machine blade-a is over; it is on no machine now",
		store_fenced_set(s, &first, &e));
	MUST(store_bind(s, "db-01", "blade-b", &second, &e));
	CHECK_INT(store_fenced_set(s, &first, NULL), -ESTALE);
	CHECK_INT(store_wake(s, &first, NULL), -ESTALE);
	MUST(store_binding(s, "db-01", &now, &e));
	CHECK(!now.fenced);
}

/* ------------------------------------------------------------------ silence */

static const char lacks[] =
	"machine blade-a: nothing proves that it is silent since it was last powered on for db-01 "
	"(generation 1); want it seen off by its BMC, its switch port down, or `baton attest`";

/* The list says the same: the proof's id, 0 where there is none. */
static int listed(struct store *s)
{
	struct proof *list = NULL;
	size_t n = 0;
	MUST(store_halts(s, &list, &n, &e));
	int id = n == 1 ? (int)list[0].id : n ? -1 : 0;
	free(list);
	return id;
}

static void a_machine_that_was_woken_is_unbound_only_with_a_proof_of_silence(void)
{
	OWN(store) struct store *s = fenced_world();
	struct binding b;
	struct proof p;
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	proved(s, &b, PROOF_POWER); /* before it was woken: it counts for nothing */
	MUST(store_silence(s, &b, &p, &e));
	MUST(store_wake(s, &b, &e));
	WANT(ENOENT, lacks, store_silence(s, &b, &p, &e));
	CHECK_INT(listed(s), 0);
	WANT(EPERM, lacks, store_unbind(s, &b, &e));
	CHECK_INT(store_unbind(s, &b, NULL), -EPERM);
	proved(s, &b, PROOF_STORAGE); /* its disk is shut to it: it may speak all the same */
	WANT(EPERM, lacks, store_unbind(s, &b, &e));
	struct binding other = b;
	other.generation = 9;
	proved(s, &other, PROOF_POWER);
	other = b;
	snprintf(other.machine, sizeof other.machine, "blade-b");
	proved(s, &other, PROOF_POWER);
	WANT(EPERM, lacks, store_unbind(s, &b, &e));
	struct proof port = proved(s, &b, PROOF_PORT);
	MUST(store_silence(s, &b, &p, &e));
	CHECK_INT(p.id, port.id);
	CHECK_INT(listed(s), (int)port.id);
	CHECK_INT(p.kind, PROOF_PORT);
	CHECK_TEXT(p.seen, port.seen);
	MUST(store_wake(s, &b, &e)); /* woken once more: it counts no more */
	WANT(EPERM, lacks, store_unbind(s, &b, &e));
	struct proof power = proved(s, &b, PROOF_POWER);
	MUST(store_silence(s, &b, &p, &e));
	CHECK_INT(p.id, power.id);
	CHECK_INT(listed(s), (int)power.id);
	MUST(store_unbind(s, &b, &e));
	CHECK_INT(listed(s), 0);
}

static void one_that_was_never_woken_needs_none(void)
{
	OWN(store) struct store *s = fenced_world();
	struct binding b;
	struct proof p;
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	WANT(ENOENT, lacks, store_silence(s, &b, &p, &e));
	MUST(store_unbind(s, &b, &e));
	/* A generation that was made anew for the same two is as awake as it was. */
	struct chap c;
	MUST(store_bind(s, "db-01", "blade-b", &b, &e));
	MUST(store_wake(s, &b, &e));
	MUST(store_chap_renew(s, "db-01", &c, &e));
	MUST(store_bind(s, "db-01", "blade-b", &b, &e));
	CHECK_INT(store_unbind(s, &b, NULL), -EPERM);
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));
}

static void a_persons_word_is_taken_where_the_old_body_could_be_told_apart(void)
{
	OWN(store) struct store *s = fenced_world();
	struct persona iscsi = fenced_of("ls-01");
	struct binding b;
	struct proof p;
	snprintf(iscsi.san, sizeof iscsi.san, "iscsi");
	MUST(store_persona_add(s, &iscsi, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	MUST(store_wake(s, &b, &e));
	p = proof_of(&b, PROOF_ATTESTED);
	WANT(EPERM,
		"machine blade-a: nobody can attest for it: it has no UUID and no relay port on "
		"record, and if it came back it would be taken for the new body; it must be seen "
		"off",
		store_proof_add(s, &p, &e));
	CHECK_INT(p.id, 0);
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));
	WANT(ESTALE,
		"persona db-01: generation 1 on machine blade-a is over; it is on no machine now",
		store_proof_add(s, &p, &e));

	MUST(store_bind(s, "ls-01", "blade-c", &b, &e));
	MUST(store_wake(s, &b, &e));
	p = proof_of(&b, PROOF_ATTESTED);
	WANT(EPERM,
		"machine blade-c: nobody can attest for it: the disk of ls-01 cannot be shut to it "
		"at the target (kind \"iscsi\"); it must be seen off",
		store_proof_add(s, &p, &e));
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));

	MUST(store_bind(s, "db-01", "blade-c", &b, &e));
	MUST(store_wake(s, &b, &e));
	p = proof_of(&b, PROOF_ATTESTED);
	MUST(store_proof_add(s, &p, &e));
	MUST(store_wake(s, &b, &e)); /* it is used up */
	CHECK_INT(store_unbind(s, &b, NULL), -EPERM);
	MUST(store_proof_add(s, &p, &e));
	MUST(store_unbind(s, &b, &e));
}

static void proofs_come_newest_first_and_outlive_what_they_name(void)
{
	OWN(store) struct store *s = fenced_world();
	OWN(list) struct proof *all = NULL;
	size_t n = 9;
	struct binding b, web;
	MUST(store_proofs(s, "", "", 10, &all, &n, &e));
	CHECK_INT(n, 0);
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	MUST(store_bind(s, "web-01", "blade-b", &web, &e));
	struct proof first = proved(s, &b, PROOF_STORAGE), last = proved(s, &b, PROOF_POWER);
	struct proof other = proved(s, &web, PROOF_PORT);
	CHECK(first.id < last.id && last.id < other.id);
	MUST(store_unbind(s, &b, &e));
	MUST(store_persona_rm(s, "db-01", &e));
	MUST(store_machine_rm(s, "blade-a", &e));
	static const struct {
		const char *persona, *machine;
		size_t most, want;
	} rows[] = {
		{ "", "", 10, 3 },
		{ "", "", 2, 2 },
		{ "db-01", "", 10, 2 },
		{ "", "blade-b", 10, 1 },
		{ "db-01", "blade-b", 10, 0 },
		{ "", "", SIZE_MAX, 3 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN(list) struct proof *some = NULL;
		n = 9;
		MUST(store_proofs(
			s, rows[i].persona, rows[i].machine, rows[i].most, &some, &n, &e));
		CHECK_INT(n, rows[i].want);
	}
	MUST(store_proofs(s, "db-01", "", 10, &all, &n, &e));
	CHECK(memcmp(&all[0], &last, sizeof last) == 0);
	CHECK(memcmp(&all[1], &first, sizeof first) == 0);
}

/* ------------------------------------------------------------------ machines left behind */

static void a_stale_machine_carries_nothing_but_the_same_persona(void)
{
	OWN(store) struct store *s = fenced_world();
	OWN(list) struct stale *all = NULL;
	size_t n = 0;
	struct binding b, again;
	struct stale st;
	struct chap was, now;
	WANT(ENOENT, "machine blade-a is not stale: its cards hold nobody else's addresses",
		store_stale(s, "blade-a", &st, &e));
	CHECK_INT(store_bind_restore(s, "db-01", "blade-a", &b, NULL), -ENOENT);
	WANT(ENOENT, "persona nobody: no such persona; `baton persona list` shows them",
		store_stale_add(s, "blade-a", "nobody", 1, 5, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e));
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale_add(s, "blade-a", "db-01", b.generation, 5, &e));
	MUST(store_stale_add(s, "blade-a", "db-01", b.generation, 6, &e)); /* a repeat */
	WANT(EEXIST, "machine blade-a is stale already, because of db-01",
		store_stale_add(s, "blade-a", "web-01", 2, 6, &e));
	MUST(store_stales(s, &all, &n, &e));
	CHECK_INT(n, 1);
	CHECK_TEXT(all[0].machine, "blade-a");
	CHECK_TEXT(all[0].persona, "db-01");
	CHECK_INT(all[0].generation, 1);
	CHECK(all[0].since_s == 5);
	static const char stale[] = "machine blade-a is stale: its cards may hold addresses of "
				    "db-01; `baton restore blade-a` takes them off";
	WANT(EBUSY, stale, store_bind(s, "web-01", "blade-a", &b, &e));
	MUST(store_bind(s, "db-01", "blade-a", &b, &e)); /* its own it may have again... */
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale(s, "blade-a", &st, &e)); /* ...and is stale all the while */

	/* Two bodies never hold one MAC: the restore waits. */
	MUST(store_bind(s, "db-01", "blade-b", &b, &e));
	CHECK(!b.isolated);
	WANT(EBUSY,
		"machine blade-a: persona db-01 is on machine blade-b, and its addresses are never "
		"on two machines while one of them boots; `baton stop db-01` first",
		store_bind_restore(s, "db-01", "blade-a", &again, &e));
	MUST(store_unbind(s, &b, &e));
	MUST(store_chap_renew(s, "db-01", &was, &e));
	MUST(store_bind_restore(s, "db-01", "blade-a", &b, &e));
	CHECK_TEXT(b.persona, "db-01");
	CHECK_INT(b.phase, PHASE_RESTORE);
	CHECK(b.generation > was.generation && !b.fenced);
	MUST(store_chap(s, "db-01", &now, &e));
	CHECK(memcmp(&was, &now, sizeof was) == 0); /* nobody boots its disk */
	CHECK_INT(store_fenced_set(s, &b, NULL), -ESTALE);
	MUST(store_bind_restore(s, "db-01", "blade-a", &again, &e)); /* a repeat */
	CHECK(memcmp(&b, &again, sizeof b) == 0);
	MUST(store_wake(s, &b, &e));
	CHECK_INT(store_unbind(s, &b, NULL), -EPERM);
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale_rm(s, "blade-a", &e));
	CHECK_INT(store_stale_rm(s, "blade-a", NULL), -ENOENT);
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
}

/* What is put on the machine meanwhile has nothing that the persona could miss. */
static void only_one_with_nothing_stands_in_for_a_persona_that_runs(void)
{
	OWN(store) struct store *s = fenced_world();
	struct order o = { .verb = VERB_RESTORE_ISOLATED, .persona = "restore-blade-a" };
	struct persona nobody = { .name = "restore-blade-a" };
	struct binding b, runs, now;
	struct chap was, is;
	MUST(store_stale_add(s, "blade-a", "db-01", 1, 5, &e));
	MUST(store_bind(s, "db-01", "blade-b", &runs, &e));
	MUST(store_chap(s, "db-01", &was, &e));
	MUST(store_persona_add(s, &nobody, &e));
	WANT(EINVAL,
		"machine blade-a is stale because of db-01: persona web-01 cannot be put on it",
		store_bind_restore(s, "web-01", "blade-a", &b, &e));
	MUST(store_bind_restore(s, "restore-blade-a", "blade-a", &b, &e));
	CHECK(b.isolated && b.phase == PHASE_RESTORE && !b.fenced);
	MUST(store_bind_restore(s, "restore-blade-a", "blade-a", &now, &e)); /* a repeat */
	CHECK(memcmp(&b, &now, sizeof b) == 0);
	CHECK_INT(store_stand_in_rm(s, &o, &e), -EBUSY);
	MUST(store_wake(s, &b, &e));
	CHECK_INT(store_unbind(s, &b, NULL), -EPERM);
	proved(s, &b, PROOF_POWER);
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale_rm(s, "blade-a", &e));
	MUST(store_stand_in_rm(s, &o, &e));
	MUST(store_binding(s, "db-01", &now, &e));
	CHECK(now.generation == runs.generation && !now.isolated);
	CHECK_TEXT(now.machine, "blade-b");
	MUST(store_chap(s, "db-01", &is, &e));
	CHECK(memcmp(&was, &is, sizeof is) == 0);
}

/* docs/design/0028: the machine that holds the addresses on purpose, and no other one. */
static void a_prestaged_machine_keeps_others_from_the_persona(void)
{
	OWN(store) struct store *s = fenced_world();
	struct stale st;
	struct binding b;
	CHECK_INT(store_prestaged(s, "web-01", &st, &e), 0);
	CHECK_INT(store_stale_mark(s, "blade-a", true, true, NULL), -ENOENT);
	MUST(store_stale_add(s, "blade-a", "web-01", 1, 5, &e));
	CHECK_INT(store_prestaged(s, "web-01", &st, &e), 0);
	MUST(store_stale_mark(s, "blade-a", true, true, &e));
	CHECK_INT(store_prestaged(s, "web-01", &st, &e), 1);
	CHECK_TEXT(st.machine, "blade-a");
	CHECK(st.holds && st.prestaged);
	WANT(EBUSY,
		"persona web-01: machine blade-a is prestaged for it and holds its addresses; "
		"`baton start web-01 blade-a` boots it there, `baton restore blade-a` takes them "
		"off",
		store_bind(s, "web-01", "blade-b", &b, &e));
	MUST(store_stale_mark(s, "blade-a", true, false, &e));
	MUST(store_bind(s, "web-01", "blade-b", &b, &e));
}

static void a_stale_machine_can_go_and_its_persona_cannot(void)
{
	OWN(store) struct store *s = fenced_world();
	struct stale st;
	MUST(store_stale_add(s, "blade-b", "web-01", 1, 5, &e));
	WANT(EBUSY,
		"persona web-01: its addresses may be on the cards of machine blade-b, which is "
		"stale; `baton restore blade-b` first",
		store_persona_rm(s, "web-01", &e));
	MUST(store_machine_rm(s, "blade-b", &e));
	CHECK_INT(store_stale(s, "blade-b", &st, NULL), -ENOENT);
	MUST(store_persona_rm(s, "web-01", &e));
	/* A persona takes its secrets along. */
	struct persona db = fenced_of("db-01");
	struct chap c;
	MUST(store_chap_renew(s, "db-01", &c, &e));
	MUST(store_persona_rm(s, "db-01", &e));
	MUST(store_persona_add(s, &db, &e));
	CHECK_INT(store_chap(s, "db-01", &c, NULL), -ENOENT);
}

TESTS(T(every_kind_of_proof_has_its_word),
	T(a_persona_that_baton_fences_brings_no_secret_and_shares_no_target),
	T(a_claim_makes_the_secret_of_its_generation),
	T(a_claim_that_is_rolled_back_leaves_no_secret),
	T(both_sides_show_a_secret_where_it_is_mutual),
	T(every_letter_of_a_secret_is_as_likely_as_another),
	T(a_secret_for_nobody_ends_the_generation), T(a_fence_of_an_old_generation_is_refused),
	T(a_machine_that_was_woken_is_unbound_only_with_a_proof_of_silence),
	T(one_that_was_never_woken_needs_none),
	T(a_persons_word_is_taken_where_the_old_body_could_be_told_apart),
	T(proofs_come_newest_first_and_outlive_what_they_name),
	T(a_stale_machine_carries_nothing_but_the_same_persona),
	T(only_one_with_nothing_stands_in_for_a_persona_that_runs),
	T(a_prestaged_machine_keeps_others_from_the_persona),
	T(a_stale_machine_can_go_and_its_persona_cannot))
