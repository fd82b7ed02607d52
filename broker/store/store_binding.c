/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machine carries which persona, and in which generation. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

#define BINDING_COLS "persona, machine, generation, phase FROM binding "

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

/* Neither side is bound. Says who is in the way. */
static int sides_free(struct store *s, const char *persona, const char *machine, struct err *e)
{
	struct binding b;
	struct persona p;
	struct machine m;
	int r = store_persona(s, persona, &p, e);
	if (!r)
		r = store_machine(s, machine, &m, e);
	if (r)
		return r;
	r = binding_get(s, OF_PERSONA, persona, &b, e);
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

/* One counter for all: no two bindings ever have the same generation, so that whatever was made
 * for one (a URL, a secret) fits no other, not even after a persona was removed and made anew. */
static int binding_make(struct store *s, struct binding *b, struct err *e)
{
	uint64_t generation;
	int r = store_next(s, "generation", &generation, e);
	if (r)
		return r;
	if (generation > UINT32_MAX)
		return err_say(e, ENOSPC, "store %s: every generation has been used", s->path);
	b->generation = (uint32_t)generation;
	r = RUN(s, e, "INSERT INTO binding VALUES (?,?,?,?)", in_text(b->persona),
		in_text(b->machine), in_int(b->generation), in_text(phase_word(b->phase)));
	if (!r)
		r = RUN(s, e, "UPDATE persona SET generation = ? WHERE name = ?",
			in_int(b->generation), in_text(b->persona));
	return r;
}

int store_bind(struct store *s, const char *persona, const char *machine, struct binding *ret,
	struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct binding b = { .phase = PHASE_IDENTITY };
	int r = tx_begin(&tx, s, e);
	if (r)
		return r;
	r = binding_get(s, OF_PERSONA, persona, &b, e);
	bool repeat = r > 0 && strcmp(b.machine, machine) == 0;
	if (r >= 0 && !repeat) {
		r = sides_free(s, persona, machine, e);
		if (!r) { /* both exist, so both names fit */
			b = (struct binding){ .phase = PHASE_IDENTITY };
			memcpy(b.persona, persona, strlen(persona) + 1);
			memcpy(b.machine, machine, strlen(machine) + 1);
			r = binding_make(s, &b, e);
		}
	}
	if (r >= 0)
		r = tx_commit(&tx, e);
	if (!r)
		*ret = b;
	return r;
}

/* After an UPDATE or DELETE that asked for one generation: did it find it? */
static int swap_check(struct store *s, const struct binding *b, struct err *e)
{
	struct binding now;
	if (sqlite3_changes(s->db))
		return 0;
	int r = binding_get(s, OF_PERSONA, b->persona, &now, e);
	if (r < 0)
		return r;
	if (!r)
		return err_say(e, ESTALE,
			"persona %s: generation %u on machine %s is over; it is on no machine now",
			b->persona, b->generation, b->machine);
	return err_say(e, ESTALE,
		"persona %s: generation %u on machine %s is over; it is generation %u on machine "
		"%s now",
		b->persona, b->generation, b->machine, now.generation, now.machine);
}

int store_phase_set(struct store *s, const struct binding *b, enum phase p, struct err *e)
{
	int r = RUN(s, e,
		"UPDATE binding SET phase = ? WHERE persona = ? AND machine = ? AND generation = ?",
		in_text(phase_word(p)), in_text(b->persona), in_text(b->machine),
		in_int(b->generation));
	return r ? r : swap_check(s, b, e);
}

int store_unbind(struct store *s, const struct binding *b, struct err *e)
{
	int r = RUN(s, e,
		"DELETE FROM binding WHERE persona = ? AND machine = ? AND generation = ?",
		in_text(b->persona), in_text(b->machine), in_int(b->generation));
	return r ? r : swap_check(s, b, e);
}
