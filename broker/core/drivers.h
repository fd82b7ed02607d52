/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Would a persona's OS find the NICs of a machine? Its initramfs must have their drivers, or it
 * never reaches its disk. What is wanted comes from what the shim found in the machine, what is
 * there from the persona's disk. Pure. docs/design/0022-drivers-in-the-initramfs.md. */
#pragma once
#include "core/model.h"

/* The kernel's name of a driver: "mlx5_core". */
bool driver_ok(const char *text);
/* One modalias, or two with a blank between, where a device stands on the card:
 * "pci:v00001AF4d00001000sv... virtio:d00000001v00001AF4". */
bool modalias_ok(const char *text);
enum { DRIVERS_MAX = 3 * NICS_MAX, DRIVERS_TEXT = 512 };

/* What to look for: modaliases, and names of drivers; none of them twice. */
struct drivers_wanted {
	unsigned n;
	char word[DRIVERS_MAX][MODALIAS_LEN + 1];
};

/* Of the machine's NICs that take one of the persona's. n is 0 while nothing is known of them. */
void drivers_wanted(struct drivers_wanted *ret, const struct machine *m, const struct persona *p);

enum driver_is { DRIVER_MISSING, DRIVER_MODULE, DRIVER_BUILTIN };

struct drivers_found {
	char unknown[320]; /* why nothing below is known; "" when it is */
	char kernel[64], initramfs[128];
	bool aliases;                   /* the initramfs says which devices its modules are for */
	enum driver_is is[DRIVERS_MAX]; /* as drivers_wanted() has them */
};

enum drivers_verdict { DRIVERS_OK, DRIVERS_BAD, DRIVERS_UNKNOWN };

/* One sentence with it, for a person. */
enum drivers_verdict drivers_judge(char sentence[DRIVERS_TEXT], const struct machine *m,
	const struct persona *p, const struct drivers_found *found);
