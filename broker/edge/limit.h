/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which questions are looked at when there are too many: of a MAC that the table knows, so many a
 * second; of all that it does not know, so many through one interface or one relay. A flood of
 * made-up MACs so costs little, and takes nothing from those that are known. The memory is fixed.
 */
#pragma once
#include "engine/engine.h"

enum {
	LIMIT_MACS = 16384, /* remembered; two that share a place are limited less, never more */
	LIMIT_RELAYS = 256,
	LIMIT_BURST = 4, /* seconds' worth that may come at once */
	LIMIT_ALL = 8,   /* relays' worth of all relays together: who floods may invent relays */
};

struct limit;

/* Once, before the jail. NULL when there is no memory or no randomness. */
struct limit *limit_new(void);

/* True when this question is to be answered. */
bool limit_allows(struct limit *l, const struct table *t, const struct engine_ask *ask);

/* Tells the broker what was dropped since it was last told, every ten seconds at most. */
void limit_tell(struct limit *l, int events, uint64_t now_s);
