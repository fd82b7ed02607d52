/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers without an end: see http.h. While there is nothing to send the connection is suspended.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "host/http_priv.h"

enum { KEPT_MAX = 256 << 10 };

struct http_stream {
	struct http_server *server;
	struct MHD_Connection *conn;
	struct http_stream *next, **link; /* in server->streams until it was ended */
	char *bytes;
	size_t len, room;
	bool asleep; /* the connection is suspended */
	bool ended, whole;
};

static void stream_unlink(struct http_stream *s)
{
	if (!s->link)
		return;
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	s->link = NULL;
}

static void stream_free(void *ctx)
{
	struct http_stream *s = ctx;
	stream_unlink(s);
	free(s->bytes);
	free(s);
}

static ssize_t stream_read(void *ctx, uint64_t at, char *to, size_t max)
{
	struct http_stream *s = ctx;
	(void)at;
	if (s->len) {
		size_t n = s->len < max ? s->len : max;
		memcpy(to, s->bytes, n);
		memmove(s->bytes, s->bytes + n, s->len - n);
		s->len -= n;
		return (ssize_t)n;
	}
	if (s->ended)
		return s->whole ? MHD_CONTENT_READER_END_OF_STREAM
				: MHD_CONTENT_READER_END_WITH_ERROR;
	s->asleep = true;
	MHD_suspend_connection(s->conn);
	return 0;
}

static void wake(struct http_stream *s)
{
	if (!s->asleep)
		return;
	s->asleep = false;
	MHD_resume_connection(s->conn);
	http_run_soon(s->server);
}

struct http_stream *http_reply_stream(struct http_request *r, const char *type)
{
	assert(r->sent);
	struct http_stream *s = calloc(1, sizeof *s);
	struct MHD_Response *response = s ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
						    4096, stream_read, s, stream_free)
					  : NULL;
	if (response) {
		s->server = r->server;
		s->conn = r->conn;
		s->next = r->server->streams;
		s->link = &r->server->streams;
		if (s->next)
			s->next->link = &s->next;
		r->server->streams = s;
	} else {
		free(s);
		s = NULL;
	}
	http_answer_with(r, 200, type, response);
	return s;
}

bool http_stream_put(struct http_stream *s, const void *bytes, size_t len)
{
	if (s->len + len > KEPT_MAX)
		return false;
	if (s->len + len > s->room) {
		char *more = realloc(s->bytes, s->len + len);
		if (!more)
			return false;
		s->bytes = more;
		s->room = s->len + len;
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	wake(s);
	return true;
}

void http_stream_end(struct http_stream *s, bool whole)
{
	s->ended = true;
	s->whole = whole;
	stream_unlink(s);
	wake(s);
}
