/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the checks of core/preflight.h for an order that is, or may be, given: what the store knows
 * at once, the rest by hands. Nothing is changed: BMCs are read, and a look at the LUN logs in
 * under Baton's own name (core/san.h). */
#pragma once
#include <jansson.h>

#include "broker/broker.h"
#include "core/preflight.h"

struct preflight;

/* The step asks what would stop it; a plan asks for all there is. */
enum preflight_for { PREFLIGHT_STEP, PREFLIGHT_PLAN };

/* Called once, from the loop; the list is sorted and borrowed. The preflight is gone afterwards. */
typedef void preflight_done(void *ctx, const struct checklist *l);

/* Begins; at the latest two seconds after the deadline done() comes. -ENOENT when something that
 * the order names is not there; then nothing was begun. */
int preflight_begin(struct preflight **ret, struct broker *b, const struct order *o,
	enum preflight_for what, unsigned deadline_ms, preflight_done *done, void *ctx,
	struct err *e);
/* Nobody waits for it any more: its hands are ended, done() does not come. Takes NULL. */
void preflight_forget(struct preflight *f);

/* [{"check","about","finding","why"}] */
json_t *checklist_json(const struct checklist *l);
