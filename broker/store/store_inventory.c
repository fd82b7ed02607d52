/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machines are made of, as their shims and their BMCs have told. */
#include <errno.h>
#include <stdio.h>

#include "store/store_priv.h"

static void row_read(struct query *q, void *to)
{
	struct inventory_row *row = to;
	struct component *c = &row->c;
	char word[16];
	col_text(q, row->machine, sizeof row->machine);
	col_text(q, word, sizeof word);
	q->bad |= !component_by_parse(&c->by, word);
	col_text(q, word, sizeof word);
	q->bad |= !component_kind_parse(&c->kind, word);
	col_text(q, c->slot, sizeof c->slot);
	col_text(q, c->bus, sizeof c->bus);
	col_text(q, c->model, sizeof c->model);
	col_text(q, c->serial, sizeof c->serial);
	col_text(q, c->firmware, sizeof c->firmware);
	c->bytes = col_u64(q);
	col_text(q, c->health, sizeof c->health);
	c->seen_s = col_real(q);
}

int store_inventory(struct store *s, const char *machine, struct inventory_row **ret, size_t *ret_n,
	struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine, told_by, kind, slot, bus, model, serial, firmware, bytes, health,"
		" seen_s FROM inventory WHERE ?1 = '' OR machine = ?1 "
		"ORDER BY machine, told_by DESC, n",
		in_text(machine));
	return list_of(&q, sizeof **ret, row_read, ret, ret_n, e);
}

int store_inventory_set(struct store *s, const char *machine, enum component_by by, double seen_s,
	const struct component *c, size_t n, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r && n > COMPONENTS_MAX)
		r = err_say(e, E2BIG, "machine %s: %zu components, and %d at most can be kept",
			machine, n, COMPONENTS_MAX);
	if (!r)
		r = RUN(s, e, "DELETE FROM inventory WHERE machine = ? AND told_by = ?",
			in_text(machine), in_text(component_by_word(by)));
	for (size_t i = 0; !r && i < n; i++)
		r = RUN(s, e, "INSERT INTO inventory VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
			in_text(machine), in_text(component_by_word(by)), in_int((int64_t)i),
			in_text(component_kind_word(c[i].kind)), in_text(c[i].slot),
			in_text(c[i].bus), in_text(c[i].model), in_text(c[i].serial),
			in_text(c[i].firmware), in_int((int64_t)c[i].bytes), in_text(c[i].health),
			in_real(seen_s));
	return r ? r : tx_commit(&tx, e);
}
