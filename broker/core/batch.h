/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch is a row of wishes that become orders: in the order in which they were named, a few at a
 * time (docs/design/0021). Pure: which wish begins next, and how the whole stands. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum wish_state {
	WISH_WAITING,
	WISH_RUNNING, /* its order is at work */
	WISH_DONE,
	WISH_STOPPED,    /* its order waits for a person */
	WISH_REFUSED,    /* no order could be made of it */
	WISH_TAKEN_BACK, /* a person has undone its order */
	WISH_DROPPED,    /* the batch was cancelled before it began */
};
const char *wish_state_word(enum wish_state s); /* "waiting", ..., "taken-back", "dropped" */
bool wish_state_parse(enum wish_state *ret, const char *word);

enum batch_state {
	BATCH_RUNNING,
	BATCH_STOPPED, /* something failed, nothing runs: a person retries or cancels */
	BATCH_DONE,
	BATCH_CANCELLED,
};
const char *batch_state_word(enum batch_state s); /* "running", "stopped", "done", "cancelled" */
bool batch_state_parse(enum batch_state *ret, const char *word);

enum { PARALLEL_MAX = 64 };

struct batch_rule {
	unsigned parallel; /* orders at once */
	bool keep_going;   /* a failure does not keep the others from beginning */
	bool cancelled;
};

size_t wishes_in(const enum wish_state *w, size_t n, enum wish_state s);
/* The wish that is to begin now; n: none. */
size_t batch_next(const struct batch_rule *rule, const enum wish_state *w, size_t n);
enum batch_state batch_stands(const struct batch_rule *rule, const enum wish_state *w, size_t n);

/* What became of a wish whose order was undone `undone` times over (an undo can be undone, too):
 * the last of that chain has ended. */
enum wish_state wish_ended(unsigned undone);
