/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What http.c and http_stream.c share of libmicrohttpd. */
#pragma once
#include <microhttpd.h>

#include "host/http.h"

struct http_server {
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer;
	size_t body_max;
	void (*handle)(void *ctx, struct http_request *r);
	void *ctx;
	struct http_request *waiting; /* suspended: handed over, not answered */
	struct http_stream *streams;  /* answers that have not ended */
	int handles;                  /* of uv, still open */
};

struct http_request {
	struct http_server *server;
	struct MHD_Connection *conn;
	struct http_request *next, **link; /* in server->waiting while link is set */
	char *method, *path;
	char *body;
	size_t len, seen, room; /* of the body: kept, arrived, allocated */
	struct {
		char *name, *value;
	} field[8];
	unsigned fields, status;
	struct MHD_Response *response;
	bool handed; /* to handle(), which may not have answered yet */
	bool kept;   /* the response is an http_answer's */
	void (*sent)(void *ctx, bool whole);
	void *sent_ctx;
};

/* The answer, which is taken over; NULL: there was no memory for it. */
void http_answer_with(
	struct http_request *r, unsigned status, const char *type, struct MHD_Response *response);
/* After a connection was resumed. */
void http_run_soon(struct http_server *s);
