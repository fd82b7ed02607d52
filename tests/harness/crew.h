/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes that play the runs: each has a site of its own and takes the next few runs when it
 * has done its last ones. One that dies or hangs is replaced; the run that it was at has failed. */
#pragma once
#include "tests/harness/plan.h"

enum { WORKERS_MAX = 8 };

struct result {
	bool good, both; /* both: the second fault came, too */
	unsigned ms;
	char wrong[512];
};

struct crew {
	const struct plan *plan;
	const char *built, *folder;
	unsigned seed, workers, deadline_s;
	bool verbose;
	void (*over)(void *ctx, unsigned run, const struct result *r);
	void *ctx;
	unsigned seconds, cpu_seconds; /* filled in */
};

/* False: a signal has ended it. *lost: workers that found an order missing at their end. */
bool crew_work(struct crew *c, unsigned *lost);
