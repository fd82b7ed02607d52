/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches as the store keeps them: whole or not at all, and what open ones empty. */
#include <errno.h>

#include "base/list.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static struct batch batch_of(const char *what)
{
	struct batch b = { .who = 7, .rule = { .parallel = 2, .keep_going = true } };
	snprintf(b.what, sizeof b.what, "%s", what);
	return b;
}

static struct wish wish_of(const char *persona, const char *pool)
{
	struct wish w = { .verb = VERB_MOVE };
	snprintf(w.persona, sizeof w.persona, "%s", persona);
	snprintf(w.pool, sizeof w.pool, "%s", pool);
	return w;
}

static void a_batch_comes_back_as_it_was_put(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct wish *back = NULL;
	OWN(list) struct batch *all = NULL;
	struct batch b = batch_of("evacuate rack r1"), got;
	struct wish w[] = { wish_of("web-01", "new"), wish_of("web-02", "new") };
	size_t n = 0;
	MUST(store_batch_add(s, &b, w, COUNT(w), NULL, 0, &e));
	CHECK_INT(b.id, 1);
	CHECK(b.begun_s > 0);
	MUST(store_batch(s, 1, &got, &e));
	CHECK_TEXT(got.what, "evacuate rack r1");
	CHECK_INT(got.who, 7);
	CHECK_INT(got.rule.parallel, 2);
	CHECK(got.rule.keep_going && !got.rule.cancelled);
	CHECK_INT(got.state, BATCH_RUNNING);
	w[1].state = WISH_RUNNING;
	w[1].order = 9;
	strcpy(w[1].why, "none fits");
	MUST(store_wish_set(s, 1, &w[1], &e));
	MUST(store_wishes(s, 1, &back, &n, &e));
	CHECK_INT(n, 2);
	CHECK_INT(back[0].n, 0);
	CHECK_INT(back[0].state, WISH_WAITING);
	CHECK_TEXT(back[0].pool, "new");
	CHECK_TEXT(back[1].persona, "web-02");
	CHECK_INT(back[1].verb, VERB_MOVE);
	CHECK_INT(back[1].state, WISH_RUNNING);
	CHECK_INT(back[1].order, 9);
	CHECK_TEXT(back[1].why, "none fits");
	WANT(ENOENT, "batch 2: no such batch; `baton batch list` shows them",
		store_batch(s, 2, &got, &e));
	/* The newest first, and open ones however old. */
	struct batch other = batch_of("start 1 persona");
	MUST(store_batch_add(s, &other, w, 1, NULL, 0, &e));
	MUST(store_batches(s, 1, &all, &n, &e));
	CHECK_INT(n, 2);
	CHECK_INT(all[0].id, 2);
	b.state = BATCH_CANCELLED;
	b.rule.cancelled = true;
	b.ended_s = 12;
	MUST(store_batch_set(s, &b, &e));
	free(all);
	MUST(store_batches(s, 1, &all, &n, &e));
	CHECK_INT(n, 1);
	MUST(store_batch(s, 1, &got, &e));
	CHECK(got.rule.cancelled && got.state == BATCH_CANCELLED && got.ended_s > 11);
}

static void what_open_batches_empty_is_told_by_machine(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct leaving *l = NULL;
	char a[][NAME_LEN + 1] = { "blade-b", "blade-a" }, same[][NAME_LEN + 1] = { "x", "x" };
	struct batch b = batch_of("evacuate rack r1"), again = batch_of("evacuate blade-a");
	struct wish w = wish_of("web-01", "new");
	size_t n = 9;
	MUST(store_batch_add(s, &b, &w, 1, a, 2, &e));
	MUST(store_batch_add(s, &again, &w, 1, a + 1, 1, &e));
	MUST(store_leaving(s, &l, &n, &e));
	CHECK_INT(n, 2);
	CHECK_TEXT(l[0].machine, "blade-a");
	CHECK_INT(l[0].batch, 2);
	CHECK_TEXT(l[1].machine, "blade-b");
	CHECK_INT(l[1].batch, 1);
	b.ended_s = again.ended_s = 1;
	MUST(store_batch_set(s, &b, &e));
	MUST(store_batch_set(s, &again, &e));
	free(l);
	MUST(store_leaving(s, &l, &n, &e));
	CHECK_INT(n, 0);
	/* All or nothing. */
	CHECK(store_batch_add(s, &b, &w, 1, same, 2, &e) < 0);
	CHECK(store_batch(s, 3, &b, &e) == -ENOENT);
}

static void the_order_that_takes_one_back_is_found(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" }, back, got;
	MUST(store_order_add(s, &o, &e));
	WANT(ENOENT, "order 1: nothing takes it back", store_order_undoing(s, 1, &got, &e));
	MUST(store_step_begin(s, &o, 1, &e));
	o.at = (struct order_at){ ORDER_STOPPED, 0, 2 };
	MUST(store_step_end(s, &o, 0, "no", 2, &e));
	MUST(store_order_close(s, 1, 3, &e));
	back = (struct order){
		.verb = VERB_STOP, .persona = "web-01", .from = "blade-a", .undoes = 1
	};
	MUST(store_order_add(s, &back, &e));
	MUST(store_order_undoing(s, 1, &got, &e));
	CHECK_INT(got.id, 2);
	WANT(ENOENT, "order 0: nothing takes it back", store_order_undoing(s, 0, &got, &e));
}

static void a_card_is_kept_with_its_nic(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m;
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_TEXT(m.nic[0].card, "");
	MUST(store_card_set(s, "blade-a", 0, "8086:100e", "e1000", "pci:v1", &e));
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_TEXT(m.nic[0].card, "8086:100e");
	CHECK_TEXT(m.nic[0].driver, "e1000");
	CHECK_TEXT(m.nic[0].modalias, "pci:v1");
	MUST(store_machine(s, "blade-b", &m, &e));
	CHECK_TEXT(m.nic[0].card, "");
}

TESTS(T(a_batch_comes_back_as_it_was_put), T(what_open_batches_empty_is_told_by_machine),
	T(the_order_that_takes_one_back_is_found), T(a_card_is_kept_with_its_nic))
