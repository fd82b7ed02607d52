/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A handful of loaders and the shim are all that a rack asks for, so a row of places is enough. */
#include "files/kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

/* The time of change covers what chmod, truncate and a write in place do to a file. */
static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void forget(struct kept *k, unsigned i)
{
	http_answer_free(k->file[i].answer);
	k->file[i].answer = NULL;
}

static int place_of(const struct kept *k, int folder, const char *path)
{
	for (unsigned i = 0; i < KEPT; i++)
		if (k->file[i].answer && k->file[i].folder == folder &&
			strcmp(k->file[i].path, path) == 0)
			return (int)i;
	return -1;
}

const struct http_answer *kept_find(struct kept *k, int folder, const char *path)
{
	struct stat st;
	int i = place_of(k, folder, path);
	if (i < 0)
		return NULL;
	if (fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && same(&st, &k->file[i].st))
		return k->file[i].answer;
	forget(k, (unsigned)i);
	return NULL;
}

void kept_put(struct kept *k, int folder, const char *path, const struct stat *st,
	struct http_answer *answer)
{
	int i = place_of(k, folder, path);
	if (i < 0)
		i = (int)(k->next++ % KEPT);
	forget(k, (unsigned)i);
	k->file[i].folder = folder;
	snprintf(k->file[i].path, KEPT_PATH, "%s", path);
	k->file[i].st = *st;
	k->file[i].answer = answer;
}

void kept_fini(struct kept *k)
{
	for (unsigned i = 0; i < COUNT(k->file); i++)
		forget(k, i);
}
