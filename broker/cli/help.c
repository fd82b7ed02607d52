/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help made from commands.def: see help.h. */
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

enum { LEFT = 26, WIDE = 92 };

static void name_put(FILE *to, const struct command *c)
{
	fprintf(to, "%s%s%s", c->word, *c->sub ? " " : "", c->sub);
}

/* A word of the usage line; wraps before the line grows too long. */
static void usage_put(FILE *to, unsigned *at, const char *text)
{
	unsigned n = (unsigned)strlen(text);
	if (*at + 1 + n > WIDE) {
		fprintf(to, "\n             ");
		*at = 13;
	}
	fprintf(to, " %s", text);
	*at += 1 + n;
}

void help_usage(FILE *to, const struct command *c)
{
	char text[160];
	unsigned at = (unsigned)fprintf(to, "usage: baton ");
	name_put(to, c);
	at += (unsigned)(strlen(c->word) + strlen(c->sub) + (*c->sub ? 1 : 0));
	if (*c->args)
		usage_put(to, &at, c->args);
	for (const struct opt *o = NULL; (o = opt_next(c, o));) {
		if (o->command == COMMAND_every)
			break;
		const char *open = o->how & OPT_NEED ? "" : "[", *close = *open ? "]" : "";
		snprintf(text, sizeof text, "%s--%s%s%s%s%s", open, o->name, *o->value ? " " : "",
			o->value, close, o->how & OPT_MANY ? " ..." : "");
		usage_put(to, &at, text);
	}
	fputc('\n', to);
}

static void row_put(FILE *to, const char *left, const char *what)
{
	if (strlen(left) > LEFT - 2)
		fprintf(to, "  %s\n  %*s%s\n", left, LEFT, "", what);
	else
		fprintf(to, "  %-*s%s\n", LEFT, left, what);
}

static void option_put(FILE *to, const struct opt *o)
{
	char left[96], letter[8] = "";
	if (o->letter)
		snprintf(letter, sizeof letter, "-%c, ", o->letter);
	snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, *o->value ? " " : "", o->value);
	row_put(to, left, o->what);
}

static void commands_put(FILE *to, const char *word)
{
	char left[96];
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &command_info[i];
		if (word && strcmp(word, c->word) != 0)
			continue;
		snprintf(left, sizeof left, "%s%s%s%s%s", c->word, *c->sub ? " " : "", c->sub,
			*c->args ? " " : "", c->args);
		row_put(to, left, c->what);
	}
}

void help_group(FILE *to, const char *word)
{
	fprintf(to, "usage: baton %s ...\n\n", word);
	commands_put(to, word);
	fprintf(to, "\n`baton help %s WORD` explains one.\n", word);
}

void help_all(FILE *to)
{
	fputs("baton gives any machine any persona.\n\n", to);
	commands_put(to, NULL);
	fputs("\nwith every word:\n", to);
	for (const struct opt *o = NULL; (o = opt_next(NULL, o));)
		option_put(to, o);
	fputs("\nexit codes:\n", to);
	for (size_t i = 0; i < exits; i++)
		fprintf(to, "  %3d  %s\n", (int)exit_info[i].code, exit_info[i].what);
	fputs("\n`baton help WORD` explains one; the whole is in baton(1).\n", to);
}

void help_command(FILE *to, const struct command *c)
{
	help_usage(to, c);
	fprintf(to, "\nbaton ");
	name_put(to, c);
	fprintf(to, " %s.\n\n", c->what);
	for (const struct opt *o = NULL; (o = opt_next(c, o));) {
		option_put(to, o);
		for (const struct key *k = NULL; (k = key_next(o, k));) {
			char left[64], what[160];
			snprintf(left, sizeof left, "    %s=%s", k->key, k->value);
			snprintf(what, sizeof what, "%s%s", k->what,
				k->how & OPT_NEED ? " (always wanted)" : "");
			row_put(to, left, what);
		}
	}
}

/* A sentence as mdoc wants it: a capital first, a full stop last, lines under 80 columns. */
static void sentence_put(FILE *to, const char *text, const char *more)
{
	unsigned at = 0;
	char all[400];
	snprintf(all, sizeof all, "%s%s.", text, more);
	all[0] = (char)toupper((unsigned char)all[0]);
	for (char *w = all; *w;) {
		size_t n = strcspn(w, " ");
		if (at && at + 1 + n > 78) {
			fputc('\n', to);
			at = 0;
		}
		fprintf(to, "%s%.*s", at ? " " : "", (int)n, w);
		at += (at > 0) + (unsigned)n;
		w += n + (w[n] == ' ');
	}
	fputc('\n', to);
}

static void mdoc_option(FILE *to, const struct opt *o)
{
	fputs(".It", to);
	if (o->letter)
		fprintf(to, " Fl %c ,", o->letter);
	fprintf(to, " Fl -%s", o->name);
	if (*o->value)
		fprintf(to, " Ar %s", o->value);
	fputc('\n', to);
	sentence_put(to, o->what,
		o->how == OPT_NEED_MANY ? " (wanted; may be repeated)"
		: o->how & OPT_NEED     ? " (wanted)"
		: o->how & OPT_MANY     ? " (may be repeated)"
					: "");
	if (!key_next(o, NULL))
		return;
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (const struct key *k = NULL; (k = key_next(o, k));) {
		fprintf(to, ".It Cm %s Ns = Ns Ar %s\n", k->key, k->value);
		sentence_put(to, k->what, k->how & OPT_NEED ? " (wanted)" : "");
	}
	fputs(".El\n", to);
}

void help_mdoc_options(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct opt *o = NULL; (o = opt_next(NULL, o));)
		mdoc_option(to, o);
	fputs(".El\n", to);
}

void help_mdoc_commands(FILE *to)
{
	fputs(".Bl -tag -width Ds\n", to);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &command_info[i];
		fputs(".It Ic ", to);
		name_put(to, c);
		if (*c->args)
			fprintf(to, " Ar %s", c->args);
		fputc('\n', to);
		sentence_put(to, c->what, "");
		const struct opt *o = opt_next(c, NULL);
		if (o->command == COMMAND_every)
			continue;
		fputs(".Bl -tag -width Ds\n", to);
		for (; o->command != COMMAND_every; o = opt_next(c, o))
			mdoc_option(to, o);
		fputs(".El\n", to);
	}
	fputs(".El\n", to);
}

void help_mdoc_exits(FILE *to)
{
	fputs(".Bl -tag -width 130x\n", to);
	for (size_t i = 0; i < exits; i++)
		fprintf(to, ".It %d\n%s\n", (int)exit_info[i].code, exit_info[i].what);
	fputs(".El\n", to);
}
