/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loans on disk, as bytes: whatever happens to them, what comes back is what was written, or
 * nothing; and no clock but the host's own says when a loan is over. */
#include "wire/loanfile.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

enum { RECORDS = 5, LEN = LOANFILE_HEAD + RECORDS * LOANFILE_RECORD };

static const struct loanfile_head life = { .epoch = 7, .boot = "boot-of-monday.." };

static struct loan_record lent(unsigned i)
{
	return (struct loan_record){ .kind = i == 3 ? LOAN_ENDED : LOAN_LENT,
		.addr = 0x0a580064 + i,
		.for_s = 3600 + i,
		.mac = { { 2, 0, 0, 0, 0, (uint8_t)i } },
		.at_s = 2000000 + i };
}

static bool same(const struct loan_record *a, const struct loan_record *b)
{
	return a->kind == b->kind && a->addr == b->addr && a->for_s == b->for_s &&
	       memcmp(&a->mac, &b->mac, sizeof a->mac) == 0 && a->at_s == b->at_s;
}

static void make(uint8_t bytes[LEN], const struct loanfile_head *head)
{
	loanfile_head_make(bytes, head);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct loan_record r = lent(i);
		loan_record_make(bytes + LOANFILE_HEAD + i * LOANFILE_RECORD, &r, head->epoch, i);
	}
}

/* How many come back, each in its place and as it was; -1 when anything else does. */
static int good_ones(const uint8_t *bytes, size_t len)
{
	struct loanfile f;
	struct loan_record r;
	int n = 0;
	if (!loanfile_open(&f, bytes, len))
		return 0;
	for (; loanfile_next(&f, &r); n++) {
		struct loan_record was = lent((unsigned)f.at - 1);
		if (f.at > RECORDS || !same(&r, &was))
			return -1;
	}
	return n;
}

static void what_was_written_comes_back(void)
{
	uint8_t bytes[LEN];
	struct loanfile f;
	make(bytes, &life);
	CHECK(loanfile_open(&f, bytes, LEN));
	CHECK_INT(f.head.epoch, 7);
	CHECK(memcmp(f.head.boot, life.boot, LOANFILE_BOOT) == 0);
	CHECK_INT(good_ones(bytes, LEN), RECORDS);
}

static void torn_at_every_byte_the_whole_records_before_it_come_back(void)
{
	uint8_t bytes[LEN];
	make(bytes, &life);
	for (size_t len = 0; len <= LEN; len++) {
		uint8_t *fit = malloc(len ? len : 1);
		memcpy(fit, bytes, len);
		int want = len < LOANFILE_HEAD ? 0 : (int)((len - LOANFILE_HEAD) / LOANFILE_RECORD);
		CHECK_INT(good_ones(fit, len), want);
		free(fit);
	}
	for (size_t at = LOANFILE_HEAD; at < LEN; at++) {
		make(bytes, &life);
		memset(bytes + at, 0, LEN - at);
		CHECK_INT(good_ones(bytes, LEN), (at - LOANFILE_HEAD) / LOANFILE_RECORD);
	}
}

static void a_flipped_bit_costs_one_record_and_invents_none(void)
{
	uint8_t bytes[LEN];
	for (size_t bit = LOANFILE_HEAD * 8; bit < LEN * 8; bit++) {
		make(bytes, &life);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK_INT(good_ones(bytes, LEN), RECORDS - 1);
	}
	struct loanfile f;
	struct loan_record r;
	make(bytes, &life);
	bytes[LOANFILE_HEAD + LOANFILE_RECORD] ^= 1;
	loanfile_open(&f, bytes, LEN);
	while (loanfile_next(&f, &r))
		;
	CHECK_INT(f.holes, 1);
}

static void a_damaged_head_is_no_head(void)
{
	uint8_t bytes[LEN];
	struct loanfile f;
	for (size_t bit = 0; bit < 48 * 8; bit++) {
		make(bytes, &life);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!loanfile_open(&f, bytes, LEN));
	}
	loanfile_head_make(bytes, &life);
	CHECK(loanfile_open(&f, bytes, LOANFILE_HEAD));
	CHECK_INT(good_ones(bytes, LOANFILE_HEAD), 0);
}

static void records_of_another_life_or_place_are_none(void)
{
	uint8_t bytes[LEN];
	struct loanfile_head next = { .epoch = 8 };
	make(bytes, &life);
	loanfile_head_make(bytes, &next);
	CHECK_INT(good_ones(bytes, LEN), 0);
	make(bytes, &life);
	memmove(bytes + LOANFILE_HEAD + LOANFILE_RECORD, bytes + LOANFILE_HEAD,
		(RECORDS - 1) * LOANFILE_RECORD);
	CHECK_INT(good_ones(bytes, LEN), 1);
}

static void of_two_files_the_whole_one_of_the_higher_epoch_counts(void)
{
	static uint8_t bytes[2][LEN];
	const void *const both[] = { bytes[0], bytes[1] };
	const size_t len[] = { LEN, LEN }, none[] = { 0, 0 };
	struct loanfile_head higher = { .epoch = 8 };
	struct loanfile f;
	make(bytes[0], &life);
	make(bytes[1], &higher);
	CHECK_INT(loanfile_newest(&f, both, len), 1);
	CHECK_INT(f.head.epoch, 8);
	bytes[1][0] ^= 1;
	CHECK_INT(loanfile_newest(&f, both, len), 0);
	CHECK_INT(f.head.epoch, 7);
	bytes[0][0] ^= 1;
	CHECK_INT(loanfile_newest(&f, both, len), -1);
	CHECK_INT(loanfile_newest(&f, both, none), -1);
}

static struct loan_past past(uint64_t now_s, const char *boot)
{
	static uint8_t bytes[LEN];
	struct loanfile f;
	make(bytes, &life);
	loanfile_open(&f, bytes, LEN);
	struct loan_past p = loan_past_of(&f, (const uint8_t *)boot, now_s);
	CHECK_INT(f.at, 0);
	return p;
}

static void under_the_same_clock_every_end_is_exact(void)
{
	struct loan_record r = lent(0), ended = lent(3);
	uint64_t end = 2000000 + 3600;
	struct loan_past p = past(2000100, "boot-of-monday..");
	CHECK(p.same_clock);
	CHECK_INT(loan_record_end(&r, &p), end);
	p = past(end - 1, "boot-of-monday..");
	CHECK_INT(loan_record_end(&r, &p), end);
	p = past(end, "boot-of-monday..");
	CHECK_INT(loan_record_end(&r, &p), 0);
	CHECK_INT(loan_record_end(&ended, &p), 0);
}

static void under_another_clock_what_was_not_over_is_held_for_its_whole_term(void)
{
	struct loan_record r = lent(0), over = { LOAN_LENT, 1, 10, { { 0 } }, 1000000 };
	struct loan_record ended = lent(3);
	/* The host was started again: its clock begins anew. */
	struct loan_past p = past(50, "boot-of-tuesday.");
	CHECK(!p.same_clock);
	CHECK_INT(p.last_s, 2000004);
	CHECK_INT(loan_record_end(&r, &p), 50 + 3600);
	CHECK_INT(loan_record_end(&over, &p), 0);
	CHECK_INT(loan_record_end(&ended, &p), 0);
	/* Or has long passed where the old one stood: that says nothing. */
	p = past(900000000, "boot-of-tuesday.");
	CHECK_INT(loan_record_end(&r, &p), 900000000 + 3600);
}

static void a_clock_that_stands_before_its_own_records_is_another(void)
{
	struct loan_record r = lent(0);
	struct loan_past p = past(2000003, "boot-of-monday..");
	CHECK(!p.same_clock);
	CHECK_INT(loan_record_end(&r, &p), 2000003 + 3600);
}

TESTS(T(what_was_written_comes_back), T(torn_at_every_byte_the_whole_records_before_it_come_back),
	T(a_flipped_bit_costs_one_record_and_invents_none), T(a_damaged_head_is_no_head),
	T(records_of_another_life_or_place_are_none),
	T(of_two_files_the_whole_one_of_the_higher_epoch_counts),
	T(under_the_same_clock_every_end_is_exact),
	T(under_another_clock_what_was_not_over_is_held_for_its_whole_term),
	T(a_clock_that_stands_before_its_own_records_is_another))
