/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a report leads to: see reports.h. A report is repeated by the shim until it is answered, so
 * each one is judged by where things stand now, never by what was answered before. */
#include "broker/reports.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "broker/events.h"
#include "broker/identity.h"
#include "broker/publish.h"
#include "broker/report.h"
#include "broker/runner.h"

/* HELD_MOST: a jailed process that runs wild may hold so many; files itself gives up after 20 s. */
enum { HOLD = 0, OK = 200, WRONG = 409, NOT_NOW = 503, HELD_MOST = 1000, HELD_S = 25 };

struct held {
	struct held *next;
	double until_s;
	struct report report;
};

struct reports {
	struct broker *b;
	int channel;
	struct held *held;
	unsigned count;
};

/* What a report is judged against. */
struct stand {
	struct machine m;
	struct persona p;
	struct binding bound;
	bool is_bound;
	struct run *run; /* NULL: no open order has a part of this machine */
};

int reports_open(struct reports **ret, struct broker *b, int channel, struct err *e)
{
	struct reports *r = calloc(1, sizeof *r);
	if (!r)
		return err_set(e, ENOMEM, "reports");
	r->b = b;
	r->channel = channel;
	/* Whoever still waits for an answer of an earlier broker says it again. */
	static const char restarted[] = "restarted";
	if (send(channel, restarted, sizeof restarted - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_event(EV_report_refused, "why=files was not told of the restart: %s",
			strerror(errno));
	*ret = r;
	return 0;
}

void reports_close(struct reports *r)
{
	while (r && r->held) {
		struct held *h = r->held;
		r->held = h->next;
		free(h);
	}
	free(r);
}

static void answer(struct reports *r, uint64_t id, int status, const char *text)
{
	char line[512];
	int n = snprintf(
		line, sizeof line, "answer id=%" PRIu64 " status=%d\n%s", id, status, text);
	if (send(r->channel, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* files answers 503 by itself, and the shim comes again */
}

static bool mac_of_machine(const struct stand *s, const struct mac *m)
{
	for (unsigned i = 0; i < s->m.nics; i++)
		if (mac_equal(&s->m.nic[i].factory, m))
			return true;
	for (unsigned i = 0; s->is_bound && i < s->p.nics; i++)
		if (mac_equal(&s->p.nic[i].mac, m))
			return true;
	return false;
}

/* Whose addresses its cards hold: not those of one that stands in (broker/isolated.h). */
static int persona_read(struct stand *s, struct broker *b, struct err *e)
{
	struct stale left;
	int r = s->bound.isolated ? store_stale(b->store, s->m.name, &left, e) : 0;
	return r < 0 ? r
		     : store_persona(b->store, s->bound.isolated ? left.persona : s->bound.persona,
			       &s->p, e);
}

/* Gathers what the store knows; a status other than OK ends the judgement. */
static int stand_read(struct stand *s, struct broker *b, const struct report *r, struct err *e)
{
	int ret = store_machine(b->store, r->machine, &s->m, e);
	if (ret == 0) {
		ret = store_binding_of(b->store, r->machine, &s->bound, e);
		s->is_bound = ret == 0;
		if (s->is_bound)
			ret = persona_read(s, b, e);
		else if (ret == -ENOENT)
			ret = 0;
	} else if (ret == -ENOENT) {
		return WRONG;
	}
	s->run = runner_of(b->runner, r->machine);
	return ret < 0 ? NOT_NOW : OK;
}

/* The machine carries nothing: a restore whose answer got lost may still ask. */
static int judge_unbound(const struct stand *s, const struct report *r, struct err *e)
{
	if (r->stage == REPORT_FAILED ||
		(r->restore && r->stage == REPORT_WRITTEN && report_all_factory(r, &s->m)))
		return OK;
	err_say(e, EINVAL, "machine %s carries no persona: there is nothing to write", s->m.name);
	return WRONG;
}

/* The index of the step that this kind of report ends; -1 when the open order has none here. */
static int step_of(const struct stand *s, const struct report *r, enum deed_kind kind)
{
	enum side side = r->restore ? SIDE_FROM : SIDE_TO;
	if (!s->run || strcmp(r->restore ? s->run->o.from : s->run->o.to, s->m.name) != 0)
		return -1;
	/* A drill that takes back waits for no identity any more. */
	if (!r->restore && verb_takes_back(s->run->o.verb, s->run->o.at.step))
		return -1;
	const struct plan_of_steps *plan = verb_steps(s->run->o.verb);
	for (unsigned i = 0; i < plan->steps; i++)
		if (plan->step[i].kind == kind && plan->step[i].side == side)
			return (int)i;
	return -1;
}

static int stopped_at(const struct stand *s, struct err *e)
{
	err_say(e, EAGAIN, "order %" PRIu64 " has stopped at %s: baton order retry, or undo",
		s->run->o.id, run_step(s->run)->name);
	return NOT_NOW;
}

/* The shim cannot go on: no try is left, and the order says what the tool said. */
static int judge_failed(const struct stand *s, const struct report *r)
{
	int last = step_of(s, r, DO_AWAIT_WRITTEN);
	char why[320];
	if (last < 0 || !run_is_running(s->run) || (int)s->run->o.at.step > last ||
		strcmp(run_machine(s->run), s->m.name) != 0)
		return OK;
	snprintf(why, sizeof why, "machine %s: %.40s: %.200s", s->m.name,
		*r->step ? r->step : "shim", *r->why ? r->why : "it failed and gave no reason");
	run_stop(s->run, why);
	/* Not on disk yet: the shim says it again. */
	return s->run->unwritten ? NOT_NOW : OK;
}

struct ending {
	struct run *run; /* whose step ends with this change; NULL: none does */
	struct order next;
};

/* Commits what the caller began; with it ends the step, where there is one to end. */
static int commit(struct broker *b, struct ending *end, bool table, struct err *e)
{
	int r = end->run ? run_journal(&end->next, end->run, STEP_DONE, "", e) : 0;
	if (r == 0 && table)
		r = publish_build(b->publisher, e);
	if (r < 0) {
		store_rollback(b->store);
		return r;
	}
	r = store_commit(b->store, e);
	return r;
}

static bool card_is_news(const struct nic *n, const struct report_nic *said)
{
	return strcmp(said->card, n->card) != 0 || strcmp(said->driver, n->driver) != 0 ||
	       strcmp(said->modalias, n->modalias) != 0;
}

/* HBAs are journaled by the same rule: news[i] says whose place was not known before. */
static int hbas_journal(struct broker *b, const struct stand *s, const struct report *r,
	const int at[HBAS_MAX], bool news[HBAS_MAX], struct err *e)
{
	int ret = 0;
	for (unsigned i = 0; ret == 0 && i < s->m.hbas; i++) {
		const struct hba *h = &s->m.hba[i];
		const struct report_hba *said = &r->hba[at[i]];
		news[i] = !h->journaled || strcmp(h->pci, said->pci) != 0;
		if (news[i])
			ret = store_hba_journal(b->store, s->m.name, i, said->pci, e);
		bool card = strcmp(said->card, h->card) != 0 ||
			    strcmp(said->driver, h->driver) != 0 ||
			    strcmp(said->modalias, h->modalias) != 0;
		if (ret == 0 && *said->card && card)
			ret = store_hba_card_set(b->store, s->m.name, i, said->card, said->driver,
				said->modalias, e);
	}
	return ret;
}

/* A WWPN that only a tool can tell is journaled as a person wrote it down. */
static void hbas_say(struct broker *b, const struct stand *s, const struct report *r,
	const int at[HBAS_MAX], const bool news[HBAS_MAX])
{
	struct event_about a = { s->run ? s->run->o.id : 0, s->m.name, s->p.name };
	for (unsigned i = 0; i < s->m.hbas; i++) {
		const struct report_hba *said = &r->hba[at[i]];
		char wwpn[WWN_TEXT];
		if (news[i])
			event_say(b->events, EV_factory_journaled, &a,
				"machine=%s pci=%s factory=%s seen=%s", s->m.name, said->pci,
				wwn_text(wwpn, &s->m.hba[i].wwpn),
				wwn_is_zero(&said->wwpn) ? "no" : "yes");
	}
}

/* `found`: every factory address is journaled before the shim may write any card. */
static int judge_found(struct broker *b, struct stand *s, const struct report *r,
	struct ending *end, struct err *e)
{
	int at[NICS_MAX], hba_at[HBAS_MAX];
	bool hba_news[HBAS_MAX] = { false };
	if (report_match(at, r, &s->m, &s->p, e) < 0 || report_match_hbas(hba_at, r, &s->m, e) < 0)
		return WRONG;
	int ret = store_begin(b->store, e);
	if (ret < 0)
		return NOT_NOW;
	bool news[NICS_MAX] = { false };
	for (unsigned i = 0; ret == 0 && i < s->m.nics; i++) {
		const struct nic *n = &s->m.nic[i];
		const char *pci = r->nic[at[i]].pci;
		news[i] = !n->journaled || strcmp(n->pci, pci) != 0;
		if (news[i])
			ret = store_nic_journal(b->store, s->m.name, i, pci, &n->factory, e);
		const struct report_nic *said = &r->nic[at[i]];
		if (ret == 0 && *said->card && card_is_news(n, said))
			ret = store_card_set(b->store, s->m.name, i, said->card, said->driver,
				said->modalias, e);
	}
	if (ret == 0)
		ret = hbas_journal(b, s, r, hba_at, hba_news, e);
	if (ret == 0)
		ret = store_found_set(b->store, s->m.name, &r->found, e);
	if (ret < 0) {
		store_rollback(b->store);
		return ret == -EEXIST ? WRONG : NOT_NOW;
	}
	if (commit(b, end, true, e) < 0)
		return NOT_NOW;
	ret = publish_put(b->publisher, e);
	struct event_about a = { s->run ? s->run->o.id : 0, s->m.name, s->p.name };
	for (unsigned i = 0; i < s->m.nics; i++) {
		char mac[MAC_TEXT];
		if (news[i])
			event_say(b->events, EV_factory_journaled, &a,
				"machine=%s pci=%s factory=%s", s->m.name, r->nic[at[i]].pci,
				mac_text(mac, &s->m.nic[i].factory));
	}
	hbas_say(b, s, r, hba_at, hba_news);
	if (end->run)
		run_turn(end->run, &end->next, STEP_DONE, "");
	return ret < 0 ? NOT_NOW : OK;
}

static void written_say(struct broker *b, const struct stand *s, const struct report *r)
{
	struct event_about a = { s->run->o.id, s->m.name, s->p.name };
	for (unsigned i = 0; i < s->p.nics; i++) {
		const struct nic *n = &s->m.nic[nic_for(&s->m, &s->p, i)];
		char factory[MAC_TEXT], mine[MAC_TEXT];
		mac_text(factory, &n->factory);
		mac_text(mine, &s->p.nic[i].mac);
		event_say(b->events, EV_identity_written, &a, "machine=%s pci=%s old=%s new=%s",
			s->m.name, n->pci, r->restore ? mine : factory,
			r->restore ? factory : mine);
	}
	for (unsigned i = 0; i < s->p.hbas; i++)
		identity_hba_say(b, &a, &s->m, &s->p, i, r->restore, "");
}

/* `written`, for the step that waits for it. Once an identity is committed the next boot must be
 * armed before the shim may reboot: the report is held until then. */
static int judge_written(struct broker *b, struct stand *s, const struct report *r,
	struct ending *end, struct err *e)
{
	if (store_begin(b->store, e) < 0)
		return NOT_NOW;
	if (!r->restore && store_phase_set(b->store, &s->bound, PHASE_PERSONA, e) < 0) {
		store_rollback(b->store);
		return NOT_NOW;
	}
	if (commit(b, end, !r->restore, e) < 0)
		return NOT_NOW;
	written_say(b, s, r);
	/* A table that cannot be put in place now is put by arm-next, or that fails. */
	publish_put(b->publisher, NULL);
	run_turn(end->run, &end->next, STEP_DONE, "");
	return r->restore ? OK : HOLD;
}

/* `written` once more, after it was committed: until the target was looked at again and the next
 * boot is armed it is held. */
static int judge_written_again(const struct stand *s, const struct report *r, struct err *e)
{
	int arm = r->restore ? -1 : step_of(s, r, DO_ARM_NEXT);
	if (arm < 0 || (int)s->run->o.at.step > arm)
		return OK;
	return run_is_running(s->run) ? HOLD : stopped_at(s, e);
}

/* What the shim was told to do is no longer what is wanted of this machine. */
static int judge_deed(const struct stand *s, const struct report *r, struct err *e)
{
	if (r->generation != s->bound.generation || r->said_generation != s->bound.generation) {
		err_say(e, EINVAL, "machine %s: generation %" PRIu32 " is over, %" PRIu32 " holds",
			s->m.name, r->said_generation, s->bound.generation);
		return WRONG;
	}
	if (r->restore != (s->bound.phase == PHASE_RESTORE)) {
		err_say(e, EINVAL, "machine %s: the work order has changed: reboot", s->m.name);
		return WRONG;
	}
	return OK;
}

static int judge_stage(struct broker *b, struct stand *s, const struct report *r, struct err *e)
{
	bool written = r->stage == REPORT_WRITTEN;
	int step = step_of(s, r, written ? DO_AWAIT_WRITTEN : DO_AWAIT_SHIM);
	int stands = step < 0 ? 0 : (int)s->run->o.at.step - step;
	struct ending end = { .run = step >= 0 && stands == 0 ? s->run : NULL };
	if (step < 0 && s->bound.phase != PHASE_PERSONA) {
		err_say(e, EINVAL, "machine %s: the order for it has been taken back", s->m.name);
		return WRONG;
	}
	if (stands <= 0 && step >= 0) {
		if (!run_is_running(s->run))
			return stopped_at(s, e);
		if (stands < 0 || !s->run->begun)
			return HOLD;
	}
	int status = OK;
	if (!written)
		status = judge_found(b, s, r, &end, e);
	else if (report_check_written(r, &s->m, &s->p, e) < 0)
		status = WRONG;
	else
		status = end.run ? judge_written(b, s, r, &end, e) : judge_written_again(s, r, e);
	/* A card that is not what it should be: waiting longer mends nothing. */
	if (status == WRONG && end.run)
		run_stop(end.run, e->text);
	return status;
}

static int judge(struct broker *b, const struct report *r, struct err *e)
{
	struct stand s = { .is_bound = false };
	int status = stand_read(&s, b, r, e);
	if (status != OK)
		return status;
	if (!mac_of_machine(&s, &r->mac)) {
		char mac[MAC_TEXT];
		err_say(e, EINVAL, "machine %s has no NIC %s", s.m.name, mac_text(mac, &r->mac));
		return WRONG;
	}
	if (!s.is_bound)
		return judge_unbound(&s, r, e);
	status = judge_deed(&s, r, e);
	if (status != OK)
		return status;
	return r->stage == REPORT_FAILED ? judge_failed(&s, r) : judge_stage(b, &s, r, e);
}

static struct held *held_take(struct reports *r, const char *machine)
{
	for (struct held **at = &r->held; *at; at = &(*at)->next) {
		if (strcmp((*at)->report.machine, machine) == 0) {
			struct held *h = *at;
			*at = h->next;
			r->count--;
			return h;
		}
	}
	return NULL;
}

static void held_put(struct reports *r, struct held *h)
{
	h->next = r->held;
	r->held = h;
	r->count++;
}

static void judged(struct reports *r, const struct report *report, int status, const struct err *e)
{
	struct event_about a = { 0, report->machine, NULL };
	if (status == WRONG)
		event_say(r->b->events, EV_report_refused, &a, "machine=%s why=%s",
			*report->machine ? report->machine : "-", e->text);
	answer(r, report->id, status, status == OK ? "" : e->text);
}

void reports_take(struct reports *r, const char *bytes, size_t len)
{
	struct err e = { 0 };
	struct held *h = calloc(1, sizeof *h);
	if (!h)
		return;
	if (report_read(&h->report, bytes, len, &e) < 0) {
		if (h->report.id)
			judged(r, &h->report, WRONG, &e);
		free(h);
		return;
	}
	/* A machine says one thing at a time: what it said before is answered by nobody. */
	free(held_take(r, h->report.machine));
	int status = judge(r->b, &h->report, &e);
	if (status == HOLD && r->count < HELD_MOST) {
		h->until_s = now_s() + HELD_S;
		held_put(r, h);
		return;
	}
	judged(r, &h->report, status == HOLD ? NOT_NOW : status, &e);
	free(h);
}

void reports_again(struct reports *r, const char *machine)
{
	struct err e = { 0 };
	struct held *h = held_take(r, machine);
	if (!h)
		return;
	int status = h->until_s > now_s() ? judge(r->b, &h->report, &e) : NOT_NOW;
	if (status == HOLD) {
		held_put(r, h);
		return;
	}
	judged(r, &h->report, status, &e);
	free(h);
}
