/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors that a process is given by its parent, by name. The parent puts them at 3, 4, ...
 * and their names, in that order and with blanks between, in BATON_FDS. */
#pragma once

#include "base/err.h"

/* The descriptor of that name, close-on-exec; -ENOENT with a sentence when none was given. */
int given_fd(const char *name, struct err *e);

/* Every one whose name begins with prefix ("dhcp."): calls each(fd, rest of its name). */
void given_each(const char *prefix, void (*each)(void *ctx, int fd, const char *rest), void *ctx);
