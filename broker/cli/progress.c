/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing of orders: see progress.h. */
#include "cli/progress.h"

#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "cli/checks.h"
#include "cli/grid.h"
#include "cli/show.h"

enum mark { PENDING, RUNNING, DONE, FAILED };

static enum mark mark_of(const json_t *step)
{
	const char *state = member_word(step, "state");
	if (strcmp(state, "done") == 0)
		return DONE;
	if (strcmp(state, "running") == 0)
		return RUNNING;
	if (strcmp(state, "failed") == 0 || strcmp(state, "stopped") == 0)
		return FAILED;
	return PENDING;
}

static const char *mark_text(const struct term *t, enum mark m, unsigned frame)
{
	static const char *const turn[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧" };
	static const char *const plain_turn[] = { "|", "/", "-", "\\" };
	static const char *const mark[][2] = {
		[PENDING] = { ".", "·" },
		[DONE] = { "+", "✓" },
		[FAILED] = { "x", "✗" },
	};
	if (m == RUNNING)
		return t->utf8 ? turn[frame % COUNT(turn)] : plain_turn[frame % COUNT(plain_turn)];
	return mark[m][t->utf8];
}

static enum ink mark_ink(enum mark m)
{
	static const enum ink inks[] = {
		[PENDING] = INK_DIM,
		[RUNNING] = INK_WARN,
		[DONE] = INK_GOOD,
		[FAILED] = INK_BAD,
	};
	return inks[m];
}

void order_head(char *to, size_t len, const json_t *order)
{
	char text[400];
	const char *from = member_word(order, "from"), *at = member_word(order, "to");
	int n = 0;
	if (member_number(order, "id") > 0)
		n = snprintf(text, sizeof text, "order %.0f: ", member_number(order, "id"));
	n += snprintf(text + n, sizeof text - (size_t)n, "%s %s", member_word(order, "verb"),
		member_word(order, "persona"));
	if (*from && *at)
		snprintf(text + n, sizeof text - (size_t)n, " from %s to %s", from, at);
	else if (*from || *at)
		snprintf(text + n, sizeof text - (size_t)n, " on %s", *from ? from : at);
	text_clean(to, len, text);
}

void order_next(FILE *to, const json_t *order)
{
	double id = member_number(order, "id");
	fprintf(to,
		"  when the cause is mended:  baton order retry %.0f\n"
		"  to take it back:           baton order undo %.0f\n"
		"  what happened:             baton events --order %.0f --since 0\n",
		id, id, id);
}

/* Seconds that a step has taken so far; -1 when it has not begun. */
static double taken(const json_t *step, double now)
{
	double begun = member_number(step, "begun"), ended = member_number(step, "ended");
	if (begun <= 0)
		return -1;
	if (ended <= 0)
		ended = mark_of(step) == RUNNING ? now : begun;
	return ended > begun ? ended - begun : 0;
}

static void remark(char *to, size_t len, const json_t *step)
{
	const char *why = member_word(step, "why"), *when = member_word(step, "when");
	unsigned tries = (unsigned)member_number(step, "tries");
	switch (mark_of(step)) {
	case RUNNING:
		if (tries > 0)
			snprintf(
				to, len, "%s (try %u%s%s)", when, tries + 1, *why ? ": " : "", why);
		else
			snprintf(to, len, "%s", when);
		return;
	case FAILED:
		snprintf(to, len, "%s", why);
		return;
	case PENDING:
	case DONE:
		to[0] = '\0';
		return;
	}
}

/* A line that fits the terminal: everything after the mark is cut together. */
static void line_put(
	FILE *to, const struct term *t, enum ink ink, const char *mark, const char *text)
{
	unsigned room = t->width > 4 ? t->width - 4 : 0, has = text_width(text);
	fprintf(to, " %s%s%s ", term_ink(t, ink), mark, term_ink(t, INK_PLAIN));
	if (ink == INK_DIM)
		fputs(term_ink(t, INK_DIM), to);
	text_put(to, t, text, room && has > room ? room : has, false);
	if (ink == INK_DIM)
		fputs(term_ink(t, INK_PLAIN), to);
	fputc('\n', to);
}

static void name_widths(const json_t *steps, unsigned *name, unsigned *machine)
{
	size_t i;
	json_t *step;
	*name = *machine = 0;
	json_array_foreach(steps, i, step)
	{
		unsigned n = text_width(member_word(step, "name"));
		unsigned m = text_width(member_word(step, "machine"));
		*name = n > *name ? n : *name;
		*machine = m > *machine ? m : *machine;
	}
	if (*machine > 24)
		*machine = 24;
}

unsigned steps_draw(FILE *to, const struct term *t, const json_t *order, double now, unsigned frame,
	const char *note, unsigned most)
{
	const json_t *steps = json_object_get(order, "steps"), *step;
	size_t n = json_array_size(steps), i, first = 0;
	unsigned lines = 0, name_w, machine_w;
	name_widths(steps, &name_w, &machine_w);
	/* Too many for the screen: what is over goes first, into one line. */
	if (most > 2 && n + 1 > most) {
		size_t now_at = 0;
		json_array_foreach(steps, i, step) if (mark_of(step) != PENDING) now_at = i;
		size_t room = most - 2;
		first = now_at + 1 > room ? now_at + 1 - room : 0;
		if (n > first + room)
			n = first + room;
	}
	if (first) {
		char text[64];
		snprintf(text, sizeof text, "%zu steps before", first);
		line_put(to, t, INK_DIM, mark_text(t, DONE, 0), text);
		lines++;
	}
	for (i = first; i < n; i++) {
		char span[24], what[512], line[1024], clean[1024];
		step = json_array_get(steps, i);
		enum mark m = mark_of(step);
		remark(what, sizeof what, step);
		snprintf(line, sizeof line, "%-*s  %-*s  %11s  %s", (int)name_w,
			member_word(step, "name"), (int)machine_w, member_word(step, "machine"),
			span_text(span, taken(step, now)), what);
		text_clean(clean, sizeof clean, line);
		for (size_t end = strlen(clean); end > 0 && clean[end - 1] == ' ';)
			clean[--end] = '\0';
		line_put(to, t, mark_ink(m), mark_text(t, m, frame), clean);
		lines++;
	}
	if (note && *note) {
		line_put(to, t, INK_DIM, " ", note);
		lines++;
	}
	return lines;
}

void steps_changes(FILE *to, const json_t *order, struct seen *seen, double now)
{
	const json_t *steps = json_object_get(order, "steps"), *step;
	unsigned name_w, machine_w;
	size_t i;
	name_widths(steps, &name_w, &machine_w);
	json_array_foreach(steps, i, step)
	{
		char clock[24], span[24], what[512], line[1024], clean[1024];
		const char *state = member_word(step, "state");
		unsigned tries = (unsigned)member_number(step, "tries");
		enum mark m = mark_of(step);
		if (i >= STEPS_SEEN)
			return;
		bool same =
			strncmp(seen->step[i].state, state, sizeof seen->step[i].state - 1) == 0 &&
			seen->step[i].tries == tries;
		snprintf(seen->step[i].state, sizeof seen->step[i].state, "%s", state);
		seen->step[i].tries = tries;
		if (same || m == PENDING)
			continue;
		remark(what, sizeof what, step);
		span_text(span, m == RUNNING ? -1 : taken(step, now));
		double at =
			m == RUNNING ? member_number(step, "begun") : member_number(step, "ended");
		snprintf(line, sizeof line, "%s  %-7s  %-*s  %-*s  %s%s%s",
			clock_text(clock, at > 0 && m != RUNNING ? at : now, now), state,
			(int)name_w, member_word(step, "name"), (int)machine_w,
			member_word(step, "machine"), span, *span && *what ? ": " : "", what);
		text_clean(clean, sizeof clean, line);
		fprintf(to, "%s\n", clean);
	}
	fflush(to);
}

/* A bar of eighths of a character where the terminal has them. */
static void bar_put(FILE *to, const struct term *t, double part, unsigned room)
{
	static const char *const eighth[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned eighths = (unsigned)(part * room * 8 + 0.5);
	unsigned whole = t->utf8 ? eighths / 8 : (eighths + 4) / 8;
	fputs(term_ink(t, INK_GOOD), to);
	for (unsigned i = 0; i < whole; i++)
		fputs(t->utf8 ? "█" : "#", to);
	if (t->utf8)
		fputs(eighths ? eighth[eighths % 8] : "▏", to);
	fputs(term_ink(t, INK_PLAIN), to);
}

void timeline_draw(FILE *to, const struct term *t, const json_t *order)
{
	const json_t *steps = json_object_get(order, "steps"), *step;
	double longest = 0, begun = member_number(order, "begun"),
	       ended = member_number(order, "ended");
	unsigned name_w, machine_w;
	size_t i;
	char span[24];
	name_widths(steps, &name_w, &machine_w);
	json_array_foreach(steps, i, step)
	{
		double s = taken(step, 0);
		if (s > longest)
			longest = s;
	}
	if (longest <= 0)
		return;
	fprintf(to, "\nwhere the time went: %s\n",
		ended > begun ? span_text(span, ended - begun) : "not over yet");
	unsigned used = 3 + name_w + 2 + 11 + 2, width = t->width ? t->width : 80;
	unsigned room = width > used + 10 ? width - used : 10;
	if (room > 50)
		room = 50;
	json_array_foreach(steps, i, step)
	{
		double s = taken(step, 0);
		char name[64];
		if (s < 0)
			continue;
		text_clean(name, sizeof name, member_word(step, "name"));
		fprintf(to, "   %-*s  %11s  ", (int)name_w, name, span_text(span, s));
		bar_put(to, t, s / longest, room);
		fputc('\n', to);
	}
}

void choice_draw(FILE *to, const struct term *t, const json_t *order)
{
	const json_t *choice = json_object_get(order, "choice"), *other;
	const json_t *others = json_object_get(choice, "others");
	double more = member_number(choice, "more");
	OWN(grid) struct grid g = { 0 };
	char machine[128], pool[128];
	size_t i;
	if (!choice)
		return;
	text_clean(machine, sizeof machine, member_word(choice, "machine"));
	text_clean(pool, sizeof pool, member_word(choice, "pool"));
	fprintf(to, "%s%s%s was chosen from pool %s%s\n", term_ink(t, INK_BOLD), machine,
		term_ink(t, INK_PLAIN), pool,
		json_array_size(others) ? "" : "; it is the only one there");
	grid_column(&g, "OTHER", false);
	grid_column(&g, "WHY NOT", false);
	json_array_foreach(others, i, other)
	{
		grid_cell(&g, INK_PLAIN, member_word(other, "machine"));
		grid_cell(&g, INK_DIM, member_word(other, "why"));
	}
	if (i)
		grid_print(&g, to, t);
	if (more > 0)
		fprintf(to, "and %.0f more\n", more);
}

void plan_draw(FILE *to, const struct term *t, const json_t *order)
{
	const json_t *steps = json_object_get(order, "steps"), *step;
	OWN(grid) struct grid g = { 0 };
	char head[400], number[24];
	size_t i;
	order_head(head, sizeof head, order);
	fprintf(to, "%s%s%s would take these steps; nothing was changed\n", term_ink(t, INK_BOLD),
		head, term_ink(t, INK_PLAIN));
	grid_column(&g, "", true);
	grid_column(&g, "STEP", false);
	grid_column(&g, "MACHINE", false);
	grid_column(&g, "WHAT", false);
	json_array_foreach(steps, i, step)
	{
		snprintf(number, sizeof number, "%zu", i + 1);
		grid_cell(&g, INK_DIM, number);
		grid_cell(&g, INK_PLAIN, member_word(step, "name"));
		grid_cell(&g, INK_PLAIN, member_word(step, "machine"));
		grid_cell(&g, INK_PLAIN, member_word(step, "when"));
	}
	grid_print(&g, to, t);
	if (json_object_get(order, "choice"))
		fputc('\n', to);
	choice_draw(to, t, order);
	if (json_array_size(json_object_get(order, "checks")))
		fputc('\n', to);
	checks_draw(to, t, json_object_get(order, "checks"));
}
