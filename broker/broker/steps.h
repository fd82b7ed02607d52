/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done for each kind of step: see core/order.h for the kinds. Every one may be begun
 * again at any time. */
#pragma once
#include "broker/runner.h"

enum step_now {
	STEP_NOW_DONE,
	STEP_NOW_FAILED,
	STEP_WAITS, /* a hand, a report or an event ends it, or its deadline */
};

/* No card of the machine that this order takes the persona from was written. */
bool nothing_written(const struct run *run);

/* Does, or begins, the run's current step; why is set to a sentence where there is one. */
enum step_now step_do(struct run *run, char why[320]);
