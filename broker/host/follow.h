/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Follows a file that somebody replaces by renaming: the bytes in use, and newer ones on trial
 * until their reader has found them good. What is offered is a private copy, so that a writer that
 * truncates or rewrites the file in place can neither crash nor change a reader. */
#pragma once
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

struct follow_room {
	void *at; /* aligned for any type; NULL: none */
	size_t len;
};

struct follow {
	int folder;       /* borrowed */
	const char *name; /* one component, borrowed */
	size_t len_max;
	struct follow_room used, tried;
	struct stat seen; /* of the file that was looked at last */
	int trouble;      /* -errno of the last look; 0: it went well */
};

/* 1: the file is another than the last one offered: its bytes are on trial, until follow_take()
 * or follow_refuse(). 0: nothing new. -errno with a sentence once for each new trouble (no such
 * file, unreadable, longer than len_max, no descriptor left); a file that could not be read is
 * tried again at each look. */
int follow_look(struct follow *f, const void **bytes, size_t *len, struct err *e);
void follow_take(struct follow *f); /* those in use before are freed */
void follow_refuse(struct follow *f);
void follow_fini(struct follow *f);
