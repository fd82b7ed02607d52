/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs: what was seen before a persona changed its body. No row is ever removed. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

#define PROOF_COLS "id, order_id, persona, machine, generation, kind, at_s, seen FROM proof "

static void proof_row(struct query *q, void *to)
{
	struct proof *p = to;
	char word[16];
	p->id = col_u64(q);
	p->order = col_u64(q);
	col_text(q, p->persona, sizeof p->persona);
	col_text(q, p->machine, sizeof p->machine);
	p->generation = col_u32(q);
	col_text(q, word, sizeof word);
	if (!proof_parse(&p->kind, word))
		q->bad = true;
	p->at_s = col_real(q);
	col_text(q, p->seen, sizeof p->seen);
}

int store_proofs(struct store *s, const char *persona, const char *machine, size_t most,
	struct proof **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " PROOF_COLS "WHERE (?1 = '' OR persona = ?1) AND (?2 = '' OR machine = ?2)"
		" ORDER BY id DESC LIMIT ?3",
		in_text(persona), in_text(machine),
		in_int(most > INT32_MAX ? INT32_MAX : (int64_t)most));
	return list_of(&q, sizeof **ret, proof_row, ret, ret_n, e);
}

static void name_row(struct query *q, void *to)
{
	col_text(q, to, NAME_LEN + 1);
}

/* Has it anything on record by which it could be told from another one? */
static bool has_a_sign(const struct machine *m)
{
	bool port = false;
	for (unsigned i = 0; i < m->nics; i++)
		port = port || m->nic[i].relay_port.circuit.len;
	return port || !uuid_is_zero(&m->uuid);
}

/* The machine that an open order takes the persona to: 1, 0 when there is none, or -errno. */
static int next_of(struct store *s, const struct persona *persona, const struct machine *from,
	struct machine *ret, struct err *e)
{
	char name[NAME_LEN + 1];
	OWN(query)
	struct query q = QUERY(s,
		"SELECT to_machine FROM orders WHERE state <> 'done' AND persona = ? AND "
		"from_machine = ? AND to_machine <> ''",
		in_text(persona->name), in_text(from->name));
	int r = one_of(&q, name_row, name, e);
	if (r <= 0)
		return r;
	r = store_machine(s, name, ret, e);
	return r < 0 ? r : 1;
}

/* What a later order takes the persona to is looked at when that claims it. */
static int sign_check(
	struct store *s, const struct persona *persona, const struct machine *m, struct err *e)
{
	struct machine next;
	if (!has_a_sign(m))
		return err_say(e, EPERM,
			"machine %s: nobody can attest for it: it has no UUID and no relay port on "
			"record, and if it came back it would be taken for the new body; it must "
			"be seen off",
			m->name);
	int r = next_of(s, persona, m, &next, e);
	if (r <= 0 || bodies_differ(m, &next, persona))
		return r < 0 ? r : 0;
	return err_say(e, EPERM,
		"machine %s: nobody can attest for it: by UUID and relay port, as they are on "
		"record, it could not be told from %s if it came back; it must be seen off",
		m->name, next.name);
}

/* 1: its silence rests on a person's word alone. */
static int is_signed_away(struct store *s, const struct stale *st, struct err *e)
{
	struct binding b = { .generation = st->generation };
	struct proof p;
	struct err why;
	memcpy(b.persona, st->persona, sizeof b.persona);
	memcpy(b.machine, st->machine, sizeof b.machine);
	int r = store_silence(s, &b, &p, &why);
	if (r == -ENOENT) /* it was never woken */
		return 0;
	if (r < 0 && e)
		*e = why;
	return r < 0 ? r : p.kind == PROOF_ATTESTED;
}

int store_signed_away(
	struct store *s, const char *persona, struct machine **ret, size_t *ret_n, struct err *e)
{
	OWN(list) struct stale *all = NULL;
	OWN(list) struct machine *found = NULL;
	size_t n = 0, kept = 0;
	int r = store_stales(s, &all, &n, e);
	if (r < 0)
		return r;
	if (n && !(found = calloc(n, sizeof *found)))
		return err_set(e, ENOMEM, "store %s", s->path);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (strcmp(all[i].persona, persona) != 0)
			continue;
		r = is_signed_away(s, &all[i], e);
		if (r > 0)
			r = store_machine(s, all[i].machine, &found[kept++], e);
	}
	if (r < 0)
		return r;
	*ret = TAKE(found);
	*ret_n = kept;
	return 0;
}

int store_told_apart(
	struct store *s, const struct persona *p, const struct machine *now, struct err *e)
{
	OWN(list) struct machine *was = NULL;
	size_t n = 0;
	int r = store_signed_away(s, p->name, &was, &n, e);
	for (size_t i = 0; !r && i < n; i++)
		if (strcmp(was[i].name, now->name) != 0 && !bodies_differ(&was[i], now, p))
			r = err_say(e, EPERM,
				"machine %s: by UUID and relay port, as they are on record, it "
				"could not be told from %s, which has addresses of %s and was "
				"never seen off: a person has signed for it; `baton restore %s` "
				"first, or take another machine",
				now->name, was[i].name, p->name, was[i].name);
	return r;
}

/* A person's word is taken only where the disk is shut to the old body, and where that body could
 * be told from the new one if it came back after all. */
static int attested_check(struct store *s, const struct proof *p, struct err *e)
{
	struct persona persona;
	struct machine m;
	struct binding b = { .generation = p->generation };
	memcpy(b.persona, p->persona, sizeof b.persona);
	memcpy(b.machine, p->machine, sizeof b.machine);
	int r = binding_is(s, &b, e);
	if (!r)
		r = store_persona(s, p->persona, &persona, e);
	if (!r)
		r = store_machine(s, p->machine, &m, e);
	if (r)
		return r;
	if (*persona.target && !persona_is_fenced(&persona))
		return err_say(e, EPERM,
			"machine %s: nobody can attest for it: the disk of %s cannot be shut to it "
			"at the target (kind \"%s\"); it must be seen off",
			p->machine, p->persona, persona.san);
	if (persona.hbas)
		return err_say(e, EPERM,
			"machine %s: nobody can attest for it: the LUNs of %s are reached by Fibre "
			"Channel, which knows no secret, and a mask by WWPN lets %s in as it lets "
			"its "
			"next machine in; its BMC must see it off, or its switch ports must be "
			"shut",
			p->machine, p->persona, p->machine);
	return sign_check(s, &persona, &m, e);
}

int store_proof_add(struct store *s, struct proof *p, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int64_t id = 0;
	int r = tx_begin(&tx, s, e);
	if (!r && p->kind == PROOF_ATTESTED)
		r = attested_check(s, p, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO proof VALUES (NULL,?,?,?,?,?,?,?)",
			in_int((int64_t)p->order), in_text(p->persona), in_text(p->machine),
			in_int(p->generation), in_text(proof_word(p->kind)), in_real(p->at_s),
			in_text(p->seen));
	if (!r)
		id = sqlite3_last_insert_rowid(s->db);
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		p->id = (uint64_t)id;
	return r;
}

int store_silence(struct store *s, const struct binding *b, struct proof *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " PROOF_COLS "WHERE generation = ?1 AND persona = ?2 AND machine = ?3"
		" AND kind <> 'storage' AND id > coalesce("
		"  (SELECT awake_after FROM binding WHERE generation = ?1), 0)"
		" ORDER BY id DESC LIMIT 1",
		in_int(b->generation), in_text(b->persona), in_text(b->machine));
	int r = one_of(&q, proof_row, ret, e);
	if (r == 0)
		return err_say(e, ENOENT,
			"machine %s: nothing proves that it is silent since it was last powered on "
			"for %s (generation %u); want it seen off by its BMC, its switch port "
			"down, or `baton attest`",
			b->machine, b->persona, b->generation);
	return r < 0 ? r : 0;
}

int store_halts(struct store *s, struct proof **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q =
		QUERY(s, "SELECT " PROOF_COLS "WHERE id IN (SELECT max(p.id) FROM binding AS b"
			 " JOIN proof AS p ON p.generation = b.generation AND p.persona = b.persona"
			 "  AND p.machine = b.machine LEFT JOIN orders AS o ON o.id = p.order_id"
			 " WHERE p.id > coalesce(b.awake_after, 0) AND (p.kind <> 'storage' OR"
			 "  (b.fenced = 0 AND o.from_machine = b.machine)) GROUP BY b.persona)"
			 " ORDER BY persona");
	return list_of(&q, sizeof **ret, proof_row, ret, ret_n, e);
}

int store_wake(struct store *s, const struct binding *b, struct err *e)
{
	int r = RUN(s, e,
		"UPDATE binding SET awake_after = (SELECT coalesce(max(id), 0) FROM proof)"
		" WHERE persona = ? AND machine = ? AND generation = ?",
		in_text(b->persona), in_text(b->machine), in_int(b->generation));
	return r ? r : swap_check(s, b, e);
}
