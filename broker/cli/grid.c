/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of text: see grid.h. */
#include "cli/grid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, NARROW = 8, NARROWEST = 2 };

void grid_column(struct grid *g, const char *title, bool right)
{
	assert(g->columns < GRID_COLUMNS);
	g->title[g->columns] = title;
	g->right[g->columns++] = right;
}

void grid_cell(struct grid *g, enum ink ink, const char *text)
{
	if (g->cells == g->room) {
		size_t room = g->room ? g->room * 2 : 64;
		struct cell *more = realloc(g->cell, room * sizeof *more);
		assert(more);
		g->cell = more;
		g->room = room;
	}
	size_t len = strlen(text) + 1;
	char *copy = malloc(len);
	assert(copy);
	text_clean(copy, len, text);
	g->cell[g->cells++] = (struct cell){ copy, ink };
}

static void widths(const struct grid *g, const struct term *t, unsigned width[GRID_COLUMNS])
{
	unsigned total = 0;
	for (unsigned i = 0; i < g->columns; i++) {
		width[i] = text_width(g->title[i]);
		for (size_t at = i; at < g->cells; at += g->columns) {
			unsigned w = text_width(g->cell[at].text);
			if (w > width[i])
				width[i] = w;
		}
		total += width[i] + (i ? GAP : 0);
	}
	/* Columns stay readable as long as that is possible. */
	unsigned floor = NARROW;
	while (t->width && total > t->width) {
		unsigned widest = 0;
		for (unsigned i = 1; i < g->columns; i++)
			if (width[i] > width[widest])
				widest = i;
		if (width[widest] <= floor) {
			if (floor == NARROWEST)
				break;
			floor = NARROWEST;
			continue;
		}
		width[widest]--;
		total--;
	}
}

static void row_print(const struct grid *g, FILE *to, const struct term *t,
	const unsigned width[GRID_COLUMNS], const struct cell *row)
{
	/* Blanks at the end of a line are nobody's friend: the last cells that are empty go. */
	unsigned last = g->columns;
	while (last > 1 && row && !*row[last - 1].text)
		last--;
	for (unsigned i = 0; i < last; i++) {
		const char *text = row ? row[i].text : g->title[i];
		enum ink ink = row ? row[i].ink : INK_DIM;
		unsigned w = width[i], has = text_width(text);
		if (i + 1 == last && !g->right[i] && has < w)
			w = has;
		if (i)
			fprintf(to, "%*s", GAP, "");
		fputs(ink == INK_PLAIN ? "" : term_ink(t, ink), to);
		text_put(to, t, text, w, g->right[i]);
		fputs(ink == INK_PLAIN ? "" : term_ink(t, INK_PLAIN), to);
	}
	fputc('\n', to);
}

void grid_print(const struct grid *g, FILE *to, const struct term *t)
{
	unsigned width[GRID_COLUMNS];
	bool titled = false;
	for (unsigned i = 0; i < g->columns; i++)
		titled |= *g->title[i] != '\0';
	widths(g, t, width);
	if (titled)
		row_print(g, to, t, width, NULL);
	for (size_t at = 0; at + g->columns <= g->cells; at += g->columns)
		row_print(g, to, t, width, &g->cell[at]);
}

void grid_drop(struct grid *g)
{
	for (size_t i = 0; i < g->cells; i++)
		free(g->cell[i].text);
	free(g->cell);
	*g = (struct grid){ 0 };
}
