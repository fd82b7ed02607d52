/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table in which firmware tells an operating system of its iSCSI disk (iBFT 1.03), for a kernel
 * that no firmware starts. Pure. */
#pragma once
#include <stddef.h>

#include "initramfs/handover.h"

enum { IBFT_MOST = 2048, IBFT_TARGETS = 2 };

/* How many bytes of it there are. `first` is the path that has answered: it is the boot target; one
 * more is told beside it, since the table has no room for others. pci: where the NIC is. */
size_t ibft_make(uint8_t to[IBFT_MOST], const struct handover *h, unsigned first, const char *pci);
