/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to watch: every persona that is at rest on a machine, in order of name, and the hands that
 * stay and ask about their signs. What the signs lead to is health.c's. The list follows the boot
 * table; what was seen of one stays as long as its generation. */
#pragma once
#include "broker/broker.h"
#include "core/health.h"

struct patient {
	char persona[NAME_LEN + 1], machine[NAME_LEN + 1];
	uint32_t generation;
	struct policy policy;
	struct reading reading[SIGNS];
	int hears; /* its machine's BMC tells by itself: 1, or does not: -1; 0: not known */
	/* for who judges, and kept with the rest */
	struct health_verdict verdict;
	double tried_s; /* when an order for it could not be given; 0: never */
};

struct patients;

/* on_sign() is called when a sign of one has spoken. It may call patients_renew(), and p is
 * borrowed for the call. */
int patients_new(struct patients **ret, struct broker *b,
	void (*on_sign)(void *ctx, struct patient *p), void *ctx, struct err *e);
void patients_free(struct patients *all);

/* About once a second: makes the list anew where it has to be, and starts the hands that are due.
 */
void patients_turn(struct patients *all);
/* Something that is in no boot table may have changed; no sign counts before the next turn. */
void patients_renew(struct patients *all);

/* Borrowed until the next turn; NULL behind the last one, and where the list is to be made anew. */
struct patient *patients_at(const struct patients *all, size_t i);
/* As the last list has it; NULL: it is not watched. */
struct patient *patients_find(const struct patients *all, const char *persona);
