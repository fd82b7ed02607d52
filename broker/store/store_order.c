/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Orders and the journal of their steps: what the broker reads first after a crash. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "store/store_priv.h"

#define ORDER_COLS                                                                                 \
	"id, verb, persona, from_machine, to_machine, state, step, tries, why, begun_s, ended_s, " \
	"undoes, stays, cause FROM orders "

static void order_row(struct query *q, void *to)
{
	struct order *o = to;
	char word[VERB_TEXT];
	o->id = col_u64(q);
	col_text(q, word, sizeof word);
	if (!verb_parse(&o->verb, word))
		q->bad = true;
	col_text(q, o->persona, sizeof o->persona);
	col_text(q, o->from, sizeof o->from);
	col_text(q, o->to, sizeof o->to);
	col_text(q, word, sizeof word);
	if (!order_state_parse(&o->at.state, word))
		q->bad = true;
	o->at.step = col_u32(q);
	o->at.tries = col_u32(q);
	col_text(q, o->why, sizeof o->why);
	o->begun_s = col_real(q);
	o->ended_s = col_real(q);
	o->undoes = col_u64(q);
	o->stays = col_bool(q);
	col_text(q, o->cause, sizeof o->cause);
}

static double unix_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int store_order(struct store *s, uint64_t id, struct order *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s, "SELECT " ORDER_COLS "WHERE id = ?", in_int((int64_t)id));
	int r = one_of(&q, order_row, ret, e);
	if (r == 0)
		return err_say(e, ENOENT,
			"order %llu: no such order; `baton order list` shows them",
			(unsigned long long)id);
	return r < 0 ? r : 0;
}

int store_order_undone(struct store *s, uint64_t id, uint64_t *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(
		s, "SELECT coalesce(max(id), 0) FROM orders WHERE undoes = ?", in_int((int64_t)id));
	int r = query_next(&q, e);
	*ret = r > 0 ? col_u64(&q) : 0;
	return r < 0 ? r : 0;
}

int store_orders_caused(struct store *s, const char *persona, double since_s, unsigned *ret_all,
	unsigned *ret_of, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT count(*), coalesce(sum(persona = ?1), 0) FROM orders"
		" WHERE cause <> '' AND undoes = 0 AND begun_s > ?2",
		in_text(persona), in_real(since_s));
	int r = query_next(&q, e);
	*ret_all = *ret_of = 0;
	if (r > 0) {
		*ret_all = col_u32(&q);
		*ret_of = col_u32(&q);
	}
	return r < 0 ? r : 0;
}

int store_orders(struct store *s, size_t most, struct order **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " ORDER_COLS "WHERE state <> 'done' OR id IN"
		" (SELECT id FROM orders ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
		in_int(most > INT32_MAX ? INT32_MAX : (int64_t)most));
	return list_of(&q, sizeof **ret, order_row, ret, ret_n, e);
}

int order_free(
	struct store *s, const char *persona, const char *machine, uint64_t but, struct err *e)
{
	struct order o;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " ORDER_COLS "WHERE state <> 'done' AND id <> ?1 AND "
		"(persona = ?2 OR from_machine = ?3 OR to_machine = ?3) ORDER BY id LIMIT 1",
		in_int((int64_t)but), in_name(persona ? persona : ""),
		in_name(machine ? machine : ""));
	int r = one_of(&q, order_row, &o, e);
	if (r <= 0)
		return r;
	bool by_persona = persona && strcmp(o.persona, persona) == 0;
	return err_say(e, EBUSY, "%s %s: order %llu (%s %s) is %s; %s",
		by_persona ? "persona" : "machine", by_persona ? persona : machine,
		(unsigned long long)o.id, verb_word(o.verb), o.persona,
		order_state_word(o.at.state),
		o.at.state == ORDER_STOPPED ? "`baton order retry` or `baton order undo` it first"
					    : "wait for its end");
}

/* What an order names must be there, and no other order may be at it. */
static int order_check(struct store *s, const struct order *o, struct err *e)
{
	struct persona p;
	struct machine m;
	int r = store_persona(s, o->persona, &p, e);
	if (!r && *o->from)
		r = store_machine(s, o->from, &m, e);
	if (!r && *o->to)
		r = store_machine(s, o->to, &m, e);
	if (!r)
		r = order_free(s, o->persona, *o->from ? o->from : NULL, o->undoes, e);
	if (!r && *o->to)
		r = order_free(s, NULL, o->to, o->undoes, e);
	return r;
}

/* The order that this one takes back must not be at work itself. */
static int undone_check(struct store *s, uint64_t id, struct err *e)
{
	struct order was;
	int r = id ? store_order(s, id, &was, e) : 0;
	if (!r && id && was.at.state == ORDER_RUNNING)
		r = err_say(e, EBUSY,
			"order %llu is running; only what has stopped or ended is undone",
			(unsigned long long)id);
	return r;
}

int store_order_add(struct store *s, struct order *o, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	double now_s = unix_now();
	int64_t id = 0;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = undone_check(s, o->undoes, e);
	if (!r)
		r = order_check(s, o, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO orders VALUES (NULL,?,?,?,?,?,?,?,'',?,0,?,?,?)",
			in_text(verb_word(o->verb)), in_text(o->persona), in_text(o->from),
			in_text(o->to), in_text(order_state_word(o->at.state)), in_int(o->at.step),
			in_int(o->at.tries), in_real(now_s), in_int((int64_t)o->undoes),
			in_int(o->stays), in_text(o->cause));
	if (!r)
		id = sqlite3_last_insert_rowid(s->db);
	if (!r)
		r = tx_commit(&tx, e);
	if (r)
		return r;
	o->id = (uint64_t)id;
	o->begun_s = now_s;
	o->ended_s = 0;
	o->why[0] = '\0';
	return 0;
}

int store_order_undoing(struct store *s, uint64_t id, struct order *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT " ORDER_COLS "WHERE undoes = ? AND undoes <> 0 ORDER BY id DESC LIMIT 1",
		in_int((int64_t)id));
	int r = one_of(&q, order_row, ret, e);
	if (r == 0)
		return err_say(
			e, ENOENT, "order %llu: nothing takes it back", (unsigned long long)id);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ why this machine */

int store_choice_set(struct store *s, uint64_t order, const char *text, struct err *e)
{
	return RUN(s, e, "INSERT INTO order_choice VALUES (?,?)", in_int((int64_t)order),
		in_text(text));
}

int store_choice(struct store *s, uint64_t order, char **ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(
		s, "SELECT text FROM order_choice WHERE order_id = ?", in_int((int64_t)order));
	int r = query_next(&q, e);
	*ret = NULL;
	if (r <= 0)
		return r;
	const char *text = (const char *)sqlite3_column_text(q.stmt, 0);
	*ret = strdup(text ? text : "");
	return *ret ? 0 : err_set(e, ENOMEM, "store %s", s->path);
}

/* ------------------------------------------------------------------ the journal */

static int step_lost(const struct order *o, unsigned step, const char *how, struct err *e)
{
	return err_say(e, ESTALE, "order %llu: step %u %s; read the order again",
		(unsigned long long)o->id, step, how);
}

int store_step_begin(struct store *s, const struct order *o, double now_s, struct err *e)
{
	int r = RUN(s, e,
		"INSERT INTO order_step SELECT NULL, id, step, tries, ?3, 0, '' FROM orders "
		"WHERE id = ?1 AND step = ?2 AND tries = ?4 AND state = 'running'",
		in_int((int64_t)o->id), in_int(o->at.step), in_real(now_s), in_int(o->at.tries));
	if (!r && !sqlite3_changes(s->db))
		r = step_lost(o, o->at.step, "is not where the order stands", e);
	return r;
}

int store_step_end(struct store *s, struct order *o, unsigned step, const char *why, double now_s,
	struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct order after = *o;
	snprintf(after.why, sizeof after.why, "%s", why ? why : "");
	after.ended_s = after.at.state == ORDER_RUNNING ? 0 : now_s;
	int r = tx_begin(&tx, s, e);
	if (r)
		return r;
	r = RUN(s, e,
		"UPDATE order_step SET ended_s = ?3, why = ?4 WHERE id ="
		" (SELECT max(id) FROM order_step WHERE order_id = ?1)"
		" AND step = ?2 AND ended_s = 0",
		in_int((int64_t)o->id), in_int(step), in_real(now_s), in_text(after.why));
	if (!r && !sqlite3_changes(s->db))
		r = step_lost(o, step, "was not begun, or has ended", e);
	if (!r)
		r = RUN(s, e,
			"UPDATE orders SET state = ?, step = ?, tries = ?, why = ?, ended_s = ? "
			"WHERE id = ?",
			in_text(order_state_word(after.at.state)), in_int(after.at.step),
			in_int(after.at.tries), in_text(after.why), in_real(after.ended_s),
			in_int((int64_t)o->id));
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*o = after;
	return r;
}

static void step_row(struct query *q, void *to)
{
	struct order_step *step = to;
	step->step = col_u32(q);
	step->tries = col_u32(q);
	step->begun_s = col_real(q);
	step->ended_s = col_real(q);
	col_text(q, step->why, sizeof step->why);
}

int store_order_steps(
	struct store *s, uint64_t id, struct order_step **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT step, tries, begun_s, ended_s, why FROM order_step WHERE order_id = ? "
		"ORDER BY id",
		in_int((int64_t)id));
	return list_of(&q, sizeof **ret, step_row, ret, ret_n, e);
}

int store_order_close(struct store *s, uint64_t id, double now_s, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = undone_check(s, id, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE orders SET state = 'done', ended_s = ? WHERE id = ? AND state = "
			"'stopped'",
			in_real(now_s), in_int((int64_t)id));
	return r ? r : tx_commit(&tx, e);
}

int store_order_reopen(struct store *s, uint64_t id, struct order_at at, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct order o;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_order(s, id, &o, e);
	if (!r && o.at.state != ORDER_STOPPED)
		r = err_say(e, EBUSY, "order %llu is %s; only a stopped one is tried again",
			(unsigned long long)id, order_state_word(o.at.state));
	if (!r)
		r = RUN(s, e,
			"UPDATE orders SET state = ?, step = ?, tries = ?, ended_s = 0 WHERE id = "
			"?",
			in_text(order_state_word(at.state)), in_int(at.step), in_int(at.tries),
			in_int((int64_t)id));
	return r ? r : tx_commit(&tx, e);
}
