/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A failover rehearsed (docs/design/0020-drill.md): the persona that plays the other one, the copy
 * of the disk that it boots, and what is told of it afterwards. The steps are core/order.c's. */
#pragma once
#include <jansson.h>

#include "broker/steps.h"

/* What is wanted of a rehearsal, and what was found for it. */
struct drill_wish {
	const char *machine, *pool; /* one of them "" */
	char network[NAME_LEN + 1]; /* "": any isolated one that fits; filled in */
};
/* Adds the persona that plays `of` to the store; call it inside the transaction that adds the
 * order. -ENOENT, -EINVAL or -EBUSY say what is wanted. */
int drill_persona(
	struct persona *ret, struct broker *b, const char *of, struct drill_wish *w, struct err *e);
/* Every NIC of it would sit on a card that is recorded on its isolated network: else -EBUSY. */
int drill_cards(const struct machine *m, const struct persona *p, struct err *e);

enum step_now drill_clone(struct run *run, const struct persona *p, char why[320]);
enum step_now drill_clone_remove(struct run *run, const struct persona *p, char why[320]);

/* The step at which the rehearsal ended, and the drill turned to take back; -1: it came up, or has
 * not ended. */
int drill_failed(const struct order *o, const struct order_step *row, size_t rows);
/* The report; NULL where the order is no drill, or a plan. */
json_t *drill_json(struct store *s, const struct order *o);
