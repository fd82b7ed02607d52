/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be ordered: an order is checked against all that runs, its machine is chosen, it is
 * journaled, and begins. People give orders through the API, broker/health.h gives some by itself.
 */
#pragma once
#include "broker/broker.h"
#include "broker/choose.h"

/* Fills in what follows from how things stand: from, and for a pool to. pool is "" where the
 * machine is named in o->to. -EBUSY says who is in the way; -ENOENT what is not there. Changes
 * nothing. */
int order_check(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e);
/* Checks and journals it, within the caller's transaction if there is one: fills o->id. */
int order_place(
	struct broker *b, struct order *o, const char *pool, struct choice *chosen, struct err *e);
/* The same, and begins it: when it returns 0 the order is on disk, and fills o->id. who is
 * for the event: a user's number, or "baton". */
int order_give(struct broker *b, struct order *o, const char *pool, struct choice *chosen,
	const char *who, struct err *e);
/* Begins one that is on disk already. */
void order_begin(struct broker *b, const struct order *o, const char *who);
