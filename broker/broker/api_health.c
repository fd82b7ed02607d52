/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of personas, and what may be done about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/api.h"
#include "broker/events.h"
#include "broker/health.h"
#include "broker/standing.h"

static void policy_put(json_t *to, const struct policy *p)
{
	char check[CHECK_TEXT];
	json_object_set_new(to, "on_failure", json_string(care_word(p->on_failure)));
	json_object_set_new(to, "on_power_off", json_string(care_word(p->on_power_off)));
	json_object_set_new(to, "spares", json_string(p->spares));
	json_object_set_new(to, "check", json_string(check_text(check, p)));
}

static json_t *line(struct broker *b, const struct standing *at, const char *persona)
{
	struct policy p;
	const struct binding *bound = standing_of_persona(at, persona);
	if (store_policy(b->store, persona, &p, NULL) < 0)
		return NULL;
	json_t *j = health_json(b->health, persona);
	json_object_set_new(j, "persona", json_string(persona));
	json_object_set_new(j, "machine", json_string(bound ? bound->machine : ""));
	json_object_set_new(j, "state", json_string(standing_persona_state(at, persona)));
	policy_put(j, &p);
	return j;
}

void api_health_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct persona *list = NULL;
	size_t n = 0;
	int r = standing_read(&at, a->b->store, &e);
	if (r == 0)
		r = store_personas(a->b->store, &list, &n, &e);
	if (r < 0) {
		reply_err(to, &e, "");
		return;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *one = line(a->b, at, list[i].name);
		if (one)
			json_array_append_new(items, one);
	}
	reply_ok(to, json_pack("{s:o}", "items", items));
	if (list)
		explicit_bzero(list, n * sizeof *list);
	free(list);
}

static int care_read(enum care *ret, const char *member, const char *word, struct err *e)
{
	if (!*word || care_parse(ret, word))
		return 0;
	return err_say(e, EINVAL, "policy: \"%s\": \"%.40s\": want report, failover or restart",
		member, word);
}

/* What is not named stays as it is. */
static int policy_read(struct policy *p, const json_t *body, struct err *e)
{
	char failure[16] = "", off[16] = "", check[16] = "-";
	const struct member members[] = {
		{ "on_failure", MEMBER_TEXT, failure, sizeof failure, 0, false },
		{ "on_power_off", MEMBER_TEXT, off, sizeof off, 0, false },
		{ "spares", MEMBER_TEXT, p->spares, sizeof p->spares, 0, false },
		{ "check", MEMBER_TEXT, check, sizeof check, 0, false },
	};
	int r = members_read(body, "policy", members, COUNT(members), MEMBERS_STRICT, e);
	if (r == 0)
		r = care_read(&p->on_failure, "on_failure", failure, e);
	if (r == 0)
		r = care_read(&p->on_power_off, "on_power_off", off, e);
	if (r < 0 || strcmp(check, "-") == 0)
		return r;
	if (!check_parse(p, strcmp(check, "none") == 0 ? "" : check))
		return err_say(e, EINVAL,
			"policy: \"check\": \"%s\": want none, ping, or tcp and a port, as in "
			"tcp:22",
			check);
	return 0;
}

void api_persona_policy(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct policy p;
	int r = store_policy(a->b->store, a->arg, &p, &e);
	if (r == 0)
		r = policy_read(&p, a->body, &e);
	if (r == 0)
		r = store_policy_set(a->b->store, a->arg, &p, &e);
	if (r < 0) {
		reply_err(to, &e, "`baton policy --help` shows what there is");
		return;
	}
	health_look_again(a->b->health);
	event_say(a->b->events, EV_api_changed, &(struct event_about){ 0, NULL, a->arg },
		"who=%u persona=%s policy on_failure=%s on_power_off=%s", a->uid, a->arg,
		care_word(p.on_failure), care_word(p.on_power_off));
	json_t *body = json_pack("{s:s}", "persona", a->arg);
	policy_put(body, &p);
	reply_ok(to, body);
}
