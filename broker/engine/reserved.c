/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of addresses, made once for each boot table: see reserved.h. */
#include "engine/reserved.h"

#include <stdlib.h>

static size_t slot_of(const struct reserved *r, uint32_t addr)
{
	uint64_t h = (uint64_t)addr * 0x9e3779b97f4a7c15u;
	return (size_t)(h >> 32) & (r->slots - 1);
}

static void add(struct reserved *r, uint32_t addr)
{
	size_t at = slot_of(r, addr);
	if (!addr)
		return;
	while (r->slot[at] && r->slot[at] != addr)
		at = (at + 1) & (r->slots - 1);
	r->slot[at] = addr;
}

bool reserved_init(struct reserved *r, const struct table *t)
{
	/* Two addresses a NIC, three a network; at most half full. */
	size_t most = 2 * (size_t)t->header->nics + 3 * (size_t)t->header->networks;
	*r = (struct reserved){ .slots = 16 };
	while (r->slots < 2 * most)
		r->slots *= 2;
	r->slot = calloc(r->slots, sizeof *r->slot);
	if (!r->slot)
		return false;
	for (uint32_t i = 0; i < t->header->nics; i++) {
		add(r, t->nic[i].addr);
		add(r, t->nic[i].persona_addr);
	}
	for (uint32_t i = 0; i < t->header->networks; i++) {
		add(r, t->network[i].ours);
		add(r, t->network[i].gateway);
		add(r, t->network[i].dns);
	}
	return true;
}

void reserved_fini(struct reserved *r)
{
	free(r->slot);
	*r = (struct reserved){ 0 };
}

bool reserved_has(const struct reserved *r, uint32_t addr)
{
	for (size_t at = slot_of(r, addr); r->slot[at]; at = (at + 1) & (r->slots - 1))
		if (r->slot[at] == addr)
			return true;
	return false;
}
