/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the store, version by version. A version that has been released is never edited:
 * a change is a new entry at the end. */
#pragma once
#include <stddef.h>

#include "base/err.h"

struct store;

/* What brings the schema from one version to the next; the n-th entry makes version n + 1. */
struct migration {
	const char *const *sql;                      /* statements, NULL at the end */
	int (*then)(struct store *s, struct err *e); /* what SQL cannot do; NULL: nothing */
};
extern const struct migration schema[];
extern const unsigned schema_version; /* the newest */

/* Brings an open database forward to version `want` in one transaction; all or nothing.
 * -EPROTONOSUPPORT when it is newer, -EBADMSG when it is another program's. */
int schema_bring(struct store *s, const struct migration *m, unsigned want, struct err *e);
