/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs one program without a shell, with a deadline, and keeps the end of what it said. */
#pragma once
#include <stdbool.h>

#include "base/err.h"

enum { RUN_OUTPUT = 8192, RUN_WORDS = 200 };

struct run {
	int status; /* its exit status; -1 when a signal or the deadline ended it */
	char output[RUN_OUTPUT + 1]; /* the last of stdout and stderr together */
};

/* 0 when the program ended with status 0. -ECHILD when it ended otherwise, -ETIMEDOUT at its
 * deadline (it and its children are killed), another -errno when it could not be started; the
 * sentence ends with the program's own last words. *ret is filled in all cases. */
int run(struct run *ret, char *const argv[], const char *dir, unsigned timeout_s, struct err *e);

/* The last lines of output that hold anything, joined by "; ", without control characters. */
const char *run_words(char to[RUN_WORDS + 1], const char *output);
