/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting vendors' tools: see run.h. */
#include "initramfs/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

const char *run_words(char to[RUN_WORDS + 1], const char *output)
{
	const char *end = output + strlen(output), *start = end;
	while (start > output && (size_t)(end - start) < RUN_WORDS)
		start--;
	size_t n = 0;
	bool gap = false;
	for (; start < end; start++) {
		unsigned char c = (unsigned char)*start;
		if (c == '\n' || c == '\r') {
			gap = n > 0;
			continue;
		}
		if (c == ' ' && (gap || n == 0))
			continue;
		if (gap && n + 3 < RUN_WORDS) {
			to[n++] = ';';
			to[n++] = ' ';
		}
		gap = false;
		if (n < RUN_WORDS)
			to[n++] = c < ' ' || c > '~' ? '?' : (char)c;
	}
	to[n] = '\0';
	return to;
}

static void become(char *const argv[], const char *dir, int out)
{
	static char path[] = "PATH=/bin:/sbin:/usr/bin:/usr/sbin", locale[] = "LC_ALL=C",
		    home[] = "HOME=/";
	char *const env[] = { path, locale, home, NULL };
	int null = open("/dev/null", O_RDONLY);
	setpgid(0, 0);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (chdir(dir) == 0)
		execve(argv[0], argv, env);
	dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Adds what the pipe holds; only the last RUN_OUTPUT bytes stay. False at its end. */
static bool keep(struct run *r, size_t *len, int from)
{
	char bytes[1024];
	ssize_t n = read(from, bytes, sizeof bytes);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	if (*len + (size_t)n > RUN_OUTPUT) {
		size_t drop = *len + (size_t)n - RUN_OUTPUT;
		memmove(r->output, r->output + drop, *len - drop);
		*len -= drop;
	}
	for (ssize_t i = 0; i < n; i++)
		r->output[(*len)++] = bytes[i] ? bytes[i] : '?';
	r->output[*len] = '\0';
	return true;
}

int run(struct run *ret, char *const argv[], const char *dir, unsigned timeout_s, struct err *e)
{
	int out[2], status = 0;
	size_t len = 0;
	char words[RUN_WORDS + 1];
	*ret = (struct run){ .status = -1 };
	/* Our end alone: a tool that fills the pipe waits for us, it does not fail. */
	if (pipe2(out, O_CLOEXEC) != 0 || fcntl(out[0], F_SETFL, O_NONBLOCK) != 0)
		return err_set(e, errno, "%s: pipe", argv[0]);
	pid_t pid = fork();
	if (pid == 0)
		become(argv, dir, out[1]);
	close(out[1]);
	int ended = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	int bad = ended < 0 ? errno : 0;

	int64_t deadline = now_ms() + timeout_s * 1000LL;
	bool late = false;
	struct pollfd p[2] = { { .fd = out[0], .events = POLLIN },
		{ .fd = ended, .events = POLLIN } };
	while (!bad) {
		int64_t left = deadline - now_ms();
		late = left <= 0;
		if (late || (poll(p, 2, (int)left) < 0 && errno != EINTR))
			break;
		if (p[0].revents && !keep(ret, &len, out[0]))
			p[0].fd = -1;
		/* What it said before it ended is in the pipe by now; a child that it left behind
		 * may hold the pipe open for ever. */
		if (p[1].revents) {
			for (struct pollfd q = { .fd = p[0].fd, .events = POLLIN };
				q.fd >= 0 && poll(&q, 1, 0) > 0 && keep(ret, &len, out[0]);)
				;
			break;
		}
	}
	if (pid > 0) {
		if (late || bad)
			kill(-pid, SIGKILL), kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		kill(-pid, SIGKILL);
	}
	close(out[0]);
	if (ended >= 0)
		close(ended);
	if (bad)
		return err_set(e, bad, "%s: start", argv[0]);

	run_words(words, ret->output);
	if (late)
		return err_say(
			e, ETIMEDOUT, "%s: no end after %u s: %s", argv[0], timeout_s, words);
	if (WIFSIGNALED(status))
		return err_say(
			e, ECHILD, "%s: ended by signal %d: %s", argv[0], WTERMSIG(status), words);
	ret->status = WEXITSTATUS(status);
	if (ret->status)
		return err_say(e, ECHILD, "%s: status %d: %s", argv[0], ret->status, words);
	return 0;
}
