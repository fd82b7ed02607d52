/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The edge: DHCP, PXE and TFTP answered out of the boot table. */
#pragma once
#include "base/pace.h"
#include "edge/foreign.h"
#include "edge/journal.h"
#include "edge/limit.h"
#include "edge/port.h"
#include "edge/proxied.h"
#include "host/follow.h"

struct edge {
	struct ports ports;
	int events, watch; /* watch: inotify on the table's folder, -1 without */
	int folders[2];    /* table, boot */
	struct follow follow;
	struct table table[2]; /* in use, and on trial */
	unsigned in_use;
	bool have_table;
	struct pace refusals;
	struct foreign_watch foreign;
	struct limit *limit;
	struct proxied proxied;
	struct journal journal;
	uint64_t now_s;
};

/* Takes everything that needs a path, a right or memory; then the jail can be entered. */
int edge_open(struct edge *d, struct err *e);
/* Takes the boot table if there is a new one. One that is refused is told of once. */
void edge_look(struct edge *d);
/* Serves for ever; -errno only when waiting itself fails. */
int edge_serve(struct edge *d, struct err *e);
