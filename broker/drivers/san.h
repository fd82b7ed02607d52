/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of disk network that Baton can look at, in one list. The contract of a driver is
 * core/san.h. */
#pragma once
#include <stddef.h>

#include "core/san.h"

extern const struct san_ops san_iscsi, san_fake;

/* The driver of that kind, or NULL with a sentence that names the kinds there are. */
const struct san_ops *san_of(const char *kind, struct err *e);

/* A look at the first two blocks of a disk: would firmware find something to start there? */
bool san_bootable(const uint8_t *blocks, size_t len, uint32_t block_len);
