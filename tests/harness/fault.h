/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes wrong at a boundary: a row each, in fault.c. */
#pragma once
#include "tests/harness/body.h"

struct at_fault {
	struct site *site;
	struct body *body, *other; /* the one the step is about, and the other one */
	bool met;                  /* it has happened */
	bool healed;
};

struct fault {
	const char *name;
	void (*inject)(struct at_fault *f); /* while the broker stands at the boundary */
	void (*turn)(struct at_fault *f);   /* after each turn until it is healed, or NULL */
	void (*heal)(struct at_fault *f);   /* or NULL */
};

extern const struct fault faults[];
extern const unsigned faults_n;
/* Not among them: two writers come of it, which the judge has to see. */
extern const struct fault fault_all_lie;
