/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* The addresses that are lent to strangers. lease.c stands for dnsmasq's unit of that name, which
 * keeps a list and rewrites a file; the part of its interface that dnsmasq calls is in dnsmasq.h.
 * A known machine needs no loan: the boot table is its lease, so nothing is kept for it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

enum { LOANS_MAX = ENGINE_LOANS };

/* Once. False when there is no memory. */
bool loans_open(uint64_t seed);
size_t loans_count(void);
uint64_t loans_ended(void); /* how many have ended since the start */

/* What dhcp_reply() may see while it answers the next packet: the loans, or, for a known
 * machine, none of them. Frees what the packet before has ended, and forgets what it changed. */
void loans_show(bool show, uint64_t now_s);
/* What the packet has changed, in order. That the term of a loan is over is no change. */
unsigned loans_changed(struct loan_record ret[ENGINE_CHANGES]);

/* A stranger says that somebody else uses the address (network order): it is not lent to anyone
 * until then. */
void loan_block(uint32_t addr, uint64_t until_s);

/* The i-th of all loans, as one change that would make it; false behind the last. Their order is
 * anybody's until the next packet. */
bool loan_get(size_t i, uint64_t now_s, struct loan_record *ret);
/* Takes a change back in: the address is lent, or blocked, until then, or is free (0), whatever it
 * was before. False when there is no room. */
bool loan_restore(const struct loan_record *r, uint64_t until_s);
