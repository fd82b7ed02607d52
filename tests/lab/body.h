/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lab blade's hardware: what a `.blade` file says, and the QEMU process that is the blade while
 * it has power. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/ids.h"
#include "tests/lab/nvram.h"

struct body_nic {
	char pci[PCI_TEXT], model[32], tap[16];
	struct mac factory;
	bool has_rom, boots;
};

/* The file's lines:
 *   name NAME / firmware bios|uefi / machine M / cpu C / memory MIB / uuid U
 *   nic PCI MODEL FACTORY-MAC TAP [rom] [boots]      rom: QEMU's own iPXE is on the card
 *   hba PCI FACTORY-WWPN FACTORY-WWNN / serial WORD */
struct body {
	char name[32], machine[64], cpu[64], uuid[UUID_TEXT], serial[NVRAM_SERIAL];
	bool is_uefi;
	unsigned memory, nics, hbas;
	struct body_nic nic[NVRAM_NICS];
	struct nvram_hba hba[NVRAM_HBAS];
};

enum { BODY_QMP, BODY_CONSOLE, BODY_AGENT, BODY_NVRAM, BODY_LINES };

/* A machine that has power: its process and our ends of its lines (-1 while it has none). */
struct body_run {
	pid_t pid;
	int line[BODY_LINES];
};

int body_read(struct body *ret, const char *path, struct err *e);
/* Switches it on. An HBA sees the LUNs of `dir`/../luns that are shown to its WWPN (fabric.h), and
 * boots from those that its boot targets name. `dir` holds the firmware's variables and QEMU's
 * words (qemu.log). The process dies with its parent. */
int body_start(struct body_run *ret, const struct body *b, const struct nvram *n, const char *dir,
	bool net_boot, struct err *e);
/* Cuts the power, reaps the process and closes the lines. Nothing to do is no failure. */
void body_stop(struct body_run *run);
