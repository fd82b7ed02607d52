/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP to the broker: see client.h. */
#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/own.h"

enum {
	BODY_MOST = 64 << 20,
	ANSWER_S = 90, /* the longest wait_s is 60 */
	TICK_MS = 100,
};

struct client {
	char socket[sizeof((struct sockaddr_un *)0)->sun_path];
	CURLM *multi;
	bool (*tick)(void *ctx);
	void *ctx;
};

void reply_drop(struct reply *r)
{
	free(r->body);
	r->body = NULL;
}

int client_open(struct client **ret, const char *socket, struct err *e)
{
	struct client *c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, ENOMEM, "client");
	if (strlen(socket) >= sizeof c->socket) {
		free(c);
		return err_say(e, ENAMETOOLONG, "socket %s: a socket's path has at most %zu bytes",
			socket, sizeof c->socket - 1);
	}
	memcpy(c->socket, socket, strlen(socket) + 1);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK || !(c->multi = curl_multi_init())) {
		free(c);
		return err_set(e, ENOMEM, "client: libcurl");
	}
	*ret = c;
	return 0;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	curl_multi_cleanup(c->multi);
	curl_global_cleanup();
	free(c);
}

void client_on_tick(struct client *c, bool (*tick)(void *ctx), void *ctx)
{
	c->tick = tick;
	c->ctx = ctx;
}

static size_t body_take(char *bytes, size_t one, size_t n, void *ctx)
{
	struct reply *r = ctx;
	n *= one;
	if (r->len + n > BODY_MOST)
		return 0;
	char *more = realloc(r->body, r->len + n + 1);
	if (!more)
		return 0;
	memcpy(more + r->len, bytes, n);
	r->body = more;
	r->len += n;
	r->body[r->len] = '\0';
	return n;
}

/* http://baton + the route's path with arg in place of `{}` + the query; the caller's. */
static char *url_of(CURL *easy, enum route r, const char *arg, const char *query)
{
	const char *path = route_info[r].path, *hole = strstr(path, "{}");
	char *quoted = hole ? curl_easy_escape(easy, arg, 0) : NULL, *url = NULL;
	if (hole && !quoted)
		return NULL;
	if (asprintf(&url, "http://baton%.*s%s%s%s%s",
		    (int)(hole ? hole - path : (long)strlen(path)), path, hole ? quoted : "",
		    hole ? hole + 2 : "", query ? "?" : "", query ? query : "") < 0)
		url = NULL;
	curl_free(quoted);
	return url;
}

/* Runs the transfer to its end, with a tick between. */
static int perform(struct client *c, CURL *easy, CURLcode *how)
{
	int running = 1, left;
	bool stop = false;
	curl_multi_add_handle(c->multi, easy);
	while (running && !stop) {
		if (curl_multi_perform(c->multi, &running) != CURLM_OK)
			break;
		if (running)
			curl_multi_poll(c->multi, NULL, 0, TICK_MS, NULL);
		stop = running && c->tick && c->tick(c->ctx);
	}
	*how = CURLE_OBSOLETE20;
	for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));)
		if (m->msg == CURLMSG_DONE)
			*how = m->data.result;
	curl_multi_remove_handle(c->multi, easy);
	return stop ? -EINTR : 0;
}

static int failed(struct client *c, CURL *easy, CURLcode how, struct err *e)
{
	long code = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &code);
	if (how == CURLE_COULDNT_CONNECT)
		return err_set(e, code > 0 ? (int)code : ECONNREFUSED,
			"the broker cannot be reached at %s", c->socket);
	if (how == CURLE_OPERATION_TIMEDOUT)
		return err_say(e, ETIMEDOUT, "the broker at %s did not answer within %d s",
			c->socket, ANSWER_S);
	if (how == CURLE_WRITE_ERROR)
		return err_say(
			e, EMSGSIZE, "the broker's answer is larger than %d MiB", BODY_MOST >> 20);
	return err_say(e, ECONNRESET, "the broker at %s broke off: %s", c->socket,
		curl_easy_strerror(how));
}

static inline void easy_drop(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

static inline void slist_drop(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

int client_ask(struct client *c, enum route r, const char *arg, const char *query, const char *body,
	struct reply *ret, struct err *e)
{
	OWN(easy) CURL *easy = curl_easy_init();
	OWN(text) char *url = easy ? url_of(easy, r, arg, query) : NULL;
	OWN(slist)
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!url || !headers)
		return err_set(e, ENOMEM, "client");
	struct reply got = { .body = calloc(1, 1) };
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)ANSWER_S);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &got);
	if (body || strcmp(route_info[r].method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body ? body : "");
	}
	if (strcmp(route_info[r].method, "GET") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, route_info[r].method);
	CURLcode how;
	int n = perform(c, easy, &how);
	if (n == -EINTR)
		err_say(e, EINTR, "interrupted");
	else if (how != CURLE_OK)
		n = failed(c, easy, how, e);
	if (n < 0) {
		reply_drop(&got);
		return n;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &got.status);
	*ret = got;
	return 0;
}
