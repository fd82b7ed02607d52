/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fences, silence and their proofs: see fencing.h. */
#include "broker/fencing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/deeds.h"
#include "broker/prestage.h"
#include "broker/publish.h"

static const char not_ours[] = "Baton does not administer this target: the order rests on silence";

static int64_t number_in(const struct hand_result *r, const char *name)
{
	return json_integer_value(json_object_get(r->body, name));
}

/* The step ends with what proves it, in one transaction. */
static void end_proved(struct run *run, const struct proof *proof, bool fenced)
{
	struct err e = { 0 };
	struct order next;
	struct binding b;
	struct store *s = run->b->store;
	struct proof p = *proof;
	int r = store_begin(s, &e);
	if (r < 0) {
		run_end(run, STEP_FAILED, e.text);
		return;
	}
	r = store_binding(s, run->o.persona, &b, &e);
	if (r == -ENOENT && prestage_of(&b, s, p.persona, p.machine))
		r = 0;
	if (r == 0 && strcmp(b.machine, p.machine) == 0) {
		p.generation = b.generation;
		r = store_proof_add(s, &p, &e);
		r = r == 0 && fenced ? store_fenced_set(s, &b, &e) : r;
	}
	r = r == -ENOENT ? 0 : r;
	r = r < 0 ? r : run_journal(&next, run, STEP_DONE, "", &e);
	if (r < 0)
		store_rollback(s);
	else
		r = fenced ? publish_commit(run->b->publisher, &e) : store_commit(s, &e);
	if (r < 0)
		run_end(run, STEP_FAILED, e.text);
	else
		run_turn(run, &next, STEP_DONE, "");
}

static struct proof proof_of(const struct run *run, enum proof_kind kind)
{
	struct proof p = { .order = run->o.id, .kind = kind, .at_s = now_s() };
	snprintf(p.persona, sizeof p.persona, "%s", run->o.persona);
	snprintf(p.machine, sizeof p.machine, "%s", run_machine(run));
	return p;
}

static void fence_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	bool look = run_step(run)->kind == DO_LOOK_AGAIN;
	struct proof p = proof_of(run, PROOF_STORAGE);
	deed_over(run, 0);
	if (!r->ok) {
		run_end(run, STEP_FAILED, r->why);
		return;
	}
	int64_t dropped = number_in(r, "sessions_dropped");
	if (look)
		snprintf(p.seen, sizeof p.seen, "%" PRId64 " sessions dropped, none is left",
			dropped);
	else
		snprintf(p.seen, sizeof p.seen,
			"new account set, %" PRId64 " removed; %" PRId64
			" sessions dropped, none is left; %" PRId64 " reservations cleared",
			number_in(r, "accounts_removed"), dropped, number_in(r, "reservations"));
	end_proved(run, &p, look);
}

/* Nobody's secret is made when the persona is taken off; the binding's was made by its claim. */
static int secret_of(struct chap *ret, const struct run *run, struct err *e)
{
	struct binding b;
	struct store *s = run->b->store;
	if (run_step(run)->side == SIDE_FROM)
		return store_chap_renew(s, run->o.persona, ret, e);
	int r = store_binding(s, run->o.persona, &b, e);
	r = r < 0 ? r : store_chap(s, run->o.persona, ret, e);
	if (r == 0 && ret->generation != b.generation)
		r = err_say(e, ESTALE, "persona %s: its secret is of generation %u and it is %u",
			run->o.persona, ret->generation, b.generation);
	return r;
}

enum step_now fence(struct run *run, const struct persona *p, char why[320])
{
	struct chap c;
	struct err e = { 0 };
	if (!persona_is_fenced(p))
		return step_done_with(why, not_ours);
	if (secret_of(&c, run, &e) < 0)
		return step_failed(why, &e);
	json_t *deed = san_body_deed("san-fence", p, c.generation);
	san_deed_account(deed, &c);
	explicit_bzero(&c, sizeof c);
	return deed_start(run, 0, deed, fence_done, why);
}

enum step_now look_again(struct run *run, const struct persona *p, char why[320])
{
	struct binding b;
	struct err e = { 0 };
	if (!persona_is_fenced(p))
		return step_done_with(why, not_ours);
	if (store_binding(run->b->store, p->name, &b, &e) < 0)
		return step_failed(why, &e);
	/* The secret has been given out: whoever is logged in may be the persona itself. */
	if (b.fenced)
		return STEP_NOW_DONE;
	return deed_start(
		run, 0, san_body_deed("san-look-again", p, b.generation), fence_done, why);
}

void power_proved(struct run *run)
{
	struct machine m;
	struct err e = { 0 };
	struct proof p = proof_of(run, PROOF_POWER);
	if (store_machine(run->b->store, run_machine(run), &m, &e) < 0) {
		run_end(run, STEP_FAILED, e.text);
		return;
	}
	snprintf(p.seen, sizeof p.seen, "off in two reads by its BMC %s://%.80s:%u", m.bmc.kind,
		m.bmc.host, m.bmc.port);
	end_proved(run, &p, false);
}

void ports_proved(struct run *run)
{
	struct proof p = proof_of(run, PROOF_PORT);
	struct port_held *held = NULL;
	struct err e = { 0 };
	size_t n = 0;
	if (store_ports_held(run->b->store, run_machine(run), &held, &n, &e) < 0) {
		run_end(run, STEP_FAILED, e.text);
		return;
	}
	int at = snprintf(p.seen, sizeof p.seen, "shut, and read back so:");
	for (size_t i = 0; i < n && at < (int)sizeof p.seen; i++)
		at += snprintf(p.seen + at, sizeof p.seen - (size_t)at, " %s", held[i].port);
	free(held);
	end_proved(run, &p, false);
}

static int leave_stale(struct run *run, struct err *e)
{
	struct binding b;
	struct store *s = run->b->store;
	if (prestage_of(&b, s, run->o.persona, run->o.from))
		return prestage_give_up(run, e);
	int r = store_binding(s, run->o.persona, &b, e);
	r = r < 0 ? r : store_unbind(s, &b, e);
	if (r < 0 || nothing_written(run))
		return r;
	r = store_stale_add(s, b.machine, b.persona, b.generation, now_s(), e);
	/* In that phase all of its cards were read back with the persona's addresses. */
	return r < 0 ? r : store_stale_mark(s, b.machine, b.phase == PHASE_PERSONA, false, e);
}

enum step_now abandon(struct run *run, char why[320])
{
	return step_change(run, leave_stale, why);
}

static int bind_restore(struct run *run, struct err *e)
{
	struct binding b;
	return store_bind_restore(run->b->store, run->o.persona, run->o.from, &b, e);
}

enum step_now claim_restore(struct run *run, char why[320])
{
	return step_change(run, bind_restore, why);
}
