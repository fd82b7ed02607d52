/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers the API (docs/design/0004): a request as values in, a status and a JSON object out.
 * The files api_SUBJECT.c hold one function for each route of api/api.def. */
#pragma once
#include <jansson.h>

#include "broker/broker.h"
#include "broker/members.h"
#include "host/http.h"

struct ask {
	struct broker *b;
	const char *arg;                    /* what stood for `{}` in the path */
	const json_t *body;                 /* NULL: none was sent */
	unsigned uid;                       /* who asks */
	const char *since, *order, *wait_s; /* of the query; NULL: not there */
	const char *circuit, *remote;
	const char *machine, *persona;
	struct http_request *request; /* for an answer that comes later */
};

struct reply {
	int status; /* 0: it is answered later */
	json_t *body;
};

/* One for each route: void api_network_add(const struct ask *, struct reply *); ... */
#define ROUTE(handler, method, path, what)                                                         \
	void api_##handler(const struct ask *a, struct reply *to);
#include "api/api.def"
#undef ROUTE

/* Takes the body. */
void reply_ok(struct reply *to, json_t *body);
/* The status that fits e's code, its sentence, and what to do next. */
void reply_err(struct reply *to, const struct err *e, const char *hint);
void reply_say(struct reply *to, int status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Ends a change: commits and publishes, or takes it back, and answers with body, which it takes.
 * r is the result so far. what: the event's fields, "network=mgmt added". */
void reply_change(const struct ask *a, struct reply *to, int r, struct err *e, json_t *body,
	const char *hint, const char *what);

/* Handles whatever the HTTP server hands over; ctx is the broker. */
void api_handle(void *ctx, struct http_request *r);

/* {"items":[...]} of n things of that size; take_ makes one into JSON. NULL without memory. */
json_t *json_items(const void *list, size_t n, size_t size, json_t *(*take)(const void *one));
/* Reads the number in text; false when it is none. */
bool number_read(uint64_t *ret, const char *text);
json_t *json_addr(uint32_t addr);                      /* "" for 0 */
json_t *json_addrs(const uint32_t *list, size_t most); /* up to the first 0 */
json_t *json_mac(const struct mac *m);                 /* "" for none */

/* The order as JSON, with its steps or without. */
json_t *order_json(struct broker *b, const struct order *o, bool steps);
/* The batch as JSON, whole with its wishes; NULL with *e. */
json_t *batch_json(struct broker *b, const struct batch *batch, bool whole, struct err *e);
/* A stopped order goes on; *o is brought up to date. */
int order_resume(struct broker *b, unsigned uid, struct order *o, struct err *e);
/* Answers an event_list later: when one comes, or after wait_s. */
void event_list_wait(
	struct broker *b, struct http_request *r, uint64_t since, uint64_t order, unsigned wait_s);
/* The oldest 1000 events after since, as {"items":[...]}; NULL with *e. */
json_t *event_items(struct broker *b, uint64_t since, uint64_t order, struct err *e);
/* Sends a reply and takes its body. */
void reply_send(struct http_request *r, struct reply *reply);
