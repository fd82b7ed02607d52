/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the edge tells the broker about its answers and its loans, and how often: a machine that
 * asks every second is one event, and a flood of made-up MACs is a trickle. */
#pragma once
#include "edge/journal.h"
#include "engine/engine.h"

/* Tells of an answer or a silence, unless it is too soon: see notice.c for the limits. */
void notice_answer(int events, const struct engine_ask *ask, const struct engine_answer *a,
	const struct table *t);
/* Tells, at the start, what was found of loans; nothing where there was nothing. */
void notice_loans(int events, const struct journal_found *found);
/* Tells that nothing can be lent, once in a while. */
void notice_not_kept(int events, const struct err *why, uint64_t now_s);

/* Tells that a machine asked for `what` by DHCPv6. */
void notice_v6(int events, const struct mac *asked, const char *what, const struct table_nic *nic,
	const struct table *t, uint64_t now_s);
