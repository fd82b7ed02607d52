/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which runs there are: every fault at every boundary, and pairs of faults drawn from the seed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUNS_MAX = 8192, FAULTS_MAX = 64, RUN_NAME = 200 };

struct wanted {
	uint8_t wish, step, fault;
	uint8_t later, other; /* of a pair: the second fault, at a later boundary */
	bool pair;
	bool lying; /* the target lies about sessions, and two writers must be found */
};

struct plan {
	struct wanted run[RUNS_MAX];
	unsigned runs;
};

struct plan_wish {
	const char *only; /* ORDER[:STEP[:FAULT[+STEP:FAULT]]], or NULL: all */
	unsigned seed, pairs;
	bool lying; /* all of them */
	bool all;   /* also those that have a kin at the same boundary: see struct fault */
};

/* In an order in which the end of one is where the next begins, as far as can be. */
void plan_make(struct plan *ret, const struct plan_wish *w);
/* move:fence:kill-broker, and of a pair +await-os:bmc-hangs behind it. */
const char *wanted_name(char to[RUN_NAME], const struct wanted *w);
/* The same when it is run alone. */
unsigned wanted_seed(const struct wanted *w, unsigned seed);
