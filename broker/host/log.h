/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line per event, for journald and for people: `<6>word key=value ...` on stderr.
 * Words and levels: host/events.def. Never a secret in a field. */
#pragma once

enum event {
#define EVENT(name, word, level, when) EV_##name,
#include "host/events.def"
#undef EVENT
	EVENTS
};

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

void log_open(
	const char *program); /* the first field of every line; debug lines with BATON_DEBUG=1 */
const char *event_word(enum event ev);
enum log_level event_level(enum event ev);
/* The event of that word, or -1. */
int event_parse(const char *word);

/* fmt is the fields: log_event(EV_started, "pid=%d", pid) */
void log_event(enum event ev, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
