/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine's network cards as the kernel shows them, and this machine's own names. */
#pragma once
#include <stddef.h>

#include "initramfs/job.h"

enum { CARDS_MAX = 32 };

/* Fills ret with the network devices that stand on a PCI card, in order of their PCI address;
 * virtual functions are left out. Returns their number, or -errno with words. */
int cards_find(struct card ret[CARDS_MAX], struct err *e);

/* SMBIOS's words: "product_uuid", "product_serial"; "" when the machine does not say. */
const char *smbios_word(char *to, size_t len, const char *what);

/* Brings a network device up. */
int card_up(const char *netdev, struct err *e);
/* A cable is in and the other end answers. */
bool card_has_link(const char *netdev);
