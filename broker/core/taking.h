/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a machine takes a persona's addresses (docs/design/0028): the best way that it has, and why
 * no better one. Pure; broker/identity.c does it. */
#pragma once
#include "core/model.h"

/* What a BMC has told of its machine's cards. */
struct taking_cards {
	bool told; /* what stands here is all of them */
	unsigned n;
	struct {
		struct mac permanent;      /* of a NIC; zero: it is an HBA */
		struct wwn permanent_wwpn; /* of an HBA */
		bool settable;
	} card[CARDS_MAX];
	bool distrusted;  /* by the operator's word: it was not asked */
	const char *kind; /* the BMC's */
	const char *why;  /* it did not tell; "": it has no way to */
};

/* What an earlier order left on the cards. */
struct taking_left {
	bool stale; /* they may hold addresses of this persona */
	bool holds; /* they do: it was read back */
};

enum { TAKING_WHY = 200 };

/* The operator's word, among its quirks, that this BMC takes an address and cannot be believed. */
bool taking_distrusts(const struct machine *m);

/* Where the shim writes the cards: by a restart, or by a handover where the operator has said so.
 */
enum taking taking_by_shim(const struct machine *m);

/* Of this persona by this machine. One sentence, whatever comes of it. */
enum taking taking_choose(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards, const struct taking_left *left);
/* The same where it shall hold them and not start the persona. */
enum taking taking_to_prestage(char why[TAKING_WHY], const struct machine *m,
	const struct persona *p, const struct taking_cards *cards, const struct taking_left *left);
