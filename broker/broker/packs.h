/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cards the tool-packs write: read out of the images that the warden has packed, which are
 * what machines get. Format of a manifest: docs/tool-packs.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { PACKS_CARDS = 4096 };

/* The values of every manifest's `pci`, with blanks between: "15b3:* 8086:100e". folder is
 * borrowed. An image that cannot be read is passed over: a machine could do nothing with it. */
int packs_cards(char ret[PACKS_CARDS], int folder, struct err *e);
/* Is there one for boards (`kind = board`)? */
bool packs_board(int folder);
