/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See deeds.h. */
#include "broker/deeds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "broker/members.h"
#include "broker/publish.h"

/* A list of the words that stand in text with blanks between. */
static json_t *words(const char *text)
{
	json_t *list = json_array();
	while (*text) {
		size_t len = strcspn(text, " ");
		if (len)
			json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == ' ');
	}
	return list;
}

json_t *bmc_deed(const char *deed, const struct machine *m)
{
	return json_pack("{s:s,s:{s:s,s:s,s:i,s:s,s:s,s:i,s:o,s:s}}", "deed", deed, "bmc", "kind",
		m->bmc.kind, "host", m->bmc.host, "port", (int)m->bmc.port, "user", m->bmc.user,
		"secret", m->bmc.secret, "cipher", (int)m->bmc.cipher, "quirks",
		words(m->bmc.quirks), "pin", m->bmc.pin);
}

json_t *san_deed(const char *deed, const struct persona *p)
{
	json_t *portals = json_array();
	for (unsigned i = 0; i < p->paths; i++) {
		char ip[IP4_TEXT], portal[IP4_TEXT + 8];
		snprintf(portal, sizeof portal, "%s:%u", ip4_text(ip, p->path[i].addr),
			p->path[i].port);
		json_array_append_new(portals, json_string(portal));
	}
	return json_pack("{s:s,s:{s:s,s:o,s:s,s:I},s:i}", "deed", deed, "san", "kind", p->san,
		"portals", portals, "target", p->target, "lun", (json_int_t)p->lun, "timeout_ms",
		5000);
}

json_t *san_body_deed(const char *deed, const struct persona *p, uint32_t generation)
{
	json_t *j = san_deed(deed, p);
	json_t *san = json_object_get(j, "san");
	json_object_set_new(san, "persona", json_string(p->name));
	json_object_set_new(san, "generation", json_integer(generation));
	return j;
}

void san_deed_account(json_t *deed, const struct chap *c)
{
	json_t *san = json_object_get(deed, "san");
	json_object_set_new(san, "user", json_string(c->user));
	json_object_set_new(san, "secret", json_string(c->secret));
	if (*c->mutual_user) {
		json_object_set_new(san, "mutual_user", json_string(c->mutual_user));
		json_object_set_new(san, "mutual_secret", json_string(c->mutual_secret));
	}
}

enum step_now deed_start_within(
	struct run *run, int slot, json_t *built, unsigned ms, hand_done *done, char why[320])
{
	OWN(json) json_t *deed = built;
	struct err e = { 0 };
	if (!deed)
		err_set(&e, ENOMEM, "deed");
	else if (hand_start(&run->hand[slot], run->b->hands, deed, ms, done, run, &e) == 0)
		run->hands++;
	return e.code ? step_failed(why, &e) : STEP_WAITS;
}

enum step_now deed_start(struct run *run, int slot, json_t *built, hand_done *done, char why[320])
{
	return deed_start_within(run, slot, built, run_step(run)->timeout_s * 1000, done, why);
}

void deed_over(struct run *run, int slot)
{
	run->hand[slot] = 0;
	run->hands--;
}

enum step_now step_failed(char why[320], const struct err *e)
{
	snprintf(why, 320, "%s", e->text);
	return STEP_NOW_FAILED;
}

enum step_now step_done_with(char why[320], const char *sentence)
{
	snprintf(why, 320, "%s", sentence);
	return STEP_NOW_DONE;
}

enum step_now step_change(
	struct run *run, int (*what)(struct run *run, struct err *e), char why[320])
{
	struct err e = { 0 };
	struct store *s = run->b->store;
	if (store_begin(s, &e) < 0)
		return step_failed(why, &e);
	int r = what(run, &e);
	if (r == 0)
		r = publish_build(run->b->publisher, &e);
	if (r < 0)
		store_rollback(s);
	else
		r = store_commit(s, &e);
	if (r < 0)
		return step_failed(why, &e);
	/* The change holds, so its table follows, also where the step that made it has no more to
	 * do when it is begun again: an unbind finds nothing bound. */
	if (publish_put(run->b->publisher, &e) == 0)
		return STEP_NOW_DONE;
	publish_later(run->b->publisher, &e);
	return step_failed(why, &e);
}
