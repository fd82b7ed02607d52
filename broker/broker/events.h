/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events: what happened, in one line each. Those of baton-edge and baton-files come as datagrams,
 * the broker's own are said here; all are stamped, logged, kept in the store, and wake whoever
 * waits for one. An event that cannot be kept is still logged and heard. */
#pragma once
#include "broker/alarms.h"
#include "host/log.h"
#include "store/store.h"

struct events;

struct event_about {
	uint64_t order;
	const char *machine, *persona; /* NULL or "": none */
};

/* `heard` is told every event of the data path, after it was kept. */
typedef void event_heard(void *ctx, enum event ev, const struct event_row *row);

int events_open(
	struct events **ret, struct store *store, event_heard *heard, void *ctx, struct err *e);
void events_close(struct events *v); /* takes NULL */

/* fmt is the fields, "why=%s": text in them may hold blanks only as the last field. */
void event_say(struct events *v, enum event ev, const struct event_about *about, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* One datagram from edge or files; false when it is not an event that those may say. */
bool events_take(struct events *v, const char *bytes, size_t len);

/* The value of key in a line "key=value key=value", with %XX undone. False when it is not there
 * or does not fit. */
bool event_field(char *to, size_t size, const char *text, const char *key);

/* What was last heard of a machine, also by an earlier broker: "script-sent shim 41 s ago", or
 * "nothing yet". */
enum { EVENT_SEEN = 128 };
void event_last_of(char to[EVENT_SEEN], const struct events *v, const char *machine);

/* What was alarming lately, also by an earlier broker's last word; borrowed. */
const struct alarms *events_alarms(const struct events *v);

/* Somebody who waits for the next event, whichever. wake() may take itself off. */
struct event_waiter {
	struct event_waiter *next;
	void (*wake)(struct event_waiter *w);
};
void event_wait(struct events *v, struct event_waiter *w);
void event_unwait(struct events *v, struct event_waiter *w);
