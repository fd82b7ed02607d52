/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines that were left behind with a persona's addresses on their cards. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

#define STALE_COLS "machine, persona, generation, since_s, holds, prestaged FROM stale "

static void stale_row(struct query *q, void *to)
{
	struct stale *st = to;
	col_text(q, st->machine, sizeof st->machine);
	col_text(q, st->persona, sizeof st->persona);
	st->generation = col_u32(q);
	st->since_s = col_real(q);
	st->holds = col_bool(q);
	st->prestaged = col_bool(q);
}

int store_stales(struct store *s, struct stale **ret, size_t *ret_n, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "SELECT " STALE_COLS "ORDER BY machine");
	return list_of(&q, sizeof **ret, stale_row, ret, ret_n, e);
}

static int stale_get(
	struct store *s, const char *sql, const char *name, struct stale *ret, struct err *e)
{
	OWN(query) struct query q = QUERY(s, sql, in_text(name));
	return one_of(&q, stale_row, ret, e);
}
#define OF_MACHINE "SELECT " STALE_COLS "WHERE machine = ?"
#define OF_PERSONA "SELECT " STALE_COLS "WHERE persona = ? ORDER BY machine LIMIT 1"

int store_stale(struct store *s, const char *machine, struct stale *ret, struct err *e)
{
	int r = stale_get(s, OF_MACHINE, machine, ret, e);
	if (r == 0)
		return err_say(e, ENOENT,
			"machine %s is not stale: its cards hold nobody else's addresses", machine);
	return r < 0 ? r : 0;
}

int stale_free(struct store *s, const char *machine, const char *persona, struct err *e)
{
	struct stale st;
	int r = stale_get(s, OF_MACHINE, machine, &st, e);
	if (r <= 0 || strcmp(st.persona, persona) == 0)
		return r < 0 ? r : 0;
	return err_say(e, EBUSY,
		"machine %s is %s addresses of %s; `baton restore %s` takes them off", machine,
		st.prestaged ? "prestaged: its cards hold" : "stale: its cards may hold",
		st.persona, machine);
}

int stale_none_of(struct store *s, const char *persona, struct err *e)
{
	struct stale st;
	int r = stale_get(s, OF_PERSONA, persona, &st, e);
	if (r <= 0)
		return r;
	return err_say(e, EBUSY,
		"persona %s: its addresses may be on the cards of machine %s, which is stale; "
		"`baton restore %s` first",
		persona, st.machine, st.machine);
}

int store_stale_add(struct store *s, const char *machine, const char *persona, uint32_t generation,
	double since_s, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona p;
	struct machine m;
	struct stale st;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_persona(s, persona, &p, e);
	if (!r)
		r = store_machine(s, machine, &m, e);
	if (r)
		return r;
	r = stale_get(s, OF_MACHINE, machine, &st, e);
	if (r > 0 && strcmp(st.persona, persona) != 0)
		r = err_say(e, EEXIST, "machine %s is stale already, because of %s", machine,
			st.persona);
	if (r >= 0)
		r = RUN(s, e,
			"INSERT INTO stale VALUES (?,?,?,?,0,0) ON CONFLICT DO UPDATE"
			" SET generation = max(generation, excluded.generation)",
			in_text(machine), in_text(persona), in_int(generation), in_real(since_s));
	return r ? r : tx_commit(&tx, e);
}

int store_stale_mark(
	struct store *s, const char *machine, bool holds, bool prestaged, struct err *e)
{
	struct stale st;
	int r = store_stale(s, machine, &st, e);
	return r ? r
		 : RUN(s, e, "UPDATE stale SET holds = ?, prestaged = ? WHERE machine = ?",
			   in_int(holds), in_int(prestaged), in_text(machine));
}

int store_prestaged(struct store *s, const char *persona, struct stale *ret, struct err *e)
{
	return stale_get(s,
		"SELECT " STALE_COLS "WHERE persona = ? AND prestaged ORDER BY machine LIMIT 1",
		persona, ret, e);
}

int prestaged_elsewhere(struct store *s, const char *persona, const char *machine, struct err *e)
{
	struct stale st;
	int r = store_prestaged(s, persona, &st, e);
	if (r <= 0 || strcmp(st.machine, machine) == 0)
		return r < 0 ? r : 0;
	return err_say(e, EBUSY,
		"persona %s: machine %s is prestaged for it and holds its addresses; `baton start "
		"%s %s` boots it there, `baton restore %s` takes them off",
		persona, st.machine, persona, st.machine, st.machine);
}

int store_stale_rm(struct store *s, const char *machine, struct err *e)
{
	struct stale st;
	int r = store_stale(s, machine, &st, e);
	return r ? r : RUN(s, e, "DELETE FROM stale WHERE machine = ?", in_text(machine));
}
