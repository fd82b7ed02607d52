/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A descriptor that is closed when its scope ends: OWN(fd) int fd = open(...). It leaves
 * alive through fd_take(). */
#pragma once
#include <unistd.h>

static inline void fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline int fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}
