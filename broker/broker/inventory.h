/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machines are made of (docs/design/0031): out of shims' reports, by asking a BMC, and as
 * JSON. */
#pragma once
#include "broker/api.h"
#include "broker/report.h"

/* Of a report: its disks and its NICs. */
size_t report_components(struct component to[COMPONENTS_MAX], const struct report *r);
/* Keeps what the shim of that machine has told; within the caller's transaction. */
int inventory_found(struct broker *b, const char *machine, const struct report *r, struct err *e);

/* Asks the machine's BMC by a hand, and answers a->request when it has told. */
void inspect_answer(const struct ask *a, struct reply *to, const struct machine *m);
/* Those that still wait are answered by nobody. */
void inspections_close(struct broker *b);

/* {"shim_seen","bmc_seen","components":[...]}: what both have told of stands once. 0 seconds: it
 * has not told yet. NULL with *e. */
json_t *inventory_json(struct broker *b, const char *machine, struct err *e);
