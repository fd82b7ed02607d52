/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stale machine is restored while its persona runs elsewhere: behind switch ports that reach
 * nobody but Baton, and bound to a persona of its own that has no address and no disk, so that
 * nothing of the running one can be given to it (docs/design/0023). */
#pragma once
#include "broker/deeds.h"

/* Can this machine be restored so? It needs a switch port for each NIC that carries, and a UUID
 * that is its own alone. Then the order becomes a restore-isolated, and its persona has a name. */
int isolated_check(struct broker *b, struct order *o, const struct machine *m, struct err *e);
/* Makes that persona, inside the caller's transaction. */
int isolated_persona_add(struct store *s, const struct order *o, struct err *e);

/* The step `isolate`, and what comes before the machine has power: a hand isolates the ports of all
 * NICs that carry, each read back, and done() comes as with deed_start(). */
enum step_now isolate(
	struct run *run, const struct machine *m, unsigned ms, hand_done *done, char why[320]);
/* The hand of `isolate` or `rejoin` has answered. */
void isolate_done(void *run, const struct hand_result *r);
enum step_now rejoin(struct run *run, char why[320]);
