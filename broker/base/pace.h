/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often a stranger may make us say something: so many at once, then so many a second. A bucket
 * that leaks; zeroed it is empty. Pure: the caller knows the time. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint64_t last_s;
	unsigned level;
};

/* True, and counted, when one more is within the limits. */
static inline bool pace_allows(
	struct pace *p, unsigned at_once, unsigned per_second, uint64_t now_s)
{
	uint64_t gone = now_s > p->last_s ? (now_s - p->last_s) * per_second : 0;
	p->level = gone < p->level ? p->level - (unsigned)gone : 0;
	p->last_s = now_s;
	if (p->level >= at_once)
		return false;
	p->level++;
	return true;
}
