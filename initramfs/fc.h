/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Fibre Channel HBA is told and tells. */
#pragma once
#include <stdint.h>

#include "base/ids.h"

enum { FC_TARGETS = 8 }; /* of one HBA; firmware has room for four to eight */

/* A storage port and the LUN behind it that an HBA boots from. */
struct fc_target {
	struct wwn wwpn;
	uint64_t lun;
};

/* A port as the kernel shows it; zero: it has no driver that knows the names. */
struct hba {
	char pci[PCI_TEXT], driver[32];
	uint16_t vendor, device;
	char modalias[80];
	struct wwn wwpn, wwnn;
};
