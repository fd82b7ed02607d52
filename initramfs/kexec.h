/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another kernel in this one's place, without a firmware start. */
#pragma once
#include "base/err.h"

/* -EPERM with the reason where this machine's kernel does not allow it. */
int kexec_allowed(struct err *e);

/* Both files open, read to wherever. After success kexec_go() starts them. */
int kexec_ready(int kernel, int initrd, const char *line, struct err *e);

/* Comes back only where it failed: -errno. */
int kexec_go(struct err *e);
