/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hands the machine over to its persona without a firmware start: docs/design/0027-handover.md. */
#pragma once
#include "initramfs/http.h"
#include "initramfs/job.h"

/* Comes back only where it could not: -errno with the reason, and nothing is changed; a restart
 * boots the persona as ever. The job's cards are matched. */
int take_over(const struct job *j, const struct http_url *base, struct err *e);
