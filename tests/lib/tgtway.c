/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gives a program a way to tgtd as batond gives it to a hand, without batond:
 *   tgtway SOCKET LOG PROGRAM [ARG...]
 * Every connection that is asked for is a line of LOG. The program's exit status is ours. With
 * TGTWAY_CUT=N it is killed when it asks for the N-th. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 3 };

static int tgtd_connect(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	int code = errno;
	close(fd);
	return -code;
}

static void answer(int to, const char *path, FILE *log)
{
	char line[256];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	int fd = tgtd_connect(path);
	int n = fd < 0 ? snprintf(line, sizeof line, "refused errno=%d path=%s\n", -fd, path)
		       : snprintf(line, sizeof line, "connected\n");
	struct iovec part = { line, (size_t)n };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd >= 0) {
		m.msg_control = room.bytes;
		m.msg_controllen = sizeof room.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	fputs(line, log);
	fflush(log);
	if (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		perror("tgtway");
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int ends[2], status;
	char line[64];
	FILE *log = argc < 4 ? NULL : fopen(argv[2], "ae");
	if (!log || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		fprintf(stderr, "usage: tgtway SOCKET LOG PROGRAM [ARG...]\n");
		return 2;
	}
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fcntl(ends[1], F_DUPFD_CLOEXEC, FIRST + 1), FIRST);
		setenv("BATON_FDS", "tgt", 1);
		execv(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	close(ends[1]);
	const char *cut = getenv("TGTWAY_CUT");
	long left = cut ? strtol(cut, NULL, 10) : -1;
	while (recv(ends[0], line, sizeof line, 0) > 0) {
		if (left > 0 && --left == 0)
			kill(pid, SIGKILL);
		else
			answer(ends[0], argv[1], log);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
