/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of switch that Baton can set a port of, in one list, and what their drivers share. The
 * contract of a driver is core/port.h. */
#pragma once
#include "core/port.h"

extern const struct port_ops port_fake;

/* The driver of that kind, or NULL with a sentence that names the kinds there are. */
const struct port_ops *port_of(const char *kind, struct err *e);

/* set() of every driver: reads, tells where the state is another, and reads until it is the one
 * that is wanted or the time is over. */
int port_reach(struct port *port,
	int (*tell)(struct port *port, enum port_state want, struct err *e), enum port_state want,
	unsigned timeout_ms, struct err *e);
