/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of commands.def and the look-ups in them: see command.h. */
#include "cli/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/list.h"

const struct command command_info[COMMANDS] = {
#define COMMAND(id, word, sub, args, run, route, what) { word, sub, args, ROUTE_##route, what },
#include "cli/commands.def"
};

const struct opt opt_info[] = {
#define OPTION(command, how, letter, name, value, kind, member, what)                              \
	{ COMMAND_##command, OPT_##how, letter, name, value, OPT_##kind, member, what },
#include "cli/commands.def"
};
const size_t opts = COUNT(opt_info);

const struct key key_info[] = {
#define KEY(command, option, how, key, value, kind, member, what)                                  \
	{ COMMAND_##command, option, OPT_##how, key, value, OPT_##kind, member, what },
#include "cli/commands.def"
};
const size_t keys = COUNT(key_info);

const struct exit_info exit_info[] = {
#define EXITS(name, code, what) { EXIT_##name, what },
#include "cli/commands.def"
};
const size_t exits = COUNT(exit_info);

const struct command *command_find(const char *word, const char *sub)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(command_info[i].word, word) == 0 &&
			strcmp(command_info[i].sub, sub) == 0)
			return &command_info[i];
	return NULL;
}

const struct command *command_group(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(command_info[i].word, word) == 0)
			return &command_info[i];
	return NULL;
}

const struct opt *opt_next(const struct command *c, const struct opt *after)
{
	int own = c ? (int)command_id(c) : COMMAND_every;
	int pass = after ? after->command : own;
	size_t i = after ? (size_t)(after - opt_info) + 1 : 0;
	for (;; pass = COMMAND_every, i = 0) {
		for (; i < opts; i++)
			if (opt_info[i].command == pass)
				return &opt_info[i];
		if (pass == COMMAND_every)
			return NULL;
	}
}

const struct opt *opt_find(const struct command *c, const char *name, char letter)
{
	for (const struct opt *o = NULL; (o = opt_next(c, o));)
		if (name ? strcmp(o->name, name) == 0 : o->letter == letter)
			return o;
	return NULL;
}

const struct key *key_next(const struct opt *o, const struct key *after)
{
	for (size_t i = after ? (size_t)(after - key_info) + 1 : 0; i < keys; i++)
		if (key_info[i].command == o->command && strcmp(key_info[i].option, o->name) == 0)
			return &key_info[i];
	return NULL;
}

const struct key *key_find(const struct opt *o, const char *name, size_t len)
{
	for (const struct key *k = NULL; (k = key_next(o, k));)
		if (strlen(k->key) == len && memcmp(k->key, name, len) == 0)
			return k;
	return NULL;
}

int choice_is(const char *value)
{
	return islower((unsigned char)value[0]) && strchr(value, '|') != NULL;
}

int choice_has(const char *value, const char *given)
{
	for (const char *at = value;; at++) {
		size_t n = strcspn(at, "|");
		if (strlen(given) == n && memcmp(at, given, n) == 0)
			return 1;
		at += n;
		if (!*at)
			return 0;
	}
}

void args_range(const struct command *c, unsigned *least, unsigned *most)
{
	*least = *most = 0;
	for (const char *at = c->args; *at;) {
		size_t n = strcspn(at, " ");
		*least += *at != '[';
		*most += 1;
		at += n;
		if (n > 3 && strncmp(at - 3, "...", 3) == 0)
			*most = ARGS_MAX;
		at += *at == ' ';
	}
}

const char *args_name(const struct command *c, unsigned n, char to[32])
{
	const char *at = c->args;
	while (n-- && *at) {
		size_t len = strcspn(at, " ");
		if (len > 3 && strncmp(at + len - 3, "...", 3) == 0)
			break;
		at += len;
		at += *at == ' ';
	}
	at += *at == '[';
	snprintf(to, 32, "%.*s", (int)strcspn(at, " ].["), at);
	return to;
}
