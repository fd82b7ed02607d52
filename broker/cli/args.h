/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the words that a person typed to a call: which command, its arguments, its options, all of
 * them checked against commands.def. Pure. */
#pragma once
#include <stdbool.h>

#include "base/err.h"
#include "cli/command.h"

enum { GIVEN_MAX = 64 };

struct given {
	const struct opt *opt;
	const char *value; /* "" for a flag */
};

/* Everything is borrowed from argv. */
struct call {
	const struct command *command; /* NULL: no word was typed, or an unknown one */
	bool group;                    /* only its first word was typed: any command of that word */
	const char *arg[ARGS_MAX];
	unsigned args;
	struct given given[GIVEN_MAX];
	unsigned givens;
	bool help; /* --help: nothing else was checked */
};

/* -EINVAL with a sentence; ret->command is then the command that was recognised, for a hint. */
int args_parse(struct call *ret, int argc, char *const argv[], struct err *e);

/* The value of an option, or NULL when it was not given; "" for a flag. The last one counts. */
const char *call_value(const struct call *c, const char *name);
bool call_json(const struct call *c); /* -o json */
/* A decimal number without sign; false when it is not one or passes max. */
bool number_parse(unsigned long long *ret, const char *text, unsigned long long max);
/* Of a NULL-ended list the word that `typed` was most likely meant to be, or NULL. */
const char *nearest(const char *typed, const char *const words[]);
