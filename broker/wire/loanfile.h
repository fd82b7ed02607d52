/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loans on disk: a head, then records of what was lent, one behind the other. Two such files take
 * turns, and the one of the higher epoch counts. Bytes in, records out; who writes them, and when,
 * is edge/journal.c, and why it is so, docs/design/0013-durable-leases.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

enum {
	LOANFILE_HEAD = 4096, /* a block of its own: no record is ever written into the head's */
	LOANFILE_RECORD = 32,
	LOANFILE_BOOT = 16,
};

enum loan_kind {
	LOAN_LENT = 1, /* or lent for longer */
	LOAN_BLOCKED,  /* somebody declined it; nobody gets it */
	LOAN_ENDED,    /* given back before its time */
};

/* What has become of one address. The last record about an address is the one that holds. */
struct loan_record {
	enum loan_kind kind;
	uint32_t addr;  /* host byte order */
	uint32_t for_s; /* it ends that long after at_s */
	struct mac mac; /* zero where it was blocked */
	uint64_t at_s;  /* when, by the edge's clock */
};

struct loanfile_head {
	uint64_t epoch;              /* of the file's present life; every life has a higher one */
	uint8_t boot[LOANFILE_BOOT]; /* the kernel's boot id: whose clock at_s is */
};

void loanfile_head_make(uint8_t ret[LOANFILE_HEAD], const struct loanfile_head *h);
/* A record is good in this place of this life of the file, and in no other. */
void loan_record_make(
	uint8_t ret[LOANFILE_RECORD], const struct loan_record *r, uint64_t epoch, uint64_t slot);

/* A file's bytes, which it borrows, while they are read. */
struct loanfile {
	struct loanfile_head head;
	const uint8_t *bytes;
	size_t slots, at; /* records there is room for; the next one to look at */
	size_t holes;     /* so far: places without a record, in front of one that has */
};

/* False where there is no whole head: of such a file nothing can be told. */
bool loanfile_open(struct loanfile *ret, const void *bytes, size_t len);
/* The next record, in the order they were made. What is torn or damaged is stepped over. */
bool loanfile_next(struct loanfile *f, struct loan_record *ret);
/* Opens the one of two that counts and gives which it is; -1 where neither has a head. */
int loanfile_newest(struct loanfile *ret, const void *const bytes[2], const size_t len[2]);

/* What the clock has done since a file was written. */
struct loan_past {
	bool same_clock; /* the end of each loan is known */
	uint64_t last_s; /* else: the last that is known of the old clock */
	uint64_t now_s;
};

/* Looks through the file, which is then read from its beginning again. A clock that stands before
 * what it has said itself is another one. */
struct loan_past loan_past_of(
	struct loanfile *f, const uint8_t boot[LOANFILE_BOOT], uint64_t now_s);
/* When a recovered loan ends by the present clock; 0 where it is over. Under another clock it is
 * held for its whole term again: its holder cannot have it for longer. */
uint64_t loan_record_end(const struct loan_record *r, const struct loan_past *past);
