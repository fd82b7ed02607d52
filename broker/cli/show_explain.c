/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine would get, as a table of its stages: see show.h. */
#include <string.h>

#include "base/own.h"
#include "cli/grid.h"
#include "cli/show.h"

/* A stage's text is "PXE, BIOS: what it gets". */
static void stages_show(FILE *to, const struct term *t, const json_t *stages)
{
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *stage;
	grid_column(&g, "ASKED BY", false);
	grid_column(&g, "GETS", false);
	json_array_foreach(stages, i, stage)
	{
		const char *text = member_word(stage, "text"), *colon = strstr(text, ": ");
		char who[64];
		snprintf(who, sizeof who, "%.*s", colon ? (int)(colon - text) : 0, text);
		grid_cell(&g, INK_PLAIN, *who ? who : member_word(stage, "stage"));
		bool silent = json_is_false(json_object_get(stage, "answer")) &&
			      strcmp(member_word(stage, "why"), "other-server") != 0;
		grid_cell(&g, silent ? INK_WARN : INK_PLAIN, colon ? colon + 2 : text);
	}
	struct term whole = *t;
	whole.width = 0; /* a reason that is cut is none */
	grid_print(&g, to, &whole);
}

static void line_show(FILE *to, const char *before, const json_t *body, const char *name)
{
	char text[1024];
	text_clean(text, sizeof text, member_word(body, name));
	if (*text)
		fprintf(to, "%s%s\n", before, text);
}

void show_explain(FILE *to, const struct term *t, const json_t *body)
{
	fputs(term_ink(t, INK_BOLD), to);
	line_show(to, "", body, "mac");
	fputs(term_ink(t, INK_PLAIN), to);
	line_show(to, "machine  ", body, "machine");
	line_show(to, "persona  ", body, "persona");
	line_show(to, "script   ", body, "url");
	line_show(to, "circuit  ", body, "circuit");
	line_show(to, "remote   ", body, "remote");
	stages_show(to, t, json_object_get(body, "stages"));
	line_show(to, "so: ", body, "summary");
}
