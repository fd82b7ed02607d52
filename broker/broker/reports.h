/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers the shim's reports, which baton-files passes on (docs/design/0003). 200 says that what
 * was reported is on disk and everything that must follow before the reboot is done; a report
 * that comes too early, or whose consequence is still under way, is held until an order moves. */
#pragma once
#include "broker/broker.h"

struct reports;

/* channel: where answers go; borrowed. */
int reports_open(struct reports **ret, struct broker *b, int channel, struct err *e);
void reports_close(struct reports *r); /* takes NULL */

/* One datagram that begins with "report ". */
void reports_take(struct reports *r, const char *bytes, size_t len);
/* The order of this machine has moved: looks again at what is held for it. */
void reports_again(struct reports *r, const char *machine);
