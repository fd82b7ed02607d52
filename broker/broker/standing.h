/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who carries what and who is at work: bindings and orders, read once from the store and asked by
 * name as often as a list is long. */
#pragma once
#include <jansson.h>

#include "store/store.h"

struct standing;

/* As it is now; it does not follow later changes. */
int standing_read(struct standing **ret, struct store *store, struct err *e);
void standing_free(struct standing *s); /* takes NULL */
static inline void standing_drop(struct standing **s)
{
	standing_free(*s);
}

/* NULL where there is none; borrowed. s NULL: of something that was added just now. */
const struct binding *standing_of_persona(const struct standing *s, const char *persona);
const struct binding *standing_of_machine(const struct standing *s, const char *machine);
/* What a failover left on it. */
const struct stale *standing_stale(const struct standing *s, const char *machine);
/* The newest order about this persona, done or not. */
const struct order *standing_order(const struct standing *s, const char *persona);
/* Every order that is not done, newest first. */
const struct order *standing_open(const struct standing *s, size_t *ret_n);

/* The switch ports of a machine that Baton has told to be other than open, as a list for the API.
 */
json_t *standing_ports(const struct standing *s, const char *machine);

/* The words of docs/design/0004. A persona that is on a machine and at rest is halted, and not
 * running, where its machine is silent or without its disk by proof, or its boot was never
 * finished: what an order leaves that a person took back half-way. */
const char *standing_persona_state(const struct standing *s, const char *persona);
/* Why it is halted, or will be once its session ends, and what to type; "" where all is well. */
enum { STANDING_WHY = 640 };
const char *standing_why(char to[STANDING_WHY], const struct standing *s, const char *persona);
const char *standing_machine_state(const struct standing *s, const char *machine);
