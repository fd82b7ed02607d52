/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key of the store, as batond has made it in key_file. */
#pragma once
#include <stdint.h>

#include "base/err.h"

/* -EPERM where others than its owner may read it, -EBADMSG where it is not 32 bytes. The caller
 * wipes it. */
int key_read(uint8_t ret[32], const char *path, struct err *e);
