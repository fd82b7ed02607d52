/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers a plan once its pre-flight has answered: that of one order, or of each wish of a batch, a
 * few at a time. Nothing is changed, and nothing of it outlives the process. */
#pragma once
#include "broker/api.h"

struct plans;
int plans_open(struct plans **ret, struct err *e);
void plans_close(struct plans *p); /* takes NULL; those that wait are answered by nobody */

/* One order that would be given, and the object that its "checks" go into: borrowed from the body.
 * An empty persona: it cannot begin, and has its "checks" already. */
struct planned {
	struct order o;
	json_t *to;
};

/* Takes body, and answers a->request with it later: each planned object gets "checks", the body
 * "bad", the number of bad ones. What was not asked within a minute is unknown. */
void plan_answer(
	const struct ask *a, struct reply *to, json_t *body, const struct planned *list, size_t n);

/* {"check":"can-begin",...}, for an order that would be refused. */
json_t *plan_refused(const struct order *o, const char *why);
