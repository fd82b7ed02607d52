/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scene's questions as bytes and the engine's answers as words. Written apart from the engine's
 * own reader, so that the two can disagree. */
#pragma once
#include "engine/engine.h"
#include "words.h"

enum { PACKET_MAX = 2048 };

/* `send discover mac=... vendor=... arch=...`: see tests/scenes/README.md. Fills all of *ask but
 * the clocks; the bytes go to `bytes`. */
int packet_make(struct engine_ask *ask, uint8_t bytes[PACKET_MAX], struct words *w, struct err *e);

/* Compares an answer with an `expect` line; false with the difference in words. */
bool packet_is(const struct engine_answer *a, struct words *w, char *differs, size_t size);
