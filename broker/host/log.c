/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: see log.h. */
#include "host/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"

static const struct {
	const char *word;
	enum log_level level;
} events[] = {
#define EVENT(name, word, level, when) { word, LOG_##level },
#include "host/events.def"
#undef EVENT
};

static const char *program = "baton";
static int show_debug;

void log_open(const char *name)
{
	program = name;
	show_debug = getenv("BATON_DEBUG") != NULL;
}

const char *event_word(enum event ev)
{
	return events[ev].word;
}

enum log_level event_level(enum event ev)
{
	return events[ev].level;
}

int event_parse(const char *word)
{
	for (size_t i = 0; i < COUNT(events); i++)
		if (strcmp(events[i].word, word) == 0)
			return (int)i;
	return -1;
}

void log_event(enum event ev, const char *fmt, ...)
{
	if (events[ev].level == LOG_DEBUG && !show_debug)
		return;
	char line[1024];
	int at = snprintf(
		line, sizeof line, "<%d>%s %s ", events[ev].level, program, events[ev].word);
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line + at, sizeof line - (size_t)at - 1, fmt, ap);
	va_end(ap);
	size_t len = (size_t)at + (n < 0 ? 0 : (size_t)n);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	line[len++] = '\n';
	/* One write, so that lines of several processes never mix; a log that cannot be
	 * written is nobody's business. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}
