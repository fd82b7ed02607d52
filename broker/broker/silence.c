/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See silence.h. One way after the other; the first proof ends the step, and when none is left it
 * fails with what each of them said. */
#include "broker/silence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "broker/fencing.h"
#include "broker/ports.h"

enum { SAID_LEN = 120 }; /* of each way: two of them and what to type stand in one sentence */

static enum step_now next_way(
	struct run *run, const struct machine *m, const struct persona *p, char why[320]);

static unsigned share_ms(const struct run *run)
{
	return run_step(run)->timeout_s * 1000 / silence_hands(&run->b->silence);
}

static void said_add(struct run *run, const char *why)
{
	size_t at = strlen(run->trouble);
	snprintf(run->trouble + at, sizeof run->trouble - at, "%s%.*s", at ? "; " : "", SAID_LEN,
		why);
}

/* The way that was under trial has failed. */
static void go_on(struct run *run, const char *said)
{
	struct machine m;
	struct persona p;
	struct err e = { 0 };
	char why[320];
	said_add(run, said);
	run->way++;
	int r = store_machine(run->b->store, run_machine(run), &m, &e);
	r = r < 0 ? r : store_persona(run->b->store, run->o.persona, &p, &e);
	enum step_now now = r < 0 ? step_failed(why, &e) : next_way(run, &m, &p, why);
	explicit_bzero(&p, sizeof p);
	if (now == STEP_NOW_FAILED)
		run_end(run, STEP_FAILED, why);
}

static void power_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	deed_over(run, 0);
	if (r->ok)
		power_proved(run);
	else
		go_on(run, r->why);
}

static enum step_now try_power(
	struct run *run, const struct machine *m, const struct persona *p, char why[320])
{
	unsigned ms = share_ms(run);
	json_t *deed = bmc_deed("bmc-off", m);
	(void)p;
	json_object_set_new(deed, "timeout_ms", json_integer(ms * 2 / 3));
	return deed_start_within(run, 0, deed, ms, power_done, why);
}

static void port_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	struct err e = { 0 };
	deed_over(run, 0);
	if (!r->ok)
		go_on(run, r->why);
	else if (ports_seen(run, PORT_SHUT, &e) < 0)
		run_end(run, STEP_FAILED, e.text);
	else
		ports_proved(run);
}

static enum step_now try_port(
	struct run *run, const struct machine *m, const struct persona *p, char why[320])
{
	struct silence_ports ports;
	struct err e = { 0 };
	if (silence_ports(&ports, m, p, &e) < 0)
		return step_failed(why, &e);
	return ports_hold(run, &ports, PORT_SHUT, share_ms(run), port_done, why);
}

/* Nobody has signed yet: the order stops and asks, once the other ways have been tried. */
static enum step_now try_person(
	struct run *run, const struct machine *m, const struct persona *p, char why[320])
{
	(void)run;
	(void)m;
	(void)p;
	why[0] = '\0';
	return STEP_NOW_FAILED;
}

static enum step_now next_way(
	struct run *run, const struct machine *m, const struct persona *p, char why[320])
{
	static enum step_now (*const tries[WAYS])(
		struct run *, const struct machine *, const struct persona *, char[320]) = {
		[WAY_POWER] = try_power, [WAY_PORT] = try_port, [WAY_PERSON] = try_person
	};
	const struct ways *w = &run->b->silence;
	/* By Fibre Channel no LUN is shut to the old body: no person can sign for it. */
	struct ways left = p->hbas ? ways_without(w, WAY_PERSON) : *w;
	for (; run->way < w->n; run->way++) {
		enum step_now now = tries[w->way[run->way]](run, m, p, why);
		if (now != STEP_NOW_FAILED)
			return now;
		if (*why)
			said_add(run, why);
	}
	silence_ask(why, &left, m->name, run->o.id, run->trouble);
	return STEP_NOW_FAILED;
}

enum step_now silence(struct run *run, const struct machine *m, const struct persona *p,
	const struct binding *b, char why[320])
{
	struct proof is;
	if (store_silence(run->b->store, b, &is, NULL) == 0 &&
		silence_counts(&run->b->silence, is.kind, is.order == run->o.id)) {
		snprintf(why, 320, "%s: %.200s", proof_word(is.kind), is.seen);
		return STEP_NOW_DONE;
	}
	run->way = 0;
	return next_way(run, m, p, why);
}
