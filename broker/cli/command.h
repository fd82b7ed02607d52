/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the command line as values, from commands.def. Pure: tables and look-up. */
#pragma once
#include <stddef.h>

enum command_id {
#define COMMAND(id, word, sub, args, run, route, what) COMMAND_##id,
#include "cli/commands.def"
	COMMANDS,
	COMMAND_every = COMMANDS, /* as the owner of an option */
};

enum exit_code {
#define EXITS(name, code, what) EXIT_##name = code,
#include "cli/commands.def"
};

/* Of one command. */
enum { ARGS_MAX = 256 };

struct command {
	const char *word, *sub; /* sub "" where the word stands alone */
	const char *args; /* "PERSONA MACHINE"; "[WORD]" may be left out, "WORD..." repeated */
	int route;        /* enum route: what it asks the broker */
	const char *what;
};
extern const struct command command_info[COMMANDS];

enum opt_how { OPT_MAY = 0, OPT_NEED = 1, OPT_MANY = 2, OPT_NEED_MANY = 3 };
enum opt_kind {
	OPT_FLAG,
	OPT_TEXT,
	OPT_NUMBER,
	OPT_LIST, /* repeated: a JSON array of text */
	OPT_NICS, /* repeated: a JSON array of objects, from key=value pairs */
	OPT_KEYS, /* repeated: one JSON object, from all their key=value pairs */
	OPT_OWN,  /* its command has its own way to turn it into JSON: body.c */
};

struct opt {
	int command; /* enum command_id, or COMMAND_every */
	enum opt_how how;
	char letter;
	const char *name, *value;
	enum opt_kind kind;
	const char *member; /* of the API's body; "" where it is not simply one */
	const char *what;
};
extern const struct opt opt_info[];
extern const size_t opts;

struct key {
	int command;
	const char *option; /* whose key it is: "nic" */
	enum opt_how how;
	const char *key, *value;
	enum opt_kind kind; /* FLAG: a choice of yes and no */
	const char *member; /* of the option's object in the API's body */
	const char *what;
};
extern const struct key key_info[];
extern const size_t keys;

struct exit_info {
	enum exit_code code;
	const char *what;
};
extern const struct exit_info exit_info[];
extern const size_t exits;

static inline enum command_id command_id(const struct command *c)
{
	return (enum command_id)(c - command_info);
}

/* The command of these words, or NULL; sub may be "". */
const struct command *command_find(const char *word, const char *sub);
/* The first command of that word, or NULL when no command begins with it. */
const struct command *command_group(const char *word);
/* The option of a command, by name or by letter (name NULL); NULL when it has none such. c NULL:
 * only those that every command has. */
const struct opt *opt_find(const struct command *c, const char *name, char letter);
/* Steps through a command's own options and then those of every command; NULL begins and ends. */
const struct opt *opt_next(const struct command *c, const struct opt *after);
/* The keys of one option; none where it takes no keys. */
const struct key *key_find(const struct opt *o, const char *name, size_t len);
const struct key *key_next(const struct opt *o, const struct key *after);

/* Is `value` a choice ("park|local"), and is `given` one of its words? */
int choice_is(const char *value);
int choice_has(const char *value, const char *given);

/* How many arguments at least and at most; the name of the n-th without brackets goes to `to`. */
void args_range(const struct command *c, unsigned *least, unsigned *most);
const char *args_name(const struct command *c, unsigned n, char to[32]);
