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
	const char *kind; /* the BMC's */
	const char *why;  /* it did not tell; "": it has no way to */
};

enum { TAKING_WHY = 200 };

/* Of this persona by this machine. One sentence, whatever comes of it. */
enum taking taking_choose(char why[TAKING_WHY], const struct machine *m, const struct persona *p,
	const struct taking_cards *cards);
