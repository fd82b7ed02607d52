/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was rehearsed by which order, and the end of a persona that was made for one. */
#include <errno.h>

#include "store/store_priv.h"

static void drill_row(struct query *q, void *to)
{
	struct drill *d = to;
	d->order = col_u64(q);
	col_text(q, d->of, sizeof d->of);
	col_text(q, d->network, sizeof d->network);
}

int store_drill_add(struct store *s, const struct drill *d, struct err *e)
{
	return RUN(s, e, "INSERT INTO drill VALUES (?,?,?)", in_int((int64_t)d->order),
		in_text(d->of), in_text(d->network));
}

int store_drill(struct store *s, uint64_t order, struct drill *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT order_id, of, network FROM drill WHERE order_id = ?",
		in_int((int64_t)order));
	int r = one_of(&q, drill_row, ret, e);
	if (r == 0)
		return err_say(
			e, ENOENT, "order %llu rehearses nothing", (unsigned long long)order);
	return r < 0 ? r : 0;
}

int store_stand_in_rm(struct store *s, const struct order *o, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct binding b;
	if (!verb_stands_in(o->verb))
		return err_say(e, EINVAL, "order %llu: a %s has no persona of its own",
			(unsigned long long)o->id, verb_word(o->verb));
	int r = tx_begin(&tx, s, e);
	if (!r && store_binding(s, o->persona, &b, NULL) == 0)
		r = err_say(e, EBUSY, "persona %s is on machine %s", o->persona, b.machine);
	if (!r)
		r = RUN(s, e, "DELETE FROM persona WHERE name = ?", in_text(o->persona));
	return r ? r : tx_commit(&tx, e);
}
