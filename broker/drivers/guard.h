/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of guard, in one list. The contract of a driver is core/guard.h. */
#pragma once
#include "core/guard.h"

/* nft: the kernel of this host, in the network namespace of who calls. */
extern const struct guard_ops guard_nft, guard_fake;

/* The driver of that kind, or NULL with a sentence that names the kinds there are. */
const struct guard_ops *guard_ops_of(const char *kind, struct err *e);
