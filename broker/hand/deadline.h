/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hand's own deadline, a little before the warden's: the broker reads a sentence instead of
 * finding a killed process. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* total_ms is the warden's; from here on the process answers on stdout and ends by itself. */
void deadline_start(uint32_t total_ms);

/* What is under way, for the sentence: "bmc 10.0.0.9: bmc-off". */
void deadline_doing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int64_t deadline_left_ms(void); /* 0 when it has passed */

/* Before the answer is written: from here on it stays silent, so that there is one answer. */
void deadline_stop(void);
