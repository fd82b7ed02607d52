/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The next start of a machine (ComputerSystem, "Boot"). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum { BOOT_TRIES = 3, BOOT_JOB_MS = 20000, BOOT_AGAIN_MS = 300 };

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static bool target_is_network(const char *target)
{
	return strcmp(target, "Pxe") == 0 || strcmp(target, "UefiHttp") == 0;
}

static bool is_default(const struct rf_system *s)
{
	return strcmp(s->boot_enabled, "Disabled") == 0 || strcmp(s->boot_target, "None") == 0;
}

void rf_boot_facts(struct bmc_facts *ret, const struct rf_system *s)
{
	if (is_default(s))
		ret->next_boot = BOOT_DEFAULT;
	else if (s->boot_enabled[0] && target_is_network(s->boot_target))
		ret->next_boot = BOOT_NETWORK;
	else
		return;
	ret->next_boot_known = true;
}

/* Does "Boot" say that? "" is the usual start. */
static bool boot_is(const struct rf_system *s, const char *target)
{
	if (!target[0])
		return is_default(s);
	return strcmp(s->boot_target, target) == 0 && !is_default(s);
}

/* A start that a system does not let anyone read is believed, as IPMI's. */
static bool boot_is_shown(const struct rf_system *s)
{
	return s->boot_enabled[0] && s->boot_target[0];
}

static json_t *boot_body(const char *mode, const char *target, bool none)
{
	json_t *boot = json_object();
	json_object_set_new(
		boot, "BootSourceOverrideEnabled", json_string(target[0] ? "Once" : "Disabled"));
	if (target[0] || none)
		json_object_set_new(
			boot, "BootSourceOverrideTarget", json_string(target[0] ? target : "None"));
	if (target[0] && mode[0])
		json_object_set_new(boot, "BootSourceOverrideMode", json_string(mode));
	return json_pack("{s:o}", "Boot", boot);
}

static int boot_patch(struct redfish *rf, const struct rf_system *s, bool settings,
	const char *mode, const char *target, bool none, struct said *ret, struct err *e)
{
	OWN(json) json_t *body = boot_body(mode, target, none);
	if (!body)
		return err_set(e, ENOMEM, "the next boot");
	return rf_patch(rf, settings ? s->at.settings.text : rf->system.text,
		settings ? "" : s->at.etag, body, false, ret, e);
}

static int boot_write_at(struct redfish *rf, const struct rf_system *s, bool settings,
	const char *target, bool none, struct said *ret, struct err *e)
{
	/* Some forget the mode when a target comes without it; others show it and let nobody write
	 * it. */
	int r = boot_patch(rf, s, settings, s->boot_mode, target, none, ret, e);
	if (r == 0 && ret->status == 400 && target[0] && s->boot_mode[0]) {
		said_drop(ret);
		r = boot_patch(rf, s, settings, "", target, none, ret, e);
	}
	if (r == 0 && said_ok(ret))
		r = rf_job_wait(rf, ret, true, wait_now_ms() + BOOT_JOB_MS, e);
	return r;
}

/* The second try goes to the other place: some take it at the first and forget it. */
static int boot_write(
	struct redfish *rf, const struct rf_system *s, int tried, const char *target, struct err *e)
{
	OWN(said) struct said said = { 0 };
	bool has = s->at.settings.text[0], none = !target[0] && tried && !rf->quirks.no_target_none;
	bool settings = has && rf->quirks.settings_first == (tried % 2 == 0);
	int r = boot_write_at(rf, s, settings, target, none, &said, e);
	if (r == 0 && rf_elsewhere_may_do(&said) && has) {
		said_drop(&said);
		r = boot_write_at(rf, s, !settings, target, none, &said, e);
	}
	if (r == 0 && said.status == 400 && !target[0] && !none && !rf->quirks.no_target_none) {
		said_drop(&said);
		r = boot_write_at(rf, s, false, target, true, &said, e);
	}
	return r < 0 || said_ok(&said) ? r : talk_refused(rf->talk, &said, e);
}

/* Whether the settings keep it for the next start, where the system itself does not show it. */
static bool boot_is_staged(struct redfish *rf, const struct rf_system *s, const char *target)
{
	OWN(said) struct said said = { 0 };
	struct rf_system staged;
	if (!s->at.settings.text[0] || !target[0] ||
		talk_get(rf->talk, s->at.settings.text, &said, NULL) < 0)
		return false;
	rf_system_read(&staged, said.body);
	return boot_is(&staged, target);
}

int rf_boot_once(struct redfish *rf, const char *target, struct err *e)
{
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r == 0 && !target[0] && boot_is(&s, target))
		return 0;
	for (int tried = 0; r == 0 && tried < BOOT_TRIES; tried++) {
		if (tried)
			wait_until_ms(wait_now_ms() + BOOT_AGAIN_MS);
		talk_doing(rf->talk, "set the next boot");
		r = boot_write(rf, &s, tried, target, e);
		int back = rf_system_get(rf, &s, r < 0 ? NULL : e);
		if (r == 0 && back < 0)
			return back;
		/* It may refuse what is so already. */
		if (back == 0 && boot_is_shown(&s) && boot_is(&s, target))
			return 0;
		if (r == 0 && (!boot_is_shown(&s) || boot_is_staged(rf, &s, target)))
			return 0;
	}
	if (r < 0)
		return r;
	return err_say(e, EIO,
		"it was told to start from \"%s\" next and says \"%s\" (%s), %d times",
		target_is_network(target) ? boot_dev_word(BOOT_NETWORK)
		: target[0]               ? target
					  : boot_dev_word(BOOT_DEFAULT),
		s.boot_target, s.boot_enabled, BOOT_TRIES);
}

int redfish_next_boot_set(struct bmc *bmc, enum boot_dev dev, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	if (dev == BOOT_DEFAULT)
		return rf_boot_once(rf, "", e);
	int r = rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	bool http = rf->quirks.http_boot || (s.boots_listed && !s.boots_pxe && s.boots_http);
	return rf_boot_once(rf, http ? "UefiHttp" : "Pxe", e);
}
