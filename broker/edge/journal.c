/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See journal.h. Of the two files one is active: changes are appended to it. When it is full, or
 * nothing is sure about it any more, all loans go into the other one, which then is the active
 * one: its head is written last and has the higher epoch. */
#include "edge/journal.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "host/given.h"

enum { AT_ONCE = 2048 }; /* records in one write */
#define FILE_MAX (LOANFILE_HEAD + (size_t)JOURNAL_SLOTS_MAX * LOANFILE_RECORD)

static off_t offset_of(size_t slot)
{
	return (off_t)(LOANFILE_HEAD + slot * LOANFILE_RECORD);
}

static int write_at(int fd, const void *bytes, size_t len, off_t at, struct err *e)
{
	const char *from = bytes;
	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n < 0 ? errno : ENOSPC, "leases: write");
		from += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

static int sync_now(int fd, struct err *e)
{
	return fdatasync(fd) < 0 ? err_set(e, errno, "leases: write to the disk") : 0;
}

/* Room in both files, so that a snapshot always fits into the other one. It is made of zeros that
 * are written: a record then changes blocks that are there, and its sync has not to wait for what
 * the file system owes to others. */
static int make_room(struct journal *j, size_t slots, struct err *e)
{
	static const uint8_t zeros[JOURNAL_ROOM * LOANFILE_RECORD];
	for (unsigned i = 0; i < 2; i++) {
		size_t before = j->slots[i];
		for (; j->slots[i] < slots; j->slots[i] += JOURNAL_ROOM) {
			int r = write_at(j->fd[i], zeros, sizeof zeros, offset_of(j->slots[i]), e);
			if (r < 0) {
				j->slots[i] = before;
				return r;
			}
		}
		int r = before < slots ? sync_now(j->fd[i], e) : 0;
		if (r < 0) {
			j->slots[i] = before;
			return r;
		}
	}
	return 0;
}

static int write_loans(const struct journal *j, int fd, uint64_t now_s, size_t *n, struct err *e)
{
	uint8_t bytes[AT_ONCE][LOANFILE_RECORD];
	struct loan_record r;
	size_t in = 0;
	int rc = 0;
	for (*n = 0; rc == 0 && engine_loan_get(*n, now_s, &r); ++*n) {
		loan_record_make(bytes[in++], &r, j->epoch, *n);
		if (in < AT_ONCE)
			continue;
		rc = write_at(fd, bytes, sizeof bytes, offset_of(*n + 1 - in), e);
		in = 0;
	}
	return rc < 0 ? rc : write_at(fd, bytes, in * LOANFILE_RECORD, offset_of(*n - in), e);
}

/* Each step is on the disk before the next: no head stands over records that are not its own, and
 * until the new head is there the active file has everything. */
static int snapshot(struct journal *j, uint64_t now_s, struct err *e)
{
	uint8_t head[LOANFILE_HEAD] = { 0 };
	unsigned other = !j->active;
	int fd = j->fd[other];
	size_t n;
	int r = make_room(j, engine_loans(), e);
	if (r < 0)
		return r;
	/* From here on the other file may be taken for whole, or not, whatever we are told. */
	j->must_snapshot = true;
	j->epoch++;
	r = write_at(fd, head, sizeof head, 0, e);
	r = r ? r : sync_now(fd, e);
	r = r ? r : write_loans(j, fd, now_s, &n, e);
	r = r ? r : sync_now(fd, e);
	if (r < 0)
		return r;
	struct loanfile_head h = { .epoch = j->epoch };
	memcpy(h.boot, j->boot, sizeof h.boot);
	loanfile_head_make(head, &h);
	r = write_at(fd, head, sizeof head, 0, e);
	r = r ? r : sync_now(fd, e);
	if (r < 0)
		return r;
	j->active = other;
	j->used = n;
	j->limit = n + (n > JOURNAL_APPENDED_MIN ? n : JOURNAL_APPENDED_MIN);
	j->must_snapshot = false;
	return 0;
}

static int append(struct journal *j, struct err *e)
{
	uint8_t bytes[COUNT(j->change)][LOANFILE_RECORD];
	int fd = j->fd[j->active];
	for (size_t i = 0; i < j->changes; i++)
		loan_record_make(bytes[i], &j->change[i], j->epoch, j->used + i);
	int r = make_room(j, j->used + j->changes, e);
	r = r ? r : write_at(fd, bytes, j->changes * LOANFILE_RECORD, offset_of(j->used), e);
	/* What nobody was promised may be lost: an address is then held for longer. */
	r = r == 0 && j->promised ? sync_now(fd, e) : r;
	j->used += j->changes;
	return r;
}

void journal_note(struct journal *j, const struct engine_answer *a)
{
	assert(j->changes + a->changes <= COUNT(j->change));
	memcpy(&j->change[j->changes], a->change, a->changes * sizeof *a->change);
	j->changes += a->changes;
	j->promised |= a->lends;
}

static int keep(struct journal *j, uint64_t now_s, struct err *e)
{
	if (!j->must_snapshot && j->used + j->changes <= j->limit) {
		int r = append(j, e);
		if (r == 0)
			return 0;
		/* Of a sync that failed nobody knows what it left out: the file is done with. */
		j->must_snapshot = true;
	}
	/* Who was promised nothing need not wait for this, and it holds all changes so far. */
	return j->promised ? snapshot(j, now_s, e) : 0;
}

int journal_keep(struct journal *j, uint64_t now_s, struct err *e)
{
	bool promised = j->promised;
	int r = 0;
	if (promised && (j->fd[0] < 0 || now_s < j->again_s)) {
		*e = j->failed;
		r = -j->failed.code;
	} else if (promised || (j->changes > 0 && j->fd[0] >= 0)) {
		r = keep(j, now_s, e);
		if (r < 0) {
			j->failed = *e;
			j->again_s = now_s + 1;
		}
	}
	j->changes = 0;
	j->promised = false;
	return r;
}

/* All of a file's bytes, and where they end. */
static int read_whole(char **ret, size_t *len, int fd, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set(e, errno, "leases: look at a file");
	size_t size = st.st_size > (off_t)FILE_MAX ? FILE_MAX : (size_t)st.st_size;
	OWN(text) char *bytes = malloc(size + 1);
	if (!bytes)
		return err_set(e, ENOMEM, "leases");
	for (*len = 0; *len < size;) {
		ssize_t n = pread(fd, bytes + *len, size - *len, (off_t)*len);
		if (n < 0)
			return err_set(e, errno, "leases: read");
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	*ret = TAKE(bytes);
	return 0;
}

/* Without a head nothing tells records of an earlier life from later ones: it is emptied, so that
 * none of them can come back. A snapshot that was cut short leaves zeros there. */
static int take_or_empty(
	struct journal *j, unsigned i, const char *bytes, size_t len, bool *lost, struct err *e)
{
	struct loanfile f;
	if (loanfile_open(&f, bytes, len)) {
		j->slots[i] = f.slots;
		return 0;
	}
	for (size_t at = 0; at < len && at < LOANFILE_HEAD; at++)
		*lost |= bytes[at] != 0;
	return ftruncate(j->fd[i], 0) < 0 ? err_set(e, errno, "leases: empty a file") : 0;
}

static int boot_id(uint8_t ret[LOANFILE_BOOT], struct err *e)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	char text[48] = "";
	struct uuid u;
	OWN(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
		return err_set(e, errno, "%s", path);
	text[strcspn(text, "\n")] = '\0';
	if (!uuid_parse(&u, text))
		return err_say(e, EINVAL, "%s: %s is no boot id", path, text);
	memcpy(ret, u.b, LOANFILE_BOOT);
	return 0;
}

static int recover(struct journal *j, struct loanfile *f, uint64_t now_s,
	struct journal_found *found, struct err *e)
{
	struct loan_past past = loan_past_of(f, j->boot, now_s);
	struct loan_record r;
	while (loanfile_next(f, &r)) {
		found->records++;
		if (!engine_loan_restore(&r, loan_record_end(&r, &past)))
			return err_say(e, ENOMEM, "leases: no room for all that were lent");
	}
	j->epoch = f->head.epoch;
	found->holes = f->holes;
	found->loans = engine_loans();
	found->same_clock = past.same_clock;
	return 0;
}

static int take_files(struct journal *j, uint64_t now_s, struct journal_found *found, struct err *e)
{
	OWN(text) char *first = NULL;
	OWN(text) char *second = NULL;
	size_t len[2];
	struct loanfile f;
	int r = boot_id(j->boot, e);
	r = r ? r : read_whole(&first, &len[0], j->fd[0], e);
	r = r ? r : read_whole(&second, &len[1], j->fd[1], e);
	r = r ? r : take_or_empty(j, 0, first, len[0], &found->lost, e);
	r = r ? r : take_or_empty(j, 1, second, len[1], &found->lost, e);
	if (r < 0)
		return r;
	int which = loanfile_newest(&f, (const void *const[]){ first, second }, len);
	if (which < 0)
		return 0;
	j->active = (unsigned)which;
	return recover(j, &f, now_s, found, e);
}

int journal_open(struct journal *j, uint64_t now_s, struct journal_found *found, struct err *e)
{
	*j = (struct journal){ .must_snapshot = true };
	*found = (struct journal_found){ 0 };
	j->fd[0] = given_fd("leases.0", e);
	j->fd[1] = j->fd[0] < 0 ? -1 : given_fd("leases.1", e);
	int r = j->fd[1] < 0 ? -ENOENT : take_files(j, now_s, found, e);
	if (r < 0) {
		j->failed = *e;
		j->fd[0] = j->fd[1] = -1;
	}
	return r;
}
