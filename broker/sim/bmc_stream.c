/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of the Redfish service as a stream that its clients hold open (DSP0266, "Server-sent
 * events"), and the faults of that way: hang, half-body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "sim/bmc.h"
#include "sim/fault.h"

enum { ALIVE_MS = 2000 };

static bool hangs(const struct sim *s)
{
	return fault_is(s->machine_path, "hang", "redfish");
}

static void end(struct listener *l, bool whole)
{
	struct http_stream *stream = TAKE(l->stream);
	if (stream)
		http_stream_end(stream, whole);
}

/* Whoever does not read what is there already is not waited for. */
static void put(struct listener *l, const char *text, size_t len)
{
	if (l->stream && !http_stream_put(l->stream, text, len))
		end(l, false);
}

bool streams_any(const struct sim *s)
{
	for (size_t i = 0; i < COUNT(s->listener); i++)
		if (s->listener[i].stream)
			return true;
	return false;
}

/* A line that says nothing, so that both sides notice when the other has gone. */
static void on_alive(uv_timer_t *t)
{
	static const char alive[] = ": alive\n\n";
	struct sim *s = t->data;
	if (!streams_any(s))
		uv_timer_stop(t);
	for (size_t i = 0; i < COUNT(s->listener) && !hangs(s); i++)
		put(&s->listener[i], alive, sizeof alive - 1);
	sim_before(s);
	sim_after(s);
}

static void on_gone(void *ctx, bool whole)
{
	struct listener *l = ctx;
	(void)whole;
	l->stream = NULL;
}

void stream_open(struct sim *s, struct http_request *r, const char *type)
{
	static const char first[] = ": events follow\n\n";
	struct listener *l = s->listener;
	while (l < s->listener + COUNT(s->listener) && l->stream)
		l++;
	if (l == s->listener + COUNT(s->listener)) {
		http_reply_text(r, 503, "as many read the events as can");
		return;
	}
	http_add_field(r, "OData-Version", "4.0");
	http_add_field(r, "Cache-Control", "no-store");
	http_when_sent(r, on_gone, l);
	l->stream = http_reply_stream(r, type);
	put(l, first, sizeof first - 1);
	uv_timer_start(&s->alive, on_alive, ALIVE_MS, ALIVE_MS);
}

/* "id: 7", and a line of data for each line of the body. NULL: no memory. */
static char *event_text(const char *id, const char *body)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	fprintf(f, "id: %s\n", id);
	for (const char *at = body; *at;) {
		int n = (int)strcspn(at, "\n");
		fprintf(f, "data: %.*s\n", n, at);
		at += n + (at[n] == '\n');
	}
	fputs("\n", f);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

void streams_event(struct sim *s, const char *id, const char *body)
{
	OWN(text) char *text = event_text(id, body);
	size_t len = text ? strlen(text) : 0;
	bool half = fault_is(s->machine_path, "half-body", NULL);
	if (!text || hangs(s))
		return;
	for (size_t i = 0; i < COUNT(s->listener); i++) {
		put(&s->listener[i], text, half ? len / 2 : len);
		if (half)
			end(&s->listener[i], false);
	}
}

void streams_drop(struct sim *s)
{
	for (size_t i = 0; i < COUNT(s->listener); i++)
		end(&s->listener[i], true);
}
