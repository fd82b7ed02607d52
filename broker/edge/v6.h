/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the edge says by IPv6: that there is no router here (wire/router.h) and no address
 * (wire/dhcpv6.h), to machines that the boot table knows, and nothing to others. */
#pragma once
#include "core/table.h"
#include "edge/port.h"

/* Answers what waits at a v6.IF; t is NULL while there is no table. */
void v6_serve(const struct port *p, const struct table *t, int events, uint64_t now_s);
