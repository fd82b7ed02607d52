/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine's switch ports, set by a hand for a step of an order. That a port is other than open is
 * in the store before the switch is told, so that none stays shut unseen (docs/design/0023). */
#pragma once
#include "broker/deeds.h"
#include "core/silence.h"

/* Has a hand shut or isolate them, ms at most; done() comes as with deed_start(). */
enum step_now ports_hold(struct run *run, const struct silence_ports *ports, enum port_state state,
	unsigned ms, hand_done *done, char why[320]);
/* The same, to open those of the machine that are held. STEP_NOW_DONE: none is. */
enum step_now ports_open(struct run *run, unsigned ms, hand_done *done, char why[320]);
/* The hand has read them back so: writes it down and tells of it. */
int ports_seen(struct run *run, enum port_state state, struct err *e);
