/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every persona against every machine, as JSON: core/compat.h judges each pair. */
#pragma once
#include <jansson.h>

#include "store/store.h"

/* {"machines":[names],"items":[{"persona","here","yes","unknown","no","groups":[{"fit","by","reasons",
 * "why","machines":[names]}]}]}: machines that are alike in how they fit are one group, the largest
 * first of each fit. here: the machine that carries it now, or "". persona, machine: only that one;
 * NULL: all. packs: core/compat.h. NULL with *e. */
json_t *compat_json(struct store *s, const char *persona, const char *machine, const char *packs,
	struct err *e);
