/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing of checks: see checks.h. */
#include "cli/checks.h"

#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "cli/grid.h"
#include "cli/show.h"

static const char *const findings[] = { "bad", "unknown", "ok" };

static enum ink finding_ink(const char *finding)
{
	static const enum ink inks[] = { INK_BAD, INK_WARN, INK_GOOD };
	for (size_t i = 0; i < COUNT(findings); i++)
		if (strcmp(finding, findings[i]) == 0)
			return inks[i];
	return INK_PLAIN;
}

static void head_put(struct grid *g, bool persona)
{
	grid_column(g, "", false);
	if (persona)
		grid_column(g, "PERSONA", false);
	grid_column(g, "CHECK", false);
	grid_column(g, "ABOUT", false);
	grid_column(g, "FOUND", false);
}

static void check_put(struct grid *g, const char *persona, const json_t *check)
{
	const char *finding = member_word(check, "finding");
	enum ink ink = finding_ink(finding);
	grid_cell(g, ink, finding);
	if (persona)
		grid_cell(g, INK_PLAIN, persona);
	grid_cell(g, INK_PLAIN, member_word(check, "check"));
	grid_cell(g, INK_PLAIN, member_word(check, "about"));
	grid_cell(g, ink == INK_GOOD ? INK_DIM : INK_PLAIN, member_word(check, "why"));
}

void checks_draw(FILE *to, const struct term *t, const json_t *checks)
{
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *check;
	head_put(&g, false);
	json_array_foreach(checks, i, check) check_put(&g, NULL, check);
	if (i)
		grid_print(&g, to, t);
}

/* Puts those of one finding into the grid, and returns how many there are. */
static size_t of_finding(struct grid *g, const json_t *plans, const char *finding)
{
	size_t i, k, n = 0;
	json_t *plan, *check;
	json_array_foreach(plans, i, plan)
	{
		json_array_foreach(json_object_get(plan, "checks"), k, check)
		{
			if (strcmp(member_word(check, "finding"), finding) != 0)
				continue;
			n++;
			if (g)
				check_put(g, member_word(plan, "persona"), check);
		}
	}
	return n;
}

void checks_draw_all(FILE *to, const struct term *t, const json_t *plans)
{
	OWN(grid) struct grid g = { 0 };
	head_put(&g, true);
	size_t shown = of_finding(&g, plans, findings[0]) + of_finding(&g, plans, findings[1]);
	size_t well = of_finding(NULL, plans, findings[2]);
	if (shown)
		grid_print(&g, to, t);
	fprintf(to, "%s%zu check%s well; -o json shows all\n", shown ? "\n" : "", well,
		well == 1 ? " is" : "s are");
}

enum exit_code checks_exit(const json_t *plan)
{
	double bad = member_number(plan, "bad");
	if (bad <= 0)
		return EXIT_DONE;
	fflush(stdout);
	fprintf(stderr,
		"baton: %.0f check%s bad; nothing was changed\n"
		"  mend what is said above and plan again; without --plan it would be tried as it "
		"is\n",
		bad, bad > 1 ? "s are" : " is");
	return EXIT_REFUSED;
}
