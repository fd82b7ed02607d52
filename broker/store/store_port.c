/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switch ports: whose they are, and which of them are other than open by our doing. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/store_priv.h"

static void held_row(struct query *q, void *to)
{
	struct port_held *p = to;
	char word[16];
	col_text(q, p->port, sizeof p->port);
	col_text(q, p->machine, sizeof p->machine);
	col_text(q, word, sizeof word);
	if (!port_state_parse(&p->state, word))
		q->bad = true;
	p->read_back = col_bool(q);
	p->order = col_u64(q);
	p->since_s = col_real(q);
}

int store_ports_held(
	struct store *s, const char *machine, struct port_held **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"SELECT port, machine, state, read_back, order_id, since_s FROM port_held"
		" WHERE ?1 = '' OR machine = ?1 ORDER BY machine, port",
		in_text(machine));
	return list_of(&q, sizeof **ret, held_row, ret, ret_n, e);
}

int store_port_hold(struct store *s, const struct port_held *p, struct err *e)
{
	return RUN(s, e,
		"INSERT INTO port_held VALUES (?,?,?,0,?,?) ON CONFLICT DO UPDATE SET"
		" read_back = 0, machine = excluded.machine, state = excluded.state,"
		" order_id = iif(state = excluded.state, order_id, excluded.order_id),"
		" since_s = iif(state = excluded.state, since_s, excluded.since_s)",
		in_text(p->port), in_text(p->machine), in_text(port_state_word(p->state)),
		in_int((int64_t)p->order), in_real(p->since_s));
}

int store_ports_seen(struct store *s, const char *machine, enum port_state state, struct err *e)
{
	if (state == PORT_OPEN)
		return RUN(s, e, "DELETE FROM port_held WHERE machine = ?", in_text(machine));
	return RUN(s, e, "UPDATE port_held SET read_back = 1 WHERE machine = ? AND state = ?",
		in_text(machine), in_text(port_state_word(state)));
}

int ports_free_of(struct store *s, const char *machine, struct err *e)
{
	OWN(list) struct port_held *held = NULL;
	size_t n = 0;
	int r = store_ports_held(s, machine, &held, &n, e);
	if (r || !n)
		return r;
	return err_say(e, EBUSY,
		"machine %s: its port %s is %s since order %" PRIu64
		" and would stay so; `baton restore %s` opens it, and with port=none `baton "
		"machine set` leaves it as it is",
		machine, held->port, port_state_word(held->state), held->order, machine);
}

struct plugged {
	char machine[NAME_LEN + 1];
};

static void plugged_row(struct query *q, void *to)
{
	struct plugged *p = to;
	col_text(q, p->machine, sizeof p->machine);
}

int port_free(struct store *s, const char *port, struct err *e)
{
	struct plugged by;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine FROM nic WHERE port = ?1 AND ?1 <> '' UNION ALL"
		" SELECT machine FROM hba WHERE port = ?1 AND ?1 <> '' UNION ALL"
		" SELECT machine FROM port_held WHERE port = ?1",
		in_text(port));
	int r = one_of(&q, plugged_row, &by, e);
	if (r <= 0)
		return r;
	return err_say(e, EEXIST, "port %s is that of machine %s already", port, by.machine);
}
