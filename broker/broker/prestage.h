/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines whose cards hold a persona's addresses before they are wanted (docs/design/0028): how
 * they are left so, how one is started, and how its persona is taken from it unused. */
#pragma once
#include "broker/deeds.h"

/* Is the machine prestaged for the persona, which is on no machine? *ret is then the body that it
 * would be: what is proved of its silence is proved of that generation. */
bool prestage_of(struct binding *ret, struct store *s, const char *persona, const char *machine);

/* The step keep. */
enum step_now keep(struct run *run, char why[320]);
/* The cards may hold them still; but another machine may claim the persona now. */
int prestage_give_up(struct run *run, struct err *e);

/* A question of a prestaged machine that is being started, and not with an address of its persona:
 * keeps with what it asked in run->lost. */
bool prestage_missed(struct run *run, const struct event_row *row);
/* The rest of that: the shim is wanted after all. It ends the step await-ask. */
enum step_now prestage_lost(struct run *run, char why[320]);
