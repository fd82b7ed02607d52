/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HTTP/1.1 server on a listening socket that somebody else made (TCP or unix), driven by a uv
 * loop. A request is handed over whole, answered at once or later, and never blocks the loop.
 * http.c and http_stream.c are the only files that see libmicrohttpd. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/err.h"

struct http_server;
struct http_request; /* lives until it is answered; then it must be forgotten */

struct http_setup {
	uv_loop_t *loop;
	int fd;          /* listening; borrowed, must stay open as long as the server */
	size_t body_max; /* a longer body is answered 413 and never seen */
	unsigned connections_max, per_peer_max; /* 0: 1000, and no limit for each peer */
	unsigned idle_s;                        /* a silent connection is ended; 0: 30 */
	const char *tls_key, *tls_cert;         /* PEM; HTTPS where they are given */
	/* Called once for each request, body and all. Must lead to exactly one http_reply*(),
	 * within the call or at any time later. */
	void (*handle)(void *ctx, struct http_request *r);
	void *ctx;
};

int http_server_new(struct http_server **ret, const struct http_setup *setup, struct err *e);
/* Ends every connection; requests not yet answered get 503 and must be forgotten by their owner.
 * Takes NULL. Memory goes back when the loop turns next. */
void http_server_free(struct http_server *s);

/* What was asked; all of it is borrowed until the request is answered. */
const char *http_method(const struct http_request *r);                  /* "GET" */
const char *http_path(const struct http_request *r);                    /* "/b/x", decoded */
const char *http_query(const struct http_request *r, const char *key);  /* decoded, or NULL */
const char *http_field(const struct http_request *r, const char *name); /* a header, or NULL */
const void *http_body(const struct http_request *r, size_t *len);       /* NUL-terminated */

struct http_peer {
	bool local; /* a unix socket: uid, gid, pid are the peer's when it connected */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	uint32_t addr; /* TCP over IPv4: the peer's address, host byte order */
};
void http_peer(struct http_peer *ret, const struct http_request *r);
/* TCP over IPv4: the address of ours that was asked; 0: none. */
uint32_t http_ours(const struct http_request *r);

/* Before the answer: adds a header to it ("Allow", "GET, HEAD"). */
void http_add_field(struct http_request *r, const char *name, const char *value);
/* Before the answer: told once when the answer has gone, whole, or was cut short (also: HEAD). */
void http_when_sent(struct http_request *r, void (*sent)(void *ctx, bool whole), void *ctx);

/* Answers with a copy of bytes; type may be NULL where len is 0. HEAD sends the header alone. */
void http_reply(
	struct http_request *r, unsigned status, const char *type, const void *bytes, size_t len);
/* As http_reply(), but the connection ends after the first `sent` bytes of it: for simulators. */
void http_reply_cut(struct http_request *r, unsigned status, const char *type, const void *bytes,
	size_t len, size_t sent);
/* Answers with text/plain, a sentence and its newline. */
void http_reply_text(struct http_request *r, unsigned status, const char *sentence);
/* Answers with len bytes of a file from offset on, by sendfile(); the descriptor is taken over. */
void http_reply_file(struct http_request *r, unsigned status, const char *type, int fd,
	uint64_t offset, uint64_t len);

/* An answer with no end of its own: what is put into it goes out as soon as it may. */
struct http_stream;
/* 200. When it is over, from whichever side, the function of http_when_sent() is called, which is
 * wanted before this; then the stream must be forgotten. NULL: no memory, and 500 was answered. */
struct http_stream *http_reply_stream(struct http_request *r, const char *type);
/* False: whoever reads has not taken what is there already, and nothing was put. */
bool http_stream_put(struct http_stream *s, const void *bytes, size_t len);
/* After what was put; not whole: the connection ends so that the reader sees that something is
 * missing. The stream must be forgotten. */
void http_stream_end(struct http_stream *s, bool whole);

/* A file that many ask for: opened once, its fields written once. Each request may be answered with
 * it within handle(), with 200 and the whole of it; those on their way when it is freed go on. */
struct http_answer;
/* fd is taken over. NULL: no memory. */
struct http_answer *http_answer_file(const char *type, int fd, uint64_t len);
void http_answer_add_field(struct http_answer *a, const char *name, const char *value);
void http_answer_free(struct http_answer *a); /* takes NULL */
void http_reply_answer(struct http_request *r, const struct http_answer *a);
