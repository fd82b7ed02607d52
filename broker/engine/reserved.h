/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of a boot table that belong to somebody: known NICs, personas, ourselves,
 * gateways, name servers. They are never lent to a stranger. Host byte order. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/table.h"

struct reserved {
	uint32_t *slot; /* open addressing, 0 is empty */
	size_t slots;   /* a power of two */
};

/* False when there is no memory. */
bool reserved_init(struct reserved *r, const struct table *t);
void reserved_fini(struct reserved *r);
bool reserved_has(const struct reserved *r, uint32_t addr);
