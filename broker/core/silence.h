/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an old machine's silence may be proved on a site (docs/design/0023): which proof counts,
 * which ports have to be shut, and what a person reads when nothing went. Pure; broker/silence.c
 * does it. */
#pragma once
#include "base/ways.h"
#include "core/model.h"

/* Does it end the wait? What an earlier order saw of power and ports is old; what a person has
 * signed for holds as long as the site takes a person's word. */
bool silence_counts(const struct ways *w, enum proof_kind kind, bool of_this_order);

struct silence_ports {
	const char *port[NICS_MAX + HBAS_MAX]; /* borrowed from the machine */
	unsigned n;
};
/* Those of the NICs that carry; of all NICs where the persona's disk is not shut to the machine,
 * for then it must not reach that either. Those of all HBAs where the persona has any: no target
 * shuts a LUN to them. -ENOENT names the NIC or HBA that has none on record. */
int silence_ports(
	struct silence_ports *ret, const struct machine *m, const struct persona *p, struct err *e);

/* How many ways are tried by a hand: so many shares has the time of the step. */
unsigned silence_hands(const struct ways *w);

/* What each way said, and what to type. */
void silence_ask(char to[320], const struct ways *w, const char *machine, unsigned long long order,
	const char *said);
