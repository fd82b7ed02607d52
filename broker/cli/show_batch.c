/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing of batches: see show_batch.h. */
#include "cli/show_batch.h"

#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "cli/grid.h"
#include "cli/show.h"

static enum ink wish_ink(const char *state)
{
	if (strcmp(state, "done") == 0)
		return INK_GOOD;
	if (strcmp(state, "running") == 0)
		return INK_WARN;
	if (strcmp(state, "waiting") == 0 || strcmp(state, "dropped") == 0 ||
		strcmp(state, "planned") == 0)
		return INK_DIM;
	return INK_BAD;
}

void order_text(char to[24], const json_t *wish)
{
	double order = member_number(wish, "order");
	to[0] = '\0';
	if (order > 0)
		snprintf(to, 24, "%.0f", order);
}

/* What it is doing, or why it is not. */
static void wish_remark(char *to, size_t len, const json_t *wish)
{
	const char *why = member_word(wish, "why"), *step = member_word(wish, "step");
	bool stopped = strcmp(member_word(wish, "state"), "stopped") == 0;
	snprintf(to, len, "%s%s%s", step, *step && *why ? ": " : "",
		*why && (stopped || !*step) ? why : "");
}

void wishes_draw(FILE *to, const struct term *t, const json_t *batch)
{
	static const char *const titles[] = { "", "VERB", "PERSONA", "FROM", "TO", "STATE", "ORDER",
		"NOW" };
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *wish;
	for (i = 0; i < COUNT(titles); i++)
		grid_column(&g, titles[i], i == 0 || i == 6);
	json_array_foreach(json_object_get(batch, "wishes"), i, wish)
	{
		const char *state = member_word(wish, "state"),
			   *machine = member_word(wish, "machine");
		const char *pool = member_word(wish, "pool");
		char n[24], order[24], where[160], remark[512];
		snprintf(n, sizeof n, "%zu", i + 1);
		snprintf(where, sizeof where, "%s%s",
			*machine ? machine
			: *pool  ? "of pool "
				 : "",
			*machine ? "" : pool);
		order_text(order, wish);
		wish_remark(remark, sizeof remark, wish);
		grid_cell(&g, INK_DIM, n);
		grid_cell(&g, INK_PLAIN, member_word(wish, "verb"));
		grid_cell(&g, INK_PLAIN, member_word(wish, "persona"));
		grid_cell(&g, INK_PLAIN, member_word(wish, "from"));
		grid_cell(&g, INK_PLAIN, where);
		grid_cell(&g, wish_ink(state), state);
		grid_cell(&g, INK_PLAIN, order);
		grid_cell(&g, INK_PLAIN, remark);
	}
	grid_print(&g, to, t);
}

void batches_draw(FILE *to, const struct term *t, const json_t *batches, double now)
{
	static const char *const titles[] = { "BATCH", "WHAT", "STATE", "DONE", "FOR", "NEXT" };
	OWN(grid) struct grid g = { 0 };
	size_t i;
	json_t *batch;
	if (json_array_size(batches) == 0)
		return;
	for (i = 0; i < COUNT(titles); i++)
		grid_column(&g, titles[i], i == 0 || i == 4);
	json_array_foreach(batches, i, batch)
	{
		const char *state = member_word(batch, "state");
		double id = member_number(batch, "id"), begun = member_number(batch, "begun");
		char text[80];
		snprintf(text, sizeof text, "%.0f", id);
		grid_cell(&g, INK_PLAIN, text);
		grid_cell(&g, INK_PLAIN, member_word(batch, "what"));
		grid_cell(&g, wish_ink(state), state);
		snprintf(text, sizeof text, "%.0f of %.0f", member_number(batch, "done"),
			member_number(batch, "of"));
		grid_cell(&g, INK_PLAIN, text);
		grid_cell(&g, INK_PLAIN, span_text(text, now > begun ? now - begun : 0));
		snprintf(text, sizeof text,
			strcmp(state, "stopped") == 0 ? "baton batch retry %.0f, or cancel %.0f"
						      : "baton batch show %.0f",
			id, id);
		grid_cell(&g, INK_PLAIN, text);
	}
	grid_print(&g, to, t);
	fputc('\n', to);
}

void batch_head(char *to, size_t len, const json_t *batch)
{
	char text[256], id[40] = "";
	double n = member_number(batch, "id");
	if (n > 0)
		snprintf(id, sizeof id, "batch %.0f: ", n);
	snprintf(text, sizeof text, "%s%s", id, member_word(batch, "what"));
	text_clean(to, len, text);
}

void batch_next_say(FILE *to, const json_t *batch)
{
	double id = member_number(batch, "id");
	fprintf(to,
		"  when the cause is mended:   baton batch retry %.0f\n"
		"  to drop what has not begun: baton batch cancel %.0f\n"
		"  one order of it:            baton order show N, retry N, undo N\n",
		id, id);
}

void batch_draw(FILE *to, const struct term *t, const json_t *batch)
{
	char head[256];
	batch_head(head, sizeof head, batch);
	fprintf(to, "%s%s%s: %s, %.0f of %.0f done, %.0f at once\n", term_ink(t, INK_BOLD), head,
		term_ink(t, INK_PLAIN), member_word(batch, "state"), member_number(batch, "done"),
		member_number(batch, "of"), member_number(batch, "parallel"));
	wishes_draw(to, t, batch);
}
