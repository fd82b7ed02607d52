/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries orders through their steps. A step is journaled, then done; when it has ended, that is
 * journaled before the next begins. After a crash every running order begins its current step
 * again, which each step is fit for (docs/design/0008-orders.md). Orders that stopped are kept
 * here too, so that a machine which is still talking hears why. */
#pragma once
#include "broker/broker.h"
#include "host/log.h"

struct runner;

/* One order that is not done. Owned by the runner; steps.c and reports.c look and end steps. */
struct run {
	struct run *next;
	struct broker *b;
	struct order o;
	uv_timer_t timer; /* a wait's deadline, a back-off, a journal that could not be written */
	bool begun;       /* the current step was begun by this process and has not ended */
	bool os_seen;     /* the OS came up before await-os had begun */
	bool asked;       /* its machine has asked with the persona's MAC since it was set */
	char lost[MAC_TEXT]; /* a prestaged machine asks with this in place of it; "": no */
	bool disk_said;      /* o.why is the disk's sentence, not that of the last try */
	bool unwritten;      /* how the step ended is not on disk yet */
	bool taken_back;     /* a person takes it back: it does not go back by itself as well */
	struct order back; /* the order that takes its place where it has rolled back; id 0: none */
	uint64_t hand[2];  /* at work for the step; 0 none */
	struct preflight *preflight; /* of that step; NULL: none is at work */
	unsigned hands;              /* how many have not answered */
	unsigned way;                /* silence: which of the site's ways is tried */
	char trouble[320];           /* why, as the hands and the disk said it */
};

int runner_open(struct runner **ret, struct broker *b, struct err *e); /* resumes */
void runner_close(struct runner *r); /* takes NULL; the loop must turn once afterwards */

/* The store has a new order, or one that runs again: goes on with it. */
void runner_begin(struct runner *r, const struct order *o);
/* Stops a running order where it stands, so that it can be taken back. */
int runner_stop(struct runner *r, uint64_t id, const char *why, struct err *e);
/* The order is nobody's any more: its hands are ended. */
void runner_drop(struct runner *r, uint64_t id);

/* How the order stands, newer than the store where the disk was full; NULL: not open. */
const struct order *runner_order(const struct runner *r, uint64_t id);
/* The open order that this machine has a part in, or NULL. */
struct run *runner_of(const struct runner *r, const char *machine);

/* An event of the data path: some step may have waited for it. */
void runner_heard(struct runner *r, enum event ev, const struct event_row *row);

/* The current step, and the machine that it is about. */
const struct step *run_step(const struct run *run);
const char *run_machine(const struct run *run);
bool run_is_running(const struct run *run);

/* Ends the current step: journals, says so, goes on. why is "" or a sentence. */
void run_end(struct run *run, enum outcome how, const char *why);
/* Ends it as failed with no try left. */
void run_stop(struct run *run, const char *why);
/* The same in two halves, for a step that ends together with other changes: inside the caller's
 * transaction, and after its commit. */
int run_journal(
	struct order *next, struct run *run, enum outcome how, const char *why, struct err *e);
void run_turn(struct run *run, const struct order *next, enum outcome how, const char *why);
