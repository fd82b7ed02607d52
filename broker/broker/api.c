/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an HTTP request to the function of its route, and from its reply to HTTP: see api.h. */
#include "broker/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "broker/events.h"
#include "broker/publish.h"

typedef void answer_route(const struct ask *a, struct reply *to);

static answer_route *const answers[ROUTES] = {
#define ROUTE(handler, method, path, what) api_##handler,
#include "api/api.def"
#undef ROUTE
};

void reply_ok(struct reply *to, json_t *body)
{
	if (!body) {
		reply_say(to, 500, "try again", "out of memory");
		return;
	}
	*to = (struct reply){ 200, body };
}

void reply_say(struct reply *to, int status, const char *hint, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	plain_text(text, sizeof text, text); /* it may quote what was asked */
	to->status = status;
	to->body = json_pack("{s:s,s:s}", "error", text, "hint", hint);
}

static int status_of(int code)
{
	switch (code) {
	case EINVAL:
	case ERANGE:
		return 400;
	case ENOENT:
		return 404;
	case EEXIST:
	case EBUSY:
	case EDQUOT:
	case ESTALE:
		return 409;
	default:
		return 500;
	}
}

void reply_err(struct reply *to, const struct err *e, const char *hint)
{
	int status = status_of(e->code);
	reply_say(to, status, status == 500 ? "nothing was changed; mend that and try again" : hint,
		"%s", e->text);
}

void reply_change(const struct ask *a, struct reply *to, int r, struct err *e, json_t *body,
	const char *hint, const char *what)
{
	if (r < 0)
		store_rollback(a->b->store);
	else
		r = publish_commit(a->b->publisher, e);
	if (r < 0) {
		json_decref(body);
		reply_err(to, e, hint);
		return;
	}
	event_say(a->b->events, EV_api_changed, &(struct event_about){ 0 }, "who=%u %s", a->uid,
		what);
	reply_ok(to, body);
}

json_t *json_items(const void *list, size_t n, size_t size, json_t *(*take)(const void *one))
{
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, take((const char *)list + i * size));
	return json_pack("{s:o}", "items", items);
}

bool number_read(uint64_t *ret, const char *text)
{
	uint64_t v = 0;
	size_t n = strspn(text, "0123456789");
	if (n == 0 || n > 18 || text[n])
		return false;
	for (; *text; text++)
		v = v * 10 + (uint64_t)(*text - '0');
	*ret = v;
	return true;
}

json_t *json_addr(uint32_t addr)
{
	char text[IP4_TEXT];
	return json_string(addr ? ip4_text(text, addr) : "");
}

json_t *json_addrs(const uint32_t *list, size_t most)
{
	json_t *all = json_array();
	for (size_t i = 0; i < most && list[i]; i++)
		json_array_append_new(all, json_addr(list[i]));
	return all;
}

json_t *json_mac(const struct mac *m)
{
	char text[MAC_TEXT];
	return json_string(mac_is_zero(m) ? "" : mac_text(text, m));
}

void reply_send(struct http_request *r, struct reply *reply)
{
	OWN(text) char *text = json_dumps(reply->body, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(reply->body);
	reply->body = NULL;
	if (text)
		http_reply(r, (unsigned)reply->status, "application/json", text, strlen(text));
	else
		http_reply(r, 500, "application/json", "{}", 2);
}

static void refuse(struct http_request *r, int status, const char *hint, const char *sentence)
{
	struct reply to;
	reply_say(&to, status, hint, "%s", sentence);
	reply_send(r, &to);
}

/* GET /v1/events waits; a plan is answered by broker/plan.h; every other route answers at once. */
static bool wants_to_wait(
	struct broker *b, const struct ask *a, int route, struct http_request *r, struct reply *to)
{
	uint64_t since = 0, order = 0, wait_s = 0;
	if (route != ROUTE_event_list || to->status != 200 || !a->wait_s || !a->since ||
		!number_read(&wait_s, a->wait_s) || !number_read(&since, a->since) ||
		(a->order && !number_read(&order, a->order)) || wait_s == 0 ||
		json_array_size(json_object_get(to->body, "items")))
		return false;
	json_decref(to->body);
	event_list_wait(b, r, since, order, (unsigned)wait_s);
	return true;
}

void api_handle(void *ctx, struct http_request *r)
{
	struct http_peer peer;
	char arg[128];
	size_t len;
	const char *body = http_body(r, &len);
	int route = route_find(http_method(r), http_path(r), arg);
	if (route < 0) {
		refuse(r, route == -2 ? 405 : 404, "docs/api.md lists the routes",
			route == -2 ? "this path has no such method" : "there is no such path");
		return;
	}
	http_peer(&peer, r);
	json_error_t je;
	OWN(json) json_t *sent = len ? json_loadb(body, len, JSON_REJECT_DUPLICATES, &je) : NULL;
	if (len && !json_is_object(sent)) {
		/* jansson's own words would quote the body, and that may hold a secret. */
		refuse(r, 400, "send one JSON object", "the body is not a JSON object");
		return;
	}
	struct ask a = { .b = ctx,
		.arg = arg,
		.body = sent,
		.uid = peer.uid,
		.since = http_query(r, "since"),
		.order = http_query(r, "order"),
		.wait_s = http_query(r, "wait_s"),
		.circuit = http_query(r, "circuit"),
		.remote = http_query(r, "remote"),
		.machine = http_query(r, "machine"),
		.persona = http_query(r, "persona"),
		.request = r };
	struct reply to = { 0 };
	answers[route](&a, &to);
	if (to.status && !wants_to_wait(ctx, &a, route, r, &to))
		reply_send(r, &to);
}
