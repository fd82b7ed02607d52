/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two names by which libmicrohttpd looks for libc and finds us, since a program's own stands before
 * a library's. What a stranger sends goes into the box before the library takes it apart (recv):
 * without that a request that ends us inside it would leave no trace. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* The library corks a socket for each header and uncorks it before the file: the header leaves as
 * a packet of its own and wakes its client for nothing. host/http.c corks once around both, by the
 * call itself; what the library wishes of TCP comes to nothing. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return level == IPPROTO_TCP ? 0
				    : (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}
