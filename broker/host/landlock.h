/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock: a process without rights gives up all files but those below some folders, for good. A
 * part of the jail (host/jail.h). */
#pragma once
#include <stddef.h>

#include "base/err.h"

/* Which version this kernel has; 0 or less: none, since it is too old or was started without. */
long landlock_version(void);

/* From now on files below these folders may be opened for reading, no others, and nothing may be
 * bound or connected by TCP where the version knows of that. 1 entered, 0 the kernel has none,
 * -errno with a sentence. no_new_privs must be set. */
int landlock_enter(const int *folders, size_t count, struct err *e);
