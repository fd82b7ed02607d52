/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel and the initramfs that a persona's disk is booted with, read over iSCSI. Nothing is
 * written to the disk. */
#pragma once
#include "drivers/booted.h"
#include "initramfs/handover.h"

struct lun {
	struct booted booted;
	unsigned path;      /* of those in the handover: the one that answered */
	int kernel, initrd; /* in memory; -1 until they are there */
};

/* Appends the initramfs to l->initrd, which is open and has what shall stand in front of it; opens
 * l->kernel. The session has ended when this returns. -errno with the reason why this disk is not
 * handed over to. */
int lun_read(struct lun *l, const struct handover *h, struct err *e);
