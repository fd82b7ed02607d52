/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which wish of a batch begins next, and how the whole stands. A batch is a row of letters: w
 * waiting, r running, d done, s stopped, x refused, t taken back, - dropped. */
#include "core/batch.h"

#include <stdlib.h>

#include "base/list.h"
#include "tests/unit/tap.h"

enum { MOST = 8 };

static size_t wishes_of(enum wish_state w[MOST], const char *letters)
{
	static const char known[] = "wrdsxt-";
	size_t n = 0;
	for (; letters[n]; n++) {
		const char *at = strchr(known, letters[n]);
		if (!at || n == MOST)
			abort();
		w[n] = (enum wish_state)(at - known);
	}
	return n;
}

static void the_next_begins_in_order_and_no_more_than_are_allowed(void)
{
	static const struct {
		const char *wishes;
		struct batch_rule rule;
		int next; /* -1: none */
		enum batch_state state;
	} cases[] = {
		{ "www", { 2, false, false }, 0, BATCH_RUNNING },
		{ "rww", { 2, false, false }, 1, BATCH_RUNNING },
		{ "rrw", { 2, false, false }, -1, BATCH_RUNNING },
		{ "rrrw", { 2, false, false }, -1, BATCH_RUNNING }, /* one was retried beside */
		{ "drw", { 2, false, false }, 2, BATCH_RUNNING },
		{ "drw", { 1, false, false }, -1, BATCH_RUNNING },
		{ "ddd", { 1, false, false }, -1, BATCH_DONE },
		/* a failure: nothing further begins, what runs is finished */
		{ "srw", { 2, false, false }, -1, BATCH_RUNNING },
		{ "sdw", { 2, false, false }, -1, BATCH_STOPPED },
		{ "xww", { 2, false, false }, -1, BATCH_STOPPED },
		{ "tww", { 2, false, false }, -1, BATCH_STOPPED },
		/* ... or everything else does */
		{ "sdw", { 2, true, false }, 2, BATCH_RUNNING },
		{ "xrw", { 1, true, false }, -1, BATCH_RUNNING },
		{ "txw", { 1, true, false }, 2, BATCH_RUNNING },
		{ "sxd", { 2, true, false }, -1, BATCH_STOPPED },
		/* cancelled */
		{ "dr-", { 2, false, true }, -1, BATCH_RUNNING },
		{ "dd-", { 2, false, true }, -1, BATCH_CANCELLED },
		{ "ds-", { 2, true, true }, -1, BATCH_CANCELLED },
		{ "ddd", { 2, false, true }, -1, BATCH_DONE },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum wish_state w[MOST];
		size_t n = wishes_of(w, cases[i].wishes);
		size_t next = batch_next(&cases[i].rule, w, n);
		enum batch_state state = batch_stands(&cases[i].rule, w, n);
		int got = next == n ? -1 : (int)next;
		if (got != cases[i].next || state != cases[i].state)
			printf("# %s parallel %u\n", cases[i].wishes, cases[i].rule.parallel);
		CHECK_INT(got, cases[i].next);
		CHECK_TEXT(batch_state_word(state), batch_state_word(cases[i].state));
	}
}

/* Plays every way in which n wishes may end, and looks at each moment. */
static void play(const struct batch_rule *rule, enum wish_state *w, size_t n, size_t last)
{
	size_t next = batch_next(rule, w, n), running = wishes_in(w, n, WISH_RUNNING);
	if (next < n) {
		CHECK(running < rule->parallel);
		CHECK(last == n || next > last); /* in order, none left out */
		for (size_t i = 0; i < next; i++)
			CHECK(w[i] != WISH_WAITING);
		w[next] = WISH_RUNNING;
		play(rule, w, n, next);
		w[next] = WISH_WAITING;
		return;
	}
	if (!running) {
		bool over = wishes_in(w, n, WISH_DONE) == n;
		CHECK_INT(batch_stands(rule, w, n), over ? BATCH_DONE : BATCH_STOPPED);
		CHECK(!rule->keep_going || !wishes_in(w, n, WISH_WAITING));
	}
	for (size_t i = 0; i < n; i++) {
		if (w[i] != WISH_RUNNING)
			continue;
		w[i] = WISH_DONE;
		play(rule, w, n, last);
		w[i] = WISH_STOPPED;
		play(rule, w, n, last);
		w[i] = WISH_RUNNING;
	}
}

static void whatever_fails_the_order_is_kept(void)
{
	for (unsigned parallel = 1; parallel <= 3; parallel++)
		for (int keep_going = 0; keep_going < 2; keep_going++) {
			enum wish_state w[5] = { WISH_WAITING };
			struct batch_rule rule = { parallel, keep_going, false };
			play(&rule, w, COUNT(w), COUNT(w));
		}
}

static void an_undo_that_is_undone_is_done(void)
{
	CHECK_INT(wish_ended(0), WISH_DONE);
	CHECK_INT(wish_ended(1), WISH_TAKEN_BACK);
	CHECK_INT(wish_ended(2), WISH_DONE);
}

static void words_are_read_back(void)
{
	enum wish_state w;
	enum batch_state b;
	for (int i = WISH_WAITING; i <= WISH_DROPPED; i++) {
		CHECK(wish_state_parse(&w, wish_state_word((enum wish_state)i)));
		CHECK_INT(w, i);
	}
	for (int i = BATCH_RUNNING; i <= BATCH_CANCELLED; i++) {
		CHECK(batch_state_parse(&b, batch_state_word((enum batch_state)i)));
		CHECK_INT(b, i);
	}
	CHECK(!wish_state_parse(&w, "begun"));
	CHECK(!batch_state_parse(&b, ""));
}

TESTS(T(the_next_begins_in_order_and_no_more_than_are_allowed), T(whatever_fails_the_order_is_kept),
	T(an_undo_that_is_undone_is_done), T(words_are_read_back))
