/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Redfish service at a socket: requests become questions, answers become responses, and the
 * faults of the way between happen here: hang, slow, half-body. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "sim/bmc.h"
#include "sim/fault.h"

enum { BODY_MAX = 65536, HANG_LOOK_MS = 50 };

static void reply(struct http_request *r, const struct redfish_answer *a, const char *machine)
{
	char s[16];
	const struct {
		const char *name, *value;
	} fields[] = {
		{ "OData-Version", "4.0" },
		{ "Cache-Control", "no-store" },
		{ "ETag", a->etag[0] ? a->etag : NULL },
		{ "Location", a->location[0] ? a->location : NULL },
		{ "X-Auth-Token", a->token[0] ? a->token : NULL },
		{ "Allow", a->allow },
		{ "Retry-After", a->retry_s ? s : NULL },
		{ "WWW-Authenticate", a->status == 401 ? "Basic realm=\"Redfish\"" : NULL },
	};
	snprintf(s, sizeof s, "%u", a->retry_s);
	for (size_t i = 0; i < COUNT(fields); i++)
		if (fields[i].value)
			http_add_field(r, fields[i].name, fields[i].value);
	size_t len = a->body ? strlen(a->body) : 0;
	if (len && fault_is(machine, "half-body", NULL))
		http_reply_cut(r, a->status, a->type, a->body, len, len / 2);
	else
		http_reply(r, a->status, a->body ? a->type : NULL, a->body ? a->body : "", len);
}

static void ask(struct sim *s, struct http_request *r)
{
	struct redfish_answer a;
	struct redfish_ask q = { .method = http_method(r),
		.path = http_path(r),
		.token = http_field(r, "X-Auth-Token"),
		.basic = http_field(r, "Authorization"),
		.if_match = http_field(r, "If-Match"),
		.if_none_match = http_field(r, "If-None-Match"),
		.select = http_query(r, "$select"),
		.filter = http_query(r, "$filter"),
		.unknown_query = http_query(r, "$expand") || http_query(r, "$skip") ||
				 http_query(r, "$top") };
	q.body = http_body(r, &q.len);
	sim_before(s);
	redfish_answer(s->redfish, &q, &a);
	if (a.stream && strcmp(q.method, "GET") == 0)
		stream_open(s, r, a.type);
	else
		reply(r, &a, s->machine_path);
	redfish_answer_fini(&a);
	sim_after(s);
}

/* Kept for later; a place too few, and it is answered at once. */
static bool hold(struct sim *s, struct http_request *r, unsigned long long until)
{
	for (size_t i = 0; i < COUNT(s->held); i++) {
		if (s->held[i])
			continue;
		s->held[i] = r;
		s->held_until[i] = until;
		return true;
	}
	return false;
}

static void on_request(void *ctx, struct http_request *r)
{
	struct sim *s = ctx;
	long slow = fault_number(s->machine_path, "slow", 1000);
	sim_before(s);
	bool hangs = fault_is(s->machine_path, "hang", "redfish");
	if ((hangs || slow > 0) &&
		hold(s, r, hangs ? 0 : s->machine.now + (unsigned long long)slow)) {
		sim_after(s);
		return;
	}
	ask(s, r);
}

long web_turn(struct sim *s)
{
	bool hangs = fault_is(s->machine_path, "hang", "redfish");
	long next = -1;
	for (size_t i = 0; i < COUNT(s->held); i++) {
		struct http_request *r = s->held[i];
		if (!r)
			continue;
		unsigned long long until = s->held_until[i];
		if (until ? s->machine.now >= until : !hangs) {
			s->held[i] = NULL;
			ask(s, r);
			continue;
		}
		long left = until ? (long)(until - s->machine.now) : HANG_LOOK_MS;
		next = next < 0 || left < next ? left : next;
	}
	return next;
}

int web_open(struct sim *s, const char *at, struct err *e)
{
	struct sockaddr_in in;
	socklen_t len = sizeof in;
	char address[INET_ADDRSTRLEN];
	int r = address_parse(&in, at, e), on = 1;
	if (r < 0)
		return r;
	OWN(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
		bind(fd, (struct sockaddr *)&in, len) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		return err_set(e, errno, "listen at %s", at);
	inet_ntop(AF_INET, &in.sin_addr, address, sizeof address);
	if (!s->wants->plain && (r = cert_make(&s->cert, address, s->name, e)) < 0)
		return r;
	struct http_setup setup = { .loop = &s->loop,
		.fd = fd,
		.body_max = BODY_MAX,
		.handle = on_request,
		.ctx = s,
		.tls_key = s->cert.key,
		.tls_cert = s->cert.pem };
	r = http_server_new(&s->http, &setup, e);
	if (r < 0)
		return r;
	s->http_fd = fd_take(&fd);
	printf("redfish http%s://%s:%u%s%s\n", s->wants->plain ? "" : "s", address,
		ntohs(in.sin_port), s->wants->plain ? "" : " sha256=", s->cert.fingerprint);
	return 0;
}

void web_close(struct sim *s)
{
	memset(s->held, 0, sizeof s->held);
	http_server_free(s->http);
	cert_fini(&s->cert);
}
