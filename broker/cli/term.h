/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the output is (a terminal? how wide? colours? UTF-8?) and text that is fit for it: the
 * broker passes on words of strangers, and a terminal obeys control characters. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct term {
	bool tty, colour, utf8;
	unsigned width, height; /* 0: no limit */
};

enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_WARN, INK_DIM, INK_BOLD };

/* Looks at the descriptor, NO_COLOR, TERM and the locale; asked again before every redraw. */
void term_read(struct term *ret, int fd);
/* The sequence that begins an ink, or ends it (INK_PLAIN); "" without colours. */
const char *term_ink(const struct term *t, enum ink ink);

/* Copies text without control characters ('?' in their place), cut to len with its NUL at the end
 * of a character. */
void text_clean(char *to, size_t len, const char *from);
/* Columns that clean text takes: its characters. */
unsigned text_width(const char *text);
/* Prints clean text in exactly `width` columns: padded, or cut with an ellipsis. right: pads
 * before. */
void text_put(FILE *to, const struct term *t, const char *text, unsigned width, bool right);
/* "850 ms", "12.3 s", "4 min 05 s", "3 h 20 min", "2 d 4 h"; "" for less than 0. */
const char *span_text(char to[24], double seconds);
/* A time of the clock: "06:08:34" today, "2026-11-21 06:08:34" on another day; "" for 0. */
const char *clock_text(char to[24], double at, double now);
