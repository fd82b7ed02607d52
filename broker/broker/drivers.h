/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The look into a persona's initramfs: what a hand is asked, and what its answer means. */
#pragma once
#include <jansson.h>

#include "broker/hands.h"
#include "core/drivers.h"

/* The deed san-drivers. user and secret: the account to come with, or "". NULL where nothing is
 * known of the machine's NICs that could be looked for. */
json_t *drivers_deed(
	const struct persona *p, const struct machine *m, const char *user, const char *secret);

/* r: what the hand said; NULL where none was asked. */
enum drivers_verdict drivers_answer(char sentence[DRIVERS_TEXT], const struct persona *p,
	const struct machine *m, const struct hand_result *r);
