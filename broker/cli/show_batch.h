/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A batch as text, from the API's body. */
#pragma once
#include <jansson.h>
#include <stdio.h>

#include "cli/term.h"

/* "batch 3: evacuate rack r1" */
void batch_head(char *to, size_t len, const json_t *batch);
/* Its head with how it stands, and a line for each wish. */
void batch_draw(FILE *to, const struct term *t, const json_t *batch);
void wishes_draw(FILE *to, const struct term *t, const json_t *batch);
/* Those that are open, one a line with what to type; nothing where there is none. */
void batches_draw(FILE *to, const struct term *t, const json_t *batches, double now);
/* What to type about one that has stopped. */
void batch_next_say(FILE *to, const json_t *batch);
/* The number of a wish's order; "" where it has none. */
void order_text(char to[24], const json_t *wish);
