/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's Fibre Channel HBAs as the kernel shows them. */
#pragma once
#include <stddef.h>

#include "initramfs/tool.h"

enum { HBAS_MAX = 16 };

/* Fills ret with the PCI functions below the folder sys ("/sys") whose class is Fibre Channel, and
 * with those that a pack of kind fc names, in order of their PCI address; virtual functions are
 * left out. Their names are known where the kernel drives them. Returns their number, or -errno
 * with words. */
int hbas_find(struct hba ret[HBAS_MAX], const char *sys, const struct tools *t, struct err *e);
