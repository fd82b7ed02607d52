/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a lab blade keeps while it has no power: the address of each of its NICs, the names and boot
 * targets of each of its HBAs, and what its board says of the machine. A text file, replaced whole
 * at each write:
 *   nic PCI MAC / hba PCI WWPN WWNN / target PCI WWPN LUN / uuid UUID / serial WORD */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/ids.h"

enum { NVRAM_NICS = 8, NVRAM_HBAS = 4, NVRAM_TARGETS = 8, NVRAM_TEXT = 4096, NVRAM_SERIAL = 64 };

struct nvram_target {
	struct wwn wwpn;
	unsigned lun;
};

struct nvram_hba {
	char pci[PCI_TEXT];
	struct wwn wwpn, wwnn;
	unsigned targets;
	struct nvram_target target[NVRAM_TARGETS];
};

struct nvram {
	char path[256];
	unsigned nics, hbas;
	struct {
		char pci[PCI_TEXT];
		struct mac mac;
	} nic[NVRAM_NICS];
	struct nvram_hba hba[NVRAM_HBAS];
	/* "": QEMU's own. In the file only where it is not the factory's. */
	char uuid[UUID_TEXT], serial[NVRAM_SERIAL], own_uuid[UUID_TEXT], own_serial[NVRAM_SERIAL];
};

/* Reads the file over what stands in *n (the factory's); no file yet is no failure. */
int nvram_load(struct nvram *n, struct err *e);
/* As the file has it. */
void nvram_text(char to[NVRAM_TEXT], const struct nvram *n);
/* Durable when it returns 0; else *n may hold what the file does not. */
int nvram_save(const struct nvram *n, struct err *e);
/* NULL for a port that is not there. Borrowed until the next write. */
const struct mac *nvram_mac(const struct nvram *n, const char *pci);
struct nvram_hba *nvram_hba(struct nvram *n, const char *pci);
/* Durable when it returns 0. -ENODEV for an unknown port, -EINVAL for an address no NIC may have.
 */
int nvram_write(struct nvram *n, const char *pci, const char *mac, struct err *e);
