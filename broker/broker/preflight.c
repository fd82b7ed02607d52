/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the hands and hands their answers to core/preflight.h: see preflight.h. What hands are asked
 * is the table `asks`: a check that needs another deed is a row there and a word in
 * core/preflight.def. */
#include "broker/preflight.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/deeds.h"
#include "broker/hands.h"
#include "broker/identity.h"
#include "broker/members.h"
#include "broker/packs.h"
#include "broker/smbios.h"
#include "core/drivers.h"
#include "host/given.h"

struct ask_row {
	/* NULL: there is nothing to ask. */
	json_t *(*deed)(const struct preflight *f);
	void (*judge)(struct preflight *f, const struct hand_result *r);
	bool plan_only;
};

static json_t *probe_to(const struct preflight *f);
static json_t *probe_from(const struct preflight *f);
static json_t *look(const struct preflight *f);
static json_t *drivers(const struct preflight *f);
static void probed_to(struct preflight *f, const struct hand_result *r);
static void probed_from(struct preflight *f, const struct hand_result *r);
static void looked(struct preflight *f, const struct hand_result *r);
static void drivers_read(struct preflight *f, const struct hand_result *r);

static const struct ask_row asks[] = {
	{ probe_to, probed_to, false },
	{ probe_from, probed_from, true },
	{ look, looked, false },
	{ drivers, drivers_read, true },
};

struct asked {
	struct preflight *f;
	const struct ask_row *row;
	uint64_t hand; /* 0: it has answered, or was not asked */
};

struct preflight {
	struct broker *b;
	enum verb verb;
	struct persona p;
	struct machine from, to;
	struct taking_left left;
	bool has_from, has_to;
	struct asked asked[COUNT(asks)];
	unsigned waiting;
	struct checklist list;
	/* For uuid-serial, which needs two answers. */
	struct smbios_bmc bmc_says;
	char line_unknown[200], line_uuid[40], line_serial[72];
	bool grub;
	uv_timer_t end; /* where nothing was asked: done() comes from the loop all the same */
	preflight_done *done;
	void *ctx;
};

static struct preflight_case case_of(const struct preflight *f)
{
	return (struct preflight_case){ .verb = f->verb,
		.p = &f->p,
		.from = f->has_from ? &f->from : NULL,
		.to = f->has_to ? &f->to : NULL,
		.left = f->left };
}

/* ------------------------------------------------------------------ what hands are asked */

static json_t *probe_to(const struct preflight *f)
{
	json_t *deed = f->has_to ? bmc_deed("bmc-probe", &f->to) : NULL;
	if (deed && !taking_distrusts(&f->to))
		json_object_set_new(deed, "cards_too", json_true());
	return deed;
}

static json_t *probe_from(const struct preflight *f)
{
	return f->has_from ? bmc_deed("bmc-probe", &f->from) : NULL;
}

static void probed(struct preflight *f, enum side side, const struct hand_result *r)
{
	const char *power = json_string_value(json_object_get(r->body, "power"));
	struct preflight_case c = case_of(f);
	struct bmc_said s = { r->ok, power && strcmp(power, "off") == 0, r->why };
	check_bmc(&f->list, &c, side, &s);
}

static void probed_to(struct preflight *f, const struct hand_result *r)
{
	struct preflight_case c = case_of(f);
	struct taking_cards cards;
	probed(f, SIDE_TO, r);
	if (!r->ok)
		return;
	identity_cards_read(&cards, f->to.bmc.kind, r->body);
	cards.distrusted = taking_distrusts(&f->to);
	check_identity(&f->list, &c, &cards);
	smbios_bmc_read(&f->bmc_says, r->body);
}

static void probed_from(struct preflight *f, const struct hand_result *r)
{
	probed(f, SIDE_FROM, r);
}

/* With the account that the operator has set at a target of his own; at one that we administer with
 * Baton's own, or with the newest that we have set there. */
static json_t *disk_deed(const struct preflight *f, const char *word)
{
	struct chap c = { .generation = 0 };
	const struct persona *p = &f->p;
	if (!f->has_to || !*p->target)
		return NULL;
	json_t *deed = san_deed(word, p);
	json_t *san = json_object_get(deed, "san");
	if (persona_is_fenced(p) && !*f->b->conf.san_user)
		store_chap(f->b->store, p->name, &c, NULL);
	json_object_set_new(san, "user", json_string(*c.user ? c.user : p->chap_user));
	json_object_set_new(san, "secret", json_string(*c.user ? c.secret : p->chap_secret));
	explicit_bzero(&c, sizeof c);
	return deed;
}

static json_t *look(const struct preflight *f)
{
	return disk_deed(f, "san-look");
}

/* Drivers only of cards that a shim has told; what its kernel is told in any case. */
static json_t *drivers(const struct preflight *f)
{
	struct drivers_want want = { .n = 0 };
	if (f->has_to)
		drivers_wanted(&want, &f->to, &f->p);
	bool line = !uuid_is_zero(&f->p.uuid) || *f->p.serial;
	json_t *deed = want.n || line ? disk_deed(f, "san-drivers") : NULL;
	if (!deed)
		return NULL;
	json_t *list = json_array();
	for (unsigned i = 0; i < want.n; i++)
		json_array_append_new(list, json_string(want.word[i]));
	json_object_set_new(deed, "wanted", list);
	return deed;
}

static const char *word_in(const json_t *in, const char *member)
{
	const char *word = json_string_value(json_object_get(in, member));
	return word ? word : "";
}

static enum driver_is driver_is(const char *word)
{
	if (strcmp(word, "builtin") == 0)
		return DRIVER_BUILTIN;
	return strcmp(word, "module") == 0 ? DRIVER_FILE : DRIVER_MISSING;
}

static void line_read(struct preflight *f, const struct hand_result *r)
{
	const json_t *line = json_object_get(r->body, "line");
	const char *unknown = r->ok ? word_in(r->body, "unknown") : r->why;
	plain_text(f->line_unknown, sizeof f->line_unknown,
		line       ? ""
		: *unknown ? unknown
			   : "its loader does not say it in a way that is read here");
	plain_text(f->line_uuid, sizeof f->line_uuid, word_in(line, "uuid"));
	plain_text(f->line_serial, sizeof f->line_serial, word_in(line, "serial"));
	f->grub = json_is_true(json_object_get(line, "grub"));
}

static void drivers_read(struct preflight *f, const struct hand_result *r)
{
	char initramfs[160], unknown[256];
	struct drivers_want want;
	struct preflight_case c = case_of(f);
	const json_t *list = json_object_get(r->body, "wanted");
	struct drivers_said s = { .initramfs = initramfs,
		.aliases = json_is_true(json_object_get(r->body, "aliases")) };
	line_read(f, r);
	drivers_wanted(&want, &f->to, &f->p);
	if (want.n == 0)
		return;
	plain_text(initramfs, sizeof initramfs, word_in(r->body, "initramfs"));
	plain_text(unknown, sizeof unknown, r->ok ? word_in(r->body, "unknown") : r->why);
	s.unknown = *unknown ? unknown : NULL;
	for (; s.n < json_array_size(list) && s.n < want.n; s.n++) {
		const json_t *one = json_array_get(list, s.n);
		s.is[s.n] = driver_is(word_in(one, "is"));
		s.module[s.n] = word_in(one, "module");
	}
	check_drivers(&f->list, &c, &want, &s);
}

static void looked(struct preflight *f, const struct hand_result *r)
{
	char dead[200];
	const json_t *list = json_object_get(r->body, "dead");
	const char *code = json_string_value(json_object_get(r->body, "errno"));
	const char *first = json_string_value(json_array_get(list, 0));
	struct preflight_case c = case_of(f);
	struct look_said s = { .ok = r->ok,
		.refused = code && strcmp(code, "EACCES") == 0,
		.bootable = !json_is_false(json_object_get(r->body, "bootable")),
		.paths = (unsigned)json_integer_value(json_object_get(r->body, "paths")),
		.portals = f->p.paths,
		.why = r->why,
		.dead = dead };
	plain_text(dead, sizeof dead, first ? first : "");
	check_look(&f->list, &c, &s);
}

/* ------------------------------------------------------------------ the whole */

static void preflight_gone(uv_handle_t *h)
{
	struct preflight *f = h->data;
	explicit_bzero(&f->p, sizeof f->p);
	free(f);
}

void preflight_forget(struct preflight *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < COUNT(f->asked); i++)
		hand_forget(f->b->hands, f->asked[i].hand);
	uv_close((uv_handle_t *)&f->end, preflight_gone);
}

static void judge_smbios(struct preflight *f)
{
	struct preflight_case c = case_of(f);
	int folder = given_fd("packs", NULL);
	const struct smbios_line line = { *f->line_unknown ? f->line_unknown : NULL, f->line_uuid,
		f->line_serial, f->grub };
	if (!f->has_to)
		return;
	smbios_choose(&f->list.smbios, &f->to, &f->p, f->list.taking, &f->bmc_says,
		folder >= 0 && packs_board(folder));
	check_smbios(&f->list, &c, &line);
}

static void preflight_over(struct preflight *f)
{
	judge_smbios(f);
	checklist_sort(&f->list);
	f->done(f->ctx, &f->list);
	uv_close((uv_handle_t *)&f->end, preflight_gone);
}

static void end_due(uv_timer_t *t)
{
	preflight_over(t->data);
}

static void answered(void *ctx, const struct hand_result *r)
{
	struct asked *a = ctx;
	a->hand = 0;
	a->row->judge(a->f, r);
	if (--a->f->waiting == 0)
		preflight_over(a->f);
}

/* A hand that cannot be started has answered no. */
static void ask_hand(struct asked *a, json_t *built, unsigned deadline_ms)
{
	OWN(json) json_t *deed = built;
	struct err e = { 0 };
	struct hand_result no = { .ok = false };
	if (hand_start(&a->hand, a->f->b->hands, deed, deadline_ms, answered, a, &e) == 0) {
		a->f->waiting++;
		return;
	}
	a->hand = 0;
	snprintf(no.why, sizeof no.why, "%s", e.text);
	a->row->judge(a->f, &no);
}

static void ask_all(struct preflight *f, enum preflight_for what, unsigned deadline_ms)
{
	for (size_t i = 0; i < COUNT(asks); i++) {
		f->asked[i] = (struct asked){ f, &asks[i], 0 };
		json_t *deed = asks[i].plan_only && what == PREFLIGHT_STEP ? NULL : asks[i].deed(f);
		if (deed)
			ask_hand(&f->asked[i], deed, deadline_ms);
	}
}

/* A rehearsal's own disk is made later: it is the rehearsed one that must be good. */
static int rehearsed_read(struct preflight *f, const struct order *o, struct err *e)
{
	struct drill d;
	struct persona of;
	int r = store_drill(f->b->store, o->id, &d, e);
	r = r < 0 ? r : store_persona(f->b->store, d.of, &of, e);
	if (r < 0)
		return r;
	/* Whoever plays it must be no one's double: its copy says what its disk says. */
	of.uuid = f->p.uuid;
	memcpy(of.serial, f->p.serial, sizeof of.serial);
	of.nics = f->p.nics;
	memcpy(of.nic, f->p.nic, sizeof of.nic);
	of.hbas = f->p.hbas;
	memcpy(of.hba, f->p.hba, sizeof of.hba);
	f->p = of;
	explicit_bzero(&of, sizeof of);
	return 0;
}

static int sides_read(struct preflight *f, const struct order *o, struct err *e)
{
	int r = store_persona(f->b->store, o->persona, &f->p, e);
	if (r == 0 && o->verb == VERB_DRILL)
		r = rehearsed_read(f, o, e);
	f->has_to = *o->to;
	f->has_from = *o->from;
	if (r == 0 && f->has_to)
		r = store_machine(f->b->store, o->to, &f->to, e);
	if (r == 0 && f->has_from)
		r = store_machine(f->b->store, o->from, &f->from, e);
	struct stale st;
	if (r == 0 && f->has_to && store_stale(f->b->store, o->to, &st, NULL) == 0)
		f->left = (struct taking_left){ true, st.holds };
	return r;
}

static void judge_standing(struct preflight *f)
{
	char cards[PACKS_CARDS];
	struct preflight_case c = case_of(f);
	int folder = given_fd("packs", NULL);
	if (folder >= 0 && packs_cards(cards, folder, NULL) == 0)
		c.packs = cards;
	check_standing(&f->list, &c);
}

int preflight_begin(struct preflight **ret, struct broker *b, const struct order *o,
	enum preflight_for what, unsigned deadline_ms, preflight_done *done, void *ctx,
	struct err *e)
{
	struct preflight *f = calloc(1, sizeof *f);
	if (!f)
		return err_set(e, ENOMEM, "preflight");
	f->b = b;
	f->verb = o->verb;
	f->done = done;
	f->ctx = ctx;
	int r = sides_read(f, o, e);
	if (r < 0) {
		explicit_bzero(&f->p, sizeof f->p);
		free(f);
		return r;
	}
	snprintf(f->line_unknown, sizeof f->line_unknown, "it has no disk that is read here");
	f->end.data = f;
	uv_timer_init(b->loop, &f->end);
	struct preflight_case c = case_of(f);
	if (what == PREFLIGHT_PLAN)
		judge_standing(f);
	else
		check_nics(&f->list, &c);
	/* A step that cannot go on asks nobody. */
	if (what == PREFLIGHT_PLAN || checklist_count(&f->list, FINDING_BAD) == 0)
		ask_all(f, what, deadline_ms);
	if (f->waiting == 0)
		uv_timer_start(&f->end, end_due, 0, 0);
	*ret = f;
	return 0;
}

json_t *checklist_json(const struct checklist *l)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < l->n; i++) {
		const struct check *c = &l->check[i];
		char why[CHECK_WHY];
		plain_text(why, sizeof why, c->why);
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:s,s:s}", "check", check_word(c->id), "about",
				      c->about, "finding", finding_word(c->finding), "why", why));
	}
	return list;
}
