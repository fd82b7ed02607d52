/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire of a site, on which every frame is the harness' to pass on, to drop or to say twice. */
#pragma once
#include "tests/harness/body.h"

/* The end that the programs have is an interface of the network namespace; the other one is a
 * descriptor. */
void wire_make(int *wire, const char *interface, const char *addr);
/* A DISCOVER, or the REQUEST of what was offered. */
void wire_say(struct body *b, bool request);
/* The OS asks for its address once more; the answer is of no interest. */
void wire_renew(struct body *b);

/* body.c's: what the wire tells a body. */
void body_bound(struct body *b, uint32_t addr, const char *file);
