/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deeds that steps ask of hands, as JSON (docs/design/0003), and how a step waits for one. */
#pragma once
#include <jansson.h>

#include "broker/hands.h"
#include "broker/steps.h"

/* A deed on the machine's BMC: "bmc-off". NULL without memory. */
json_t *bmc_deed(const char *deed, const struct machine *m);
/* A deed on the persona's disk: "san-look". It carries no account. */
json_t *san_deed(const char *deed, const struct persona *p);

/* Begins the deed in one of the run's two places, which takes it over; done() comes with the run
 * and finds deed_over() useful. STEP_NOW_FAILED with a sentence where it cannot begin. */
enum step_now deed_start(struct run *run, int slot, json_t *deed, hand_done *done, char why[320]);
/* The same for a step with several hands in turn: this one has ms of the step's time. */
enum step_now deed_start_within(
	struct run *run, int slot, json_t *deed, unsigned ms, hand_done *done, char why[320]);
/* The hand of that place has answered. */
void deed_over(struct run *run, int slot);

/* For a step that ends at once. */
enum step_now step_failed(char why[320], const struct err *e);
enum step_now step_done_with(char why[320], const char *sentence);
/* One change of the binding and the table that follows from it, in one transaction; only a
 * table that lies in its place lets the order go on. */
enum step_now step_change(
	struct run *run, int (*what)(struct run *run, struct err *e), char why[320]);
