/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traits in and out of JSON: members of a machine, and of what a persona wants. */
#pragma once
#include "broker/members.h"
#include "core/traits.h"

/* What members_read() fills before traits_take() makes traits of it. */
struct traits_members {
	char arch[16], firmware[16];
	uint64_t memory_mb, cpus;
	const json_t *labels; /* borrowed */
};
#define TRAITS_MEMBERS(t)                                                                          \
	{ "arch", MEMBER_TEXT, (t).arch, sizeof(t).arch, 0, false },                               \
		{ "firmware", MEMBER_TEXT, (t).firmware, sizeof(t).firmware, 0, false },           \
		{ "memory_mb", MEMBER_UINT, &(t).memory_mb, 0, MEMORY_MB_MAX, false },             \
		{ "cpus", MEMBER_UINT, &(t).cpus, 0, CPUS_MAX, false },                            \
	{                                                                                          \
		"labels", MEMBER_LIST, &(t).labels, 0, 0, false                                    \
	}

/* -EINVAL with a sentence that begins with `what`: "machine". */
int traits_take(
	struct traits *ret, const struct traits_members *from, const char *what, struct err *e);
/* Adds the same members to an object. */
void traits_put(json_t *to, const struct traits *t);
