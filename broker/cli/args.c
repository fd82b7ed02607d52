/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading of the command line: see args.h. */
#include "cli/args.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

bool number_parse(unsigned long long *ret, const char *text, unsigned long long max)
{
	unsigned long long v = 0;
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		unsigned digit = (unsigned)(*text - '0');
		if (v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

/* Edits (insert, delete, replace) between two short words; long ones count as far apart. */
static unsigned distance(const char *a, const char *b)
{
	enum { MOST = 31 };
	size_t n = strlen(a), m = strlen(b);
	if (n > MOST || m > MOST)
		return UINT_MAX;
	unsigned row[MOST + 1];
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned corner = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

const char *nearest(const char *typed, const char *const words[])
{
	const char *best = NULL;
	unsigned least = 3;
	for (; *words; words++) {
		unsigned d = distance(typed, *words);
		if (d < least && d < strlen(*words)) {
			least = d;
			best = *words;
		}
	}
	return best;
}

static int unknown(struct err *e, const char *kind, const char *typed, const char *const words[])
{
	const char *meant = nearest(typed, words);
	if (meant)
		return err_say(e, EINVAL, "there is no %s \"%s\"; did you mean \"%s\"?", kind,
			typed, meant);
	return err_say(e, EINVAL, "there is no %s \"%s\"", kind, typed);
}

static int unknown_word(struct err *e, const char *typed)
{
	const char *words[COMMANDS + 1];
	size_t n = 0;
	for (size_t i = 0; i < COMMANDS; i++)
		words[n++] = command_info[i].word;
	words[n] = NULL;
	return unknown(e, "word", typed, words);
}

static int unknown_sub(struct err *e, const char *word, const char *typed)
{
	const char *words[COMMANDS + 1];
	size_t n = 0;
	char list[160] = "";
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(command_info[i].word, word) != 0)
			continue;
		size_t at = strlen(list);
		snprintf(list + at, sizeof list - at, "%s%s", n ? ", " : "", command_info[i].sub);
		words[n++] = command_info[i].sub;
	}
	words[n] = NULL;
	if (!typed)
		return err_say(e, EINVAL, "baton %s: say what to do: %s", word, list);
	const char *meant = nearest(typed, words);
	return err_say(e, EINVAL, "baton %s: \"%s\" is not one of: %s%s%s%s", word, typed, list,
		meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
}

static int unknown_option(struct err *e, const struct call *c, const char *typed)
{
	const char *words[GIVEN_MAX + 1];
	size_t n = 0;
	for (const struct opt *o = NULL; n < GIVEN_MAX && (o = opt_next(c->command, o));)
		words[n++] = o->name;
	words[n] = NULL;
	const char *meant = nearest(typed, words);
	return err_say(e, EINVAL, "there is no option --%s here%s%s%s", typed,
		meant ? "; did you mean --" : "", meant ? meant : "", meant ? "?" : "");
}

static int give(struct call *c, const struct opt *o, const char *value, struct err *e)
{
	unsigned long long n;
	if (choice_is(o->value) && !choice_has(o->value, value))
		return err_say(e, EINVAL, "--%s %s: want %s", o->name, value, o->value);
	if (o->kind == OPT_NUMBER && !number_parse(&n, value, LLONG_MAX))
		return err_say(e, EINVAL, "--%s %s: want a number", o->name, value);
	if (!(o->how & OPT_MANY) && call_value(c, o->name))
		return err_say(e, EINVAL, "--%s is given twice", o->name);
	if (c->givens == GIVEN_MAX)
		return err_say(e, EINVAL, "more than %d options", GIVEN_MAX);
	c->given[c->givens++] = (struct given){ o, value };
	if (strcmp(o->name, "help") == 0)
		c->help = true;
	return 0;
}

/* One option at argv[*i]; *i moves on over its value. */
static int option_read(struct call *c, int argc, char *const argv[], int *i, struct err *e)
{
	const char *typed = argv[*i], *value = NULL;
	const struct opt *o;
	char name[64];
	if (typed[1] == '-') {
		size_t n = strcspn(typed + 2, "=");
		snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : 63, typed + 2);
		if (typed[2 + n] == '=')
			value = typed + 2 + n + 1;
		o = opt_find(c->command, name, 0);
	} else {
		snprintf(name, sizeof name, "%c", typed[1]);
		o = opt_find(c->command, NULL, typed[1]);
		if (typed[2])
			value = typed + 2;
	}
	if (!o)
		return typed[1] == '-' ? unknown_option(e, c, name)
				       : err_say(e, EINVAL, "there is no option -%s here", name);
	if (o->kind == OPT_FLAG)
		return value ? err_say(e, EINVAL, "--%s takes no value", o->name)
			     : give(c, o, "", e);
	if (!value) {
		if (*i + 1 == argc || strncmp(argv[*i + 1], "--", 2) == 0)
			return err_say(e, EINVAL, "--%s wants a value: %s", o->name, o->value);
		value = argv[++*i];
	}
	if (!*value)
		return err_say(e, EINVAL, "--%s wants a value: %s", o->name, o->value);
	return give(c, o, value, e);
}

/* A word that is no option: the command's first, its second, or an argument. */
static int word_read(struct call *c, const char **word, const char *typed, struct err *e)
{
	if (!*word) {
		if (!command_group(typed))
			return unknown_word(e, typed);
		c->command = command_find(typed, "");
		*word = typed;
		return 0;
	}
	if (!c->command) {
		c->command = command_find(*word, typed);
		return c->command ? 0 : unknown_sub(e, *word, typed);
	}
	unsigned least, most;
	args_range(c->command, &least, &most);
	if (c->args == most)
		return err_say(e, EINVAL, "\"%s\" is one word too many", typed);
	if (!*typed)
		return err_say(e, EINVAL, "an argument is empty");
	c->arg[c->args++] = typed;
	return 0;
}

/* Is everything there that must be? */
static int whole(const struct call *c, struct err *e)
{
	unsigned least, most;
	char name[32];
	args_range(c->command, &least, &most);
	if (c->args < least)
		return err_say(e, EINVAL, "%s is missing", args_name(c->command, c->args, name));
	for (const struct opt *o = NULL; (o = opt_next(c->command, o));)
		if (o->how & OPT_NEED && !call_value(c, o->name))
			return err_say(
				e, EINVAL, "--%s %s is missing: %s", o->name, o->value, o->what);
	return 0;
}

int args_parse(struct call *ret, int argc, char *const argv[], struct err *e)
{
	const char *word = NULL;
	bool options = true;
	int r = 0;
	*ret = (struct call){ 0 };
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			continue;
		}
		if (options && argv[i][0] == '-' && argv[i][1])
			r = option_read(ret, argc, argv, &i, e);
		else
			r = word_read(ret, &word, argv[i], e);
		ret->group = !ret->command && word;
		if (r < 0)
			break;
	}
	if (ret->group)
		ret->command = command_group(word);
	if (r < 0)
		return r;
	if (ret->help)
		return 0;
	if (word && ret->group)
		return unknown_sub(e, word, NULL);
	if (!ret->command)
		return err_say(e, EINVAL, "say what to do");
	return whole(ret, e);
}

const char *call_value(const struct call *c, const char *name)
{
	for (unsigned i = c->givens; i-- > 0;)
		if (strcmp(c->given[i].opt->name, name) == 0)
			return c->given[i].value;
	return NULL;
}

bool call_json(const struct call *c)
{
	const char *how = call_value(c, "output");
	return how && strcmp(how, "json") == 0;
}
