/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a lab blade keeps while it has no power: the address of each of its NICs. A text file,
 * `nic PCI MAC` a line, replaced whole at each write. */
#pragma once
#include <stdbool.h>

#include "base/err.h"
#include "base/ids.h"

enum { NVRAM_NICS = 8 };

struct nvram {
	char path[256];
	unsigned nics;
	struct {
		char pci[PCI_TEXT];
		struct mac mac;
	} nic[NVRAM_NICS];
};

/* Reads the file over what stands in *n (the factory's addresses); no file yet is no failure. */
int nvram_load(struct nvram *n, struct err *e);
/* NULL for a port that is not there. Borrowed until the next write. */
const struct mac *nvram_mac(const struct nvram *n, const char *pci);
/* Durable when it returns 0. -ENODEV for an unknown port, -EINVAL for an address no NIC may have.
 */
int nvram_write(struct nvram *n, const char *pci, const char *mac, struct err *e);
