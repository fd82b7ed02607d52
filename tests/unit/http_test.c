/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP server of host/http.h over real sockets of this process: at once, later, too long, a
 * file, a unix peer. */
#include "host/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"

enum { BODY_MAX = 64, DEADLINE_MS = 5000 };

struct bench {
	uv_loop_t loop;
	struct http_server *server;
	int listener, client;
	struct http_request *later;
	struct http_stream *stream;
	struct http_peer peer;
	uint32_t ours;
	int asked, sent, sent_whole;
	char got[8192];
	size_t len;
	const char *until; /* the loop turns until the client has read this */
	bool late;
	uv_poll_t poll;
	uv_timer_t timer;
};

static void on_sent(void *ctx, bool whole)
{
	struct bench *b = ctx;
	b->sent++;
	b->sent_whole += whole;
}

static int file_of(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	if (write(fd, text, strlen(text)) < 0)
		abort();
	return fd;
}

static void handle(void *ctx, struct http_request *r)
{
	struct bench *b = ctx;
	b->asked++;
	http_peer(&b->peer, r);
	b->ours = http_ours(r);
	http_when_sent(r, on_sent, b);
	const char *path = http_path(r);
	if (strcmp(path, "/later") == 0) {
		b->later = r;
	} else if (strcmp(path, "/file") == 0) {
		http_reply_file(r, 200, "application/octet-stream", file_of("0123456789"), 2, 5);
	} else if (strcmp(path, "/stream") == 0) {
		b->stream = http_reply_stream(r, "text/event-stream");
	} else if (strcmp(path, "/cut") == 0) {
		http_reply_cut(r, 200, "text/plain", "0123456789", 10, 4);
	} else if (strcmp(path, "/echo") == 0) {
		size_t len;
		const void *body = http_body(r, &len);
		const char *who = http_query(r, "who");
		http_add_field(r, "X-Who", who ? who : "nobody");
		http_reply(r, 200, "text/plain", body, len);
	} else {
		http_reply_text(r, 404, "there is no such thing");
	}
}

static void on_client(uv_poll_t *p, int status, int events)
{
	(void)status, (void)events;
	struct bench *b = p->data;
	ssize_t n = read(b->client, b->got + b->len, sizeof b->got - 1 - b->len);
	if (n <= 0) {
		uv_poll_stop(p);
		uv_stop(&b->loop);
		return;
	}
	b->len += (size_t)n;
	b->got[b->len] = '\0';
	if (strstr(b->got, b->until))
		uv_stop(&b->loop);
}

static void on_late(uv_timer_t *t)
{
	struct bench *b = t->data;
	b->late = true;
	uv_stop(&b->loop);
}

static void bench_open(struct bench *b, int family)
{
	memset(b, 0, sizeof *b);
	uv_loop_init(&b->loop);
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len;
	b->listener = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	b->client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (family == AF_INET) {
		len = sizeof in;
		CHECK_INT(bind(b->listener, (struct sockaddr *)&in, len), 0);
		CHECK_INT(getsockname(b->listener, (struct sockaddr *)&in, &len), 0);
	} else {
		/* An abstract name that the kernel picks: no file is left behind. */
		len = sizeof un;
		CHECK_INT(bind(b->listener, (struct sockaddr *)&un, sizeof un.sun_family), 0);
		CHECK_INT(getsockname(b->listener, (struct sockaddr *)&un, &len), 0);
	}
	CHECK_INT(listen(b->listener, 8), 0);
	struct http_setup setup = { .loop = &b->loop,
		.fd = b->listener,
		.body_max = BODY_MAX,
		.handle = handle,
		.ctx = b };
	struct err e = { 0 };
	CHECK_INT(http_server_new(&b->server, &setup, &e), 0);
	CHECK_INT(connect(b->client,
			  family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&un, len),
		0);
	uv_poll_init(&b->loop, &b->poll, b->client);
	uv_timer_init(&b->loop, &b->timer);
	b->poll.data = b->timer.data = b;
}

/* Sends text and turns the loop until the answer holds `until`, or the deadline. */
static void ask(struct bench *b, const char *text, const char *until)
{
	b->len = 0;
	b->got[0] = '\0';
	b->until = until;
	b->late = false;
	CHECK_INT(write(b->client, text, strlen(text)), (ssize_t)strlen(text));
	uv_timer_start(&b->timer, on_late, DEADLINE_MS, 0);
	uv_poll_start(&b->poll, UV_READABLE, on_client);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	if (!strstr(b->got, until))
		printf("# got: %s\n", b->got);
	CHECK(strstr(b->got, until));
}

static void bench_close(struct bench *b)
{
	http_server_free(b->server);
	uv_close((uv_handle_t *)&b->poll, NULL);
	uv_close((uv_handle_t *)&b->timer, NULL);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	CHECK_INT(uv_loop_close(&b->loop), 0);
	close(b->client);
	CHECK_INT(close(b->listener), 0);
}

static void answers_at_once_and_keeps_the_connection(void)
{
	struct bench b;
	bench_open(&b, AF_INET);
	ask(&b, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "there is no such thing\n");
	CHECK(strstr(b.got, "404"));
	ask(&b, "POST /echo?who=a%20b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"\r\n\r\nhello");
	CHECK(strstr(b.got, "X-Who: a b\r\n"));
	CHECK_INT(b.peer.local, false);
	CHECK_INT(b.peer.addr, INADDR_LOOPBACK);
	CHECK_INT(b.ours, INADDR_LOOPBACK);
	bench_close(&b);
	CHECK_INT(b.sent_whole, 2);
}

static void on_answer(uv_timer_t *t)
{
	struct bench *b = t->data;
	CHECK(b->later);
	if (b->later)
		http_reply_text(b->later, 200, "at last");
}

static void answers_later(void)
{
	struct bench b;
	bench_open(&b, AF_INET);
	uv_timer_t t;
	uv_timer_init(&b.loop, &t);
	t.data = &b;
	uv_timer_start(&t, on_answer, 50, 0);
	ask(&b, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n", "at last\n");
	uv_close((uv_handle_t *)&t, NULL);
	bench_close(&b);
	CHECK_INT(b.sent_whole, 1);
}

static void a_server_that_goes_answers_what_waits(void)
{
	struct bench b;
	bench_open(&b, AF_INET);
	CHECK(write(b.client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n", 33) == 33);
	while (!b.later)
		uv_run(&b.loop, UV_RUN_ONCE);
	bench_close(&b);
	CHECK_INT(b.sent, 1);
}

static void a_body_too_long_is_refused(void)
{
	struct bench b;
	bench_open(&b, AF_INET);
	ask(&b, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n", "413");
	CHECK_INT(b.asked, 0);
	bench_close(&b);

	bench_open(&b, AF_INET);
	ask(&b,
		"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"30\r\n012345678901234567890123456789012345678901234567\r\n"
		"30\r\n012345678901234567890123456789012345678901234567\r\n0\r\n\r\n",
		"413");
	CHECK_INT(b.asked, 0);
	bench_close(&b);
}

static void a_file_goes_in_part(void)
{
	struct bench b;
	bench_open(&b, AF_INET);
	ask(&b, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n23456");
	CHECK(strstr(b.got, "Content-Length: 5\r\n"));
	ask(&b, "HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\r\n\r\n");
	CHECK(strstr(b.got, "Content-Length: 5\r\n"));
	bench_close(&b);
	CHECK_INT(b.sent, 2);
	CHECK_INT(b.sent_whole, 1);
}

static void an_answer_can_be_cut_short(void)
{
	struct bench b;
	char byte;
	bench_open(&b, AF_INET);
	ask(&b, "GET /cut HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n0123");
	CHECK(strstr(b.got, "Content-Length: 10\r\n") && !strstr(b.got, "01234"));
	/* The server has closed, and sent no more. */
	uv_run(&b.loop, UV_RUN_NOWAIT);
	CHECK(read(b.client, &byte, 1) <= 0);
	bench_close(&b);
	CHECK_INT(b.sent, 1);
	CHECK_INT(b.sent_whole, 0);
}

/* Turns the loop until the client has read that, too. */
static void hear(struct bench *b, const char *until)
{
	ask(b, "", until);
}

static void an_answer_without_an_end_goes_out_as_it_comes(void)
{
	struct bench b;
	char much[4096] = "";
	bench_open(&b, AF_INET);
	ask(&b, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
	CHECK(strstr(b.got, "200 OK") && strstr(b.got, "text/event-stream"));
	CHECK(b.stream && http_stream_put(b.stream, "one", 3));
	hear(&b, "one\r\n");
	CHECK(http_stream_put(b.stream, "two", 3) && http_stream_put(b.stream, "three", 5));
	hear(&b, "three\r\n");
	CHECK_INT(b.sent, 0);
	http_stream_end(b.stream, true);
	hear(&b, "0\r\n\r\n");
	uv_run(&b.loop, UV_RUN_NOWAIT);
	CHECK_INT(b.sent_whole, 1);
	/* The connection is kept; this one ends by the server's end, and nothing more is kept than
	 * a reader may leave lying. */
	ask(&b, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
	int kept = 0;
	while (kept < 1000 && http_stream_put(b.stream, much, sizeof much))
		kept++;
	CHECK(kept > 10 && kept < 1000);
	bench_close(&b);
	CHECK_INT(b.sent, 2);
	CHECK_INT(b.sent_whole, 1);
}

static void a_unix_peer_is_known(void)
{
	struct bench b;
	bench_open(&b, AF_UNIX);
	ask(&b, "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK");
	CHECK_INT(b.peer.local, true);
	CHECK_INT(b.peer.uid, getuid());
	CHECK_INT(b.peer.pid, getpid());
	bench_close(&b);
}

TESTS(T(answers_at_once_and_keeps_the_connection), T(answers_later),
	T(a_server_that_goes_answers_what_waits), T(a_body_too_long_is_refused),
	T(a_file_goes_in_part), T(an_answer_can_be_cut_short),
	T(an_answer_without_an_end_goes_out_as_it_comes), T(a_unix_peer_is_known))
