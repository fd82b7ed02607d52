/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines that a failover left behind and that come on again: their firmware asks with the MAC of
 * a persona that runs elsewhere, and gets no answer. This says so, and has their BMC switch them
 * off. */
#pragma once
#include "broker/broker.h"
#include "host/log.h"

struct woken;

int woken_open(struct woken **ret, struct broker *b, struct err *e);
void woken_close(struct woken *w); /* takes NULL; before hands_close() */

/* An event of the data path. */
void woken_heard(struct woken *w, enum event ev, const struct event_row *row);
