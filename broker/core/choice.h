/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machine of several carries a persona, and why each other one does not: docs/design/0016.
 * Pure and without luck: the same machines and wishes give the same answer in the same words. */
#pragma once
#include <stddef.h>

#include "core/model.h"
#include "core/order.h"

/* The label that says where a machine stands. One without it is a rack of its own. */
#define RACK_LABEL "rack"

enum { WHY_LEN = 512 };

/* A machine and how it stands. Everything is borrowed; "" and 0: nothing. */
struct candidate {
	const struct machine *m;
	const char *carries; /* a persona */
	struct {
		uint64_t id;
		enum verb verb;
		const char *persona;
		bool stopped;
		bool planned; /* it is of the same plan, and no order yet */
	} order;              /* the open one that it has a part in */
	uint64_t emptied_by;  /* a batch that moves its persona away */
	const char *stale_of; /* the persona whose addresses its cards may hold */
	bool prestaged;       /* they do, on purpose */
	const char *like;     /* a machine that a person has signed for; !bodies_differ() */
	struct {
		uint64_t id;
		const char *step, *why;
	} failed; /* the last order that led to it, where that failed for its sake */
	struct {
		uint64_t id;
		const char *of, *step; /* a persona */
		double ago_s;
	} rehearsed; /* the last rehearsal on it, where that failed for its sake not long ago */
};

/* Where another persona of the same group is, or is going. Borrowed. */
struct neighbour {
	const char *persona, *machine, *rack; /* rack NULL: its machine has no such label */
};

struct verdict {
	char machine[NAME_LEN + 1];
	bool fit;
	char why[WHY_LEN]; /* all that stands in the way; of a fit one what made another better */
};

/* Judges n candidates into ret[n]: the best of the fit ones first, its why is ""; then the other
 * fit ones, then the rest, each in order of name. Returns how many are fit. */
size_t choice_make(struct verdict *ret, const struct persona *p, const struct candidate *c,
	size_t n, const struct neighbour *near, size_t nears);

/* "blade-a (carries persona db-01), blade-c (has 32 GiB of memory, web-01 wants 64 GiB), and 9
 * more": as many as there is room for. */
void choice_text(char *to, size_t size, const struct verdict *v, size_t n);
