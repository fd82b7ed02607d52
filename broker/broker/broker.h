/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of baton-broker have in common: one struct that main.c's server owns, made once
 * and borrowed by every part. Everything runs in one thread, in one loop; store calls are short
 * and synchronous, whatever may take longer is a hand's work or a timer. */
#pragma once
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "base/ways.h"
#include "host/conf.h"
#include "store/store.h"

struct broker {
	uv_loop_t *loop;
	struct conf conf;
	struct ways silence; /* the setting, taken apart */
	struct store *store;
	struct events *events;          /* broker/events.h */
	struct publisher *publisher;    /* broker/publish.h */
	struct hands *hands;            /* broker/hands.h */
	struct reports *reports;        /* broker/reports.h */
	struct runner *runner;          /* broker/runner.h */
	struct health_of_all *health;   /* broker/health.h */
	struct woken *woken;            /* broker/woken.h */
	struct plans *plans;            /* broker/plan.h */
	struct batches *batches;        /* broker/batch.h */
	struct guarding *guarding;      /* broker/guard.h */
	struct inspection *inspections; /* broker/inventory.h; those that wait */
	struct strangers *strangers;    /* broker/strangers.h */
};

/* Unix time with its fraction. */
double now_s(void);
