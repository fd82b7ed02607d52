/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loans of strangers, kept in two files that the edge was given (leases.0, leases.1), so that they
 * outlive it and a power cut. Which bytes: wire/loanfile.h; why so: 0013-durable-leases.md. Without
 * the files, or when they cannot be written, nothing is lent. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "edge/port.h"
#include "engine/engine.h"

enum {
	JOURNAL_ANSWERS = 4 * BATCH,          /* that may wait for one sync */
	JOURNAL_ROOM = 4096,                  /* records; the files grow by so many at a time */
	JOURNAL_APPENDED_MIN = 65536,         /* at least so many are appended before a snapshot */
	JOURNAL_SLOTS_MAX = 2 * ENGINE_LOANS, /* that are in use in a file: 8 MiB */
};

struct journal {
	int fd[2];          /* -1: not given, or not good */
	unsigned active;    /* the one that is appended to */
	size_t slots[2];    /* records that the files have room for */
	size_t used, limit; /* of the active one; at limit a snapshot is due */
	uint64_t epoch;     /* the highest that a head has been tried with */
	uint8_t boot[LOANFILE_BOOT];
	bool must_snapshot; /* what is in the files is not to be appended to */
	uint64_t again_s;   /* after a failure: not before then */
	struct err failed;

	struct loan_record change[JOURNAL_ANSWERS * ENGINE_CHANGES]; /* not kept yet */
	size_t changes;
	bool promised; /* one of those answers lends */
};

struct journal_found {
	size_t loans, records, holes;
	bool same_clock;
	bool lost; /* a file had something that is no whole head: what it held is unknown */
};

/* Takes the files, and gives the loans in them to the engine, which must be open. Before the jail.
 * -errno with a sentence: nothing can be lent; all else may go on. */
int journal_open(struct journal *j, uint64_t now_s, struct journal_found *found, struct err *e);
/* Notes what an answer has changed; of at most JOURNAL_ANSWERS between two journal_keep(). */
void journal_note(struct journal *j, const struct engine_answer *a);
/* Keeps what was noted. When one of the answers lends, it gives 0 once everything will be there
 * after a power cut, and else -errno: then what lends must not be sent. After a failure it fails,
 * without trying, until the next second. */
int journal_keep(struct journal *j, uint64_t now_s, struct err *e);
