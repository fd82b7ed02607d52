/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A BMC that speaks Redfish (DSP0266 and DSP8010): its session, its system, its power. The next
 * boot is in redfish_boot.c, cards in redfish_cards.c, identity in redfish_identity.c, media in
 * redfish_media.c, events in redfish_stream.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum { PAGES_MAX = 16 };

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static void redfish_close(struct bmc *bmc)
{
	if (!bmc)
		return;
	struct redfish *rf = redfish_of(bmc);
	talk_close(rf->talk);
	free(rf);
}

static void redfish_drop(struct redfish **rf)
{
	if (*rf)
		redfish_close(&(*rf)->bmc);
}

int rf_members_get(struct redfish *rf, struct rf_links *ret, const char *path, struct err *e)
{
	struct rf_path page;
	*ret = (struct rf_links){ .n = 0 };
	rf_path_of(&page, path);
	for (int i = 0; page.text[0] && i < PAGES_MAX; i++) {
		OWN(said) struct said s = { 0 };
		int r = talk_get(rf->talk, page.text, &s, e);
		if (r < 0)
			return r;
		if (!rf_links_read(ret, s.body, "Members"))
			return err_say(e, EPROTO,
				"its list %s is none, or has more than %d members", page.text,
				RF_MEMBERS_MAX);
		page = ret->next;
	}
	return 0;
}

/* ------------------------------------------------------------------ which system */

static const char *last_part(const struct rf_path *path)
{
	const char *slash = strrchr(path->text, '/');
	return slash && slash[1] ? slash + 1 : path->text;
}

static int system_choose(struct redfish *rf, const struct rf_links *all, struct err *e)
{
	char known[200] = "";
	const char *want = rf->quirks.system;
	for (size_t i = 0, at = 0; i < all->n; i++) {
		const char *id = last_part(&all->of[i]);
		if (want[0] ? strcmp(id, want) == 0 : all->n == 1) {
			rf->system = all->of[i];
			return 0;
		}
		int n = snprintf(known + at, sizeof known - at, " %s", id);
		at += (size_t)n < sizeof known - at ? (size_t)n : 0;
	}
	if (!all->n)
		return err_say(e, ENODEV, "it has no system; is the blade in its place?");
	if (!want[0])
		return err_say(e, ENODEV,
			"it has several systems,%s: name one in bmc.quirks, as in system=%s", known,
			last_part(&all->of[0]));
	return err_say(e, ENODEV,
		"it has no system \"%s\", but%s: name one in bmc.quirks, as in system=%s", want,
		known, last_part(&all->of[0]));
}

static int system_find(struct redfish *rf, struct err *e)
{
	struct rf_links all;
	int r = rf_members_get(rf, &all, rf->root.systems.text, e);
	return r < 0 ? r : system_choose(rf, &all, e);
}

int rf_system_get(struct redfish *rf, struct rf_system *ret, struct err *e)
{
	talk_doing(rf->talk, "tell its power state");
	for (bool again = false;; again = true) {
		OWN(said) struct said s = { 0 };
		const struct question q = { .method = "GET", .path = rf->system.text };
		int r = talk_ask(rf->talk, &q, &s, e);
		if (r < 0)
			return r;
		if (said_ok(&s) && s.body) {
			rf_system_read(ret, s.body);
			memcpy(ret->at.etag, s.etag, sizeof ret->at.etag);
			return 0;
		}
		if (s.status != 404 || again)
			return talk_refused(rf->talk, &s, e);
		/* Ids may be others after the BMC's own restart. */
		r = system_find(rf, e);
		if (r < 0)
			return r;
	}
}

/* ------------------------------------------------------------------ open */

static void firmware_get(struct redfish *rf, char *to, size_t size)
{
	OWN(said) struct said s = { 0 };
	to[0] = '\0';
	if (rf->manager.text[0] && talk_get(rf->talk, rf->manager.text, &s, NULL) == 0)
		rf_text_read(to, size, s.body, "FirmwareVersion");
}

static void quirks_learn(struct redfish *rf, const struct rf_system *s)
{
	const char *maker = rf->root.vendor[0] ? rf->root.vendor : s->maker;
	char firmware[CARD_LABEL_LEN + 1] = "";
	if (quirks_need_firmware(maker, s->model))
		firmware_get(rf, firmware, sizeof firmware);
	quirks_find(&rf->quirks, maker, s->model, firmware);
}

static int root_get(struct redfish *rf, struct err *e)
{
	OWN(said) struct said s = { 0 };
	int r = talk_get(rf->talk, "/redfish/v1/", &s, e);
	if (r < 0)
		return r == -ENOENT ? err_say(e, EPROTO,
					      "there is no Redfish service there; switch it on, or "
					      "use --bmc ipmi://")
				    : r;
	rf_root_read(&rf->root, s.body);
	return rf->root.systems.text[0]
		       ? 0
		       : err_say(e, EPROTO, "its Redfish service has no list of systems");
}

static int service_enter(struct redfish *rf, struct err *e)
{
	struct rf_system s;
	int r = root_get(rf, e);
	talk_doing(rf->talk, "open a session");
	r = r < 0 ? r : talk_login(rf->talk, rf->root.sessions.text, e);
	talk_doing(rf->talk, "tell its systems");
	r = r < 0 ? r : system_find(rf, e);
	r = r < 0 ? r : rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	rf->manager = s.manager;
	quirks_learn(rf, &s);
	return 0;
}

static int redfish_open(struct bmc **ret, const struct bmc_addr *addr, struct err *e)
{
	OWN(redfish) struct redfish *rf = calloc(1, sizeof *rf);
	if (!rf)
		return err_set(e, ENOMEM, "Redfish session");
	rf->bmc.ops = &bmc_redfish;
	int r = quirks_add(&rf->quirks, addr->quirks, e);
	const struct talk_to to = { .host = addr->host,
		.port = addr->port,
		.user = addr->user,
		.secret = addr->secret,
		.pin = addr->pin };
	r = r < 0 ? r : talk_open(&rf->talk, &to, e);
	if (r < 0)
		return r;
	if (rf->quirks.basic_auth)
		talk_basic(rf->talk);
	r = service_enter(rf, e);
	if (r < 0)
		return r;
	snprintf(rf->bmc.pin, sizeof rf->bmc.pin, "%s", talk_pin(rf->talk));
	*ret = &rf->bmc;
	rf = NULL;
	return 0;
}

/* ------------------------------------------------------------------ power */

static int redfish_probe(struct bmc *bmc, struct bmc_facts *ret, struct err *e)
{
	struct rf_system s;
	struct bmc_facts facts = { 0 };
	int r = rf_system_get(redfish_of(bmc), &s, e);
	if (r < 0)
		return r;
	if (s.power == RF_POWER_UNKNOWN)
		return err_say(e, EPROTO, "it does not tell its power state");
	/* On its way is not off. */
	facts.power = s.power == RF_POWER_OFF ? POWER_OFF : POWER_ON;
	rf_boot_facts(&facts, &s);
	*ret = facts;
	return 0;
}

static void resets_learn(struct redfish *rf, const struct rf_system *s)
{
	OWN(said) struct said said = { 0 };
	if (s->resets)
		rf->resets = s->resets;
	else if (!rf->resets_asked && s->reset_info.text[0] &&
		 talk_get(rf->talk, s->reset_info.text, &said, NULL) == 0)
		rf->resets = rf_resets_read(said.body);
	rf->resets_asked = true;
}

/* On its way is not there. */
static int power_read(struct bmc *bmc, enum power *ret, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	if (s.power == RF_POWER_UNKNOWN)
		return err_say(e, EPROTO, "it does not tell its power state");
	resets_learn(rf, &s);
	*ret = s.power == RF_POWER_ON    ? POWER_ON
	       : s.power == RF_POWER_OFF ? POWER_OFF
	       : rf->want == POWER_ON    ? POWER_OFF
					 : POWER_ON;
	return 0;
}

/* The action of the system as it is now; 0 with the answer. */
static int reset_post(struct redfish *rf, const char *type, struct said *ret, struct err *e)
{
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r == 0 && !s.reset.text[0])
		r = err_say(e, ENOTSUP, "it shows no action to change the power");
	OWN(json) json_t *body = json_pack("{s:s}", "ResetType", type);
	talk_doing(rf->talk, "change the power");
	return r < 0 ? r : rf_post(rf, s.reset.text, body, false, ret, e);
}

static int power_tell(struct bmc *bmc, enum power want, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	OWN(said) struct said s = { 0 };
	bool force_on = rf->resets & RF_RESET_FORCE_ON && !(rf->resets & RF_RESET_ON);
	const char *type = want == POWER_OFF ? "ForceOff" : force_on ? "ForceOn" : "On";
	rf->refusal[0] = '\0';
	int r = reset_post(rf, type, &s, e);
	/* Whether it was heard, the next read tells. */
	if (r == -ECONNRESET)
		return 0;
	if (r < 0 || said_ok(&s))
		return r;
	struct err why = { 0 };
	r = talk_refused(rf->talk, &s, &why);
	/* "Not in this state", from one that is there already or still under way. */
	if (s.status == 400 || s.status == 409 || s.status == 503) {
		snprintf(rf->refusal, sizeof rf->refusal, "%.*s", (int)sizeof rf->refusal - 1,
			why.text);
		return 0;
	}
	if (e)
		*e = why;
	return r;
}

static int redfish_power_set(struct bmc *bmc, enum power want, unsigned timeout_ms, struct err *e)
{
	static const struct bmc_power how = { .read = power_read, .tell = power_tell };
	struct redfish *rf = redfish_of(bmc);
	rf->want = want;
	rf->refusal[0] = '\0';
	int r = bmc_power_reach(bmc, &how, want, timeout_ms, e);
	if (r == -ETIMEDOUT && rf->refusal[0] && e)
		return err_say(e, ETIMEDOUT, "still not %s after %u ms: %s", power_word(want),
			timeout_ms, rf->refusal);
	return r;
}

static int redfish_power_soft_off(struct bmc *bmc, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	OWN(said) struct said said = { 0 };
	int r = rf_system_get(rf, &s, e);
	if (r < 0 || s.power == RF_POWER_OFF)
		return r;
	resets_learn(rf, &s);
	if (rf->resets && !(rf->resets & RF_RESET_SOFT_OFF))
		return err_say(e, ENOTSUP, "it cannot ask the OS to shut down");
	r = reset_post(rf, "GracefulShutdown", &said, e);
	if (r < 0 || said_ok(&said))
		return r;
	struct err why = { 0 };
	talk_refused(rf->talk, &said, &why);
	return err_say(e, ENOTSUP, "%s", why.text);
}

const struct bmc_ops bmc_redfish = {
	.kind = "redfish",
	.open = redfish_open,
	.probe = redfish_probe,
	.power_set = redfish_power_set,
	.power_soft_off = redfish_power_soft_off,
	.next_boot_set = redfish_next_boot_set,
	.close = redfish_close,
	.cards_read = redfish_cards_read,
	.identity_set = redfish_identity_set,
	.system_read = redfish_system_read,
	.system_set = redfish_system_set,
	.media_boot = redfish_media_boot,
	.media_none = redfish_media_none,
	.inventory_read = redfish_inventory_read,
	.events_open = redfish_events_open,
	.events_turn = redfish_events_turn,
	.events_close = redfish_events_close,
};
