/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of a Redfish service, read as a stream that Baton opens and the service keeps open
 * (DSP0266, "Server-sent events"): nothing listens for a BMC, and no BMC needs a way to Baton. Of
 * an event counts that it has come. Never blocks once it is open: libcurl's sockets are in an epoll
 * set, whose descriptor is the one to wait for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/redfish_lib.h"
#include "drivers/redfish_pin.h"
#include "wire/sse.h"

#define EVENTS_ONLY "$filter=EventFormatType%20eq%20Event"

enum { KEEPALIVE_S = 20, URL_LEN = 700 };

struct stream {
	struct bmc_events events;
	CURLM *multi;
	CURL *curl;
	struct curl_slist *headers;
	struct pin pin;
	char plain[URL_LEN]; /* without the filter, for a service that refuses it; "" once used */
	char type[64];       /* of what it answers */
	bool heard;
	struct sse sse;
};

void redfish_events_close(struct bmc_events *events)
{
	if (!events)
		return;
	struct stream *s = container_of(events, struct stream, events);
	if (s->curl && s->multi)
		https.curl_multi_remove_handle(s->multi, s->curl);
	if (s->curl)
		https.curl_easy_cleanup(s->curl);
	if (s->multi)
		https.curl_multi_cleanup(s->multi);
	https.curl_slist_free_all(s->headers);
	if (events->fd >= 0)
		close(events->fd);
	free(s);
}

static void stream_drop(struct stream **s)
{
	if (*s)
		redfish_events_close(&(*s)->events);
}

/* ------------------------------------------------------------------ what comes */

static size_t header_in(char *line, size_t one, size_t n, void *arg)
{
	static const char name[] = "Content-Type:";
	struct stream *s = arg;
	size_t len = one * n;
	long status = 0;
	if (len >= sizeof name - 1 && strncasecmp(line, name, sizeof name - 1) == 0)
		snprintf(s->type, sizeof s->type, "%.*s", (int)(len - (sizeof name - 1)),
			line + sizeof name - 1);
	if (len > 2)
		return len;
	/* Behind the last one. */
	https.curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 || !strcasestr(s->type, "text/event-stream"))
		return status < 200 ? len : 0;
	s->events.open = s->heard = true;
	return len;
}

/* One that is no document, or was too long to be kept, may be one all the same. */
static bool is_hint(const struct sse *sse)
{
	json_t *doc = sse->cut ? NULL : json_loadb(sse->data, sse->len, 0, NULL);
	bool is = !json_is_object(doc) || rf_is_event(doc);
	json_decref(doc);
	return is;
}

static size_t body_in(char *data, size_t one, size_t n, void *arg)
{
	struct stream *s = arg;
	(void)one;
	for (size_t took = 0; took < n;) {
		bool event;
		took += sse_take(&s->sse, &event, data + took, n - took);
		s->heard |= event && is_hint(&s->sse);
	}
	s->events.retry_ms = s->sse.retry_ms;
	return n;
}

/* ------------------------------------------------------------------ its turns */

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct stream *s = arg;
	(void)curl, (void)of_socket;
	struct epoll_event e = { .data.fd = fd,
		.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0u) };
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(s->events.fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(s->events.fd, EPOLL_CTL_ADD, fd, &e) < 0 && errno == EEXIST)
		epoll_ctl(s->events.fd, EPOLL_CTL_MOD, fd, &e);
	return 0;
}

static int ended(const struct stream *s, CURLcode how, struct err *e)
{
	long status = 0;
	https.curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (s->pin.refused)
		return err_say(e, EKEYREJECTED, "it shows another certificate than in the session");
	if (s->events.open)
		return err_say(e, ECONNRESET, "its stream of events has ended");
	if (status == 200)
		return err_say(
			e, EPROTO, "its stream of events is none, but of type \"%.40s\"", s->type);
	if (status >= 200)
		return err_say(e, ENOTSUP, "it refused its stream of events (HTTP %ld)", status);
	return err_say(e, ECONNRESET, "its stream of events cannot be read: %s",
		https.curl_easy_strerror(how));
}

/* A refusal that the filter may be the reason of. */
static bool plain_may_do(const struct stream *s)
{
	long status = 0;
	https.curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	return s->plain[0] && !s->events.open && status >= 400 && status != 401 && status != 503;
}

/* 0: it is asked once more. */
static int over(struct stream *s, CURLcode how, struct err *e)
{
	if (!plain_may_do(s))
		return ended(s, how, e);
	https.curl_multi_remove_handle(s->multi, s->curl);
	https.curl_easy_setopt(s->curl, CURLOPT_URL, s->plain);
	https.curl_multi_add_handle(s->multi, s->curl);
	s->plain[0] = s->type[0] = '\0';
	return 0;
}

int redfish_events_turn(struct bmc_events *events, struct err *e)
{
	struct stream *s = container_of(events, struct stream, events);
	struct epoll_event ready[4];
	int running, left, n = epoll_wait(events->fd, ready, COUNT(ready), 0);
	CURLMsg *m;
	s->heard = false;
	for (int i = 0; i < n; i++) {
		int what = (ready[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			   (ready[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			   (ready[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
		https.curl_multi_socket_action(s->multi, ready[i].data.fd, what, &running);
	}
	https.curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	while ((m = https.curl_multi_info_read(s->multi, &left))) {
		int r = m->msg == CURLMSG_DONE ? over(s, m->data.result, e) : 0;
		if (r < 0)
			return r;
	}
	return s->heard;
}

/* ------------------------------------------------------------------ begin */

static bool header_add(struct stream *s, const char *line)
{
	struct curl_slist *more = https.curl_slist_append(s->headers, line);
	s->headers = more ? more : s->headers;
	return more;
}

static bool headers_make(struct stream *s, const struct talk_way *way)
{
	char line[600] = "";
	snprintf(line, sizeof line, "X-Auth-Token: %s", way->token ? way->token : "");
	bool made = header_add(s, "Accept: text/event-stream") &&
		    header_add(s, "OData-Version: 4.0") && (!way->token || header_add(s, line));
	explicit_bzero(line, sizeof line);
	return made;
}

static CURLcode options_set(struct stream *s, const struct talk_way *way, const char *url)
{
	CURL *c = s->curl;
	CURLcode r = pin_hold(c, &s->pin);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_URL, url);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_HTTPHEADER, s->headers);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_USERNAME, way->user);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_PASSWORD, way->secret);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, header_in);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_HEADERDATA, s);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, body_in);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
	/* One that has lost its power says no goodbye. */
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	r = r ? r : https.curl_easy_setopt(c, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	return r ? r : https.curl_easy_setopt(c, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
}

static int stream_new(
	struct stream **ret, const struct talk_way *way, const struct rf_events *at, struct err *e)
{
	char url[URL_LEN + sizeof EVENTS_ONLY];
	OWN(stream) struct stream *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ENOMEM, "a stream of events");
	sse_begin(&s->sse);
	memcpy(s->pin.want, way->pin, sizeof s->pin.want);
	s->events.fd = epoll_create1(EPOLL_CLOEXEC);
	s->multi = https.curl_multi_init();
	s->curl = https.curl_easy_init();
	int n = snprintf(url, sizeof url, "%s%s", way->base, at->stream.text);
	if (at->by_format) {
		memcpy(s->plain, url, (size_t)n + 1);
		snprintf(url + n, sizeof url - (size_t)n, "%s%s",
			strchr(at->stream.text, '?') ? "&" : "?", EVENTS_ONLY);
	}
	if (s->events.fd < 0 || !s->multi || !s->curl || !headers_make(s, way))
		return err_set(e, ENOMEM, "a stream of events");
	CURLcode c = options_set(s, way, url);
	if (c)
		return err_say(e, EIO, "libcurl: %s", https.curl_easy_strerror(c));
	https.curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	https.curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	if (https.curl_multi_add_handle(s->multi, s->curl))
		return err_set(e, ENOMEM, "a stream of events");
	*ret = TAKE(s);
	return 0;
}

int redfish_events_open(struct bmc *bmc, struct bmc_events **ret, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_events at = { .disabled = true };
	struct talk_way way;
	struct stream *s;
	OWN(said) struct said said = { 0 };
	talk_doing(rf->talk, "tell where its events can be read");
	int r = rf->root.events.text[0] ? talk_get(rf->talk, rf->root.events.text, &said, e) : 0;
	if (r < 0)
		return r;
	rf_events_read(&at, said.body);
	if (at.disabled || !at.stream.text[0])
		return err_say(e, ENOTSUP, "it offers no stream of events");
	talk_way(&way, rf->talk);
	r = stream_new(&s, &way, &at, e);
	if (r == 0)
		*ret = &s->events;
	return r;
}
