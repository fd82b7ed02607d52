/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection to the broker: HTTP over its unix socket. The only file that knows libcurl.
 * Paths and methods come from api/api.h alone. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "api/api.h"
#include "base/err.h"

struct client;

struct reply {
	long status;
	char *body; /* the caller's, NUL-terminated, never NULL after success */
	size_t len;
};
void reply_drop(struct reply *r);

int client_open(struct client **ret, const char *socket, struct err *e);
void client_close(struct client *c); /* takes NULL */

/* What to call about ten times a second while an answer is awaited; it returns true to give up. */
void client_on_tick(struct client *c, bool (*tick)(void *ctx), void *ctx);

/* Asks once. arg fills the `{}` of the route's path, percent-encoded here; query ("since=4") and
 * body (JSON) may be NULL. Any HTTP status is success. -ENOENT, -ECONNREFUSED, -EACCES:
 * the broker cannot be reached; -ETIMEDOUT, -ECONNRESET, -EMSGSIZE: it was asked and its answer did
 * not come whole; -EINTR: the tick gave up. With a sentence. */
int client_ask(struct client *c, enum route r, const char *arg, const char *query, const char *body,
	struct reply *ret, struct err *e);
