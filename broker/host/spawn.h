/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starts a program with given descriptors and without rights, so that it dies with its parent.
 * The parent waits for it (SIGCHLD, waitpid); nothing is kept here. */
#pragma once
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum { SPAWN_FDS = 160, SPAWN_ENV = 32, SPAWN_ARGS = 8 };

struct spawn_fd {
	const char *name; /* no blanks: host/given.h */
	int fd;
};

struct spawn {
	const char *path;
	const char *const *args; /* behind argv[0], ends with NULL; NULL: none */
	const char *const *env;  /* all of it, "KEY=value", ends with NULL; BATON_FDS is added */
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* others than gid */
	size_t group_count;
	const struct spawn_fd *fds; /* become 3, 4, ... */
	size_t fd_count;
	int talk;                /* becomes stdin and stdout; -1: /dev/null and our stderr */
	unsigned long long caps; /* capabilities that it has, a bit each: 1 << CAP_NET_ADMIN */
};

/* Returns once the program runs. It has a session of its own, no capability but those in caps, no
 * way to gain one, and gets SIGKILL when the calling thread ends. -errno with a sentence that names
 * the path. */
int spawn_start(pid_t *ret, const struct spawn *s, struct err *e);
