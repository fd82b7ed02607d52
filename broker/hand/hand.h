/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hand: one process, one deed, one answer. It may block, since a deadline is set on it before
 * it begins. docs/design/0003-between-processes.md has the deeds and the answers. */
#pragma once
#include <stddef.h>

#include "base/err.h"

/* What the warden hands down, in the environment. */
struct hand {
	const char *run_dir;     /* BATON_RUN_DIR: the locks lie in run_dir/lock */
	const char *secrets_dir; /* BATON_SECRETS_DIR */
	const char *san_iqn;     /* BATON_SAN_IQN: Baton's own initiator name */
	const char *san_user;    /* BATON_SAN_USER: Baton's own account, or "" */
	const char *clones_dir;  /* BATON_CLONES_DIR: where copies of LUNs lie, or "" */
	const char *san_secret;  /* BATON_SAN_SECRET: the name of the file with its secret, or "" */
};

/* Does the deed that one line of JSON asks for. Returns the answer, one line of JSON with its
 * newline, to be freed; NULL only when there is no memory for one. */
char *deed_answer(const struct hand *hand, const char *line, size_t len);
