/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A descriptor that is closed when its scope ends: OWN(fd) int fd = open(...). Its owner hands it
 * over by setting it to -1. */
#pragma once
#include <unistd.h>

static inline void fd_drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
