/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal and text for it: see term.h. */
#include "cli/term.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

void term_read(struct term *ret, int fd)
{
	const char *kind = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct winsize size;
	*ret = (struct term){
		.tty = isatty(fd) && kind && strcmp(kind, "dumb") != 0,
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	ret->colour = ret->tty && (!no_colour || !*no_colour);
	if (!ret->tty)
		return;
	bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
	ret->width = known ? size.ws_col : 80;
	ret->height = known && size.ws_row > 0 ? size.ws_row : 24;
}

const char *term_ink(const struct term *t, enum ink ink)
{
	static const char *const on[] = {
		[INK_PLAIN] = "\033[0m",
		[INK_GOOD] = "\033[32m",
		[INK_BAD] = "\033[1;31m",
		[INK_WARN] = "\033[33m",
		[INK_DIM] = "\033[2m",
		[INK_BOLD] = "\033[1m",
	};
	return t->colour ? on[ink] : "";
}

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void text_clean(char *to, size_t len, const char *from)
{
	size_t at = 0;
	for (; *from && at + 1 < len; from++) {
		unsigned char c = (unsigned char)*from, next = (unsigned char)from[1];
		if (c < ' ' || c == 0x7f)
			to[at++] = '?';
		else if (c == 0xc2 && next >= 0x80 && next < 0xa0) { /* C1 control characters */
			to[at++] = '?';
			from++;
		} else
			to[at++] = *from;
	}
	/* Cut in the middle of a character: its beginning goes, too. */
	if (is_tail(*from))
		while (at > 0 && is_tail(to[--at]))
			;
	to[at] = '\0';
}

unsigned text_width(const char *text)
{
	unsigned n = 0;
	for (; *text; text++)
		n += !is_tail(*text);
	return n;
}

void text_put(FILE *to, const struct term *t, const char *text, unsigned width, bool right)
{
	unsigned has = text_width(text);
	for (unsigned n = has; right && n < width; n++)
		fputc(' ', to);
	if (has <= width) {
		fputs(text, to);
	} else if (width > 0) {
		unsigned n = 0;
		for (const char *at = text; *at; at++) {
			if (!is_tail(*at) && ++n == width)
				break;
			fputc(*at, to);
		}
		fputs(t->utf8 ? "…" : ">", to);
	}
	for (unsigned n = has; !right && n < width; n++)
		fputc(' ', to);
}

const char *span_text(char to[24], double s)
{
	unsigned long long whole = s > 0 ? (unsigned long long)(s + 0.5) : 0;
	if (s < 0)
		to[0] = '\0';
	else if (s < 0.9995)
		snprintf(to, 24, "%.0f ms", s * 1000);
	else if (s < 59.95)
		snprintf(to, 24, "%.1f s", s);
	else if (whole < 3600)
		snprintf(to, 24, "%llu min %02llu s", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(to, 24, "%llu h %02llu min", whole / 3600, whole % 3600 / 60);
	else
		snprintf(to, 24, "%llu d %llu h", whole / 86400 % 1000000, whole % 86400 / 3600);
	return to;
}

const char *clock_text(char to[24], double at, double now)
{
	time_t then_s = (time_t)at, now_s = (time_t)now;
	struct tm then, today;
	to[0] = '\0';
	if (at <= 0 || !localtime_r(&then_s, &then) || !localtime_r(&now_s, &today))
		return to;
	bool same = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
	strftime(to, 24, same ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
	return to;
}
