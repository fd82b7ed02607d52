/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events, for reading. They share the file with what must not be lost, but not its syncs: each is
 * written to the WAL, which outlives the process, and reaches the disk with the next change. */
#include <string.h>

#include "store/store_priv.h"

enum { EVENTS_KEPT = 100000 };

static void event_row(struct query *q, void *to)
{
	struct event_row *ev = to;
	ev->id = col_u64(q);
	ev->order = col_u64(q);
	ev->at_s = col_real(q);
	ev->level = (int)col_int(q, 0, 7);
	col_text(q, ev->word, sizeof ev->word);
	col_text(q, ev->machine, sizeof ev->machine);
	col_text(q, ev->persona, sizeof ev->persona);
	col_text(q, ev->text, sizeof ev->text);
}

static int event_write(struct store *s, const struct event_row *ev, int64_t *id, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO event VALUES (NULL,?,?,?,?,?,?,?)",
			in_int((int64_t)ev->order), in_real(ev->at_s), in_int(ev->level),
			in_text(ev->word), in_text(ev->machine), in_text(ev->persona),
			in_text(ev->text));
	*id = sqlite3_last_insert_rowid(s->db);
	if (!r)
		r = RUN(s, e, "DELETE FROM event WHERE id <= ?", in_int(*id - EVENTS_KEPT));
	return r ? r : tx_commit(&tx, e);
}

int store_event_add(struct store *s, struct event_row *ev, struct err *e)
{
	int64_t id = 0;
	bool alone = s->depth == 0; /* within a transaction it shares that one's sync */
	int r = alone ? RUN(s, e, "PRAGMA synchronous = NORMAL") : 0;
	if (!r)
		r = event_write(s, ev, &id, e);
	/* It only sets a field of the connection; were it to fail, nothing more could be promised.
	 */
	if (alone && RUN(s, NULL, "PRAGMA synchronous = FULL") != 0)
		abort();
	if (!r)
		ev->id = (uint64_t)id;
	return r;
}

static int64_t most_of(size_t most)
{
	return most > EVENTS_KEPT ? EVENTS_KEPT : (int64_t)most;
}

int store_events(struct store *s, uint64_t since, uint64_t order, size_t most,
	struct event_row **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT * FROM event WHERE id > ?1 AND (?2 = 0 OR order_id = ?2) ORDER BY id LIMIT "
		"?3",
		in_int((int64_t)since), in_int((int64_t)order), in_int(most_of(most)));
	return list_of(&q, sizeof **ret, event_row, ret, ret_n, e);
}

int store_events_newest(struct store *s, uint64_t order, size_t most, struct event_row **ret,
	size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT * FROM (SELECT * FROM event WHERE ?1 = 0 OR order_id = ?1"
		" ORDER BY id DESC LIMIT ?2) ORDER BY id",
		in_int((int64_t)order), in_int(most_of(most)));
	return list_of(&q, sizeof **ret, event_row, ret, ret_n, e);
}

int store_events_last(struct store *s, struct event_row **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT * FROM event WHERE id IN"
				  " (SELECT max(id) FROM event GROUP BY machine, word) "
				  "ORDER BY id");
	return list_of(&q, sizeof **ret, event_row, ret, ret_n, e);
}
