/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See tell.h. */
#include "host/tell.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

void tell_begin(struct tell *t, enum event ev)
{
	t->event = ev;
	int n = snprintf(t->text, sizeof t->text, "%s", event_word(ev));
	t->at = t->fields = (size_t)n;
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '%' && c != '=';
}

void tell_add(struct tell *t, const char *key, const char *fmt, ...)
{
	char value[512];
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	size_t at = t->at, room = sizeof t->text;
	int n = snprintf(t->text + at, room - at, " %s=", key);
	if (n < 0 || (size_t)n >= room - at) {
		t->text[at] = '\0';
		return;
	}
	at += (size_t)n;
	for (const char *v = value; *v; v++) {
		unsigned char c = (unsigned char)*v;
		if (room - at < 4) {
			t->text[t->at] = '\0';
			return;
		}
		if (is_plain(c))
			t->text[at++] = *v;
		else
			at += (size_t)snprintf(t->text + at, room - at, "%%%02X", c);
	}
	t->text[at] = '\0';
	t->at = at;
}

void tell_send(struct tell *t, int fd)
{
	const char *fields = t->text + t->fields;
	log_event(t->event, "%s", *fields == ' ' ? fields + 1 : fields);
	if (fd >= 0 && send(fd, t->text, t->at, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

void tell_one(int fd, enum event ev, const char *key, const char *value)
{
	struct tell t;
	tell_begin(&t, ev);
	tell_add(&t, key, "%s", value);
	tell_send(&t, fd);
}
