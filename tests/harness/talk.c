/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See talk.h. A connection a request, read to its end. */
#include "tests/harness/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness/clock.h"

enum { ANSWER_MAX = 1 << 20, TALK_S = 25, API_S = 60, API_TRIES = 40 };

static int connect_to(const struct site *s, const char *host)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET };
	char addr[32];
	int fd = socket(host ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		bail("socket: %s", strerror(errno));
	int r;
	if (host) {
		snprintf(addr, sizeof addr, "%.*s", (int)strcspn(host, ":"), host);
		const char *port = strchr(host, ':');
		in.sin_addr.s_addr = inet_addr(addr);
		in.sin_port = htons((uint16_t)(port ? atoi(port + 1) : 80));
		r = connect(fd, (struct sockaddr *)&in, sizeof in);
	} else {
		snprintf(un.sun_path, sizeof un.sun_path, "%.80s/run/api.sock", s->dir);
		r = connect(fd, (struct sockaddr *)&un, sizeof un);
	}
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

void site_ask(struct site *s, const char *host, const char *method, const char *path,
	const char *body, talk_done *done, void *ctx)
{
	static char out[16384];
	struct talk *t = s->talk;
	while (t < s->talk + TALKS && t->fd)
		t++;
	if (t == s->talk + TALKS)
		bail("more than %d requests at once", TALKS);
	int n = snprintf(out, sizeof out,
		"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Type: "
		"application/json\r\nContent-Length: %zu\r\n\r\n%s",
		method, path, host ? host : "baton", body ? strlen(body) : 0, body ? body : "");
	*t = (struct talk){ .done = done, .ctx = ctx };
	t->fd = connect_to(s, host);
	if (t->fd >= 0 && send(t->fd, out, (size_t)n, MSG_NOSIGNAL) != n) {
		close(t->fd);
		t->fd = -1;
	}
	t->due_ns = site_now_ns(s) + (host ? TALK_S : API_S) * SECOND_NS;
	s->moved = true;
}

static void talk_end(struct talk *t, bool whole)
{
	struct talk was = *t;
	int status = 0;
	char *body = NULL;
	if (t->fd > 0)
		close(t->fd);
	*t = (struct talk){ 0 };
	if (whole && was.in && sscanf(was.in, "HTTP/1.1 %d", &status) == 1)
		body = strstr(was.in, "\r\n\r\n");
	was.done(was.ctx, body ? status : 0, body ? body + 4 : "");
	free(was.in);
}

void talks_turn(struct site *s)
{
	int64_t now = site_now_ns(s);
	for (struct talk *t = s->talk; t < s->talk + TALKS; t++) {
		if (!t->fd)
			continue;
		ssize_t n = -1;
		while (t->fd > 0 && t->len < ANSWER_MAX) {
			t->in = realloc(t->in, t->len + 16385);
			if (!t->in)
				bail("no memory");
			n = recv(t->fd, t->in + t->len, 16384, MSG_DONTWAIT);
			if (n <= 0)
				break;
			t->len += (size_t)n;
			t->in[t->len] = '\0';
		}
		bool waits = t->fd > 0 && n < 0 && (errno == EAGAIN || errno == EINTR);
		if (waits && now < t->due_ns)
			continue;
		s->moved = true;
		talk_end(t, n == 0);
	}
}

void talks_drop(struct site *s)
{
	for (struct talk *t = s->talk; t < s->talk + TALKS; t++) {
		if (t->fd > 0)
			close(t->fd);
		free(t->in);
		*t = (struct talk){ 0 };
	}
}

int64_t talks_due(const struct site *s)
{
	int64_t due = INT64_MAX;
	for (const struct talk *t = s->talk; t < s->talk + TALKS; t++)
		if (t->fd && t->due_ns < due)
			due = t->due_ns;
	return due;
}

struct api {
	bool over;
	int status;
	json_t *answer;
};

static void api_done(void *ctx, int status, const char *answer)
{
	struct api *a = ctx;
	a->over = true;
	a->status = status;
	a->answer = status ? json_loads(answer, JSON_DECODE_ANY, NULL) : NULL;
}

static bool api_over(struct site *s, void *ctx)
{
	(void)s;
	return ((struct api *)ctx)->over;
}

static bool never(struct site *s, void *ctx)
{
	(void)s;
	(void)ctx;
	return false;
}

json_t *site_api(
	struct site *s, const char *method, const char *path, const char *body, int *status)
{
	static struct api a; /* outlives a request that is given up */
	for (int i = 0; i < API_TRIES && !*s->wrong; i++) {
		a = (struct api){ .over = false };
		site_ask(s, NULL, method, path, body, api_done, &a);
		if (!site_until(s, api_over, &a, API_S + 5))
			break;
		if (a.status && a.answer) {
			*status = a.status;
			return a.answer;
		}
		site_until(s, never, NULL, 1);
	}
	*status = 0;
	return NULL;
}
