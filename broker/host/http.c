/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libmicrohttpd behind a uv loop: see http.h. Its own epoll descriptor is one descriptor of ours,
 * its timeout a timer of ours; a request that is answered later is a suspended connection. */
#include "host/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "host/http_priv.h"

enum {
	CONNECTIONS_MAX = 1000,
	IDLE_S = 30,
	/* Method, URL, headers and one buffer of a connection. */
	CONNECTION_BYTES = 8192,
	/* A body this many times too long ends the connection instead of being read to its end. */
	BODY_PATIENCE = 16,
	TURNS_MAX = 16,
	PART_FDS = 65536,
	PIECE_MAX = 2 << 20,
};

static void run(struct http_server *s);

static void on_poll(uv_poll_t *p, int status, int events)
{
	(void)status, (void)events;
	run(p->data);
}

static void on_timer(uv_timer_t *t)
{
	run(t->data);
}

/* MHD's epoll set is edge-triggered inside: it is run until it says that nothing is pending, but
 * not for ever, so that one busy server cannot starve the rest of the loop. */
static void run(struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms = 0;
	bool some = true;
	for (int i = 0; i < TURNS_MAX && some && ms == 0; i++) {
		MHD_run(s->mhd);
		some = MHD_get_timeout(s->mhd, &ms) == MHD_YES;
	}
	if (some)
		uv_timer_start(&s->timer, on_timer, ms, 0);
	else
		uv_timer_stop(&s->timer);
}

static void request_unlink(struct http_request *r)
{
	if (!r->link)
		return;
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	r->link = NULL;
}

static void request_free(struct http_request *r)
{
	request_unlink(r);
	for (unsigned i = 0; i < r->fields; i++) {
		free(r->field[i].name);
		free(r->field[i].value);
	}
	if (r->response && !r->kept)
		MHD_destroy_response(r->response);
	free(r->method);
	free(r->path);
	free(r->body);
	free(r);
}

static struct http_request *request_new(
	struct http_server *s, struct MHD_Connection *conn, const char *method, const char *path)
{
	struct http_request *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->server = s;
	r->conn = conn;
	r->method = strdup(method);
	r->path = strdup(path);
	r->body = strdup("");
	if (!r->method || !r->path || !r->body) {
		request_free(r);
		return NULL;
	}
	return r;
}

/* False when memory ran out. A body beyond the limit is counted and let go. */
static bool body_add(struct http_request *r, const char *bytes, size_t len)
{
	r->seen += len;
	if (r->seen > r->server->body_max)
		return true;
	if (r->len + len + 1 > r->room) {
		size_t room = r->room ? r->room * 2 : 1024;
		while (room < r->len + len + 1)
			room *= 2;
		char *more = realloc(r->body, room);
		if (!more)
			return false;
		r->body = more;
		r->room = room;
	}
	memcpy(r->body + r->len, bytes, len);
	r->len += len;
	r->body[r->len] = '\0';
	return true;
}

/* What Content-Length promises, 0 where it promises nothing. MHD has checked its form. */
static uint64_t body_promised(struct MHD_Connection *conn)
{
	const char *text = MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Content-Length");
	return text ? strtoull(text, NULL, 10) : 0;
}

static enum MHD_Result queue(struct http_request *r)
{
	enum MHD_Result ok = MHD_queue_response(r->conn, r->status, r->response);
	if (!r->kept)
		MHD_destroy_response(r->response);
	r->response = NULL;
	return ok;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *conn, const char *path,
	const char *method, const char *version, const char *data, size_t *len, void **request)
{
	(void)version;
	struct http_server *s = ctx;
	struct http_request *r = *request;
	if (!r) {
		*request = r = request_new(s, conn, method, path);
		if (!r)
			return MHD_NO;
		if (body_promised(conn) <= s->body_max)
			return MHD_YES;
		http_reply_text(r, 413, "the body is too long");
		return queue(r);
	}
	if (*len > 0) {
		bool ok = body_add(r, data, *len) && r->seen / BODY_PATIENCE <= s->body_max;
		*len = 0;
		return ok ? MHD_YES : MHD_NO;
	}
	if (!r->handed) {
		r->handed = true;
		if (r->seen > s->body_max)
			http_reply_text(r, 413, "the body is too long");
		else
			s->handle(s->ctx, r);
	}
	if (r->response)
		return queue(r);
	r->next = s->waiting;
	r->link = &s->waiting;
	if (r->next)
		r->next->link = &r->next;
	s->waiting = r;
	MHD_suspend_connection(conn);
	return MHD_YES;
}

static void on_completed(
	void *ctx, struct MHD_Connection *conn, void **request, enum MHD_RequestTerminationCode how)
{
	(void)ctx, (void)conn;
	struct http_request *r = *request;
	if (!r)
		return;
	*request = NULL;
	if (r->sent)
		r->sent(r->sent_ctx, how == MHD_REQUEST_TERMINATED_COMPLETED_OK &&
					     strcmp(r->method, "HEAD") != 0);
	request_free(r);
}

int http_server_new(struct http_server **ret, const struct http_setup *setup, struct err *e)
{
	struct http_server *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ENOMEM, "http");
	s->body_max = setup->body_max;
	s->handle = setup->handle;
	s->ctx = setup->ctx;
	/* sendfile() to a peer that has gone raises it, and MHD leaves it to us. */
	signal(SIGPIPE, SIG_IGN);
	bool tls = setup->tls_key && setup->tls_cert;
	struct MHD_OptionItem secrets[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)setup->tls_key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)setup->tls_cert },
		{ MHD_OPTION_END, 0, NULL },
	};
	s->mhd =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0),
			0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, setup->fd,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_ARRAY,
			tls ? secrets : secrets + 2, MHD_OPTION_CONNECTION_LIMIT,
			setup->connections_max ? setup->connections_max : CONNECTIONS_MAX,
			MHD_OPTION_PER_IP_CONNECTION_LIMIT, setup->per_peer_max,
			MHD_OPTION_CONNECTION_TIMEOUT, setup->idle_s ? setup->idle_s : IDLE_S,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
			/* Else it would not use sendfile(). */
			MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	if (!s->mhd) {
		int why = errno ? errno : EIO;
		free(s);
		return err_set(e, why, "http: start a server on descriptor %d", setup->fd);
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	assert(info);
	uv_poll_init(setup->loop, &s->poll, info->epoll_fd);
	uv_timer_init(setup->loop, &s->timer);
	s->poll.data = s->timer.data = s;
	s->handles = 2;
	uv_poll_start(&s->poll, UV_READABLE, on_poll);
	*ret = s;
	return 0;
}

static void on_closed(uv_handle_t *h)
{
	struct http_server *s = h->data;
	if (--s->handles == 0)
		free(s);
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	uv_poll_stop(&s->poll);
	while (s->waiting)
		http_reply_text(s->waiting, 503, "the server stops");
	while (s->streams)
		http_stream_end(s->streams, false);
	/* A resumed connection is taken up by the next run; stopping before that aborts. */
	MHD_run(s->mhd);
	/* MHD closes its listening socket; it was only lent to us. */
	MHD_quiesce_daemon(s->mhd);
	MHD_stop_daemon(s->mhd);
	uv_close((uv_handle_t *)&s->poll, on_closed);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

const char *http_method(const struct http_request *r)
{
	return r->method;
}

const char *http_path(const struct http_request *r)
{
	return r->path;
}

const char *http_query(const struct http_request *r, const char *key)
{
	return MHD_lookup_connection_value(r->conn, MHD_GET_ARGUMENT_KIND, key);
}

const char *http_field(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name);
}

const void *http_body(const struct http_request *r, size_t *len)
{
	*len = r->len;
	return r->body;
}

static uint32_t addr_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET
		       ? ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr)
		       : 0;
}

static int socket_of(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

/* What accept() has said of the peer is remembered; only a local one is looked up. */
void http_peer(struct http_peer *ret, const struct http_request *r)
{
	*ret = (struct http_peer){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (!info || !info->client_addr)
		return;
	if (info->client_addr->sa_family == AF_INET) {
		struct sockaddr_storage a = { 0 };
		memcpy(&a, info->client_addr, sizeof(struct sockaddr_in));
		ret->addr = addr_of(&a);
		return;
	}
	struct ucred who;
	socklen_t len = sizeof who;
	if (info->client_addr->sa_family == AF_UNIX &&
		getsockopt(socket_of(r), SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		*ret = (struct http_peer){
			.local = true, .uid = who.uid, .gid = who.gid, .pid = who.pid
		};
}

uint32_t http_ours(const struct http_request *r)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof a;
	return getsockname(socket_of(r), (struct sockaddr *)&a, &len) == 0 ? addr_of(&a) : 0;
}

void http_add_field(struct http_request *r, const char *name, const char *value)
{
	assert(r->fields < sizeof r->field / sizeof r->field[0]);
	char *n = strdup(name), *v = strdup(value);
	if (!n || !v) {
		free(n);
		free(v);
		return;
	}
	r->field[r->fields].name = n;
	r->field[r->fields++].value = v;
}

void http_when_sent(struct http_request *r, void (*sent)(void *ctx, bool whole), void *ctx)
{
	r->sent = sent;
	r->sent_ctx = ctx;
}

/* The one way an answer goes: kept until MHD asks for it, which is now or after a resume. */
static void answer(
	struct http_request *r, unsigned status, const char *type, struct MHD_Response *response)
{
	assert(!r->response);
	if (!response) {
		/* Out of memory: an empty 500 is static inside MHD's pool or nothing goes. */
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		status = 500;
		type = NULL;
		assert(response);
	}
	if (type)
		MHD_add_response_header(response, "Content-Type", type);
	for (unsigned i = 0; i < r->fields; i++)
		MHD_add_response_header(response, r->field[i].name, r->field[i].value);
	r->response = response;
	r->status = status;
	if (r->link) {
		request_unlink(r);
		MHD_resume_connection(r->conn);
		http_run_soon(r->server);
	}
}

void http_answer_with(
	struct http_request *r, unsigned status, const char *type, struct MHD_Response *response)
{
	answer(r, status, type, response);
}

void http_run_soon(struct http_server *s)
{
	uv_timer_start(&s->timer, on_timer, 0, 0);
}

void http_reply(
	struct http_request *r, unsigned status, const char *type, const void *bytes, size_t len)
{
	answer(r, status, type,
		MHD_create_response_from_buffer(
			len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY));
}

struct cut {
	size_t sent;
	char bytes[];
};

static ssize_t cut_read(void *ctx, uint64_t at, char *to, size_t max)
{
	const struct cut *c = ctx;
	if (at >= c->sent)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t n = c->sent - at < max ? c->sent - at : max;
	memcpy(to, c->bytes + at, n);
	return (ssize_t)n;
}

void http_reply_cut(struct http_request *r, unsigned status, const char *type, const void *bytes,
	size_t len, size_t sent)
{
	struct cut *c = malloc(sizeof *c + len);
	if (c) {
		c->sent = sent < len ? sent : len;
		memcpy(c->bytes, bytes, len);
	}
	struct MHD_Response *response =
		c ? MHD_create_response_from_callback(len, 4096, cut_read, c, free) : NULL;
	if (c && !response)
		free(c);
	answer(r, status, type, response);
}

void http_reply_text(struct http_request *r, unsigned status, const char *sentence)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s\n", sentence);
	if (n >= (int)sizeof text)
		n = sizeof text - 1;
	http_reply(r, status, "text/plain; charset=utf-8", text, n < 0 ? 0 : (size_t)n);
}

/* Where the part of each open file ends that is being sent. */
static uint64_t part_end[PART_FDS];

/* Corked, a socket keeps what fills no packet: the header goes with the first of the file. */
static void cork(int fd, bool on)
{
	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_CORK, &(int){ on }, sizeof(int));
}

/* libmicrohttpd asks for 128 KiB of a file at a time, so that a fast client does not hold up
 * others, and goes round once more for the rest. It finds this one in place of libc's, since a
 * program's own name stands before a library's: what the socket takes, up to a size that holds up
 * nobody, goes at once. Never beyond the part that is wanted, which is what libmicrohttpd counts
 * down. */
ssize_t sendfile64(int to, int from, off64_t *at, size_t len)
{
	uint64_t end = from >= 0 && from < PART_FDS && at ? part_end[from] : 0;
	if (at && end > (uint64_t)*at + len)
		len = end - (uint64_t)*at < PIECE_MAX ? end - (uint64_t)*at : PIECE_MAX;
	ssize_t n = syscall(SYS_sendfile, to, from, at, len);
	if (n > 0 && at && (uint64_t)*at == end)
		cork(to, false);
	return n;
}

/* The response owns fd, or fd is closed and it is NULL. */
static struct MHD_Response *of_file(int fd, uint64_t offset, uint64_t len)
{
	struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(len, fd, offset);
	if (!response)
		close(fd);
	else if (fd < PART_FDS)
		part_end[fd] = offset + len;
	return response;
}

/* sendfile64() takes it off again, which it does for all but a descriptor that it cannot count. */
static void cork_for(const struct http_request *r, int fd, uint64_t len)
{
	if (fd < PART_FDS && len > 0 && strcmp(r->method, "GET") == 0)
		cork(socket_of(r), true);
}

void http_reply_file(struct http_request *r, unsigned status, const char *type, int fd,
	uint64_t offset, uint64_t len)
{
	struct MHD_Response *response = of_file(fd, offset, len);
	if (response)
		cork_for(r, fd, len);
	answer(r, status, type, response);
}

struct http_answer {
	struct MHD_Response *response;
	int fd; /* the response's */
	uint64_t len;
};

struct http_answer *http_answer_file(const char *type, int fd, uint64_t len)
{
	struct http_answer *a = malloc(sizeof *a);
	struct MHD_Response *response = of_file(fd, 0, len);
	if (!a || !response) {
		if (response)
			MHD_destroy_response(response);
		free(a);
		return NULL;
	}
	*a = (struct http_answer){ response, fd, len };
	http_answer_add_field(a, "Content-Type", type);
	return a;
}

void http_answer_add_field(struct http_answer *a, const char *name, const char *value)
{
	MHD_add_response_header(a->response, name, value);
}

void http_answer_free(struct http_answer *a)
{
	if (a)
		MHD_destroy_response(a->response);
	free(a);
}

void http_reply_answer(struct http_request *r, const struct http_answer *a)
{
	assert(!r->response && !r->link);
	cork_for(r, a->fd, a->len);
	r->response = a->response;
	r->kept = true;
	r->status = 200;
}
