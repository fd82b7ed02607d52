/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows and columns on a terminal: columns as wide as their text, the widest cut when the terminal
 * is too narrow for all, numbers to the right. Nothing is cut where the output is no terminal. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/term.h"

enum { GRID_COLUMNS = 16 };

struct grid {
	const char *title[GRID_COLUMNS]; /* borrowed */
	bool right[GRID_COLUMNS];
	unsigned columns;
	struct cell {
		char *text;
		enum ink ink;
	} * cell;
	size_t cells, room;
};

void grid_column(struct grid *g, const char *title, bool right);
/* The next cell, left to right, row by row; text is copied, clean. */
void grid_cell(struct grid *g, enum ink ink, const char *text);
void grid_print(const struct grid *g, FILE *to, const struct term *t);
void grid_drop(struct grid *g);
