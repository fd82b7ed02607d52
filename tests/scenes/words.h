/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of a scene: words, of which some are key=value. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 48 };

struct words {
	char line[2048];
	char *word[WORDS_MAX];
	unsigned n;
	bool used[WORDS_MAX];
};

/* Takes a line apart; '#' begins a comment. */
void words_read(struct words *w, const char *line);
/* The value of key=value, or NULL; "" for the bare word. It counts as used. */
const char *words_value(struct words *w, const char *key);
/* The first word from the third on that nobody asked for, or NULL: a scene with a slip of the pen
 * shall not pass. */
const char *words_unused(const struct words *w);
