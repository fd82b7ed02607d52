/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the parts of the documentation that are made from .def files, so that a list which the
 * programs use is never written a second time. `pages WHAT` prints one; docs.mk calls it. */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "cli/help.h"

static void api(FILE *to)
{
	fputs("# Routes of the API\n\nMade from broker/api/api.def. Bodies: "
	      "design/0004-the-api.md. "
	      "`{}` is one path segment.\n\n| route | what it does |\n|---|---|\n",
		to);
#define ROUTE(handler, method, path, what) fputs("| `" method " " path "` | " what " |\n", to);
#include "api/api.def"
#undef ROUTE
}

static void events(FILE *to)
{
	fputs("# Events\n\nMade from broker/host/events.def. Each is one line of the log and one "
	      "item "
	      "of `baton events`.\n\n| event | level | when |\n|---|---|---|\n",
		to);
#define EVENT(name, word, level, when) fputs("| `" word "` | " #level " | " when " |\n", to);
#include "host/events.def"
#undef EVENT
}

static void silences(FILE *to)
{
	fputs("# Silences\n\nMade from broker/core/boot.def. Why a machine gets no answer, as the "
	      "log "
	      "and `baton explain` say it.\n\n| word | what it means, and what to do "
	      "|\n|---|---|\n",
		to);
#define SILENCE(name, word, text) fputs("| `" word "` | " text " |\n", to);
#include "core/boot.def"
#undef SILENCE
}

/* As items of a list in mdoc. */
static void settings(FILE *to)
{
#define SAY_TEXT(dflt, min, max)                                                                   \
	fprintf(to, *(dflt) ? "Default: %s\n" : (min) ? "Must be set.\n" : "Default: empty\n", dflt)
#define SAY_UINT(dflt, min, max) fprintf(to, "Default: %d, from %d to %d\n", dflt, min, max)
#define CONF(name, kind, dflt, min, max, what)                                                     \
	fputs(".It Ic " #name "\n" what ".\n", to);                                                \
	SAY_##kind(dflt, min, max);
#include "host/conf.def"
#undef CONF
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *what;
		void (*print)(FILE *to);
	} pages[] = {
		{ "api", api },
		{ "events", events },
		{ "silences", silences },
		{ "settings", settings },
		{ "options", help_mdoc_options },
		{ "commands", help_mdoc_commands },
		{ "exits", help_mdoc_exits },
	};
	for (size_t i = 0; i < COUNT(pages); i++)
		if (argc == 2 && strcmp(argv[1], pages[i].what) == 0) {
			pages[i].print(stdout);
			return fflush(stdout) != 0;
		}
	fprintf(stderr, "pages: want one of:");
	for (size_t i = 0; i < COUNT(pages); i++)
		fprintf(stderr, " %s", pages[i].what);
	fputc('\n', stderr);
	return 2;
}
