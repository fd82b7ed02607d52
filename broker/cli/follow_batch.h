/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching a batch until it is over or has stopped: one line a wish, redrawn in place on a
 * terminal; a line for each change elsewhere; nothing but the last body with json. */
#pragma once
#include <jansson.h>

#include "cli/run.h"

/* `batch` is its body as first heard; it is borrowed. Ctrl-C ends the watching, not the batch. */
enum exit_code follow_batch(struct run *r, const json_t *batch);
