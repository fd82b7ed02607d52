/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Would a persona's OS find drivers for the cards of another machine? Pure: what its initramfs has
 * to know, from the cards that the shim has told, and what follows from what a hand has read there
 * (docs/design/0022). */
#pragma once
#include "core/preflight.h"

/* The kernel's name of a driver: "mlx5_core". */
bool driver_ok(const char *text);
/* One modalias, or two with a blank between where a device stands on the card:
 * "pci:v00001AF4d00001000sv... virtio:d00000001v00001AF4". */
bool modalias_ok(const char *text);

enum { DRIVERS_EACH = 3, DRIVERS_MAX = DRIVERS_EACH * NICS_MAX };

/* Of each NIC that would carry and whose card is known: its modaliases, all of which must fit, and
 * the name of its driver. */
struct drivers_want {
	unsigned n;
	unsigned nic[DRIVERS_MAX]; /* of the machine; those of one NIC stand together */
	bool name[DRIVERS_MAX];
	char word[DRIVERS_MAX][MODALIAS_LEN + 1];
};
void drivers_wanted(struct drivers_want *ret, const struct machine *m, const struct persona *p);

enum driver_is { DRIVER_MISSING, DRIVER_FILE, DRIVER_BUILTIN };

/* What was read; everything is borrowed. */
struct drivers_said {
	const char *unknown; /* why nothing could be read; NULL: it was */
	const char *initramfs;
	bool aliases; /* the initramfs says which devices its modules are for */
	unsigned n;   /* as many as were wanted */
	enum driver_is is[DRIVERS_MAX];
	const char *module[DRIVERS_MAX]; /* "" where none is known that fits */
};
void check_drivers(struct checklist *l, const struct preflight_case *c,
	const struct drivers_want *want, const struct drivers_said *s);
