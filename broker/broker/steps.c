/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done for each kind of step: see steps.h. What concerns the machine that a persona leaves
 * acts on the binding between the two: where there is none, there is nothing to take back. */
#include "broker/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/deeds.h"
#include "broker/drill.h"
#include "broker/fencing.h"
#include "broker/identity.h"
#include "broker/isolated.h"
#include "broker/ports.h"
#include "broker/preflight.h"
#include "broker/prestage.h"
#include "broker/publish.h"
#include "broker/silence.h"
#include "broker/smbios.h"

struct sides {
	struct persona p;
	struct machine m;
};

/* An order that takes back a fresh start or move whose shim had not reported yet: no card can have
 * been written, for none is before the report. The machine need not boot to be as it was. A wait
 * for `written` that was ever begun says otherwise, also when a retry went back before it; and so
 * does what an earlier order left on the cards. */
bool nothing_written(const struct run *run)
{
	struct order was;
	struct stale left;
	struct machine m;
	struct order_step *begun = NULL;
	size_t n = 0;
	if (!run->o.undoes || store_order(run->b->store, run->o.undoes, &was, NULL) < 0 ||
		was.undoes || was.verb == VERB_STOP || strcmp(was.to, run->o.from) != 0 ||
		store_stale(run->b->store, run->o.from, &left, NULL) == 0 ||
		store_machine(run->b->store, run->o.from, &m, NULL) < 0 || m.taken == TAKING_BMC ||
		store_order_steps(run->b->store, was.id, &begun, &n, NULL) < 0)
		return false;
	const struct plan_of_steps *plan = verb_steps(was.verb);
	unsigned written = 0;
	while (plan->step[written].kind != DO_AWAIT_WRITTEN || plan->step[written].side != SIDE_TO)
		written++;
	bool none = was.at.step < written;
	for (size_t i = 0; i < n; i++)
		none = none && begun[i].step != written;
	free(begun);
	return none;
}

/* Every hand's end but those of the preflight, which sees to its own. */
static void deed_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	deed_over(run, 0);
	if (r->ok && run_step(run)->kind == DO_POWER_OFF)
		power_proved(run);
	else if (r->ok)
		run_end(run, STEP_DONE, "");
	else if (run_step(run)->kind == DO_SHUT_DOWN)
		run_end(run, STEP_DONE, r->why); /* the power-off that follows is the proof */
	else
		run_end(run, STEP_FAILED, r->why);
}

static void preflighted(void *ctx, const struct checklist *l)
{
	struct run *run = ctx;
	struct err e = { 0 };
	char why[sizeof run->trouble];
	run->preflight = NULL;
	run->hands = 0;
	checklist_trouble(why, sizeof why, l);
	if (!*why && (store_taken_set(run->b->store, run->o.to, l->taking, &e) < 0 ||
			     store_serial_journal(
				     run->b->store, run->o.to, l->smbios.own_serial, &e) < 0 ||
			     store_smbios_by_set(run->b->store, run->o.to, l->smbios.uuid,
				     l->smbios.serial, &e) < 0))
		snprintf(why, sizeof why, "%s", e.text);
	run_end(run, *why ? STEP_FAILED : STEP_DONE, why);
}

static int sides_read(struct sides *ret, const struct run *run, struct err *e)
{
	int r = store_persona(run->b->store, run->o.persona, &ret->p, e);
	return r < 0 ? r : store_machine(run->b->store, run_machine(run), &ret->m, e);
}

static enum step_now preflight(struct run *run, char why[320])
{
	struct err e = { 0 };
	if (preflight_begin(&run->preflight, run->b, &run->o, PREFLIGHT_STEP,
		    run_step(run)->timeout_s * 1000, preflighted, run, &e) < 0)
		return step_failed(why, &e);
	run->hands = 1;
	return STEP_WAITS;
}

static enum step_now power_off(struct run *run, const struct machine *m, bool soft, char why[320])
{
	json_t *deed = bmc_deed("bmc-off", m);
	unsigned ms = run_step(run)->timeout_s * 1000;
	json_object_set_new(deed, "soft", json_boolean(soft));
	if (soft)
		json_object_set_new(deed, "soft_ms", json_integer(ms * 2 / 3));
	json_object_set_new(deed, "timeout_ms", json_integer(soft ? ms / 6 : ms * 2 / 3));
	return deed_start(run, 0, deed, deed_done, why);
}

static enum step_now power_on(struct run *run, const struct machine *m, char why[320])
{
	unsigned ms = run_step(run)->timeout_s * 1000 * 2 / 3;
	json_t *deed = bmc_deed("bmc-net-start", m);
	json_object_set_new(deed, "timeout_ms", json_integer(ms));
	return deed_start(run, 0, deed, deed_done, why);
}

static enum port_state ports_when_on(const struct run *run)
{
	return run->o.verb == VERB_RESTORE_ISOLATED ? PORT_ISOLATED : PORT_OPEN;
}

static void ports_are_set(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	struct machine m;
	struct err e = { 0 };
	char why[320];
	deed_over(run, 0);
	if (!r->ok)
		snprintf(why, sizeof why, "%s", r->why);
	else if (ports_seen(run, ports_when_on(run), &e) < 0 ||
		 store_machine(run->b->store, run_machine(run), &m, &e) < 0)
		snprintf(why, sizeof why, "%s", e.text);
	else if (power_on(run, &m, why) == STEP_WAITS)
		return;
	run_end(run, STEP_FAILED, why);
}

/* From here on what was seen of the machine's silence proves nothing, and its ports may open: it
 * is off. Those that shall reach nobody are read once more: a switch, too, may have begun anew. */
static enum step_now net_start(
	struct run *run, const struct machine *m, const struct binding *b, char why[320])
{
	struct err e = { 0 };
	unsigned ms = run_step(run)->timeout_s * 1000 / 3;
	if (store_wake(run->b->store, b, &e) < 0)
		return step_failed(why, &e);
	enum step_now now = ports_when_on(run) == PORT_ISOLATED
				    ? isolate(run, m, ms, ports_are_set, why)
				    : ports_open(run, ms, ports_are_set, why);
	return now == STEP_NOW_DONE ? power_on(run, m, why) : now;
}

static int claim(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_bind(run->b->store, run->o.persona, run->o.to, &b, e);
	if (r == 0 && b.phase != PHASE_IDENTITY)
		r = store_phase_set(run->b->store, &b, PHASE_IDENTITY, e);
	return r;
}

static int release(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_binding(run->b->store, run->o.persona, &b, e);
	if (r == 0 && b.phase != PHASE_RESTORE)
		r = store_phase_set(run->b->store, &b, PHASE_RESTORE, e);
	return r;
}

/* Its cards were read back: it is as its makers made it, also if it had been left behind. */
static int unbind(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_binding(run->b->store, run->o.persona, &b, e);
	r = r < 0 ? r : store_unbind(run->b->store, &b, e);
	r = r < 0 ? r : store_stale_rm(run->b->store, b.machine, e);
	return r == -ENOENT ? 0 : r;
}

static int forget(struct run *run, struct err *e)
{
	return store_stand_in_rm(run->b->store, &run->o, e);
}

/* A restore begins on a machine that carries nothing. */
static bool before_claim(const struct run *run)
{
	const struct plan_of_steps *plan = verb_steps(run->o.verb);
	for (unsigned i = run->o.at.step; i < plan->steps; i++)
		if (plan->step[i].kind == DO_CLAIM_RESTORE)
			return true;
	return false;
}

/* What a machine's BMC has done needs no shim, and the other way round; nor does what its cards
 * hold already. To and fro are two things: cards that were prestaged are restored by the shim.
 * alone: the machine need not start for the addresses. */
static const char *done_otherwise(
	const struct step *s, const struct machine *m, bool back, bool alone)
{
	bool by_bmc = m->taken == TAKING_BMC, prestaged = m->taken == TAKING_PRESTAGED && !back;
	switch (s->kind) {
	case DO_IDENTITY:
		return by_bmc || prestaged || smbios_by_bmc(m, false)
			       ? NULL
			       : "the shim writes addresses here";
	case DO_IDENTITY_BACK:
		return by_bmc || smbios_by_bmc(m, true) ? NULL : "the shim writes addresses here";
	case DO_AWAIT_ASK:
		return by_bmc || prestaged ? NULL : "the shim reads the addresses back";
	case DO_NET_START:
		return by_bmc && alone ? "its BMC has set the addresses: it need not start" : NULL;
	case DO_ISOLATE:
		return by_bmc ? "it need not start" : NULL;
	case DO_AWAIT_SHIM:
	case DO_AWAIT_WRITTEN:
	case DO_ARM_NEXT:
		return by_bmc      ? "its BMC has set the addresses"
		       : prestaged ? "its cards hold the addresses"
				   : NULL;
	default:
		return NULL;
	}
}

/* Its cards hold the addresses of the persona, which is nowhere: to take it elsewhere is a failover
 * all the same. */
static bool is_of_prestaged(const struct run *run)
{
	struct binding b;
	enum deed_kind kind = run_step(run)->kind;
	return (kind == DO_SILENCE || kind == DO_ABANDON) &&
	       prestage_of(&b, run->b->store, run->o.persona, run->o.from);
}

/* What needs no doing because the machine was never touched, or no card of it was. */
static bool needless(const struct run *run, const struct binding *b, bool bound, const char **why)
{
	const struct step *s = run_step(run);
	*why = NULL;
	if (s->side != SIDE_FROM || s->kind == DO_REJOIN || before_claim(run))
		return false;
	if (!bound && is_of_prestaged(run))
		return false;
	if (!bound)
		*why = "nothing to take back: the machine does not carry the persona";
	else if (s->kind == DO_SHUT_DOWN && b->phase != PHASE_PERSONA)
		*why = "no OS runs there";
	else if ((s->kind == DO_NET_START || s->kind == DO_AWAIT_SHIM ||
			 s->kind == DO_AWAIT_WRITTEN) &&
		 nothing_written(run))
		*why = "nothing to restore: no card was written";
	return *why != NULL;
}

enum step_now step_do(struct run *run, char why[320])
{
	struct sides s;
	struct binding b = { .generation = 0 };
	struct err e = { 0 };
	const char *sentence;
	int r = store_binding(run->b->store, run->o.persona, &b, &e);
	if (r < 0 && r != -ENOENT)
		return step_failed(why, &e);
	bool bound = r == 0 && strcmp(b.machine, run_machine(run)) == 0;
	/* Begun again, it finds no persona any more. */
	if (run_step(run)->kind == DO_FORGET)
		return step_change(run, forget, why);
	if (needless(run, &b, bound, &sentence))
		return step_done_with(why, sentence);
	if (sides_read(&s, run, &e) < 0)
		return step_failed(why, &e);
	bool back = bound && b.phase == PHASE_RESTORE;
	sentence = done_otherwise(run_step(run), &s.m, back, back || run->o.verb == VERB_PRESTAGE);
	if (sentence)
		return step_done_with(why, sentence);
	switch (run_step(run)->kind) {
	case DO_PREFLIGHT:
		return preflight(run, why);
	case DO_CLAIM:
		return step_change(run, claim, why);
	case DO_SHUT_DOWN:
		return power_off(run, &s.m, true, why);
	case DO_POWER_OFF:
		return power_off(run, &s.m, false, why);
	case DO_CLAIM_RESTORE:
		return claim_restore(run, why);
	case DO_FENCE:
		return fence(run, &s.p, why);
	case DO_LOOK_AGAIN:
		return look_again(run, &s.p, why);
	case DO_SILENCE:
		prestage_of(&b, run->b->store, run->o.persona, run->o.from);
		return silence(run, &s.m, &s.p, &b, why);
	case DO_ABANDON:
		return abandon(run, why);
	case DO_RELEASE:
		return step_change(run, release, why);
	case DO_UNBIND:
		return step_change(run, unbind, why);
	case DO_NET_START:
		return net_start(run, &s.m, &b, why);
	case DO_IDENTITY:
		run->asked = false;
		run->lost[0] = '\0';
		return identity(run, &s.m, &s.p, why);
	case DO_IDENTITY_BACK:
		return identity_back(run, &s.m, &b, why);
	case DO_AWAIT_SHIM:
	case DO_AWAIT_WRITTEN:
		return STEP_WAITS;
	case DO_AWAIT_ASK:
		return run->asked   ? STEP_NOW_DONE
		       : *run->lost ? prestage_lost(run, why)
				    : STEP_WAITS;
	case DO_ARM_NEXT:
		/* The table of the second boot must lie there before the shim hears 200. */
		if (publish(run->b->publisher, &e) < 0)
			return step_failed(why, &e);
		return deed_start(run, 0, bmc_deed("bmc-arm", &s.m), deed_done, why);
	case DO_AWAIT_OS:
		return run->os_seen ? STEP_NOW_DONE : STEP_WAITS;
	case DO_KEEP:
		return keep(run, why);
	case DO_CLONE:
		return drill_clone(run, &s.p, why);
	case DO_CLONE_REMOVE:
		return drill_clone_remove(run, &s.p, why);
	case DO_ISOLATE:
		return isolate(run, &s.m, run_step(run)->timeout_s * 1000, isolate_done, why);
	case DO_REJOIN:
		return rejoin(run, why);
	case DO_FORGET:
		break;
	}
	return STEP_NOW_FAILED;
}
