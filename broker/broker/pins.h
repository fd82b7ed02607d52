/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificates of BMCs: the first that one shows is the one that it has to show from then on.
 */
#pragma once
#include <jansson.h>

#include "broker/broker.h"

/* What a hand has believed: kind, host, port and pin. Every machine with that BMC and no pin gets
 * it, and an event each. */
void pin_learn(struct broker *b, const json_t *trusted);
