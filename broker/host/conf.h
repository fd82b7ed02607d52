/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings. Fields and their meaning: conf.def. The file is `key = value` lines; `#` begins a
 * comment. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct conf {
#define CONF_FIELD_TEXT(name, max) char name[(max) + 1];
#define CONF_FIELD_UINT(name, max) uint32_t name;
#define CONF(name, kind, dflt, min, max, what) CONF_FIELD_##kind(name, max)
#include "host/conf.def"
#undef CONF
};

void conf_defaults(struct conf *c);
/* Sets one `key = value`; -EINVAL with words when the key or value is not good. */
int conf_set(struct conf *c, const char *key, const char *value, struct err *e);
/* Reads a file over the defaults. Every wrong line gets one sentence ("FILE:3: lease_s = 0: want
 * 120 to 86400") on `wrong`, all in one go; then -EINVAL, and *c is as it was. */
int conf_read(struct conf *c, const char *path, FILE *wrong, struct err *e);
/* One line a setting: name, default, limits, meaning. */
void conf_help(FILE *to);
