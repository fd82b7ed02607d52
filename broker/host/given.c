/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Named descriptors from the parent: see given.h. */
#include "host/given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 3 };

void given_each(const char *prefix, void (*each)(void *ctx, int fd, const char *rest), void *ctx)
{
	const char *at = getenv("BATON_FDS");
	size_t len = strlen(prefix);
	for (int fd = FIRST; at && *at; fd++) {
		size_t n = strcspn(at, " ");
		char name[64];
		if (n >= len && n < sizeof name && strncmp(at, prefix, len) == 0) {
			memcpy(name, at + len, n - len);
			name[n - len] = '\0';
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			each(ctx, fd, name);
		}
		at += n + (at[n] == ' ');
	}
}

static void take_exact(void *ctx, int fd, const char *rest)
{
	if (!*rest)
		*(int *)ctx = fd;
}

int given_fd(const char *name, struct err *e)
{
	int fd = -1;
	given_each(name, take_exact, &fd);
	if (fd < 0)
		return err_say(e, ENOENT,
			"descriptor \"%s\" was not given: this program is started by batond", name);
	return fd;
}
