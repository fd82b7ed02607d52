/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See show_components.h. */
#include "cli/show_components.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "cli/grid.h"
#include "cli/names.h"
#include "cli/show.h"

enum { MACHINES_NAMED = 3 };

const char *bytes_text(char to[24], double bytes, bool memory)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	unsigned u = 0;
	if (bytes <= 0) {
		to[0] = '\0';
	} else if (memory) {
		snprintf(to, 24, "%.4g GiB", bytes / 1073741824);
	} else {
		for (; bytes >= 999.5 && u < 6; bytes /= 1000)
			u++;
		snprintf(to, 24, bytes >= 100 || u < 4 ? "%.0f %s" : "%.3g %s", bytes, units[u]);
	}
	return to;
}

static bool is_ill(const json_t *c)
{
	const char *health = member_word(c, "health");
	return *health && strcmp(health, "OK") != 0;
}

static void size_cell(struct grid *g, const json_t *c)
{
	char text[24];
	bool memory = strcmp(member_word(c, "kind"), "memory") == 0;
	grid_cell(g, INK_PLAIN, bytes_text(text, member_number(c, "bytes"), memory));
}

static void rows_show(FILE *to, const struct term *t, const json_t *list, bool machines)
{
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *c;
	if (machines)
		grid_column(&g, "MACHINE", false);
	grid_column(&g, "KIND", false);
	grid_column(&g, "SLOT", false);
	grid_column(&g, "MODEL", false);
	grid_column(&g, "FIRMWARE", false);
	grid_column(&g, "SIZE", true);
	grid_column(&g, "HEALTH", false);
	grid_column(&g, "SERIAL", false);
	json_array_foreach(list, i, c)
	{
		char kind[32];
		const char *bus = member_word(c, "bus");
		/* Of a disk that is what people call it. */
		snprintf(kind, sizeof kind, "%s", *bus ? bus : member_word(c, "kind"));
		if (machines)
			grid_cell(&g, INK_PLAIN, member_word(c, "machine"));
		grid_cell(&g, INK_PLAIN, kind);
		grid_cell(&g, INK_PLAIN, member_word(c, "slot"));
		grid_cell(&g, INK_PLAIN, member_word(c, "model"));
		grid_cell(&g, INK_PLAIN, member_word(c, "firmware"));
		size_cell(&g, c);
		grid_cell(&g, is_ill(c) ? INK_BAD : INK_PLAIN, member_word(c, "health"));
		grid_cell(&g, INK_PLAIN, member_word(c, "serial"));
	}
	if (i)
		grid_print(&g, to, t);
}

static void seen_put(FILE *to, const char *who, double at)
{
	char text[24];
	if (at > 0)
		fprintf(to, "%s %s", who, clock_text(text, at, clock_now()));
}

void show_components(FILE *to, const struct term *t, const json_t *inventory)
{
	double shim = member_number(inventory, "shim_seen");
	double bmc = member_number(inventory, "bmc_seen");
	if (shim <= 0 && bmc <= 0)
		return;
	fprintf(to, "\n%scomponents%s, told by ", term_ink(t, INK_BOLD), term_ink(t, INK_PLAIN));
	seen_put(to, "the shim", shim);
	fputs(shim > 0 && bmc > 0 ? ", " : "", to);
	seen_put(to, "the BMC", bmc);
	fputc('\n', to);
	rows_show(to, t, json_object_get(inventory, "components"), false);
}

static void none_put(FILE *to)
{
	fputs("Nothing is known yet: a machine tells at its next boot by the shim, its BMC at\n"
	      "  baton machine inspect NAME\n",
		to);
}

void show_inventory(FILE *to, const struct term *t, const json_t *items)
{
	if (json_array_size(items) == 0)
		none_put(to);
	else
		rows_show(to, t, items, true);
}

/* ------------------------------------------------------------------ grouped */

static int by_words(const json_t *a, const json_t *b, const char *const *words)
{
	int d = 0;
	for (; *words && d == 0; words++)
		d = strcmp(member_word(a, *words), member_word(b, *words));
	return d;
}

static const char *const model_words[] = { "kind", "model", NULL };
static const char *const group_words[] = { "kind", "model", "firmware", NULL };
static const char *const machine_words[] = { "machine", NULL };
static const char *const all_words[] = { "kind", "model", "firmware", "machine", NULL };

static int in_order(const void *a, const void *b)
{
	return by_words(*(json_t *const *)a, *(json_t *const *)b, all_words);
}

static size_t run_of(json_t *const *item, size_t n, const char *const *words)
{
	size_t len = 1;
	while (len < n && by_words(item[0], item[len], words) == 0)
		len++;
	return len;
}

/* A machine with several of them is named once. */
static void machines_text(char *to, size_t size, json_t *const *item, size_t n)
{
	json_t *names = json_array();
	for (size_t i = 0; i < n; i++)
		if (!i || by_words(item[i - 1], item[i], machine_words) != 0)
			json_array_append(names, json_object_get(item[i], "machine"));
	names_text(to, size, names, MACHINES_NAMED);
	json_decref(names);
}

static size_t ill_of(json_t *const *item, size_t n)
{
	size_t ill = 0;
	for (size_t i = 0; i < n; i++)
		ill += is_ill(item[i]);
	return ill;
}

/* most: how many the largest group of that model has. */
static void group_put(struct grid *g, json_t *const *item, size_t n, size_t most)
{
	char text[320];
	const char *firmware = member_word(item[0], "firmware");
	size_t ill = ill_of(item, n);
	grid_cell(g, INK_PLAIN, member_word(item[0], "kind"));
	grid_cell(g, INK_PLAIN, member_word(item[0], "model"));
	grid_cell(g, n < most ? INK_WARN : INK_PLAIN, *firmware ? firmware : "not told");
	snprintf(text, sizeof text, "%zu", n);
	grid_cell(g, INK_PLAIN, text);
	snprintf(text, sizeof text, "%zu", ill);
	grid_cell(g, INK_BAD, ill ? text : "");
	machines_text(text, sizeof text, item, n);
	grid_cell(g, INK_PLAIN, text);
}

static size_t largest(json_t *const *item, size_t n)
{
	size_t most = 0;
	for (size_t i = 0, len; i < n; i += len) {
		len = run_of(item + i, n - i, group_words);
		most = len > most ? len : most;
	}
	return most;
}

void show_inventory_grouped(FILE *to, const struct term *t, const json_t *items)
{
	OWN(grid) struct grid g = { 0 };
	size_t n = json_array_size(items);
	json_t **item = calloc(n ? n : 1, sizeof(json_t *));
	if (n == 0 || !item) {
		none_put(to);
		free(item);
		return;
	}
	for (size_t i = 0; i < n; i++)
		item[i] = json_array_get(items, i);
	qsort(item, n, sizeof *item, in_order);
	grid_column(&g, "KIND", false);
	grid_column(&g, "MODEL", false);
	grid_column(&g, "FIRMWARE", false);
	grid_column(&g, "COUNT", true);
	grid_column(&g, "ILL", true);
	grid_column(&g, "MACHINES", false);
	for (size_t i = 0, len; i < n; i += len) {
		len = run_of(item + i, n - i, model_words);
		size_t most = largest(item + i, len);
		for (size_t k = 0, each; k < len; k += each) {
			each = run_of(item + i + k, len - k, group_words);
			group_put(&g, item + i + k, each, most);
		}
	}
	grid_print(&g, to, t);
	free(item);
}
