/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: see events.h. */
#include "broker/events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"
#include "base/list.h"
#include "broker/broker.h"
#include "broker/members.h"

/* The last word of a machine is kept for so many machines; a stranger who controls the edge can
 * fill this, and no more than this. */
enum { BUCKETS = 4096, SEEN_MAX = 20000 };

struct seen {
	struct seen *next;
	double at_s;
	char machine[NAME_LEN + 1], what[80];
};

struct events {
	struct store *store;
	event_heard *heard;
	void *ctx;
	struct event_waiter *waiting;
	struct seen *seen[BUCKETS];
	unsigned seen_count;
	struct alarms alarms;
};

double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What the jailed processes may say. They are not believed in anything else. A crash the warden
 * says, through the same channel; one that was made up is a line on a page, and nothing acts on it.
 */
static const enum event from_outside[] = {
	EV_child_crashed,
	EV_dhcp_answered,
	EV_dhcp_foreign,
	EV_dhcp_left,
	EV_dhcp_limited,
	EV_dhcp_silent,
	EV_handover_sent,
	EV_http_refused,
	EV_ipv6_asked,
	EV_leases_lost,
	EV_leases_not_kept,
	EV_leases_recovered,
	EV_loader_refused,
	EV_loader_sent,
	EV_proxy_ignored,
	EV_relay_port_differs,
	EV_script_sent,
	EV_shim_sent,
	EV_step_said,
	EV_table_refused,
	EV_table_taken,
};

static void seen_note(struct events *v, const struct event_row *row);

static bool is_from_outside(int ev)
{
	for (size_t i = 0; i < COUNT(from_outside); i++)
		if ((int)from_outside[i] == ev)
			return true;
	return false;
}

/* What an earlier broker heard. Without it the lists say "nothing yet", and nothing worse. */
static void seen_remember(struct events *v)
{
	struct event_row *row = NULL;
	size_t n = 0;
	store_events_last(v->store, &row, &n, NULL);
	for (size_t i = 0; i < n; i++) {
		alarms_note(&v->alarms, &row[i]);
		if (*row[i].machine && is_from_outside(event_parse(row[i].word)))
			seen_note(v, &row[i]);
	}
	free(row);
}

int events_open(
	struct events **ret, struct store *store, event_heard *heard, void *ctx, struct err *e)
{
	struct events *v = calloc(1, sizeof *v);
	if (!v)
		return err_set(e, ENOMEM, "events");
	v->store = store;
	v->heard = heard;
	v->ctx = ctx;
	seen_remember(v);
	*ret = v;
	return 0;
}

void events_close(struct events *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (v->seen[i]) {
			struct seen *s = v->seen[i];
			v->seen[i] = s->next;
			free(s);
		}
	}
	free(v);
}

static struct seen **seen_at(const struct events *v, const char *machine)
{
	uint32_t h = 2166136261u;
	for (const char *c = machine; *c; c++)
		h = (h ^ (uint8_t)*c) * 16777619u;
	struct seen *const *at = &v->seen[h % BUCKETS];
	while (*at && strcmp((*at)->machine, machine) != 0)
		at = &(*at)->next;
	return (struct seen **)at;
}

static void seen_note(struct events *v, const struct event_row *row)
{
	struct seen **at = seen_at(v, row->machine);
	if (!*at && v->seen_count < SEEN_MAX) {
		*at = calloc(1, sizeof **at);
		v->seen_count += *at != NULL;
	}
	if (!*at)
		return;
	char more[40] = "";
	static const char *const telling[] = { "stage", "script", "file", "step" };
	for (size_t i = 0; i < COUNT(telling) && !*more; i++)
		event_field(more, sizeof more, row->text, telling[i]);
	snprintf((*at)->machine, sizeof(*at)->machine, "%s", row->machine);
	snprintf((*at)->what, sizeof(*at)->what, "%s%s%s", row->word, *more ? " " : "", more);
	(*at)->at_s = row->at_s;
}

void event_last_of(char to[EVENT_SEEN], const struct events *v, const char *machine)
{
	static const struct {
		double upto, unit;
		const char *word;
	} units[] = { { 120, 1, "s" }, { 7200, 60, "min" }, { 172800, 3600, "h" },
		{ 1e12, 86400, "days" } };
	const struct seen *s = *seen_at(v, machine);
	size_t i = 0;
	if (!s) {
		snprintf(to, EVENT_SEEN, "nothing yet");
		return;
	}
	double ago = now_s() - s->at_s; /* below 0 once the clock was set back */
	while (i + 1 < COUNT(units) && ago >= units[i].upto)
		i++;
	snprintf(to, EVENT_SEEN, "%s %.0f %s ago", s->what, ago > 0 ? ago / units[i].unit : 0,
		units[i].word);
}

static void event_keep(struct events *v, enum event ev, struct event_row *row)
{
	struct err e = { 0 };
	row->at_s = now_s();
	row->level = (int)event_level(ev);
	snprintf(row->word, sizeof row->word, "%s", event_word(ev));
	log_event(ev, "%s", row->text);
	store_event_add(v->store, row, &e);
	alarms_note(&v->alarms, row);
	struct event_waiter *w = v->waiting;
	while (w) {
		struct event_waiter *next = w->next;
		w->wake(w);
		w = next;
	}
}

void event_say(
	struct events *v, enum event ev, const struct event_about *about, const char *fmt, ...)
{
	struct event_row row = { .order = about->order };
	snprintf(row.machine, sizeof row.machine, "%s", about->machine ? about->machine : "");
	snprintf(row.persona, sizeof row.persona, "%s", about->persona ? about->persona : "");
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(row.text, sizeof row.text, fmt, ap);
	va_end(ap);
	plain_text(row.text, sizeof row.text, row.text); /* one line, and good JSON */
	event_keep(v, ev, &row);
}

/* "word key=value ...": printable, single blanks. */
static bool line_ok(const char *s)
{
	bool between = true;
	for (; *s; s++) {
		if (*s < 0x20 || *s > 0x7e || (*s == ' ' && between))
			return false;
		between = *s == ' ';
	}
	return !between;
}

bool events_take(struct events *v, const char *bytes, size_t len)
{
	char line[1100];
	while (len && bytes[len - 1] == '\n')
		len--;
	if (len == 0 || len >= sizeof line || memchr(bytes, 0, len))
		return false;
	memcpy(line, bytes, len);
	line[len] = '\0';
	if (!line_ok(line))
		return false;
	char *fields = strchr(line, ' ');
	if (fields)
		*fields++ = '\0';
	int ev = event_parse(line);
	struct event_row row = { 0 };
	if (!is_from_outside(ev))
		return false;
	snprintf(row.text, sizeof row.text, "%.*s", (int)sizeof row.text - 1, fields ? fields : "");
	if (event_field(row.machine, sizeof row.machine, row.text, "machine") &&
		!name_ok(row.machine))
		row.machine[0] = '\0';
	struct binding b;
	if (*row.machine && store_binding_of(v->store, row.machine, &b, NULL) == 0)
		memcpy(row.persona, b.persona, sizeof row.persona);
	event_keep(v, (enum event)ev, &row);
	if (*row.machine)
		seen_note(v, &row);
	if (v->heard)
		v->heard(v->ctx, (enum event)ev, &row);
	return true;
}

const struct alarms *events_alarms(const struct events *v)
{
	return &v->alarms;
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

bool event_field(char *to, size_t size, const char *text, const char *key)
{
	size_t len = strlen(key), n = 0;
	while (strncmp(text, key, len) != 0 || text[len] != '=') {
		text = strchr(text, ' ');
		if (!text++)
			return false;
	}
	for (const char *s = text + len + 1; *s && *s != ' '; s++) {
		char c = *s;
		if (c == '%') {
			int hi = hex_of(s[1]), lo = hi < 0 ? -1 : hex_of(s[2]);
			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			c = c < 0x20 || c > 0x7e ? '?' : c;
			s += 2;
		}
		if (n + 1 >= size)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return true;
}

void event_wait(struct events *v, struct event_waiter *w)
{
	w->next = v->waiting;
	v->waiting = w;
}

void event_unwait(struct events *v, struct event_waiter *w)
{
	for (struct event_waiter **at = &v->waiting; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			return;
		}
	}
}
