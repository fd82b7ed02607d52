/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of the Redfish service on their way: to those who read its stream (bmc_stream.c), and one
 * POST by plain HTTP to each subscriber. What does not arrive is not tried again, as the service
 * says of itself (DeliveryRetryAttempts 0). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "sim/bmc.h"

enum { PUSHES_MAX = 16, PUSH_MS = 5000, HEAD_LEN = 512 };

struct push {
	struct sim *sim;
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_write_t write;
	uv_buf_t bytes; /* base is malloc'ed */
	int handles;    /* still open */
};

static void on_closed(uv_handle_t *h)
{
	struct push *p = h->data;
	if (--p->handles)
		return;
	p->sim->pushes--;
	free(p->bytes.base);
	free(p);
}

static void end(struct push *p)
{
	if (!uv_is_closing((uv_handle_t *)&p->tcp)) {
		uv_close((uv_handle_t *)&p->tcp, on_closed);
		uv_close((uv_handle_t *)&p->timer, on_closed);
	}
}

static void on_late(uv_timer_t *t)
{
	end(t->data);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	static char room[1024];
	(void)h, (void)suggested;
	*buf = uv_buf_init(room, sizeof room);
}

/* Whatever it says is read and let go, until it closes. */
static void on_answer(uv_stream_t *s, ssize_t len, const uv_buf_t *buf)
{
	(void)buf;
	if (len < 0)
		end(s->data);
}

static void on_written(uv_write_t *w, int status)
{
	struct push *p = container_of(w, struct push, write);
	if (status < 0 || uv_read_start((uv_stream_t *)&p->tcp, on_room, on_answer) < 0)
		end(p);
}

static void on_connected(uv_connect_t *c, int status)
{
	struct push *p = container_of(c, struct push, connect);
	if (status < 0 || uv_write(&p->write, (uv_stream_t *)&p->tcp, &p->bytes, 1, on_written) < 0)
		end(p);
}

/* "http://10.0.0.1:8080/events" */
static bool where(struct sockaddr_in *to, const char **path, const char *url)
{
	char address[64], port[72];
	const char *at = url + strlen("http://");
	int n = (int)strcspn(at, "/");
	struct err e;
	if (n >= (int)sizeof address - 4)
		return false;
	snprintf(address, sizeof address, "%.*s", n, at);
	snprintf(port, sizeof port, "%s%s", address, strchr(address, ':') ? "" : ":80");
	*path = at[n] ? at + n : "/";
	return address_parse(to, port, &e) == 0;
}

static void post(struct sim *s, const char *url, const char *body)
{
	struct sockaddr_in to;
	const char *path;
	struct push *p = calloc(1, sizeof *p);
	size_t room = HEAD_LEN + strlen(url) + strlen(body);
	char *bytes = p ? malloc(room) : NULL;
	if (!bytes || s->pushes >= PUSHES_MAX || !where(&to, &path, url)) {
		free(bytes);
		free(p);
		return;
	}
	int n = snprintf(bytes, room,
		"POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		path, inet_ntoa(to.sin_addr), strlen(body), body);
	p->sim = s;
	p->bytes = uv_buf_init(bytes, (unsigned)n);
	p->handles = 2;
	s->pushes++;
	uv_tcp_init(&s->loop, &p->tcp);
	uv_timer_init(&s->loop, &p->timer);
	p->tcp.data = p->timer.data = p;
	uv_timer_start(&p->timer, on_late, PUSH_MS, 0);
	if (uv_tcp_connect(&p->connect, &p->tcp, (struct sockaddr *)&to, on_connected) < 0)
		end(p);
}

void push_event(void *ctx, const char *url, const char *id, const char *body)
{
	if (url)
		post(ctx, url, body);
	else
		streams_event(ctx, id, body);
}
