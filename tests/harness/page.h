/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fault harness and every process of its site have in common: one page of memory. It holds
 * the clock, who waits for what, and the gate that stops the broker at a boundary between two steps
 * (docs/design/0017-fault-harness.md). The processes get it by the shared object
 * tests/harness/clock.c. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define PAGE_PATH "/etc/baton-harness.page" /* /etc is the site's own */

enum { SLOTS = 64, GATE_TEXT = 96 };

/* A process of the site. */
struct slot {
	_Atomic int32_t pid;      /* 0: nobody's */
	_Atomic uint32_t waits;   /* it is in a wait that may be skipped */
	_Atomic uint32_t turns;   /* grows with each wait */
	_Atomic int64_t due_ns;   /* where that wait ends on the site's clock, INT64_MAX: never */
	_Atomic int64_t alarm_ns; /* where its SIGALRM is due, 0: none is set */
};

enum gate { GATE_NONE, GATE_ARMED, GATE_REACHED, GATE_OPENED };

struct page {
	_Atomic int64_t skipped_ns; /* the site's clock is the computer's and this much more */
	_Atomic uint32_t gate;
	char gate_word[GATE_TEXT],
		gate_step[GATE_TEXT]; /* a line of the log with both stops there */
	struct slot slot[SLOTS];
};
