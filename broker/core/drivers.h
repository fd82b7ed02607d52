/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Would a persona's OS find drivers for the cards of another machine? Pure: which devices its
 * initramfs has to know, from the cards that the shim has told, and what follows from what a hand
 * has read there (docs/design/0022). */
#pragma once
#include "core/preflight.h"

enum { MODALIAS_LEN = 80 };

/* One for each NIC that would carry and whose card is known. */
struct drivers_want {
	unsigned n;
	unsigned nic[NICS_MAX];                /* of the machine */
	char modalias[NICS_MAX][MODALIAS_LEN]; /* as the kernel writes it; wild parts are zeros */
};
void drivers_wanted(struct drivers_want *ret, const struct machine *m, const struct persona *p);

/* What was read; everything is borrowed. */
struct drivers_said {
	const char *unknown; /* why nothing could be read; NULL: it was */
	const char *kernel, *initramfs;
	bool aliases; /* the initramfs says which devices its modules are for */
	unsigned n;   /* as many as were wanted */
	bool missing[NICS_MAX];
	const char *module[NICS_MAX]; /* "" where none is known that fits */
};
void check_drivers(struct checklist *l, const struct preflight_case *c,
	const struct drivers_want *want, const struct drivers_said *s);
