/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the shim is told when it shall start the persona's kernel in its own place: the disk and its
 * secret, and the NIC. It is given to whom persona.ipxe would be given, and not before. Pure.
 * docs/design/0027-handover.md. */
#pragma once
#include "base/err.h"
#include "core/boot.h"

/* One fact a line:
 *   persona NAME / initiator IQN / target IQN / lun DECIMAL
 *   portal ADDRESS PORT                             for each path
 *   chap USER SECRET / mutual-chap USER SECRET      where there are such
 *   nic MAC ADDRESS PREFIX GATEWAY-or-- DNS-or-- SERVER
 *   uuid UUID / serial TEXT                         where the persona has them
 * On success *ret is malloc'ed and the caller's. -ENOENT with the reason why it is not sound here
 * and now: the machine restarts instead. */
int handover_render(char **ret, const struct table *t, const struct boot_plan *plan, struct err *e);
