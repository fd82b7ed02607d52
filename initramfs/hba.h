/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Vendors' tools at work on one Fibre Channel HBA: its names and its boot targets. */
#pragma once
#include "initramfs/hbas.h"
#include "initramfs/job.h"

/* What an HBA's memory holds. */
struct hba_state {
	struct wwn wwpn, wwnn;
	unsigned targets;
	struct fc_target target[FC_TARGETS];
	char tool[NAME_LEN + 1]; /* the pack that read it; "none" */
};

/* Fills in the names of an HBA that the kernel does not drive, where a pack reads them. What fails
 * leaves them as they are. */
void hba_ask(struct hba *h, const struct tools *t);

/* Brings the job's HBA to the wanted names and boot targets; what it holds already is not written.
 * On a restore its boot targets are cleared. */
int hba_write(const struct job *j, unsigned hba, const struct tools *t, struct err *e);

/* Reads the HBA again, and asks the pack's verify command where it has one. -EIO when it holds
 * anything but what was wanted. */
int hba_verify(struct hba_state *ret, const struct job *j, unsigned hba, const struct tools *t,
	struct err *e);
