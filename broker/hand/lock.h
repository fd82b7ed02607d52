/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One deed at a time on one BMC or target, whichever broker asked for it: an order that was given
 * up cannot act beside a new one. The kernel lets go of the lock when the process ends. */
#pragma once
#include <stdbool.h>

#include "base/err.h"

/* Waits for run_dir/lock/NAME, as long as the hand's deadline allows. Returns a descriptor that
 * holds it until it is closed. */
int lock_take(const char *run_dir, const char *name, struct err *e);

/* Is a deed at work there now? Waits for nothing. */
bool lock_held(const char *run_dir, const char *name);
