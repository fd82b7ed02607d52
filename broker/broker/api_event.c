/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events for a reader, at once or when the next one comes. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "broker/api.h"
#include "broker/events.h"

enum { NEWEST = 50, MOST = 1000, WAIT_MOST_S = 60 };

struct waiting {
	struct event_waiter waiter;
	struct broker *b;
	struct http_request *request;
	uint64_t since, order;
	uv_timer_t timer;
};

static json_t *event_json(const void *one)
{
	const struct event_row *v = one;
	return json_pack("{s:I,s:f,s:s,s:i,s:I,s:s,s:s,s:s}", "id", (json_int_t)v->id, "at",
		v->at_s, "word", v->word, "level", v->level, "order", (json_int_t)v->order,
		"machine", v->machine, "persona", v->persona, "text", v->text);
}

static json_t *items_of(struct event_row *list, size_t n, int r)
{
	json_t *items = r == 0 ? json_items(list, n, sizeof *list, event_json) : NULL;
	free(list);
	return items;
}

json_t *event_items(struct broker *b, uint64_t since, uint64_t order, struct err *e)
{
	struct event_row *list = NULL;
	size_t n = 0;
	int r = store_events(b->store, since, order, MOST, &list, &n, e);
	return items_of(list, n, r);
}

static json_t *newest_items(struct broker *b, uint64_t order, struct err *e)
{
	struct event_row *list = NULL;
	size_t n = 0;
	int r = store_events_newest(b->store, order, NEWEST, &list, &n, e);
	return items_of(list, n, r);
}

void api_event_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	uint64_t since = 0, order = 0, wait_s = 0;
	if ((a->since && !number_read(&since, a->since)) ||
		(a->order && !number_read(&order, a->order)) ||
		(a->wait_s && (!number_read(&wait_s, a->wait_s) || wait_s > WAIT_MOST_S))) {
		reply_say(to, 400, "GET /v1/events?since=N&order=N&wait_s=S",
			"events: want whole numbers, and wait_s of 0 to %d", WAIT_MOST_S);
		return;
	}
	json_t *items =
		a->since ? event_items(a->b, since, order, &e) : newest_items(a->b, order, &e);
	if (items)
		reply_ok(to, items);
	else
		reply_err(to, &e, "");
}

static void waiting_gone(uv_handle_t *h)
{
	free(h->data);
}

static void waiting_end(struct waiting *w)
{
	struct err e = { 0 };
	struct reply to = { 0 };
	json_t *items = event_items(w->b, w->since, w->order, &e);
	if (items)
		reply_ok(&to, items);
	else
		reply_err(&to, &e, "");
	event_unwait(w->b->events, &w->waiter);
	reply_send(w->request, &to);
	uv_close((uv_handle_t *)&w->timer, waiting_gone);
}

static void waiting_late(uv_timer_t *t)
{
	waiting_end(t->data);
}

/* Not from within the event itself: what was said may be part of a change that goes on. */
static void waiting_wake(struct event_waiter *waiter)
{
	struct waiting *w = container_of(waiter, struct waiting, waiter);
	struct event_row *list = NULL;
	size_t n = 0;
	if (w->order && store_events(w->b->store, w->since, w->order, 1, &list, &n, NULL) == 0 &&
		n == 0)
		return;
	free(list);
	uv_timer_start(&w->timer, waiting_late, 0, 0);
}

void event_list_wait(
	struct broker *b, struct http_request *r, uint64_t since, uint64_t order, unsigned wait_s)
{
	struct waiting *w = calloc(1, sizeof *w);
	if (!w) {
		struct reply to;
		reply_say(&to, 500, "try again", "out of memory");
		reply_send(r, &to);
		return;
	}
	w->b = b;
	w->request = r;
	w->since = since;
	w->order = order;
	w->waiter.wake = waiting_wake;
	uv_timer_init(b->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, waiting_late, wait_s * 1000ull, 0);
	event_wait(b->events, &w->waiter);
}
