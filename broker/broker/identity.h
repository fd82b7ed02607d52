/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps in which a machine's BMC gives its cards a persona's addresses, or their own again,
 * while the machine is off (docs/design/0028). */
#pragma once
#include "broker/deeds.h"
#include "broker/events.h"

/* What a hand's answer to bmc-probe tells of cards. */
struct taking_cards;
void identity_cards_read(struct taking_cards *ret, const char *kind, const json_t *body);

/* Tells that HBA n of the persona's was written, or its machine's own names back; `by` is more
 * words,
 * "" or " by=bmc". */
void identity_hba_say(struct broker *b, const struct event_about *a, const struct machine *m,
	const struct persona *p, unsigned n, bool back, const char *by);

/* The steps identity and identity-back. */
enum step_now identity(
	struct run *run, const struct machine *m, const struct persona *p, char why[320]);
enum step_now identity_back(
	struct run *run, const struct machine *m, const struct binding *b, char why[320]);
