/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches: their wishes, and the machines that they empty. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/store_priv.h"

#define BATCH_COLS                                                                                 \
	"id, what, who, parallel, keep_going, cancelled, state, begun_s, ended_s FROM batch "

static void batch_row(struct query *q, void *to)
{
	struct batch *b = to;
	char word[16];
	b->id = col_u64(q);
	col_text(q, b->what, sizeof b->what);
	b->who = col_u32(q);
	b->rule.parallel = col_u32(q);
	b->rule.keep_going = col_bool(q);
	b->rule.cancelled = col_bool(q);
	col_text(q, word, sizeof word);
	if (!batch_state_parse(&b->state, word))
		q->bad = true;
	b->begun_s = col_real(q);
	b->ended_s = col_real(q);
}

static void wish_row(struct query *q, void *to)
{
	struct wish *w = to;
	char word[VERB_TEXT];
	w->n = col_u32(q);
	col_text(q, word, sizeof word);
	if (!verb_parse(&w->verb, word))
		q->bad = true;
	col_text(q, w->persona, sizeof w->persona);
	col_text(q, w->machine, sizeof w->machine);
	col_text(q, w->pool, sizeof w->pool);
	col_text(q, word, sizeof word);
	if (!wish_state_parse(&w->state, word))
		q->bad = true;
	w->order = col_u64(q);
	col_text(q, w->why, sizeof w->why);
}

static void leaving_row(struct query *q, void *to)
{
	struct leaving *l = to;
	col_text(q, l->machine, sizeof l->machine);
	l->batch = col_u64(q);
}

static int wish_add(struct store *s, uint64_t batch, const struct wish *w, struct err *e)
{
	return RUN(s, e, "INSERT INTO wish VALUES (?,?,?,?,?,?,?,?,?)", in_int((int64_t)batch),
		in_int(w->n), in_text(verb_word(w->verb)), in_text(w->persona), in_text(w->machine),
		in_text(w->pool), in_text(wish_state_word(w->state)), in_int((int64_t)w->order),
		in_text(w->why));
}

int store_batch_add(struct store *s, struct batch *b, struct wish *w, size_t n,
	char (*leaves)[NAME_LEN + 1], size_t leaves_n, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct timespec ts;
	int64_t id = 0;
	clock_gettime(CLOCK_REALTIME, &ts);
	double now_s = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO batch VALUES (NULL,?,?,?,?,?,?,?,0)", in_text(b->what),
			in_int(b->who), in_int(b->rule.parallel), in_int(b->rule.keep_going),
			in_int(b->rule.cancelled), in_text(batch_state_word(b->state)),
			in_real(now_s));
	if (!r)
		id = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; !r && i < n; i++) {
		w[i].n = (unsigned)i;
		r = wish_add(s, (uint64_t)id, &w[i], e);
	}
	for (size_t i = 0; !r && i < leaves_n; i++)
		r = RUN(s, e, "INSERT INTO batch_leaves VALUES (?,?)", in_int(id),
			in_text(leaves[i]));
	if (!r)
		r = tx_commit(&tx, e);
	if (r)
		return r;
	b->id = (uint64_t)id;
	b->begun_s = now_s;
	b->ended_s = 0;
	return 0;
}

int store_batch(struct store *s, uint64_t id, struct batch *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT " BATCH_COLS "WHERE id = ?", in_int((int64_t)id));
	int r = one_of(&q, batch_row, ret, e);
	if (r == 0)
		return err_say(e, ENOENT,
			"batch %llu: no such batch; `baton batch list` shows them",
			(unsigned long long)id);
	return r < 0 ? r : 0;
}

int store_batches(struct store *s, size_t most, struct batch **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " BATCH_COLS "WHERE ended_s = 0 OR id IN"
		" (SELECT id FROM batch ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
		in_int(most > INT32_MAX ? INT32_MAX : (int64_t)most));
	return list_of(&q, sizeof **ret, batch_row, ret, ret_n, e);
}

int store_wishes(struct store *s, uint64_t batch, struct wish **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT n, verb, persona, machine, pool, state, order_id, why FROM wish "
		"WHERE batch = ? ORDER BY n",
		in_int((int64_t)batch));
	return list_of(&q, sizeof **ret, wish_row, ret, ret_n, e);
}

int store_batch_set(struct store *s, const struct batch *b, struct err *e)
{
	return RUN(s, e, "UPDATE batch SET cancelled = ?, state = ?, ended_s = ? WHERE id = ?",
		in_int(b->rule.cancelled), in_text(batch_state_word(b->state)), in_real(b->ended_s),
		in_int((int64_t)b->id));
}

int store_wish_set(struct store *s, uint64_t batch, const struct wish *w, struct err *e)
{
	return RUN(s, e,
		"UPDATE wish SET state = ?, order_id = ?, why = ? WHERE batch = ? AND n = ?",
		in_text(wish_state_word(w->state)), in_int((int64_t)w->order), in_text(w->why),
		in_int((int64_t)batch), in_int(w->n));
}

int store_leaving(struct store *s, struct leaving **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine, max(batch) FROM batch_leaves JOIN batch ON batch.id = batch "
		"WHERE ended_s = 0 GROUP BY machine ORDER BY machine");
	return list_of(&q, sizeof **ret, leaving_row, ret, ret_n, e);
}
