/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Servers that have asked and are nobody's, and what adds each: see show.h. */
#include <string.h>

#include "base/own.h"
#include "cli/grid.h"
#include "cli/progress.h"
#include "cli/show.h"

static void seen_cell(struct grid *g, const json_t *one, const char *member, double now)
{
	char span[24];
	double at = member_number(one, member);
	span_text(span, now > at ? now - at : 0);
	grid_cell(g, INK_PLAIN, span);
}

static void table_show(FILE *to, const struct term *t, const json_t *items, double now)
{
	static const char *const text[] = { "mac", "network", "firmware", "stage", "circuit" };
	static const char *const title[] = { "MAC", "NETWORK", "FIRMWARE", "ASKED BY", "PORT" };
	enum { PLAIN = sizeof text / sizeof *text };
	OWN(grid) struct grid g = { 0 };
	size_t n;
	json_t *one;
	for (size_t i = 0; i < PLAIN; i++)
		grid_column(&g, title[i], false);
	grid_column(&g, "FIRST", true);
	grid_column(&g, "LAST", true);
	grid_column(&g, "UUID", false);
	json_array_foreach(items, n, one)
	{
		for (size_t i = 0; i < PLAIN; i++)
			grid_cell(&g, INK_PLAIN, member_word(one, text[i]));
		seen_cell(&g, one, "first", now);
		seen_cell(&g, one, "last", now);
		grid_cell(&g, INK_DIM, member_word(one, "uuid"));
	}
	grid_print(&g, to, t);
}

/* NICs that say one UUID are one machine's. */
static bool is_of(const json_t *one, const json_t *first)
{
	const char *uuid = member_word(first, "uuid");
	return one == first || (*uuid && strcmp(member_word(one, "uuid"), uuid) == 0);
}

static bool was_before(const json_t *items, size_t n)
{
	const json_t *one = json_array_get(items, n);
	for (size_t i = 0; i < n; i++)
		if (is_of(one, json_array_get(items, i)))
			return true;
	return false;
}

static void add_show(FILE *to, const json_t *items, const json_t *first)
{
	const char *uuid = member_word(first, "uuid");
	size_t i;
	json_t *one;
	fprintf(to, "  baton machine add NAME --bmc KIND://USER@HOST --bmc-secret FILE%s%s",
		*uuid ? " --uuid " : "", uuid);
	json_array_foreach(items, i, one)
	{
		if (!is_of(one, first))
			continue;
		fprintf(to, " --nic mac=%s", member_word(one, "mac"));
		if (*member_word(one, "network"))
			fprintf(to, ",network=%s", member_word(one, "network"));
	}
	fputc('\n', to);
}

void show_strangers(FILE *to, const struct term *t, const json_t *body, double now)
{
	const json_t *items = json_object_get(body, "items");
	size_t i;
	json_t *one;
	if (json_array_size(items) == 0) {
		fputs("Nobody has asked lately who is not known here. A new server that is "
		      "switched on and boots from the network is listed.\n",
			to);
		return;
	}
	table_show(to, t, items, now);
	fputs("\nTo add:\n", to);
	json_array_foreach(items, i, one) if (!was_before(items, i)) add_show(to, items, one);
}
