/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks between hands: see hand/lock.h. */
#include "hand/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

int lock_take(const char *run_dir, const char *name, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/lock", run_dir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "lock: make folder %s", path);
	if (snprintf(path, sizeof path, "%s/lock/%s", run_dir, name) >= (int)sizeof path)
		return err_say(e, ENAMETOOLONG, "lock: the name %s is too long", name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(e, errno, "lock: open %s", path);
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		int code = errno;
		close(fd);
		return err_set(e, code, "lock: take %s", path);
	}
	return fd;
}

bool lock_held(const char *run_dir, const char *name)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/lock/%s", run_dir, name);
	OWN(fd) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
}
