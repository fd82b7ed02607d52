/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chooses a machine of a pool for a persona, from what the store knows (docs/design/0016); the
 * judgement itself is core/choice.h. */
#pragma once
#include <jansson.h>

#include "core/choice.h"
#include "store/store.h"

/* What an order's why is when a person has taken it back while it ran: nothing had failed. */
#define TAKEN_BACK "taken back by `baton order undo`"

struct choice {
	uint64_t planned_from; /* set by the caller: orders from this number on are only planned; 0:
				* none is */
	char pool[NAME_LEN + 1]; /* "": the machine was named, nothing was chosen */
	struct verdict *verdict; /* owned; as choice_make() orders them */
	size_t machines, fit;
};
void choice_drop(struct choice *c);

/* -ENOENT: no machine is in that pool; -EBUSY: none of them fits, the sentence says why as far as
 * there is room, and ret all of it. Call it inside the transaction that adds the order, so that no
 * two orders choose one machine. */
int choose_machine(
	struct choice *ret, struct store *s, const char *pool, const char *persona, struct err *e);

/* {"pool","machine","others":[{"machine","why"}]}; machine "" where none fits. NULL: nothing was
 * chosen, or there is no memory. most: of the others at most so many, and "more" says how many were
 * left out. */
json_t *choice_json(const struct choice *c, size_t most);
/* Keeps it with the order, for whoever asks later. */
int choice_keep(struct store *s, uint64_t order, const struct choice *c, struct err *e);
/* What was kept, or NULL. */
json_t *choice_kept(struct store *s, uint64_t order);
