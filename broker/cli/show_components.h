/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machines are made of, as text: docs/design/0031. */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "cli/term.h"

/* "960 GB", "1.92 TB", as it stands on the box; "" for 0. Memory: "64 GiB". */
const char *bytes_text(char to[24], double bytes, bool memory);

/* {"shim_seen","bmc_seen","components":[...]} behind a machine's own members. */
void show_components(FILE *to, const struct term *t, const json_t *inventory);
/* A list of components with their machines: one a line. */
void show_inventory(FILE *to, const struct term *t, const json_t *items);
/* The same of many machines: a line for each model and firmware, with how many there are, and
 * where. What is other than most of its model, or ill, stands out. */
void show_inventory_grouped(FILE *to, const struct term *t, const json_t *items);
