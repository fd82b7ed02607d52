/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton compat: a cell for each pair where that fits on the terminal, else a line for each group of
 * machines that are alike. */
#include <errno.h>
#include <string.h>

#include "base/ids.h"
#include "base/own.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/names.h"
#include "cli/show.h"

enum {
	NARROW = 80, /* where the output is no terminal */
	CELL = 12,   /* "handover*", "no a,b", and what stands between columns */
	LETTERS = 26,
	MACHINES_NAMED = 3,
};

/* The reasons that the cells speak of, by a letter each. */
struct legend {
	const char *why[LETTERS];
	unsigned n;
	bool full;
};

static unsigned letter_of(struct legend *l, const char *why)
{
	unsigned i = 0;
	while (i < l->n && strcmp(l->why[i], why) != 0)
		i++;
	if (i == LETTERS) {
		l->full = true;
		return 0;
	}
	if (i == l->n)
		l->why[l->n++] = why;
	return i;
}

static enum ink fit_ink(const char *fit)
{
	return strcmp(fit, "yes") == 0 ? INK_GOOD : strcmp(fit, "no") == 0 ? INK_BAD : INK_WARN;
}

/* "shim", "bmc*" where it is now; "no a,c"; "? b". */
static void cell_text(char *to, size_t size, const json_t *group, bool here, struct legend *l)
{
	const char *fit = member_word(group, "fit");
	const json_t *why = json_object_get(group, "why");
	bool yes = strcmp(fit, "yes") == 0;
	size_t i, at = (size_t)snprintf(to, size, "%s%s",
			  yes                           ? member_word(group, "by")
			  : strcmp(fit, "unknown") == 0 ? "?"
							: "no",
			  here ? "*" : "");
	json_t *one;
	json_array_foreach(why, i, one) if (at < size) at += (size_t)snprintf(to + at, size - at,
		"%c%c", i ? ',' : ' ', (char)('a' + letter_of(l, json_string_value(one))));
}

/* Of that machine; NULL: the broker has said nothing of it. */
static const json_t *group_of(const json_t *row, const char *machine)
{
	size_t i, k;
	json_t *group, *name;
	json_array_foreach(json_object_get(row, "groups"), i, group)
	{
		json_array_foreach(json_object_get(group, "machines"), k, name)
		{
			if (strcmp(json_string_value(name), machine) == 0)
				return group;
		}
	}
	return NULL;
}

static void row_put(struct grid *g, const json_t *row, const json_t *machines, struct legend *l)
{
	size_t i;
	json_t *machine;
	grid_cell(g, INK_PLAIN, member_word(row, "persona"));
	json_array_foreach(machines, i, machine)
	{
		char text[64] = "";
		const char *name = json_string_value(machine);
		const json_t *group = group_of(row, name);
		if (group)
			cell_text(text, sizeof text, group,
				strcmp(name, member_word(row, "here")) == 0, l);
		grid_cell(g, fit_ink(member_word(group, "fit")), text);
	}
}

static void legend_print(FILE *to, const struct term *t, const struct legend *l)
{
	char why[200];
	fprintf(to,
		"\n%sshim, handover, bmc: it fits, and takes the identity so; no: it does "
		"not;\n?: nobody knows; *: it is there now%s\n",
		term_ink(t, INK_DIM), term_ink(t, INK_PLAIN));
	for (unsigned i = 0; i < l->n; i++) {
		text_clean(why, sizeof why, l->why[i]);
		fprintf(to, "%c  %s\n", 'a' + i, why);
	}
}

static bool matrix_fits(const struct term *t, const json_t *body)
{
	const json_t *machines = json_object_get(body, "machines");
	unsigned width = t->width ? t->width : NARROW, total = CELL;
	size_t i;
	json_t *machine;
	json_array_foreach(machines, i, machine)
	{
		unsigned w = text_width(json_string_value(machine)) + 2;
		total += w > CELL ? w : CELL;
	}
	return total <= width && i < GRID_COLUMNS;
}

/* False: there are more reasons than letters, and nothing was printed. */
static bool matrix_show(FILE *to, const struct term *t, const json_t *body)
{
	OWN(grid) struct grid g = { 0 };
	struct legend l = { .n = 0 };
	const json_t *machines = json_object_get(body, "machines");
	size_t i;
	json_t *one;
	grid_column(&g, "PERSONA", false);
	json_array_foreach(machines, i, one) grid_column(&g, json_string_value(one), false);
	json_array_foreach(json_object_get(body, "items"), i, one) row_put(&g, one, machines, &l);
	if (l.full)
		return false;
	grid_print(&g, to, t);
	legend_print(to, t, &l);
	return true;
}

/* ------------------------------------------------------------------ many machines */

static void group_put(struct grid *g, const json_t *group, const char *persona)
{
	const char *fit = member_word(group, "fit");
	const json_t *machines = json_object_get(group, "machines");
	char text[400], count[24];
	size_t i, at = 0;
	json_t *one;
	grid_cell(g, INK_PLAIN, persona);
	grid_cell(g, fit_ink(fit), fit);
	snprintf(count, sizeof count, "%zu", json_array_size(machines));
	grid_cell(g, INK_PLAIN, count);
	snprintf(text, sizeof text, "by %s", member_word(group, "by"));
	json_array_foreach(json_object_get(group, "why"), i, one) if (at < sizeof text) at +=
		(size_t)snprintf(
			text + at, sizeof text - at, "%s%s", i ? "; " : "", json_string_value(one));
	grid_cell(g, INK_PLAIN, text);
	names_text(text, sizeof text, machines, MACHINES_NAMED);
	grid_cell(g, INK_PLAIN, text);
}

static void groups_show(FILE *to, const struct term *t, const json_t *body)
{
	OWN(grid) struct grid g = { 0 };
	size_t i, k;
	json_t *row, *group;
	grid_column(&g, "PERSONA", false);
	grid_column(&g, "FITS", false);
	grid_column(&g, "COUNT", true);
	grid_column(&g, "HOW, OR WHY NOT", false);
	grid_column(&g, "MACHINES", false);
	json_array_foreach(json_object_get(body, "items"), i, row)
	{
		json_array_foreach(json_object_get(row, "groups"), k, group)
			group_put(&g, group, k ? "" : member_word(row, "persona"));
	}
	grid_print(&g, to, t);
}

/* ------------------------------------------------------------------ the command */

/* Both go into a URL. */
static int query_of(char *to, size_t size, const struct call *c, struct err *e)
{
	static const char *const names[] = { "persona", "machine" };
	size_t at = 0;
	*to = '\0';
	for (int i = 0; i < 2; i++) {
		const char *value = call_value(c, names[i]);
		if (value && !name_ok(value))
			return err_say(e, EINVAL, "--%s %s: want a name", names[i], value);
		if (value)
			at += (size_t)snprintf(
				to + at, size - at, "%s%s=%s", at ? "&" : "", names[i], value);
	}
	return 0;
}

enum exit_code run_compat(struct run *r)
{
	OWN(answer) struct answer a = { 0 };
	char query[2 * (NAME_LEN + 16)];
	struct err e = { 0 };
	if (query_of(query, sizeof query, r->call, &e) < 0)
		return usage_error(r->call, &e);
	enum exit_code code = ask(r, ROUTE_compat_list, "", *query ? query : NULL, NULL, &a);
	if (code != EXIT_DONE || r->json)
		return code;
	if (!json_array_size(json_object_get(a.json, "items")) ||
		!json_array_size(json_object_get(a.json, "machines")))
		puts("It takes a persona and a machine; `baton persona list` and `baton machine "
		     "list`\nsay how to add one.");
	else if (!matrix_fits(&r->term, a.json) || !matrix_show(stdout, &r->term, a.json))
		groups_show(stdout, &r->term, a.json);
	return code;
}
