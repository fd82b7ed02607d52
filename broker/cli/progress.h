/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An order as text, from the API's body: its head, its steps as they stand, what changed since, and
 * where the seconds went. Nothing here asks the broker or knows the clock. */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "cli/term.h"

enum { STEPS_SEEN = 64 };

/* "order 7: move web-01 from blade-a to blade-b" */
void order_head(char *to, size_t len, const json_t *order);

/* What to type about one that has stopped, a line each. */
void order_next(FILE *to, const json_t *order);

/* The steps, one a line with mark, name, machine, time and what they wait for; `frame` turns the
 * spinner; note ("" for none) is a line under them. Never more than most lines (0: no limit), each
 * cut to the terminal's width. Returns how many. */
unsigned steps_draw(FILE *to, const struct term *t, const json_t *order, double now, unsigned frame,
	const char *note, unsigned most);

/* What was last said of each step. */
struct seen {
	struct {
		char state[16];
		unsigned tries;
	} step[STEPS_SEEN];
};
/* One line for each step that differs from what was seen; brings *seen up to date. */
void steps_changes(FILE *to, const json_t *order, struct seen *seen, double now);

/* A bar for each step that took time, and the whole. */
void timeline_draw(FILE *to, const struct term *t, const json_t *order);

/* Which machine was chosen and why each other one was not; nothing where a person has named it. */
void choice_draw(FILE *to, const struct term *t, const json_t *order);

/* The steps of a plan, its choice and its checks: what would be done, in order, and what stands in
 * the way. */
void plan_draw(FILE *to, const struct term *t, const json_t *order);
