/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Watching an order until it is done or has stopped: redrawn in place on a terminal, one line a
 * change elsewhere, nothing but the last body with json. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/command.h"

/* `order` is its body as first heard; it is borrowed. Ctrl-C ends the watching, not the order. The
 * broker may go away for a minute: the order goes on when it is back, and so does this. */
enum exit_code follow_order(struct client *c, const json_t *order, bool json, FILE *out);

/* From here on Ctrl-C sets a mark instead of ending the process. */
void interrupt_watch(void);
bool interrupted(void *unused); /* fit for client_on_tick() */
