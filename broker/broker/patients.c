/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to watch, and the hands that do: see patients.h. */
#include "broker/patients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "broker/deeds.h"
#include "broker/events.h"
#include "broker/hands.h"
#include "broker/members.h"
#include "broker/publish.h"
#include "broker/runner.h"

enum {
	OF_A_HAND = 48,     /* personas that one hand watches: its deed has a longest length */
	HAND_BACK_OFF_S = 5 /* after a hand that died */
};

/* One hand and the part of the patients that it asks about. */
struct watcher {
	struct patients *all;
	uint64_t hand;
	size_t from, to;
	double again_s; /* when it is started again; 0: it is at work */
};

struct patients {
	struct broker *b;
	void (*on_sign)(void *ctx, struct patient *p);
	void *ctx;
	struct patient *patient; /* in order of name */
	size_t n;
	struct watcher **watcher; /* each stays where it is as long as its hand */
	size_t watchers;
	uint64_t table; /* the boot table that the list was made from */
	bool stale;     /* the list is to be made anew */
};

struct patient *patients_find(const struct patients *all, const char *persona)
{
	size_t from = 0, to = all->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int by_name = strcmp(all->patient[mid].persona, persona);
		if (by_name == 0)
			return &all->patient[mid];
		if (by_name < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* ------------------------------------------------------------------ what is seen */

static void sign_take(struct patient *p, enum sign sign, const json_t *line)
{
	const char *word = json_string_value(json_object_get(line, "says"));
	const char *why = json_string_value(json_object_get(line, "why"));
	char text[sizeof p->reading[0].why];
	enum says says;
	if (!word || !says_parse(&says, sign, word))
		return;
	plain_text(text, sizeof text, why ? why : "");
	reading_take(&p->reading[sign], says, text, now_s());
}

/* Said when it changes, and once where it never does. */
static void hearing_take(struct patients *all, struct patient *p, const json_t *line)
{
	const char *says = json_string_value(json_object_get(line, "says"));
	const char *host = json_string_value(json_object_get(line, "bmc"));
	const char *why = json_string_value(json_object_get(line, "why"));
	char where[128], text[sizeof p->reading[0].why];
	int hears = !says                         ? 0
		    : strcmp(says, "open") == 0   ? 1
		    : strcmp(says, "closed") == 0 ? -1
						  : 0;
	if (!hears || p->hears == hears)
		return;
	p->hears = hears;
	plain_text(where, sizeof where, host ? host : "");
	plain_text(text, sizeof text, why ? why : "");
	event_say(all->b->events, hears > 0 ? EV_bmc_tells : EV_bmc_polled,
		&(struct event_about){ 0, p->machine, p->persona }, "machine=%s bmc=%s%s%s",
		p->machine, where, *text ? " why=" : "", text);
}

static void on_hearing(struct watcher *w, const char *machine, const json_t *line)
{
	struct patients *all = w->all;
	for (size_t i = w->from; !all->stale && i < w->to; i++)
		if (strcmp(all->patient[i].machine, machine) == 0)
			hearing_take(all, &all->patient[i], line);
}

static void on_line(void *ctx, const json_t *line)
{
	struct watcher *w = ctx;
	struct patients *all = w->all;
	const char *heard = json_string_value(json_object_get(line, "hearing"));
	if (heard)
		on_hearing(w, heard, line);
	const char *word = json_string_value(json_object_get(line, "sign"));
	const char *machine = json_string_value(json_object_get(line, "machine"));
	const char *persona = json_string_value(json_object_get(line, "persona"));
	enum sign sign;
	if (!word || !sign_parse(&sign, word) || !(sign == SIGN_POWER ? machine : persona))
		return;
	/* A list that is about to be made anew says nothing more. */
	for (size_t i = w->from; !all->stale && i < w->to; i++) {
		struct patient *p = &all->patient[i];
		if (strcmp(sign == SIGN_POWER ? p->machine : p->persona,
			    sign == SIGN_POWER ? machine : persona) != 0)
			continue;
		sign_take(p, sign, line);
		all->on_sign(all->ctx, p);
		break;
	}
}

static void on_ended(void *ctx, const struct hand_result *r)
{
	struct watcher *w = ctx;
	w->hand = 0;
	w->again_s = now_s() + HAND_BACK_OFF_S;
	event_say(w->all->b->events, EV_watch_ended, &(struct event_about){ 0 }, "why=%s", r->why);
}

/* ------------------------------------------------------------------ whom to ask, and what */

static void power_put(json_t *to, struct store *s, const struct patient *p)
{
	struct machine m;
	if (store_machine(s, p->machine, &m, NULL) < 0)
		return;
	OWN(json) json_t *deed = bmc_deed("watch", &m);
	json_array_append_new(to,
		json_pack("{s:s,s:O}", "machine", p->machine, "bmc", json_object_get(deed, "bmc")));
}

static void session_put(json_t *to, const struct patient *p, const struct persona *is)
{
	if (!persona_is_fenced(is))
		return;
	OWN(json) json_t *deed = san_deed("watch", is);
	json_t *san = json_object_get(deed, "san");
	json_object_set_new(san, "persona", json_string(p->persona));
	json_object_set_new(san, "generation", json_integer(p->generation));
	json_array_append_new(to, json_pack("{s:s,s:O}", "persona", p->persona, "san", san));
}

static void check_put(json_t *to, const struct patient *p, const struct persona *is)
{
	char ip[IP4_TEXT];
	if (p->policy.check == CHECK_BY_NOTHING || is->nics == 0 || is->nic[0].addr == 0)
		return;
	json_array_append_new(
		to, json_pack("{s:s,s:s,s:s,s:i}", "persona", p->persona, "kind",
			    p->policy.check == CHECK_BY_PING ? "ping" : "tcp", "address",
			    ip4_text(ip, is->nic[0].addr), "port", (int)p->policy.port));
}

static json_t *watch_deed(const struct patients *all, const struct watcher *w)
{
	json_t *power = json_array(), *sessions = json_array(), *checks = json_array();
	for (size_t i = w->from; i < w->to; i++) {
		struct persona is;
		const struct patient *p = &all->patient[i];
		power_put(power, all->b->store, p);
		if (store_persona(all->b->store, p->persona, &is, NULL) == 0) {
			session_put(sessions, p, &is);
			check_put(checks, p, &is);
		}
		explicit_bzero(&is, sizeof is);
	}
	return json_pack("{s:s,s:i,s:o,s:o,s:o}", "deed", "watch", "every_ms",
		(int)all->b->conf.health_every_s * 1000, "power", power, "sessions", sessions,
		"checks", checks);
}

static void watcher_start(struct watcher *w)
{
	struct err e = { 0 };
	struct patients *all = w->all;
	OWN(json) json_t *deed = watch_deed(all, w);
	w->again_s = 0;
	if (hand_watch(&w->hand, all->b->hands, deed, on_line, on_ended, w, &e) < 0) {
		w->again_s = now_s() + HAND_BACK_OFF_S;
		event_say(all->b->events, EV_watch_ended, &(struct event_about){ 0 }, "why=%s",
			e.text);
	}
}

static void watcher_end(struct watcher *w)
{
	if (w)
		hand_forget(w->all->b->hands, w->hand);
	free(w);
}

static void watchers_end(struct patients *all)
{
	for (size_t i = 0; i < all->watchers; i++)
		watcher_end(all->watcher[i]);
	free(all->watcher);
	all->watcher = NULL;
	all->watchers = 0;
}

/* Both lists are in order of name. */
static void policy_take(struct patient *p, const struct policy_of *list, size_t n, size_t *at)
{
	while (*at < n && strcmp(list[*at].persona, p->persona) < 0)
		++*at;
	p->policy = (struct policy){ .on_failure = CARE_REPORT };
	if (*at < n && strcmp(list[*at].persona, p->persona) == 0)
		p->policy = list[*at].policy;
}

/* Is it at rest: its OS was up, and nobody is at work on it? */
static bool is_patient(const struct patients *all, const struct binding *b)
{
	return b->phase == PHASE_PERSONA && b->fenced && !runner_of(all->b->runner, b->machine);
}

/* Who runs now. What was seen of one in the same generation still holds. */
static int list_make(struct patient **ret, size_t *ret_n, const struct patients *all, struct err *e)
{
	struct binding *b = NULL;
	struct policy_of *policy = NULL;
	size_t n = 0, policies = 0, at = 0, kept = 0;
	int r = store_bindings(all->b->store, &b, &n, e);
	if (r == 0)
		r = store_policies(all->b->store, &policy, &policies, e);
	struct patient *list = r < 0 ? NULL : calloc(n ? n : 1, sizeof *list);
	if (r == 0 && !list)
		r = err_set(e, ENOMEM, "patients");
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct patient *p = &list[kept];
		if (!is_patient(all, &b[i]))
			continue;
		const struct patient *was = patients_find(all, b[i].persona);
		if (was && was->generation == b[i].generation)
			*p = *was;
		memcpy(p->persona, b[i].persona, sizeof p->persona);
		memcpy(p->machine, b[i].machine, sizeof p->machine);
		p->generation = b[i].generation;
		policy_take(p, policy, policies, &at);
		kept++;
	}
	free(policy);
	free(b);
	*ret = list;
	*ret_n = kept;
	return r;
}

/* Does a hand ask about the same of both? */
static bool asks_the_same(const struct patient *a, const struct patient *b)
{
	return strcmp(a->persona, b->persona) == 0 && a->generation == b->generation &&
	       a->policy.check == b->policy.check && a->policy.port == b->policy.port;
}

/* The old hand for this part of the new list, where nothing in it has changed; else a new one. */
static int watcher_for(struct watcher **ret, struct patients *all, const struct patient *list,
	size_t n, size_t i, struct err *e)
{
	size_t from = i * OF_A_HAND, to = from + OF_A_HAND < n ? from + OF_A_HAND : n;
	struct watcher *old = i < all->watchers ? all->watcher[i] : NULL;
	bool same = old && old->to == to;
	for (size_t k = from; same && k < to; k++)
		same = asks_the_same(&all->patient[k], &list[k]);
	if (same) {
		all->watcher[i] = NULL;
		*ret = old;
		return 0;
	}
	*ret = calloc(1, sizeof **ret);
	if (!*ret)
		return err_set(e, ENOMEM, "patients");
	**ret = (struct watcher){ .all = all, .from = from, .to = to, .again_s = now_s() };
	return 0;
}

static int list_follow(struct patients *all, struct err *e)
{
	struct patient *list = NULL;
	size_t n = 0, made = 0;
	int r = list_make(&list, &n, all, e);
	size_t hands = r < 0 ? 0 : (n + OF_A_HAND - 1) / OF_A_HAND;
	struct watcher **watcher = calloc(hands ? hands : 1, sizeof(struct watcher *));
	if (r == 0 && !watcher)
		r = err_set(e, ENOMEM, "patients");
	for (; r == 0 && made < hands; made++)
		r = watcher_for(&watcher[made], all, list, n, made, e);
	/* Half a list is none: what there is ends, and all is made anew at the next turn. */
	watchers_end(all);
	free(all->patient);
	all->patient = list;
	all->n = r < 0 ? 0 : n;
	all->watcher = watcher;
	all->watchers = made;
	if (r < 0)
		watchers_end(all);
	return r;
}

void patients_turn(struct patients *all)
{
	struct err e = { 0 };
	const struct table *now = publish_table(all->b->publisher);
	uint64_t table = now ? now->header->generation : 0;
	if (all->stale || table != all->table) {
		all->table = table;
		all->stale = list_follow(all, &e) < 0;
		if (all->stale)
			event_say(all->b->events, EV_watch_ended, &(struct event_about){ 0 },
				"why=%s", e.text);
	}
	for (size_t i = 0; i < all->watchers; i++)
		if (all->watcher[i]->again_s > 0 && now_s() >= all->watcher[i]->again_s)
			watcher_start(all->watcher[i]);
}

int patients_new(struct patients **ret, struct broker *b,
	void (*on_sign)(void *ctx, struct patient *p), void *ctx, struct err *e)
{
	struct patients *all = calloc(1, sizeof *all);
	if (!all)
		return err_set(e, ENOMEM, "patients");
	*all = (struct patients){ .b = b, .on_sign = on_sign, .ctx = ctx, .stale = true };
	*ret = all;
	return 0;
}

void patients_free(struct patients *all)
{
	watchers_end(all);
	free(all->patient);
	free(all);
}

void patients_renew(struct patients *all)
{
	all->stale = true;
}

struct patient *patients_at(const struct patients *all, size_t i)
{
	return i < all->n && !all->stale ? &all->patient[i] : NULL;
}
