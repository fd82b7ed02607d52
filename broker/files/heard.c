/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a stranger sends goes into the box before libmicrohttpd takes it apart: the library reads
 * through the name recv, and finds this one, since a program's own stands before libc's. Without it
 * a request that ends us inside the library would leave no trace. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/list.h"
#include "files/files.h"
#include "host/box.h"

enum { HEAD_LEN = 512 };

static const char kind[] = "http";

ssize_t recv(int fd, void *to, size_t len, int flags)
{
	ssize_t n = recvfrom(fd, to, len, flags, NULL, NULL);
	struct sockaddr_in from = { 0 };
	socklen_t from_len = sizeof from;
	/* The broker's words come this way, too, by a socket without an address. */
	if (n > 0 && getpeername(fd, (struct sockaddr *)&from, &from_len) == 0 &&
		from.sin_family == AF_INET)
		box_put(kind, "", ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), to, (size_t)n);
	return n;
}

void heard_whole(const struct http_request *r, const struct http_peer *peer, const char *interface)
{
	char bytes[HEAD_LEN + REPORT_LEN];
	size_t len;
	const void *body = http_body(r, &len);
	if (len == 0)
		return;
	int head = snprintf(bytes, HEAD_LEN, "%s %s\r\n\r\n", http_method(r), http_path(r));
	size_t at = head < HEAD_LEN ? (size_t)head : HEAD_LEN - 1;
	memcpy(bytes + at, body, len < REPORT_LEN ? len : REPORT_LEN);
	box_put(kind, interface, peer->addr, 0, bytes, at + len);
}
