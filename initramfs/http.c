/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's HTTP client: see http.h. It speaks 1.0, so the answer ends where the connection does.
 */
#include "initramfs/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/own.h"

enum { HEAD_MAX = 2048 };

static void fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

bool http_url_parse(struct http_url *ret, const char *text)
{
	struct http_url u = { .port = 80 };
	char host[32];
	if (strncmp(text, "http://", 7) != 0)
		return false;
	text += 7;
	size_t n = strcspn(text, "/"), path = strlen(text + n);
	if (n >= sizeof host || path > HTTP_PATH_LEN)
		return false;
	snprintf(host, sizeof host, "%.*s", (int)n, text);
	char *colon = strchr(host, ':');
	if (colon) {
		*colon++ = '\0';
		size_t digits = strspn(colon, "0123456789");
		long port = digits && digits < 6 && !colon[digits] ? strtol(colon, NULL, 10) : 0;
		if (port < 1 || port > 65535)
			return false;
		u.port = (uint16_t)port;
	}
	if (!ip4_parse(&u.addr, host))
		return false;
	text += n;
	while (path && text[path - 1] == '/')
		path--;
	for (size_t i = 0; i < path; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	snprintf(u.path, sizeof u.path, "%.*s", (int)path, text);
	*ret = u;
	return true;
}

int http_answer_parse(struct http_answer *ret, const char *bytes, size_t len, struct err *e)
{
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	unsigned minor, status;
	int at = 0;
	char head[HEAD_MAX];
	if (!end || (size_t)(end - bytes) >= sizeof head ||
		memchr(bytes, '\0', (size_t)(end - bytes)))
		return err_say(e, EBADMSG, "no whole HTTP answer came");
	snprintf(head, sizeof head, "%.*s", (int)(end - bytes), bytes);
	if (sscanf(head, "HTTP/1.%1u %3u%n", &minor, &status, &at) != 2 || status < 100 ||
		(head[at] && !strchr(" \r", head[at])))
		return err_say(e, EBADMSG, "what came is no HTTP answer");

	const char *body = end + 4;
	size_t body_len = len - (size_t)(body - bytes);
	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, "content-length:", 15) != 0)
			continue;
		const char *v = line + 17 + strspn(line + 17, " ");
		size_t digits = strspn(v, "0123456789");
		unsigned long want =
			digits && digits < 9 ? strtoul(v, NULL, 10) : HTTP_BODY_MAX + 1ul;
		if (want > HTTP_BODY_MAX)
			return err_say(e, EBADMSG, "an answer of more than 16 KiB came");
		if (body_len < want)
			return err_say(e, EBADMSG, "the answer ended after %zu of %lu bytes",
				body_len, want);
		body_len = want;
	}
	if (body_len > HTTP_BODY_MAX)
		return err_say(e, EBADMSG, "an answer of more than 16 KiB came");
	if (memchr(body, '\0', body_len))
		return err_say(e, EBADMSG, "the answer is not text");
	ret->status = status;
	memcpy(ret->body, body, body_len);
	ret->body[body_len] = '\0';
	return 0;
}

/* Waits until fd is ready; -ETIMEDOUT when the deadline comes first. */
static int ready(int fd, short what, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = what };
	int64_t left = deadline - now_ms();
	int n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

static int dial(int *ret, const struct http_url *u, int64_t deadline)
{
	OWN(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(u->port), .sin_addr.s_addr = htonl(u->addr)
	};
	if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
		int bad = errno == EINPROGRESS ? ready(fd, POLLOUT, deadline) : -errno;
		socklen_t len = sizeof bad;
		if (!bad && getsockopt(fd, SOL_SOCKET, SO_ERROR, &bad, &len) != 0)
			bad = errno;
		if (bad)
			return bad < 0 ? bad : -bad;
	}
	*ret = fd;
	fd = -1;
	return 0;
}

static int send_all(int fd, const char *bytes, size_t len, int64_t deadline)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			int bad = ready(fd, POLLOUT, deadline);
			if (bad)
				return bad;
			continue;
		}
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads until the other end closes. */
static int receive_all(int fd, char *to, size_t max, size_t *ret_len, int64_t deadline)
{
	size_t len = 0;
	for (;;) {
		int bad = ready(fd, POLLIN, deadline);
		if (bad)
			return bad;
		ssize_t n = recv(fd, to + len, max - len, 0);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0 || len == max)
			break;
	}
	*ret_len = len;
	return 0;
}

int http_ask(struct http_answer *ret, const struct http_url *base, const char *rest,
	const char *body, unsigned timeout_ms, struct err *e)
{
	char addr[IP4_TEXT], head[HEAD_MAX];
	static char bytes[HEAD_MAX + HTTP_BODY_MAX + 1];
	size_t len = 0;
	int64_t deadline = now_ms() + timeout_ms;
	OWN(fd) int fd = -1;
	ip4_text(addr, base->addr);
	int n = snprintf(head, sizeof head,
		"%s %s%s HTTP/1.0\r\nHost: %s:%u\r\nConnection: close\r\n", body ? "POST" : "GET",
		base->path, rest, addr, base->port);
	if (body && n > 0 && (size_t)n < sizeof head)
		n += snprintf(head + n, sizeof head - (size_t)n,
			"Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	if (n < 0 || (size_t)n + 3 > sizeof head)
		return err_say(e, EINVAL, "http: a request too long to send");
	memcpy(head + n, "\r\n", 3);

	int bad = dial(&fd, base, deadline);
	if (!bad)
		bad = send_all(fd, head, strlen(head), deadline);
	if (!bad && body)
		bad = send_all(fd, body, strlen(body), deadline);
	if (!bad)
		bad = receive_all(fd, bytes, sizeof bytes, &len, deadline);
	if (bad)
		return err_set(e, -bad, "http %s:%u", addr, base->port);
	bad = http_answer_parse(ret, bytes, len, e);
	return bad ? err_in(e, bad, "http %s:%u", addr, base->port) : 0;
}
