/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the parts of a boot table stand, for the two files that read and build it. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/table.h"

struct table_layout {
	uint64_t machine, network, nic, path, route, hba, fc_target, slot, uuid_slot, text, len;
};

/* False when the counts are too large to be true. */
static inline bool table_layout(struct table_layout *ret, const struct table_header *h)
{
	uint64_t at = sizeof *h;
	_Static_assert(sizeof *h % 8 == 0, "what follows the header is aligned to 8");
#define PART(field, n, type)                                                                       \
	ret->field = at;                                                                           \
	at += ((uint64_t)(n) * sizeof(type) + 7) & ~(uint64_t)7;
	PART(machine, h->machines, struct table_machine)
	PART(network, h->networks, struct table_network)
	PART(nic, h->nics, struct table_nic)
	PART(path, h->paths, struct table_path)
	PART(route, h->routes, struct table_route)
	PART(hba, h->hbas, struct table_hba)
	PART(fc_target, h->fc_targets, struct table_fc_target)
	PART(slot, h->slots, uint32_t)
	PART(uuid_slot, h->uuid_slots, uint32_t)
	PART(text, h->text_len, char)
#undef PART
	ret->len = at;
	return at <= TABLE_LEN_MAX;
}

static inline struct table table_view(const void *bytes, const struct table_layout *at)
{
	const char *b = bytes;
	return (struct table){
		.header = bytes,
		.machine = (const void *)(b + at->machine),
		.network = (const void *)(b + at->network),
		.nic = (const void *)(b + at->nic),
		.path = (const void *)(b + at->path),
		.route = (const void *)(b + at->route),
		.hba = (const void *)(b + at->hba),
		.fc_target = (const void *)(b + at->fc_target),
		.slot = (const void *)(b + at->slot),
		.uuid_slot = (const void *)(b + at->uuid_slot),
		.text = b + at->text,
	};
}

/* The checksum of the whole file with the checksum's own field taken as zero. */
static inline uint64_t table_checksum(const void *bytes, size_t len)
{
	struct table_header h;
	memcpy(&h, bytes, sizeof h);
	h.checksum = 0;
	uint64_t head = XXH3_64bits(&h, sizeof h);
	return XXH3_64bits_withSeed((const char *)bytes + sizeof h, len - sizeof h, head);
}

static inline uint32_t table_hash(const struct mac *m)
{
	uint64_t v = 0;
	memcpy(&v, m->b, sizeof m->b);
	v *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(v >> 32);
}

static inline uint32_t table_uuid_hash(const struct uuid *u)
{
	struct uuid folded = uuid_folded(u);
	return (uint32_t)(XXH3_64bits(folded.b, sizeof folded.b) >> 32);
}
