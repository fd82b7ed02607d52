/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run: an order on a site at rest, one fault at one boundary between two of its steps, and what
 * becomes of both. */
#pragma once
#include "core/order.h"
#include "tests/harness/body.h"

/* What is ordered: a verb of core/order.h, or a move that fails on the new machine and goes back by
 * itself, where the boundaries are those of the way back. */
enum { ROLL_BACK = VERBS, WISHES };
const char *wish_word(unsigned wish);
const struct plan_of_steps *wish_steps(unsigned wish);

struct fault;
struct run {
	struct site *s;
	unsigned wish, step;
	const struct fault *fault;
	unsigned later;                  /* the boundary of the other one, if there is one */
	const struct fault *other_fault; /* or NULL */
	unsigned seed;
	const struct step *at;     /* the step whose beginning is the boundary */
	struct body *body, *other; /* whose step it is, and the other one */
	uint64_t order;      /* the one that is followed: an undo and a way back take its place */
	uint64_t first;      /* the one that was asked for */
	unsigned generation; /* before the order */
	char from[16], to[16];
	bool both, followed; /* the second fault has come, and what follows it */
	bool again;          /* once it was taken back, it is ordered once more */
	bool healed, turned; /* turned: another order has taken its place */
	unsigned stops;      /* how often it waited for a person */
	char session[80];    /* that stays, for one fault */
};

/* A fault: what is done while the broker stands at the boundary; what must be seen behind it; and
 * what makes it good. One row each in fault.c. */
struct fault {
	const char *name;
	void (*inject)(struct run *r);
	void (*then)(struct run *r); /* once the broker goes on, or NULL */
	void (*heal)(struct run *r); /* or NULL: there is nothing that lasts */
	unsigned heal_s; /* made good after so long, if nothing has failed by then; 0: never */
	bool bodies; /* somebody at a machine, or a BMC that lies: one MAC may be on two machines */
	const char *what;
	/* Of those with one letter `make test` plays one at each boundary; 0: it is always played.
	 */
	char kin;
};
extern const struct fault faults[];
extern const unsigned fault_count;

/* Somebody at a machine, or one that lies about it, in either fault; a person at an order. */
bool run_has_bodies(const struct run *r);
bool run_is_undone(const struct run *r);

/* Does it; s->wrong says what was not as it must be. */
void run_do(struct run *r);
/* What must hold at the end of each: see judge.c. */
void judge_end(struct run *r);
void judge_stopped(struct run *r, const json_t *order);
/* One MAC on two machines that are on. */
void judge_now(struct run *r);
