/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated machine and its BMC remember: values with names, in memory and in one text
 * file with a line `name JSON` for each, so that a simulator that was killed comes up as it was. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct keep;

/* path NULL: in memory alone. No file yet is no failure. */
int keep_open(struct keep **ret, const char *path, struct err *e);
void keep_free(struct keep *k); /* takes NULL */

/* Borrowed until the next change; NULL where there is none. */
json_t *keep_get(const struct keep *k, const char *name);
const char *keep_text(const struct keep *k, const char *name); /* "" where there is no text */
long long keep_number(const struct keep *k, const char *name); /* 0 where there is no number */

/* value is taken over; NULL forgets the name. */
void keep_put(struct keep *k, const char *name, json_t *value);
/* Calls for each name, which the callee may change or forget. */
void keep_each(struct keep *k, void (*one)(void *ctx, const char *name, json_t *value), void *ctx);

/* Writes what has changed since the last time; the file is replaced whole. */
int keep_save(struct keep *k, struct err *e);
