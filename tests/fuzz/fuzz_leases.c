/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two files of loans. An input that begins with 'r' is the bytes of both, as they are but for
 * the zeros of the head: 2 bytes for the length of the first, then what is in them. Any other is a
 * story, four bytes for each event: a record is appended, all goes into the other file, a bit
 * flips, a tail is torn off. Whatever happens, what comes back was once written, there and in that
 * life of the file. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/loanfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 24, LEN = LOANFILE_HEAD + SLOTS * LOANFILE_RECORD, LIVES = 16, SAID = 48 };

static const uint8_t boot[2][LOANFILE_BOOT] = { "monday", "tuesday" };

static struct {
	uint8_t bytes[2][LEN];
	size_t len[2], used;
	unsigned active;
	uint64_t epoch;
	struct loan_record made[LIVES][SLOTS];
	bool is_made[LIVES][SLOTS];
} t;

static bool same(const struct loan_record *a, const struct loan_record *b)
{
	return a->kind == b->kind && a->addr == b->addr && a->for_s == b->for_s &&
	       mac_equal(&a->mac, &b->mac) && a->at_s == b->at_s;
}

static void write_record(unsigned file, uint64_t epoch, size_t slot, const struct loan_record *r)
{
	size_t at = LOANFILE_HEAD + slot * LOANFILE_RECORD;
	loan_record_make(t.bytes[file] + at, r, epoch, slot);
	if (t.len[file] < at + LOANFILE_RECORD)
		t.len[file] = at + LOANFILE_RECORD;
	t.made[epoch][slot] = *r;
	t.is_made[epoch][slot] = true;
}

static void append(uint8_t what)
{
	struct loan_record r = { .kind = what % 3 + LOAN_LENT,
		.addr = 0x0a580064u + what / 3 % 8,
		.for_s = what % 3 == 2 ? 0 : 60u * what,
		.mac = { { 2, 0, 0, 0, 0, what } },
		.at_s = 1000000u + what };
	if (t.used < SLOTS)
		write_record(t.active, t.epoch, t.used++, &r);
}

static void snapshot(uint8_t what)
{
	struct loanfile_head h = { .epoch = t.epoch + 1 };
	unsigned other = !t.active;
	size_t n = 0;
	if (t.epoch + 1 == LIVES)
		return;
	for (size_t i = 0; i < t.used; i++)
		if (t.is_made[t.epoch][i] && (what >> i % 8 & 1))
			write_record(other, h.epoch, n++, &t.made[t.epoch][i]);
	memcpy(h.boot, boot[what & 1], sizeof h.boot);
	loanfile_head_make(t.bytes[other], &h);
	if (t.len[other] < LOANFILE_HEAD)
		t.len[other] = LOANFILE_HEAD;
	t.epoch++;
	t.active = other;
	t.used = n;
}

static void tell(struct reader *r)
{
	uint8_t event = read_u8(r), what = read_u8(r);
	uint16_t where = read_be16(r);
	uint8_t *file = t.bytes[event >> 7];
	size_t *len = &t.len[event >> 7], at = *len ? where % *len : 0;
	switch (event % 4) {
	case 0:
		append(what);
		break;
	case 1:
		snapshot(what);
		break;
	case 2:
		if (*len)
			file[at] ^= (uint8_t)(1 << what % 8);
		break;
	case 3:
		/* What was torn off is not there any more: the next life writes over zeros. */
		memset(file + at, 0, LEN - at);
		*len = at;
		break;
	}
}

static void recover(const void *const bytes[2], const size_t len[2], bool check)
{
	struct loanfile f;
	struct loan_record r;
	if (loanfile_newest(&f, bytes, len) < 0)
		return;
	for (int other = 0; other < 2; other++) {
		struct loan_past past = loan_past_of(&f, boot[other], 1000300);
		size_t records = 0;
		while (loanfile_next(&f, &r)) {
			size_t slot = f.at - 1;
			uint64_t end = loan_record_end(&r, &past);
			records++;
			assert(slot < f.slots && f.holes + records == f.at);
			assert(r.kind != LOAN_ENDED || end == 0);
			if (!check)
				continue;
			assert(f.head.epoch < LIVES && t.is_made[f.head.epoch][slot]);
			assert(same(&r, &t.made[f.head.epoch][slot]));
			assert(end == 0 || end <= 1000300 + r.for_s);
		}
	}
}

/* As long as they are and no longer, so that a sanitizer sees a step beyond. */
static void recover_copies(
	const uint8_t *first, size_t a, const uint8_t *second, size_t b, bool check)
{
	uint8_t *copy[2] = { malloc(a ? a : 1), malloc(b ? b : 1) };
	if (copy[0] && copy[1]) {
		memcpy(copy[0], first, a);
		memcpy(copy[1], second, b);
		recover((const void *const[]){ copy[0], copy[1] }, (size_t[]){ a, b }, check);
	}
	free(copy[0]);
	free(copy[1]);
}

/* A fuzzer's inputs are shorter than a head: what is said in it comes first, its zeros are added.
 */
static size_t grow(uint8_t to[LEN], struct reader *r, size_t len)
{
	size_t said = len < SAID ? len : SAID, rest = len - said;
	if (rest > LEN - LOANFILE_HEAD)
		rest = LEN - LOANFILE_HEAD;
	memset(to, 0, LEN);
	read_copy(r, to, said);
	read_copy(r, to + LOANFILE_HEAD, rest);
	return len < SAID ? len : LOANFILE_HEAD + rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(data, size);
	memset(&t, 0, sizeof t);
	if (size >= 3 && read_u8(&r) == 'r') {
		size_t first = read_be16(&r) % (size - 2);
		t.len[0] = grow(t.bytes[0], &r, first);
		t.len[1] = grow(t.bytes[1], &r, reader_left(&r));
		recover_copies(t.bytes[0], t.len[0], t.bytes[1], t.len[1], false);
		return 0;
	}
	r = reader_of(data, size);
	while (reader_left(&r) >= 4)
		tell(&r);
	recover_copies(t.bytes[0], t.len[0], t.bytes[1], t.len[1], true);
	return 0;
}
