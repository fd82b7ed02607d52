/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that were asked for lately stay open, each with the answer that gives the whole of it. One
 * look at the name says whether it still means the same file; if not, it is opened anew. */
#pragma once
#include <sys/stat.h>

#include "host/http.h"

enum { KEPT = 32, KEPT_PATH = 136 };

struct kept {
	struct {
		int folder;
		char path[KEPT_PATH];
		struct stat st;
		struct http_answer *answer; /* NULL: an empty place */
	} file[KEPT];
	unsigned next; /* to be given up when a place is needed */
};

/* The answer that gives `path` of `folder` as it is now, or NULL: it is not kept. Borrowed. */
const struct http_answer *kept_find(struct kept *k, int folder, const char *path);
/* Keeps `answer`, which is taken over, for the file that st describes, until many others were put.
 */
void kept_put(struct kept *k, int folder, const char *path, const struct stat *st,
	struct http_answer *answer);
void kept_fini(struct kept *k);
