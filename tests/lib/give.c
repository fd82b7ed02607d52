/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts a program as batond would, with descriptors by name, without batond:
 *   give [-u UID] NAME=KIND:WHAT... -- PROGRAM
 * dir:PATH, file:PATH (to read and write, made where it is not there), tcp:ADDR:PORT,
 * udp:ADDR:PORT[@INTERFACE], raw:INTERFACE, v6:INTERFACE, heard:INTERFACE, log:FILE. A log is the
 * broker's end of an events channel: each datagram becomes a line of FILE (its newlines become " |
 * "), and a report is answered with what FILE.answer holds ("200 go on"), or not at all without
 * that file. Signals TERM, INT and KILL reach the program; its exit status is ours. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/spawn.h"
#include "warden/frames.h"

extern char **environ;

static volatile sig_atomic_t asked;
static struct {
	int fd;
	const char *path;
} logs[8];
static unsigned log_count;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "give: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(2);
}

static int open_udp_tcp(int type, char *what)
{
	char *interface = strchr(what, '@');
	if (interface)
		*interface++ = '\0';
	char *port = strrchr(what, ':');
	struct sockaddr_in at = { .sin_family = AF_INET };
	int yes = 1;
	if (!port)
		die("%s: want ADDR:PORT", what);
	*port++ = '\0';
	at.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, what, &at.sin_addr) != 1)
		die("%s: want an address", what);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (type == SOCK_DGRAM) {
		/* As much as the warden asks for. */
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 4 << 20 }, sizeof(int));
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
	}
	if (interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				 (socklen_t)strlen(interface) + 1) < 0)
		die("bind to %s", interface);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
		(type == SOCK_STREAM && listen(fd, 4096) < 0))
		die("%s:%s", what, port);
	return fd;
}

static int open_raw(const char *interface)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die("packets on %s", interface);
	return fd;
}

static int open_log(const char *path)
{
	int ends[2];
	if (log_count == 8 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		die("log %s", path);
	logs[log_count].fd = ends[1];
	logs[log_count++].path = path;
	return ends[0];
}

static struct spawn_fd given(char *arg)
{
	char *kind = strchr(arg, '='), *what = kind ? strchr(kind, ':') : NULL;
	int fd = -1;
	struct err e = { 0 };
	if (!what)
		die("%s: want NAME=KIND:WHAT", arg);
	*kind++ = *what++ = '\0';
	if (strcmp(kind, "dir") == 0)
		fd = open(what, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (strcmp(kind, "file") == 0)
		fd = open(what, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	else if (strcmp(kind, "tcp") == 0)
		fd = open_udp_tcp(SOCK_STREAM, what);
	else if (strcmp(kind, "udp") == 0)
		fd = open_udp_tcp(SOCK_DGRAM, what);
	else if (strcmp(kind, "raw") == 0)
		fd = open_raw(what);
	else if (strcmp(kind, "v6") == 0)
		fd = frames_open_v6(what, &e);
	else if (strcmp(kind, "heard") == 0)
		fd = frames_open_heard(what, &e);
	else if (strcmp(kind, "log") == 0)
		fd = open_log(what);
	if (fd < 0)
		die("%s=%s:%s", arg, kind, what);
	return (struct spawn_fd){ arg, fd };
}

static void answer(int fd, const char *log, const char *message)
{
	char path[512], text[512], line[600], *what;
	unsigned long long id;
	if (sscanf(message, "report id=%20llu", &id) != 1)
		return;
	snprintf(path, sizeof path, "%s.answer", log);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	unsigned long status = strtoul(text, &what, 10);
	int len = snprintf(line, sizeof line, "answer id=%llu status=%lu\n%s", id, status,
		what + (*what == ' '));
	if (send(fd, line, (size_t)len, MSG_DONTWAIT) < 0)
		fprintf(stderr, "give: answer: %s\n", strerror(errno));
}

static void take(int fd, const char *path)
{
	char message[16384];
	ssize_t n = recv(fd, message, sizeof message - 1, MSG_DONTWAIT);
	if (n <= 0)
		return;
	message[n] = '\0';
	FILE *f = fopen(path, "ae");
	if (!f)
		die("%s", path);
	for (const char *c = message; *c; c++)
		if (*c == '\n')
			fputs(" | ", f);
		else
			fputc(*c, f);
	fputc('\n', f);
	fclose(f);
	answer(fd, path, message);
}

static void on_signal(int number)
{
	asked = number;
}

/* The program sees what batond would let through, and where to find programs. */
static const char *const *few(void)
{
	static const char *const keep[] = { "PATH=", "BATON_", "ASAN_", "UBSAN_" };
	static const char *env[SPAWN_ENV + 1];
	size_t n = 0;
	for (char **x = environ; *x && n < SPAWN_ENV; x++)
		for (size_t k = 0; k < sizeof keep / sizeof keep[0] && n < SPAWN_ENV; k++)
			if (strncmp(*x, keep[k], strlen(keep[k])) == 0)
				env[n++] = *x;
	return env;
}

int main(int argc, char **argv)
{
	struct spawn_fd fds[64];
	struct spawn s = { .fds = fds, .env = few(), .talk = -1 };
	struct err e = { 0 };
	int i = 1;
	if (i + 1 < argc && strcmp(argv[i], "-u") == 0) {
		s.uid = s.gid = (uid_t)atoi(argv[i + 1]);
		i += 2;
	}
	for (; i < argc && strcmp(argv[i], "--") != 0 && s.fd_count < 64; i++)
		fds[s.fd_count++] = given(argv[i]);
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: give [-u UID] NAME=KIND:WHAT... -- PROGRAM [ARG...]\n");
		return 2;
	}
	s.path = argv[i + 1];
	s.args = (const char *const *)argv + i + 2;
	sigset_t mask, before;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGCHLD, on_signal);
	pid_t pid;
	if (spawn_start(&pid, &s, &e) < 0) {
		fprintf(stderr, "give: %s\n", e.text);
		return 2;
	}
	struct pollfd polls[8];
	for (;;) {
		int status;
		for (unsigned k = 0; k < log_count; k++)
			polls[k] = (struct pollfd){ .fd = logs[k].fd, .events = POLLIN };
		int n = ppoll(polls, log_count, NULL, &before);
		if (n < 0 && (asked == SIGTERM || asked == SIGINT))
			kill(pid, asked);
		asked = 0;
		for (unsigned k = 0; k < log_count && n > 0; k++)
			if (polls[k].revents)
				take(logs[k].fd, logs[k].path);
		if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		fprintf(stderr, "give: %s ended with %d\n", s.path, code);
		return code;
	}
}
