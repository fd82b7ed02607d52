/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lab's storage on Fibre Channel: which LUNs a port sees. A LUN is a file NAME.img, and beside
 * it NAME.mask says where the storage shows it and to whom: target WWPN LUN WWPN            one
 * line for each port that may see it
 */
#pragma once
#include "tests/lab/nvram.h"

enum { FABRIC_LUNS = 8 };

struct fabric_lun {
	char image[300];
	struct nvram_target at;
};

/* Fills `to` with what wwpn sees of the folder, in order of name. Their number. */
unsigned fabric_luns(struct fabric_lun to[FABRIC_LUNS], const char *dir, const struct wwn *wwpn);
