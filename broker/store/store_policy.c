/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton may do by itself about each persona. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

static void policy_row(struct query *q, void *to)
{
	struct policy *p = to;
	char word[16];
	col_text(q, word, sizeof word);
	q->bad |= !care_parse(&p->on_failure, word);
	col_text(q, word, sizeof word);
	q->bad |= !care_parse(&p->on_power_off, word);
	col_text(q, p->spares, sizeof p->spares);
	col_text(q, word, sizeof word);
	q->bad |= !check_parse(p, word);
}

static void policy_of_row(struct query *q, void *to)
{
	struct policy_of *of = to;
	col_text(q, of->persona, sizeof of->persona);
	policy_row(q, &of->policy);
}

int store_policies(struct store *s, struct policy_of **ret, size_t *ret_n, struct err *e)
{
	OWN(query)
	struct query q =
		QUERY(s, "SELECT persona, on_failure, on_power_off, spares, check_text FROM policy "
			 "ORDER BY persona");
	return list_of(&q, sizeof **ret, policy_of_row, ret, ret_n, e);
}

int store_policy(struct store *s, const char *persona, struct policy *ret, struct err *e)
{
	struct persona p;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT on_failure, on_power_off, spares, check_text FROM policy WHERE persona = ?",
		in_text(persona));
	int r = one_of(&q, policy_row, ret, e);
	if (r)
		return r < 0 ? r : 0;
	*ret = (struct policy){ .on_failure = CARE_REPORT };
	r = store_persona(s, persona, &p, e);
	explicit_bzero(&p, sizeof p);
	return r;
}

static int policy_check(const char *persona, const struct policy *p, struct err *e)
{
	bool moves = p->on_failure == CARE_FAILOVER || p->on_power_off == CARE_FAILOVER;
	if (p->on_failure == CARE_RESTART)
		return err_say(e, EINVAL,
			"persona %s: on failure: want report or failover; what has failed is not "
			"started again where it failed",
			persona);
	if (moves && !*p->spares)
		return err_say(e, EINVAL,
			"persona %s: a failover wants a pool of machines to choose from", persona);
	return *p->spares ? name_check("pool", p->spares, e) : 0;
}

int store_policy_set(struct store *s, const char *persona, const struct policy *p, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona of;
	char check[CHECK_TEXT];
	int r = policy_check(persona, p, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (r)
		return r;
	r = store_persona(s, persona, &of, e);
	explicit_bzero(&of, sizeof of);
	if (!r)
		r = RUN(s, e, "INSERT OR REPLACE INTO policy VALUES (?,?,?,?,?)", in_text(persona),
			in_text(care_word(p->on_failure)), in_text(care_word(p->on_power_off)),
			in_text(p->spares), in_text(check_text(check, p)));
	return r ? r : tx_commit(&tx, e);
}
