/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets as files: one line each, readable by their owner alone. They are in memory for one deed,
 * are wiped after it, and are in no sentence. */
#pragma once
#include "base/err.h"

enum { SECRET_MAX = 255 };

struct secret {
	char text[SECRET_MAX + 1];
};

/* Reads the file of that name (name_ok) in the folder; its last newline is no part of it. */
int secret_read(struct secret *ret, const char *dir, const char *name, struct err *e);
void secret_wipe(struct secret *s);
