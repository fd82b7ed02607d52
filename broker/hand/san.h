/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the deeds on a target have in common: the members of "san", and the target's lock. */
#pragma once
#include "drivers/san.h"
#include "hand/deed.h"
#include "hand/fields.h"

enum san_deed { SAN_LOOK, SAN_FENCE, SAN_LOOK_AGAIN, SAN_CLONE, SAN_CLONE_REMOVE, SAN_DRIVERS };

struct san_wish {
	const char *kind, *target, *persona;
	const char *user, *secret;               /* the persona's, or "" */
	const char *mutual_user, *mutual_secret; /* the target's, or "" */
	uint64_t lun, generation;
	const char *of; /* the target that is copied; target is the copy's */
	uint64_t of_lun;
	struct texts portals;
};

/* Borrows from w. */
int san_wish_read(struct san_wish *ret, const struct wish *w, enum san_deed deed, struct err *e);

/* Waits for the target's lock, and says what is under way from then on. A descriptor. */
int san_lock(const struct hand *hand, const struct wish *w, const char *target, struct err *e);

/* So much of what the deed may take that the driver's own sentence comes before the alarm's; shares
 * is how many such parts are left. */
unsigned san_time(const struct wish *w, unsigned shares);

/* A portal that nobody answers at: another path may do. */
bool san_is_dead(int r);
