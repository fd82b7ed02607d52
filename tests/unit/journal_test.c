/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The edge's loans from one process to the next: what the second one finds, what time does to it
 * and what damage does, and how long the files get. */
#include "base/list.h"
#include "tests/unit/journal_fixture.h"

static struct engine_answer wants(uint8_t mac, unsigned addr)
{
	return answer_to(REQUEST, mac, POOL_FROM + addr, false, 0);
}

/* Fifty strangers come, and one of them finds its address in use. */
static void first_life(void)
{
	struct journal_found found;
	struct err e;
	CHECK_INT(open_journal(&found), 0);
	for (unsigned i = 0; i < 50; i++) {
		struct engine_answer a = wants((uint8_t)(i + 1), i);
		CHECK(a.lends);
		journal_note(&journal, &a);
		CHECK_INT(journal_keep(&journal, now_s, &e), 0);
	}
	struct engine_answer a = answer_to(DECLINE, 1, POOL_FROM, false, 0);
	journal_note(&journal, &a);
	journal_keep(&journal, now_s, &e);
}

/* A process that starts has none. */
static void forget_all(void)
{
	struct loan_record r;
	while (engine_loan_get(0, now_s, &r))
		engine_loan_restore(&r, 0);
}

static int second_life(unsigned later_s)
{
	struct journal_found found;
	first_life();
	forget_all();
	now_s += later_s;
	CHECK_INT(open_journal(&found), 0);
	CHECK_INT(found.records, 52);
	CHECK_INT(found.holes, 0);
	CHECK(found.same_clock && !found.lost);
	CHECK_INT(found.loans, later_s < 600 ? 50 : later_s < TERM ? 49 : 0);
	bool held_still = later_s < TERM;
	/* Somebody else asks for what is lent, and for what rests. */
	CHECK_INT(wants(200, 7).given != 0, !held_still);
	CHECK_INT(wants(201, 0).given != 0, later_s >= 600);
	/* Its holder renews, whatever the time of day is now. */
	CHECK_INT(answer_to(REQUEST, 9, POOL_FROM + 8, true, 4102444800).given, POOL_FROM + 8);
	CHECK_INT(answer_to(REQUEST, 9, POOL_FROM + 8, true, 1).given, POOL_FROM + 8);
	return tap_failed;
}

static void the_next_process_lends_to_nobody_what_is_lent(void)
{
	CHECK_INT(in_child(second_life, 1), 0);
	CHECK_INT(in_child(second_life, 700), 0);
}

static void what_is_over_meanwhile_is_free(void)
{
	CHECK_INT(in_child(second_life, TERM), 0);
}

/* The time of day is in the questions only, for tokens: no loan knows it. */
static int other_days(unsigned n)
{
	struct engine_answer a = answer_to(REQUEST, 1, POOL_FROM + n, false, 1795300000);
	struct loan_record first = a.change[0];
	static const uint64_t days[] = { 0, 1, 1000000000, 4102444800, UINT64_MAX };
	for (size_t i = 0; i < COUNT(days); i++) {
		a = answer_to(REQUEST, 1, POOL_FROM + n, false, days[i]);
		CHECK_INT(a.changes, 1);
		CHECK_INT(a.change[0].at_s, first.at_s);
		CHECK_INT(a.change[0].for_s, first.for_s);
		CHECK_INT(engine_loans(), 1);
	}
	return tap_failed;
}

static void no_step_of_the_time_of_day_ends_or_makes_a_loan(void)
{
	CHECK_INT(in_child(other_days, 5), 0);
}

static int reserved(unsigned n)
{
	struct loan_record r = { LOAN_LENT, POOL_FROM + n, TERM, { { 2, 0, 0, 0, 0, 1 } }, now_s };
	CHECK(engine_loan_restore(&r, now_s + TERM));
	/* The table has given it to a machine since. */
	world_fini(&world);
	world.machine[0].nic[0].addr = POOL_FROM + n;
	struct table_source *s = &world.source;
	CHECK(table_build(&world.bytes, &world.len, s, NULL) >= 0);
	CHECK(table_check(&world.table, world.bytes, world.len, NULL) >= 0);
	CHECK_INT(engine_table(&world.table, NULL), 0);
	CHECK_INT(answer_to(REQUEST, 1, POOL_FROM + n, true, 0).given, 0);
	return tap_failed;
}

static void a_recovered_loan_of_what_is_somebodys_now_is_refused(void)
{
	CHECK_INT(in_child(reserved, 5), 0);
}

static int damaged(unsigned n)
{
	struct journal_found found;
	first_life();
	forget_all();
	CHECK_INT(pwrite(FILES_AT + (int)journal.active, "x", 1, (off_t)n), 1);
	CHECK_INT(open_journal(&found), 0);
	CHECK_INT(found.lost, n < LOANFILE_HEAD);
	CHECK_INT(found.records, n < LOANFILE_HEAD ? 0 : 51);
	CHECK_INT(found.holes, n < LOANFILE_HEAD ? 0 : 1);
	/* And it goes on from there. */
	struct engine_answer a = wants(77, 77);
	struct err e;
	journal_note(&journal, &a);
	CHECK_INT(journal_keep(&journal, now_s, &e), 0);
	return tap_failed;
}

static void damage_is_said_and_costs_what_it_touched(void)
{
	CHECK_INT(in_child(damaged, 3), 0);
	CHECK_INT(in_child(damaged, LOANFILE_HEAD + 3 * LOANFILE_RECORD), 0);
}

static int full(unsigned rounds)
{
	struct journal_found found;
	struct err e;
	off_t longest = 0;
	unsigned heads = 0;
	CHECK_INT(open_journal(&found), 0);
	for (unsigned i = 0; i < rounds; i++, now_s += i % ADDRS == 0) {
		struct engine_answer a = wants((uint8_t)(i % ADDRS + 1), i % ADDRS);
		uint64_t before = journal.epoch;
		journal_note(&journal, &a);
		CHECK_INT(journal_keep(&journal, now_s, &e), 0);
		heads += journal.epoch != before;
		off_t len = lseek(FILES_AT, 0, SEEK_END);
		longest = len > longest ? len : longest;
	}
	CHECK_INT(heads, 4);
	CHECK(longest <= LOANFILE_HEAD + (JOURNAL_APPENDED_MIN + JOURNAL_ROOM) * LOANFILE_RECORD);
	return tap_failed;
}

static void renewals_for_ever_do_not_grow_the_files(void)
{
	CHECK_INT(in_child(full, 3 * JOURNAL_APPENDED_MIN + 2000), 0);
}

TESTS(T(the_next_process_lends_to_nobody_what_is_lent), T(what_is_over_meanwhile_is_free),
	T(no_step_of_the_time_of_day_ends_or_makes_a_loan),
	T(a_recovered_loan_of_what_is_somebodys_now_is_refused),
	T(damage_is_said_and_costs_what_it_touched), T(renewals_for_ever_do_not_grow_the_files))
