/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loans that were promised are there after a power cut, wherever in its writes the journal was: the
 * real engine lends, and every write and sync of the journal is seen on its way to the disk. The
 * power goes after each of them, with what was not synced yet kept, lost, torn or in part; and in a
 * second row each of them fails once. */
#include "tests/unit/journal_fixture.h"

enum { FILE_LEN = 1 << 18, OPS = 400 };

/* Every write and sync, in order. */
static struct op {
	int fd;
	enum { WRITE, SYNC, FAILED_SYNC } what;
	size_t at, len;
	uint8_t *bytes;
} op[OPS];
static unsigned ops, fails_at = OPS;
static bool watched;

ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

static struct op *next_op(int fd)
{
	if (!watched)
		return NULL;
	if (ops == OPS)
		abort();
	op[ops] = (struct op){ .fd = fd - FILES_AT };
	return &op[ops++];
}

/* A disk that is full has taken half of it; of a sync that fails nobody knows. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	struct op *o = next_op(fd);
	bool fails = o && ops - 1 == fails_at;
	if (o) {
		o->at = (size_t)at;
		o->len = fails ? len / 2 : len;
		o->bytes = malloc(len);
		memcpy(o->bytes, bytes, o->len);
	}
	if (fails) {
		__real_pwrite(fd, bytes, o->len, at);
		errno = ENOSPC;
		return -1;
	}
	return __real_pwrite(fd, bytes, len, at);
}

int __wrap_fdatasync(int fd)
{
	struct op *o = next_op(fd);
	bool fails = o && ops - 1 == fails_at;
	if (o)
		o->what = fails ? FAILED_SYNC : SYNC;
	if (fails) {
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

/* What strangers hold, by what they were sent: a MAC is its last byte, 0 is nobody. */
struct held {
	unsigned ops;
	uint8_t mac[ADDRS];
	uint64_t end_s[ADDRS];
};
static struct held held[OPS];
static unsigned helds;
static struct loan_record made[OPS];
static unsigned mades;
/* Who asks for another address, or gives one back, no longer holds what it had. */
static void lets_go(struct held *h, uint8_t mac, unsigned but)
{
	for (unsigned i = 0; i < ADDRS; i++)
		if (h->mac[i] == mac && i != but)
			h->mac[i] = 0;
}

static void hold(const struct held *h)
{
	held[helds] = *h;
	held[helds++].ops = ops;
}

/* One batch: a question of each of these MACs about these addresses. */
static void batch(uint8_t type, unsigned n, const uint8_t mac[], const unsigned addr[])
{
	struct held h = helds ? held[helds - 1] : (struct held){ 0 };
	struct err e;
	for (unsigned i = 0; i < n; i++)
		lets_go(&h, mac[i], type == REQUEST ? addr[i] : ADDRS);
	hold(&h);
	for (unsigned i = 0; i < n; i++) {
		struct engine_answer a =
			answer_to(type, mac[i], POOL_FROM + addr[i], type == RELEASE, 0);
		CHECK_INT(a.lends, type == REQUEST);
		memcpy(&made[mades], a.change, a.changes * sizeof *made);
		mades += a.changes;
		journal_note(&journal, &a);
		if (a.lends) {
			h.mac[addr[i]] = mac[i];
			h.end_s[addr[i]] = now_s + TERM;
		}
	}
	if (journal_keep(&journal, now_s, &e) == 0)
		hold(&h);
	else
		now_s++; /* it tries again in the next second */
}

/* Comes, renews, moves, gives back, declines; a snapshot on the way, and a head that grows old. */
static void story(void)
{
	const uint8_t four[] = { 1, 2, 3, 4 };
	const unsigned their[] = { 10, 20, 30, 40 }, next[] = { 11, 21, 31, 41 };
	for (int round = 0; round < 2; round++) {
		batch(REQUEST, 3, four, their);
		now_s += 10;
		batch(REQUEST, 3, four, their);
		batch(REQUEST, 1, four + 3, their + 3);
		batch(RELEASE, 1, four + 1, their + 1);
		batch(DECLINE, 1, four + 2, their + 2);
		batch(REQUEST, 2, four, next);
		/* As if a hundred thousand had come and gone. */
		journal.limit = journal.used + 3;
		batch(REQUEST, 1, (uint8_t[]){ 5 }, (unsigned[]){ 20 });
		batch(REQUEST, 1, (uint8_t[]){ 6 }, (unsigned[]){ 60 });
		batch(REQUEST, 2, (uint8_t[]){ 7, 8 }, (unsigned[]){ 70, 80 });
		batch(REQUEST, 1, (uint8_t[]){ 9 }, (unsigned[]){ 90 });
		batch(RELEASE, 1, (uint8_t[]){ 5 }, (unsigned[]){ 20 });
		batch(REQUEST, 1, (uint8_t[]){ 9 }, (unsigned[]){ 20 });
		batch(RELEASE, 3, (uint8_t[]){ 9, 7, 8 }, (unsigned[]){ 20, 70, 80 });
		batch(RELEASE, 2, four, next);
		now_s += 700; /* what was declined has rested */
	}
}

enum loss { NOTHING, ALL, HALF_OF_THE_LAST, SOME, LOSSES = SOME + 12 };

/* How much of this write is on the disk when the power goes after `count` writes and syncs. What a
 * failed sync was for is never sure again: a later one says nothing about it. */
static size_t survives(unsigned i, unsigned count, enum loss loss)
{
	unsigned k = i + 1;
	bool is_last = true;
	for (; k < count && (op[k].fd != op[i].fd || op[k].what == WRITE); k++)
		is_last &= op[k].fd != op[i].fd;
	if ((k < count && op[k].what == SYNC) || loss == NOTHING)
		return op[i].len;
	if (loss == ALL)
		return 0;
	if (loss == HALF_OF_THE_LAST)
		return is_last ? op[i].len / 2 : op[i].len;
	return (i + 1) * 0x9e3779b97f4a7c15u >> (loss + 20) & 1 ? op[i].len : 0;
}

static void disk_after(uint8_t *file[2], size_t len[2], unsigned count, enum loss loss)
{
	len[0] = len[1] = 0;
	for (unsigned i = 0; i < count; i++) {
		size_t n = op[i].what != WRITE ? 0 : survives(i, count, loss), f = (size_t)op[i].fd;
		if (n == 0)
			continue;
		if (op[i].at + n > FILE_LEN)
			abort();
		if (op[i].at > len[f])
			memset(file[f] + len[f], 0, op[i].at - len[f]);
		memcpy(file[f] + op[i].at, op[i].bytes, n);
		if (op[i].at + n > len[f])
			len[f] = op[i].at + n;
	}
}

static bool was_made(const struct loan_record *r)
{
	for (unsigned i = 0; i < mades; i++)
		if (made[i].kind == r->kind && made[i].addr == r->addr &&
			mac_equal(&made[i].mac, &r->mac) &&
			(r->kind == LOAN_ENDED ||
				made[i].at_s + made[i].for_s == r->at_s + r->for_s))
			return true;
	return false;
}

/* False, with a line, when a promise is forgotten or a loan was invented. */
static bool holds(
	uint8_t *file[2], const size_t len[2], const struct held *h, unsigned count, enum loss loss)
{
	struct loanfile f;
	struct loan_record r, now[ADDRS] = { { 0 } };
	if (loanfile_newest(&f, (const void *const[]){ file[0], file[1] }, len) >= 0)
		while (loanfile_next(&f, &r)) {
			if (r.addr - POOL_FROM >= ADDRS || !was_made(&r)) {
				printf("# after %u writes, loss %d: %x invented\n", count, loss,
					r.addr);
				return false;
			}
			now[r.addr - POOL_FROM] = r;
		}
	for (unsigned i = 0; i < ADDRS; i++)
		if (h->mac[i] && (now[i].kind != LOAN_LENT || now[i].mac.b[5] != h->mac[i] ||
					 now[i].at_s + now[i].for_s < h->end_s[i])) {
			printf("# after %u writes, loss %d: .%u of %u is forgotten\n", count, loss,
				i, h->mac[i]);
			return false;
		}
	return true;
}

static bool every_power_cut(void)
{
	uint8_t *file[2] = { calloc(1, FILE_LEN), calloc(1, FILE_LEN) };
	size_t len[2];
	bool good = true;
	/* What they held from one moment to the next, both counted in. */
	for (unsigned i = 0; i < helds; i++) {
		unsigned until = i + 1 < helds ? held[i + 1].ops : ops;
		for (unsigned count = held[i].ops; count <= until; count++)
			for (int loss = NOTHING; good && loss < LOSSES; loss++) {
				disk_after(file, len, count, (enum loss)loss);
				good = holds(file, len, &held[i], count, (enum loss)loss);
			}
	}
	free(file[0]);
	free(file[1]);
	return good;
}

static int play(unsigned failing)
{
	struct journal_found found;
	if (open_journal(&found) < 0)
		return 1;
	watched = true;
	fails_at = failing;
	story();
	return every_power_cut() && !tap_failed ? (failing == OPS ? (int)ops : 0) : 254;
}

static void what_was_promised_is_there_after_every_power_cut(void)
{
	int n = in_child(play, OPS);
	CHECK(n > 40 && n < 254);
}

static void and_when_any_write_or_sync_has_failed(void)
{
	int n = in_child(play, OPS);
	for (int i = 0; i < n; i++)
		CHECK_INT(in_child(play, (unsigned)i), 0);
}

TESTS(T(what_was_promised_is_there_after_every_power_cut), T(and_when_any_write_or_sync_has_failed))
