/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The jail of a process that reads strangers' bytes: no rights, a short list of system calls, and
 * files only below the folders it was given. Entered once, after sockets and folders are open;
 * there is no way out. */
#pragma once
#include <stddef.h>

#include "base/err.h"

struct jail {
	const int *folders; /* descriptors; files below them may be opened for reading, no others */
	size_t folder_count;
	/* Names of system calls beyond the basic ones, ends with NULL. The basic ones are: memory
	 * that cannot be executed, clocks, its own signals, reading and writing of what is open,
	 * opening for reading, when a segment of TCP goes, ending. */
	const char *const *calls;
};

/* -EPERM with a sentence when the process is root; -errno when a part of the jail cannot be made.
 * Then it must not serve. A kernel without Landlock is tolerated: jail_word() tells. With
 * BATON_JAIL=off in the environment (for debuggers and sanitizers) nothing is done. */
int jail_enter(const struct jail *j, struct err *e);

/* What holds this process now, for its `started` event: "off", "seccomp", "seccomp+landlock". */
const char *jail_word(void);
