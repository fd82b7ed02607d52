/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key that the store's secrets are sealed with: made once, at the first start, and never in the
 * place of one that is lost. */
#pragma once
#include "warden/site.h"

/* -ENOENT, with the sentence, when key_file is not there and a store needs it. Changes nothing. */
int key_missing(const struct site *s, struct err *e);
/* Makes key_file where there is none: 32 random bytes that the broker alone may read, there after a
 * power cut, or not there at all. Fails as key_missing() does. */
int key_make(const struct site *s, struct err *e);
