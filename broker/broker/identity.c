/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See identity.h. */
#include "broker/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/events.h"
#include "broker/publish.h"
#include "core/taking.h"

void identity_cards_read(struct taking_cards *ret, const char *kind, const json_t *body)
{
	const json_t *list = json_object_get(body, "cards");
	const char *why = json_string_value(json_object_get(body, "cards_why"));
	*ret = (struct taking_cards){
		.told = json_is_array(list), .kind = kind, .why = why ? why : ""
	};
	for (size_t i = 0; i < json_array_size(list) && ret->n < COUNT(ret->card); i++) {
		const json_t *one = json_array_get(list, i);
		const char *mac = json_string_value(json_object_get(one, "permanent_mac"));
		const char *wwpn = json_string_value(json_object_get(one, "permanent_wwpn"));
		if (!(mac && mac_parse(&ret->card[ret->n].permanent, mac)) &&
			!(wwpn && wwn_parse(&ret->card[ret->n].permanent_wwpn, wwpn)))
			continue;
		ret->card[ret->n++].settable = json_is_true(json_object_get(one, "settable"));
	}
}

/* One function of a card; mac NULL: it shall have its own again. */
static json_t *card_wish(const struct mac *factory, const struct mac *mac)
{
	char permanent[MAC_TEXT], wanted[MAC_TEXT];
	json_t *j = json_pack("{s:s}", "permanent", mac_text(permanent, factory));
	if (mac)
		json_object_set_new(j, "mac", json_string(mac_text(wanted, mac)));
	else
		json_object_set_new(j, "restore", json_true());
	return j;
}

/* Whatever it boots from is said, also that it is nothing. */
static json_t *hba_wish(const struct hba *h, const struct persona_hba *to)
{
	char permanent[WWN_TEXT], wwpn[WWN_TEXT], wwnn[WWN_TEXT];
	wwn_text(permanent, &h->wwpn);
	if (!to)
		return json_pack("{s:s,s:b}", "permanent", permanent, "restore", 1);
	json_t *boot = json_array();
	for (unsigned i = 0; i < to->targets; i++) {
		char target[WWN_TEXT];
		json_array_append_new(
			boot, json_pack("{s:s,s:I}", "wwpn", wwn_text(target, &to->target[i].wwpn),
				      "lun", (json_int_t)to->target[i].lun));
	}
	return json_pack("{s:s,s:s,s:s,s:o}", "permanent", permanent, "wwpn",
		wwn_text(wwpn, &to->wwpn), "wwnn", wwn_text(wwnn, &to->wwnn), "boot", boot);
}

static json_t *identity_deed(
	const struct run *run, const struct machine *m, const struct persona *p, bool back)
{
	json_t *deed = bmc_deed("bmc-identity", m), *list = json_array();
	for (unsigned i = 0; i < p->nics; i++) {
		int on = nic_for(m, p, i);
		if (on >= 0)
			json_array_append_new(
				list, card_wish(&m->nic[on].factory, back ? NULL : &p->nic[i].mac));
	}
	for (unsigned i = 0; i < p->hbas; i++) {
		int on = hba_for(m, p, i);
		if (on >= 0)
			json_array_append_new(
				list, hba_wish(&m->hba[on], back ? NULL : &p->hba[i]));
	}
	json_object_set_new(deed, "cards", list);
	json_object_set_new(
		deed, "timeout_ms", json_integer((json_int_t)run_step(run)->timeout_s * 900));
	return deed;
}

void identity_hba_say(struct broker *b, const struct event_about *a, const struct machine *m,
	const struct persona *p, unsigned n, bool back, const char *by)
{
	int on = hba_for(m, p, n);
	char factory[WWN_TEXT], mine[WWN_TEXT];
	if (on < 0)
		return;
	wwn_text(factory, &m->hba[on].wwpn);
	wwn_text(mine, &p->hba[n].wwpn);
	event_say(b->events, EV_identity_written, a, "machine=%s pci=%s old=%s new=%s%s", m->name,
		m->hba[on].pci, back ? mine : factory, back ? factory : mine, by);
}

static void set_say(const struct run *run, const struct machine *m, const struct persona *p)
{
	struct event_about a = { run->o.id, m->name, p->name };
	bool back = run_step(run)->kind == DO_IDENTITY_BACK;
	for (unsigned i = 0; i < p->nics; i++) {
		char factory[MAC_TEXT], mine[MAC_TEXT];
		const struct nic *n = &m->nic[nic_for(m, p, i)];
		mac_text(factory, &n->factory);
		mac_text(mine, &p->nic[i].mac);
		event_say(run->b->events, EV_identity_written, &a,
			"machine=%s pci=%s old=%s new=%s by=bmc", m->name, n->pci,
			back ? mine : factory, back ? factory : mine);
	}
	for (unsigned i = 0; i < p->hbas; i++)
		identity_hba_say(run->b, &a, m, p, i, back, " by=bmc");
}

/* ------------------------------------------------------------------ the persona's */

/* It has them: what it boots next is the persona's disk. */
static int phase_next(struct run *run, struct err *e)
{
	struct binding b;
	int r = store_binding(run->b->store, run->o.persona, &b, e);
	return r == 0 && b.phase != PHASE_PERSONA
		       ? store_phase_set(run->b->store, &b, PHASE_PERSONA, e)
		       : r;
}

static void identity_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	struct machine m;
	struct persona p;
	struct err e = { 0 };
	char why[320];
	deed_over(run, 0);
	if (!r->ok) {
		run_end(run, STEP_FAILED, r->why);
		return;
	}
	if (store_machine(run->b->store, run_machine(run), &m, &e) == 0 &&
		store_persona(run->b->store, run->o.persona, &p, &e) == 0) {
		set_say(run, &m, &p);
		explicit_bzero(&p, sizeof p);
	}
	enum step_now now = e.code ? step_failed(why, &e) : step_change(run, phase_next, why);
	run_end(run, now == STEP_NOW_DONE ? STEP_DONE : STEP_FAILED,
		now == STEP_NOW_DONE ? "" : why);
}

enum step_now identity(
	struct run *run, const struct machine *m, const struct persona *p, char why[320])
{
	return deed_start(run, 0, identity_deed(run, m, p, false), identity_done, why);
}

/* ------------------------------------------------------------------ their own */

/* Whose addresses the cards hold: not those of one that stands in (broker/isolated.h). */
static int held_of(struct persona *ret, struct store *s, const struct binding *b, struct err *e)
{
	struct stale left;
	int r = b->isolated ? store_stale(s, b->machine, &left, e) : 0;
	return r < 0 ? r : store_persona(s, b->isolated ? left.persona : b->persona, ret, e);
}

static void identity_back_done(void *ctx, const struct hand_result *r)
{
	struct run *run = ctx;
	struct binding b;
	struct machine m;
	struct persona p;
	deed_over(run, 0);
	if (r->ok && store_binding(run->b->store, run->o.persona, &b, NULL) == 0 &&
		store_machine(run->b->store, b.machine, &m, NULL) == 0 &&
		held_of(&p, run->b->store, &b, NULL) == 0) {
		set_say(run, &m, &p);
		explicit_bzero(&p, sizeof p);
	}
	run_end(run, r->ok ? STEP_DONE : STEP_FAILED, r->ok ? "" : r->why);
}

enum step_now identity_back(
	struct run *run, const struct machine *m, const struct binding *b, char why[320])
{
	struct persona p;
	struct err e = { 0 };
	if (held_of(&p, run->b->store, b, &e) < 0)
		return step_failed(why, &e);
	json_t *deed = identity_deed(run, m, &p, true);
	explicit_bzero(&p, sizeof p);
	return deed_start(run, 0, deed, identity_back_done, why);
}
