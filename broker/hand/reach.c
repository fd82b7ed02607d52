/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of a watch: an echo by ICMP, a connection by TCP. Neither needs a right. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/wait.h"
#include "hand/watch.h"
#include "host/fd.h"

enum { PINGS = 2 }; /* one may be lost, or wait for an ARP answer */

static struct sockaddr_in at(const char *address, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, address, &a.sin_addr);
	return a;
}

/* Until there is something; false at the end of the time. */
static bool ready(int fd, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = until - wait_now_ms();
		if (left <= 0)
			return false;
		if (poll(&p, 1, (int)left) > 0)
			return true;
	}
}

/* Gives 1 for an echo, 0 for none in time, -errno for what the network says. */
static int echo(int fd, uint16_t number, int64_t until)
{
	struct icmphdr ask = { .type = ICMP_ECHO, .un.echo.sequence = htons(number) }, got;
	if (send(fd, &ask, sizeof ask, 0) < 0)
		return -errno;
	while (ready(fd, POLLIN, until)) {
		ssize_t n = recv(fd, &got, sizeof got, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n == (ssize_t)sizeof got && got.type == ICMP_ECHOREPLY &&
			ntohs(got.un.echo.sequence) <= number)
			return 1;
	}
	return 0;
}

bool reach_ping(const char *address, unsigned timeout_ms, struct err *e)
{
	const struct sockaddr_in to = at(address, 0);
	int64_t begun = wait_now_ms();
	int r = 0;
	OWN(fd) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		err_say(e, EPERM,
			"ping %s: a hand may not ping here; set sysctl net.ipv4.ping_group_range "
			"so "
			"that group %u is in it",
			address, getegid());
		return false;
	}
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) {
		err_set(e, errno, "ping %s", address);
		return false;
	}
	for (int i = 1; r == 0 && i <= PINGS; i++)
		r = echo(fd, (uint16_t)i, begun + (int64_t)timeout_ms * i / PINGS);
	if (r < 0)
		err_set(e, -r, "ping %s", address);
	if (r == 0)
		err_say(e, ETIMEDOUT, "ping %s: no answer within %u ms", address, timeout_ms);
	return r > 0;
}

bool reach_tcp(const char *address, uint16_t port, unsigned timeout_ms, struct err *e)
{
	const struct sockaddr_in to = at(address, port);
	int code = 0;
	socklen_t len = sizeof code;
	OWN(fd) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
		code = errno;
	if (code == EINPROGRESS) {
		if (!ready(fd, POLLOUT, wait_now_ms() + timeout_ms)) {
			err_say(e, ETIMEDOUT, "tcp %s:%u: no answer within %u ms", address, port,
				timeout_ms);
			return false;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
			code = errno;
	}
	/* A refusal was sent by somebody who is there. */
	if (code && code != ECONNREFUSED)
		err_set(e, code, "tcp %s:%u", address, port);
	return !code || code == ECONNREFUSED;
}
