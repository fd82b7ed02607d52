/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps the guard in front of the portals as it should be (docs/design/0018-guard.md): after each
 * published boot table a hand is asked to set what is wanted, where that is not what was set last;
 * and every few minutes, should somebody have taken it away. No order waits for it. */
#pragma once
#include "broker/broker.h"

struct guarding;

int guarding_open(struct guarding **ret, struct broker *b, struct err *e);
/* Takes NULL; before hands_close(). The guard stays in force. The loop must turn once. */
void guarding_close(struct guarding *g);

/* What is wanted may have changed. Takes NULL; returns at once. */
void guarding_look(struct guarding *g);
