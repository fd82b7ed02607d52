/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See spawn.h. */
#include "host/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

enum { FIRST = 3, CAPS = 64 };

/* What the child will need, made before the fork: behind it there is no malloc. */
struct ready {
	const struct spawn *s;
	char *argv[SPAWN_ARGS + 2];
	char *env[SPAWN_ENV + 2];
	char fds[4096]; /* 160 names such as heard.IF, an interface's name in each */
	pid_t parent;
	int report; /* its errno goes here when it cannot become the program */
};

static void fail(const struct ready *r)
{
	int code = errno;
	if (write(r->report, &code, sizeof code) < 0)
		_exit(126);
	_exit(127);
}

static void signals_reset(void)
{
	sigset_t none;
	sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors to 3, 4, ...: first all out of the way, since one may stand where another goes. */
static bool fds_place(struct ready *r)
{
	const struct spawn *s = r->s;
	int high[SPAWN_FDS], above = FIRST + (int)s->fd_count;
	for (size_t i = 0; i < s->fd_count; i++)
		if ((high[i] = fcntl(s->fds[i].fd, F_DUPFD_CLOEXEC, above)) < 0)
			return false;
	int talk = s->talk < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : s->talk;
	int report = fcntl(r->report, F_DUPFD_CLOEXEC, above);
	int in = fcntl(talk, F_DUPFD_CLOEXEC, above);
	if (report < 0 || in < 0)
		return false;
	r->report = report;
	if (dup2(in, STDIN_FILENO) < 0 || dup2(s->talk < 0 ? STDERR_FILENO : in, STDOUT_FILENO) < 0)
		return false;
	for (size_t i = 0; i < s->fd_count; i++)
		if (dup2(high[i], FIRST + (int)i) < 0)
			return false;
	/* The rest is close-on-exec; this is for what a library forgot. */
	return close_range((unsigned)above, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static bool caps_set(unsigned long long permitted, unsigned long long inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = (uint32_t)(permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
	}
	return syscall(SYS_capset, &head, data) == 0;
}

/* Behind the change of user, which clears the ambient set; what is in it outlives the execve. */
static bool caps_give(unsigned long long caps)
{
	if (!caps_set(caps, caps))
		return false;
	for (int cap = 0; cap < CAPS; cap++)
		if (caps >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return false;
	return true;
}

static bool rights_drop(const struct spawn *s)
{
	if (s->caps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return false;
	for (int cap = 0; cap < CAPS; cap++)
		if (!(s->caps >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 &&
			errno != EINVAL)
			return false;
	return setgroups(s->group_count, s->groups) == 0 &&
	       setresgid(s->gid, s->gid, s->gid) == 0 && setresuid(s->uid, s->uid, s->uid) == 0 &&
	       (!s->caps || caps_give(s->caps)) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static void become(struct ready *r)
{
	signals_reset();
	setsid();
	umask(027);
	/* The change of user clears the death signal, so it is asked for behind it; a parent that
	 * had died before that is seen by its pid. */
	if (!fds_place(r) || !rights_drop(r->s) || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		fail(r);
	if (getppid() != r->parent)
		_exit(125);
	execve(r->s->path, r->argv, r->env);
	fail(r);
}

static int prepare(struct ready *r, const struct spawn *s, struct err *e)
{
	size_t n = 0, at = (size_t)snprintf(r->fds, sizeof r->fds, "BATON_FDS=");
	r->s = s;
	r->parent = getpid();
	r->argv[n++] = (char *)(uintptr_t)s->path;
	for (size_t i = 0; s->args && s->args[i]; i++) {
		if (n > SPAWN_ARGS)
			return err_say(
				e, E2BIG, "start %s: more than %d arguments", s->path, SPAWN_ARGS);
		r->argv[n++] = (char *)(uintptr_t)s->args[i];
	}
	n = 0;
	r->env[n++] = r->fds;
	for (size_t i = 0; s->env && s->env[i]; i++) {
		if (n > SPAWN_ENV)
			return err_say(
				e, E2BIG, "start %s: more than %d variables", s->path, SPAWN_ENV);
		r->env[n++] = (char *)(uintptr_t)s->env[i];
	}
	if (s->fd_count > SPAWN_FDS)
		return err_say(e, E2BIG, "start %s: more than %d descriptors", s->path, SPAWN_FDS);
	for (size_t i = 0; i < s->fd_count; i++) {
		at += (size_t)snprintf(
			r->fds + at, sizeof r->fds - at, "%s%s", i ? " " : "", s->fds[i].name);
		if (at >= sizeof r->fds)
			return err_say(
				e, E2BIG, "start %s: names of descriptors too long", s->path);
	}
	return 0;
}

int spawn_start(pid_t *ret, const struct spawn *s, struct err *e)
{
	struct ready r = { 0 };
	int rc = prepare(&r, s, e);
	if (rc < 0)
		return rc;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(e, errno, "start %s", s->path);
	OWN(fd) int from = ends[0];
	r.report = ends[1];
	pid_t pid = fork();
	if (pid == 0)
		become(&r);
	close(ends[1]);
	if (pid < 0)
		return err_set(e, errno, "start %s", s->path);
	/* The pipe closes when the program has taken the child's place, or says why not. */
	int code = 0;
	ssize_t n;
	do
		n = read(from, &code, sizeof code);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof code) {
		waitpid(pid, NULL, 0);
		return err_set(e, code, "start %s", s->path);
	}
	*ret = pid;
	return 0;
}
