/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machine carries which persona, and in which generation. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

/* A stale machine carries no persona but its own, except one that stands in while it is restored.
 */
#define BINDING_COLS                                                                               \
	"persona, machine, generation, phase, fenced, EXISTS (SELECT 1 FROM stale AS s"            \
	" WHERE s.machine = binding.machine AND s.persona <> binding.persona) FROM binding "

static void binding_row(struct query *q, void *to)
{
	struct binding *b = to;
	char word[16];
	col_text(q, b->persona, sizeof b->persona);
	col_text(q, b->machine, sizeof b->machine);
	b->generation = (uint32_t)col_int(q, 1, UINT32_MAX);
	col_text(q, word, sizeof word);
	if (!phase_parse(&b->phase, word))
		q->bad = true;
	b->fenced = col_bool(q);
	b->isolated = col_bool(q);
}

int store_bindings(struct store *s, struct binding **ret, size_t *ret_n, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "SELECT " BINDING_COLS "ORDER BY persona");
	return list_of(&q, sizeof **ret, binding_row, ret, ret_n, e);
}

/* 1, 0 when there is none, or -errno. */
static int binding_get(
	struct store *s, const char *sql, const char *name, struct binding *ret, struct err *e)
{
	OWN(query) struct query q = QUERY(s, sql, in_text(name));
	return one_of(&q, binding_row, ret, e);
}
#define OF_PERSONA "SELECT " BINDING_COLS "WHERE persona = ?"
#define OF_MACHINE "SELECT " BINDING_COLS "WHERE machine = ?"

int store_binding(struct store *s, const char *persona, struct binding *ret, struct err *e)
{
	int r = binding_get(s, OF_PERSONA, persona, ret, e);
	if (r == 0)
		return err_say(
			e, ENOENT, "persona %s is on no machine; `baton start` starts it", persona);
	return r < 0 ? r : 0;
}

int store_binding_of(struct store *s, const char *machine, struct binding *ret, struct err *e)
{
	int r = binding_get(s, OF_MACHINE, machine, ret, e);
	if (r == 0)
		return err_say(e, ENOENT, "machine %s carries no persona", machine);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ claims */

struct sides {
	struct persona p;
	struct machine m;
};

/* Both are there, and neither is bound. Says who is in the way. */
static int sides_free(struct store *s, const struct sides *at, struct err *e)
{
	struct binding b;
	const char *persona = at->p.name, *machine = at->m.name;
	int r = binding_get(s, OF_PERSONA, persona, &b, e);
	if (r > 0)
		return err_say(e, EBUSY,
			"persona %s is on machine %s; `baton move %s` takes it from there", persona,
			b.machine, persona);
	if (!r)
		r = binding_get(s, OF_MACHINE, machine, &b, e);
	if (r > 0)
		return err_say(e, EBUSY,
			"machine %s carries persona %s; stop or move that one first", machine,
			b.persona);
	return r;
}

static int sides_read(
	struct sides *ret, struct store *s, const char *persona, const char *machine, struct err *e)
{
	int r = store_persona(s, persona, &ret->p, e);
	if (!r)
		r = store_machine(s, machine, &ret->m, e);
	return r;
}

/* One counter for all: no two bindings ever have the same generation, so that whatever was made
 * for one (a URL, a secret) fits no other, not even after a persona was removed and made anew. */
int generation_next(struct store *s, uint32_t *ret, struct err *e)
{
	uint64_t generation;
	int r = store_next(s, "generation", &generation, e);
	if (r)
		return r;
	if (generation > UINT32_MAX)
		return err_say(e, ENOSPC, "store %s: every generation has been used", s->path);
	*ret = (uint32_t)generation;
	return 0;
}

/* Writes b with a new generation over what its persona had; the persona's body, if it has one,
 * stays as awake as it is. */
static int binding_make(
	struct store *s, struct binding *b, const struct sides *at, enum phase phase, struct err *e)
{
	memcpy(b->persona, at->p.name, sizeof b->persona);
	memcpy(b->machine, at->m.name, sizeof b->machine);
	b->phase = phase;
	/* Without a target that Baton administers there is nothing to wait for. */
	b->fenced = phase != PHASE_RESTORE && !persona_is_fenced(&at->p);
	int r = generation_next(s, &b->generation, e);
	if (!r)
		r = RUN(s, e,
			"INSERT INTO binding VALUES (?,?,?,?,?,NULL) ON CONFLICT (persona) DO "
			"UPDATE"
			" SET generation = excluded.generation, phase = excluded.phase,"
			"  fenced = excluded.fenced",
			in_text(b->persona), in_text(b->machine), in_int(b->generation),
			in_text(phase_word(b->phase)), in_int(b->fenced));
	if (!r)
		r = RUN(s, e, "UPDATE persona SET generation = ? WHERE name = ?",
			in_int(b->generation), in_text(b->persona));
	return r;
}

/* Does the target know the secret of this very generation? Another one for the persona was made
 * when a change of body began: then this one is dead, and so is what was made for it. */
static int secret_is_its(
	struct store *s, const struct binding *b, const struct persona *p, bool *ret, struct err *e)
{
	uint32_t newest = 0;
	int r = persona_is_fenced(p) ? chap_generation(s, p->name, &newest, e) : 0;
	*ret = !persona_is_fenced(p) || newest == b->generation;
	return r;
}

/* The binding as it stands, or, where there is none that is still good, a new one. */
static int claim(struct store *s, struct binding *b, const struct sides *at, struct err *e)
{
	bool good = false;
	int r = binding_get(s, OF_PERSONA, at->p.name, b, e);
	bool repeat = r > 0 && strcmp(b->machine, at->m.name) == 0;
	if (r >= 0)
		r = repeat ? secret_is_its(s, b, &at->p, &good, e) : sides_free(s, at, e);
	if (!r)
		r = stale_free(s, at->m.name, at->p.name, e);
	if (!r && !good)
		r = store_told_apart(s, &at->p, &at->m, e);
	if (r || good)
		return r;
	r = binding_make(s, b, at, PHASE_IDENTITY, e);
	if (!r && persona_is_fenced(&at->p))
		r = chap_make(s, &at->p, b->generation, NULL, e);
	return r;
}

int store_bind(struct store *s, const char *persona, const char *machine, struct binding *ret,
	struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct sides at;
	struct binding b = { .generation = 0 };
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = sides_read(&at, s, persona, machine, e);
	if (!r)
		r = claim(s, &b, &at, e);
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*ret = b;
	return r;
}

/* The persona is nowhere else; its secret stays the dead one, since nobody boots its disk. */
static int claim_restore(struct store *s, struct binding *b, const struct sides *at, struct err *e)
{
	int r = binding_get(s, OF_PERSONA, at->p.name, b, e);
	if (r > 0 && strcmp(b->machine, at->m.name) == 0 && b->phase == PHASE_RESTORE)
		return 0;
	if (r > 0)
		return err_say(e, EBUSY,
			"machine %s: persona %s is on machine %s, and its addresses are never on "
			"two machines while one of them boots; `baton stop %s` first",
			at->m.name, at->p.name, b->machine, at->p.name);
	if (!r)
		r = sides_free(s, at, e);
	if (!r)
		r = binding_make(s, b, at, PHASE_RESTORE, e);
	return r;
}

/* Who stands in for the persona whose addresses the machine holds must bring nothing along. */
static int stand_in_check(const struct stale *st, const struct persona *p, struct err *e)
{
	if (strcmp(st->persona, p->name) == 0 || (!p->nics && !p->hbas && !*p->target))
		return 0;
	return err_say(e, EINVAL,
		"machine %s is stale because of %s: persona %s cannot be put on it", st->machine,
		st->persona, p->name);
}

int store_bind_restore(struct store *s, const char *persona, const char *machine,
	struct binding *ret, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct sides at;
	struct stale st;
	struct binding b = { .generation = 0 };
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_machine(s, machine, &at.m, e);
	if (!r)
		r = store_stale(s, machine, &st, e);
	if (!r)
		r = store_persona(s, persona, &at.p, e);
	if (!r)
		r = stand_in_check(&st, &at.p, e);
	if (!r)
		r = claim_restore(s, &b, &at, e);
	if (!r)
		r = store_binding(s, persona, &b, e); /* with what its row does not hold */
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*ret = b;
	return r;
}

/* ------------------------------------------------------------------ changes of one generation */

static int generation_over(const struct binding *b, const struct binding *now, struct err *e)
{
	if (!now)
		return err_say(e, ESTALE,
			"persona %s: generation %u on machine %s is over; it is on no machine now",
			b->persona, b->generation, b->machine);
	return err_say(e, ESTALE,
		"persona %s: generation %u on machine %s is over; it is generation %u on machine "
		"%s now",
		b->persona, b->generation, b->machine, now->generation, now->machine);
}

int binding_is(struct store *s, const struct binding *b, struct err *e)
{
	struct binding now;
	int r = binding_get(s, OF_PERSONA, b->persona, &now, e);
	if (r < 0)
		return r;
	if (!r || now.generation != b->generation || strcmp(now.machine, b->machine) != 0)
		return generation_over(b, r ? &now : NULL, e);
	return 0;
}

int swap_check(struct store *s, const struct binding *b, struct err *e)
{
	return sqlite3_changes(s->db) ? 0 : binding_is(s, b, e);
}

int store_phase_set(struct store *s, const struct binding *b, enum phase p, struct err *e)
{
	int r = RUN(s, e,
		"UPDATE binding SET phase = ? WHERE persona = ? AND machine = ? AND generation = ?",
		in_text(phase_word(p)), in_text(b->persona), in_text(b->machine),
		in_int(b->generation));
	return r ? r : swap_check(s, b, e);
}

int store_fenced_set(struct store *s, const struct binding *b, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona p;
	bool its = false;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = binding_is(s, b, e);
	if (!r)
		r = store_persona(s, b->persona, &p, e);
	if (!r)
		r = secret_is_its(s, b, &p, &its, e);
	if (!r && !its)
		r = err_say(e, ESTALE,
			"persona %s: generation %u on machine %s has no secret that is good; "
			"another "
			"was made since",
			b->persona, b->generation, b->machine);
	if (!r)
		r = RUN(s, e, "UPDATE binding SET fenced = 1 WHERE persona = ?",
			in_text(b->persona));
	return r ? r : tx_commit(&tx, e);
}

static int woken(struct store *s, const struct binding *b, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT awake_after IS NOT NULL FROM binding WHERE persona = ?",
		in_text(b->persona));
	int r = query_next(&q, e);
	return r > 0 ? col_bool(&q) : r;
}

static int silence_check(struct store *s, const struct binding *b, struct err *e)
{
	struct proof p;
	int r = store_silence(s, b, &p, e);
	if (r == -ENOENT && e)
		e->code = EPERM;
	return r == -ENOENT ? -EPERM : r;
}

int store_unbind(struct store *s, const struct binding *b, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = binding_is(s, b, e);
	if (!r)
		r = woken(s, b, e);
	if (r > 0)
		r = silence_check(s, b, e);
	if (!r)
		r = RUN(s, e, "DELETE FROM binding WHERE persona = ?", in_text(b->persona));
	return r ? r : tx_commit(&tx, e);
}
