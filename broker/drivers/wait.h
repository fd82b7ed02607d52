/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting, for plain blocking code in a hand. */
#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t wait_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns at that time of wait_now_ms(), or at once when it is past. */
static inline void wait_until_ms(int64_t when)
{
	struct timespec t = { .tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000 };
	while (when > 0 && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
		;
}
