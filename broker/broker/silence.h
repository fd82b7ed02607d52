/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that proves an old machine silent, in the ways and the order that the site has set. What
 * counts is core/silence.h; why it is asked for is docs/design/0015. */
#pragma once
#include "broker/steps.h"

enum step_now silence(struct run *run, const struct machine *m, const struct persona *p,
	const struct binding *b, char why[320]);
