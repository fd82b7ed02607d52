/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See loanfile.h. Head: magic, version, length of a record, epoch, boot id, checksum. Record:
 * address, MAC, kind, zero, term, time, checksum. Numbers are big-endian, checksums XXH3-64. */
#include "wire/loanfile.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/cursor.h"

enum { VERSION = 1, HEAD_SUMMED = 40, RECORD_SUMMED = LOANFILE_RECORD - 8 };
static const char magic[8] = "batloans";

static void write_be64(struct writer *w, uint64_t v)
{
	write_be32(w, (uint32_t)(v >> 32));
	write_be32(w, (uint32_t)v);
}

static uint64_t read_be64(struct reader *r)
{
	uint64_t high = read_be32(r);
	return high << 32 | read_be32(r);
}

void loanfile_head_make(uint8_t ret[LOANFILE_HEAD], const struct loanfile_head *h)
{
	struct writer w = writer_of(ret, LOANFILE_HEAD);
	memset(ret, 0, LOANFILE_HEAD);
	write_bytes(&w, magic, sizeof magic);
	write_be32(&w, VERSION);
	write_be32(&w, LOANFILE_RECORD);
	write_be64(&w, h->epoch);
	write_bytes(&w, h->boot, sizeof h->boot);
	write_be64(&w, XXH3_64bits(ret, HEAD_SUMMED));
}

static bool head_read(struct loanfile_head *ret, const uint8_t *bytes, size_t len)
{
	if (len < LOANFILE_HEAD)
		return false;
	struct reader r = reader_of(bytes, len);
	const uint8_t *word = read_bytes(&r, sizeof magic);
	uint32_t version = read_be32(&r), record = read_be32(&r);
	ret->epoch = read_be64(&r);
	read_copy(&r, ret->boot, sizeof ret->boot);
	uint64_t sum = read_be64(&r);
	return memcmp(word, magic, sizeof magic) == 0 && version == VERSION &&
	       record == LOANFILE_RECORD && sum == XXH3_64bits(bytes, HEAD_SUMMED);
}

static uint64_t record_sum(const uint8_t *record, uint64_t epoch, uint64_t slot)
{
	return XXH3_64bits_withSeed(record, RECORD_SUMMED, epoch * 0x9e3779b97f4a7c15u ^ slot);
}

void loan_record_make(
	uint8_t ret[LOANFILE_RECORD], const struct loan_record *r, uint64_t epoch, uint64_t slot)
{
	struct writer w = writer_of(ret, LOANFILE_RECORD);
	write_be32(&w, r->addr);
	write_bytes(&w, r->mac.b, sizeof r->mac.b);
	write_u8(&w, (uint8_t)r->kind);
	write_u8(&w, 0);
	write_be32(&w, r->for_s);
	write_be64(&w, r->at_s);
	write_be64(&w, record_sum(ret, epoch, slot));
}

static bool record_read(
	struct loan_record *ret, const uint8_t *bytes, uint64_t epoch, uint64_t slot)
{
	struct reader r = reader_of(bytes, LOANFILE_RECORD);
	*ret = (struct loan_record){ .addr = read_be32(&r) };
	memcpy(ret->mac.b, read_bytes(&r, sizeof ret->mac.b), sizeof ret->mac.b);
	uint8_t kind = read_u8(&r), zero = read_u8(&r);
	ret->kind = (enum loan_kind)kind;
	ret->for_s = read_be32(&r);
	ret->at_s = read_be64(&r);
	return kind >= LOAN_LENT && kind <= LOAN_ENDED && zero == 0 &&
	       read_be64(&r) == record_sum(bytes, epoch, slot);
}

bool loanfile_open(struct loanfile *ret, const void *bytes, size_t len)
{
	*ret = (struct loanfile){ .bytes = bytes };
	if (!head_read(&ret->head, bytes, len))
		return false;
	ret->slots = (len - LOANFILE_HEAD) / LOANFILE_RECORD;
	return true;
}

bool loanfile_next(struct loanfile *f, struct loan_record *ret)
{
	for (size_t at = f->at; at < f->slots; at++) {
		const uint8_t *record = f->bytes + LOANFILE_HEAD + at * LOANFILE_RECORD;
		if (!record_read(ret, record, f->head.epoch, at))
			continue;
		f->holes += at - f->at;
		f->at = at + 1;
		return true;
	}
	return false;
}

int loanfile_newest(struct loanfile *ret, const void *const bytes[2], const size_t len[2])
{
	struct loanfile f;
	int found = -1;
	for (int i = 0; i < 2; i++)
		if (loanfile_open(&f, bytes[i], len[i]) &&
			(found < 0 || f.head.epoch > ret->head.epoch)) {
			*ret = f;
			found = i;
		}
	return found;
}

struct loan_past loan_past_of(struct loanfile *f, const uint8_t boot[LOANFILE_BOOT], uint64_t now_s)
{
	struct loan_past past = { .now_s = now_s };
	struct loan_record r;
	while (loanfile_next(f, &r))
		if (r.at_s > past.last_s)
			past.last_s = r.at_s;
	f->at = f->holes = 0;
	past.same_clock = memcmp(f->head.boot, boot, LOANFILE_BOOT) == 0 && past.last_s <= now_s;
	return past;
}

uint64_t loan_record_end(const struct loan_record *r, const struct loan_past *past)
{
	uint64_t end = r->at_s + r->for_s;
	if (r->kind == LOAN_ENDED || end <= (past->same_clock ? past->now_s : past->last_s))
		return 0;
	return past->same_clock ? end : past->now_s + r->for_s;
}
