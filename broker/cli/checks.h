/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks of a plan as text: what is bad comes first, and what was not found out. */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/term.h"

/* A line each, as a table. */
void checks_draw(FILE *to, const struct term *t, const json_t *checks);
/* Those of many plans: only what is bad or unknown, and how many are well. `plans` is a list of
 * objects with "persona" and "checks". */
void checks_draw_all(FILE *to, const struct term *t, const json_t *plans);

/* How a plan ends: bad checks are a sentence on stderr and EXIT_REFUSED. */
enum exit_code checks_exit(const json_t *plan);
