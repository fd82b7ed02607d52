/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests by HTTP, many at a time, none of which blocks. */
#pragma once
#include "tests/harness/site.h"

void talks_turn(struct site *s);
void talks_drop(struct site *s); /* none of them is told */
int64_t talks_due(const struct site *s);
