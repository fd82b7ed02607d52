/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From settings to what this machine really has: users, folders, interfaces, programs. */
#pragma once
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "host/conf.h"

enum { INTERFACES_MAX = 24 };

struct user {
	uid_t uid;
	gid_t gid;
};

struct site {
	struct conf conf;
	const char *conf_path;
	struct user broker, edge, files, hand;
	gid_t api;
	char interface[INTERFACES_MAX][IF_NAMESIZE];
	unsigned interfaces;
	char programs[PATH_MAX]; /* the folder that batond runs from */
};

/* Looks at everything and changes nothing. Each thing that is wrong is one sentence on `wrong`;
 * false when there was one. site->conf and conf_path are set before. */
bool site_check(struct site *s, FILE *wrong);

/* Makes run_dir. The lock in it says whether the rest is ours to touch. */
int site_make_run_dir(const struct site *s, struct err *e);
/* Makes the folders in it, state_dir and secrets_dir, with their owners; then checks that the
 * table's lies on tmpfs. */
int site_make_folders(const struct site *s, struct err *e);
/* Opens the two files of state_dir/leases, root's and 0600, made where they are not there, for
 * this batond alone. On failure both are -1. */
int site_open_leases(int ret[2], const struct site *s, struct err *e);
