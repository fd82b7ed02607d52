/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* The addresses that are lent to strangers. lease.c stands for dnsmasq's unit of that name, which
 * keeps a list and rewrites a file; the part of its interface that dnsmasq calls is in dnsmasq.h.
 * A known machine needs no loan: the boot table is its lease, so nothing is kept for it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOANS_MAX = 65536 };

/* Once. False when there is no memory. */
bool loans_open(uint64_t seed);
size_t loans_count(void);

/* What dhcp_reply() may see while it answers the next packet: the loans, or, for a known
 * machine, none of them. Frees what the packet before has ended. */
void loans_show(bool show);

/* A stranger says that somebody else uses the address (network order): it is not lent to anyone
 * until then. */
void loan_block(uint32_t addr, uint64_t until_s);
