/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files beside a fake: see fake_file.h. */
#include "drivers/fake_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

bool fake_file_read(const char *path, const char *what, char *to, size_t size)
{
	char whole[PATH_MAX];
	snprintf(whole, sizeof whole, "%s.%s", path, what);
	OWN(fd) int fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, to, size - 1);
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return true;
}

bool fake_file_holds(const char *path, const char *fault, const char *call)
{
	char calls[128];
	if (!fake_file_read(path, fault, calls, sizeof calls))
		return false;
	if (!calls[0])
		return true;
	for (char *rest = calls, *one; (one = strsep(&rest, " "));)
		if (strcmp(one, call) == 0)
			return true;
	return false;
}
