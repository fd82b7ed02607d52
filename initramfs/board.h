/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The maker's tool at work on the board: the UUID and serial that its firmware says. */
#pragma once
#include "initramfs/job.h"
#include "initramfs/tool.h"

struct board_state {
	bool has_uuid, has_serial;
	struct uuid uuid;
	char serial[PACK_SERIAL_LEN + 1];
	char tool[NAME_LEN + 1]; /* the pack that read it; "none" */
};

/* Brings the board to the job's UUID and serial; what it holds already is not written. What the job
 * does not say stays what it is. */
int board_write(const struct job *j, const struct tools *t, struct err *e);

/* Reads them again, and asks the pack's verify command where it has one. -EIO when they are not
 * what was wanted. */
int board_verify(
	struct board_state *ret, const struct job *j, const struct tools *t, struct err *e);
