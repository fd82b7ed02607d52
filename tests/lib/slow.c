/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many slow readers of one file by HTTP, each from an address of its own in 127.1.0.0/16:
 *   slow ADDR PORT PATH COUNT
 * Says "open COUNT" once each has the first bytes of its answer, then has each take a few bytes now
 * and then. On TERM, or when who started it has gone, it says "lost N", of those that the server
 * has left, and ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT_MAX = 16384, BITE = 256, PAUSE_MS = 200, DEADLINE_MS = 20000 };

static volatile sig_atomic_t stop;

static void on_term(int number)
{
	(void)number;
	stop = 1;
}

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "slow: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int reader(unsigned i, const struct sockaddr_in *to, const char *path)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f010000u + i) };
	char ask[512];
	int small = 4096, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	/* What it does not read stays with the server. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
		die("bind");
	if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		die("connect");
	int n = snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: slow\r\n\r\n", path);
	if (write(fd, ask, (size_t)n) != n)
		die("ask");
	return fd;
}

/* False when the server has closed, or answers anything but the file. */
static bool take_first(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[16];
	return poll(&p, 1, DEADLINE_MS) == 1 && recv(fd, bytes, 12, MSG_WAITALL) == 12 &&
	       memcmp(bytes, "HTTP/1.1 200", 12) == 0;
}

static bool take_bite(int fd)
{
	char bytes[BITE];
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

int main(int argc, char **argv)
{
	static int fd[COUNT_MAX];
	unsigned count = argc == 5 ? (unsigned)atoi(argv[4]) : 0, lost = 0;
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rlimit most;
	if (count == 0 || count > COUNT_MAX || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: slow ADDR PORT PATH COUNT\n");
		return 2;
	}
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	signal(SIGTERM, on_term);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
		most.rlim_cur = most.rlim_max;
		setrlimit(RLIMIT_NOFILE, &most);
	}
	for (unsigned i = 0; i < count; i++)
		fd[i] = reader(i + 1, &to, argv[3]);
	for (unsigned i = 0; i < count; i++)
		if (!take_first(fd[i])) {
			printf("connection %u got no file\n", i);
			return 1;
		}
	printf("open %u\n", count);
	fflush(stdout);
	while (!stop) {
		poll(NULL, 0, PAUSE_MS);
		for (unsigned i = 0; i < count; i++)
			if (fd[i] >= 0 && !take_bite(fd[i])) {
				close(fd[i]);
				fd[i] = -1;
				lost++;
			}
	}
	printf("lost %u\n", lost);
	return 0;
}
