/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The identity of a card's functions by the standard's own members (NetworkDeviceFunction), and
 * what it takes to believe that they have it. Dell's way is in redfish_dell.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum {
	LOOK_APART_MS = 500, /* between the two that agree */
	LOOK_POLL_MS = 250,
	LOOK_MS = 6000, /* for a service to show what it took */
};

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static void rf_cards_drop(struct rf_cards **cards)
{
	free(*cards);
}

/* ------------------------------------------------------------------ is it so */

static bool targets_are(const struct rf_function *f, const struct identity *want)
{
	if (f->fc_targets != want->fc_targets)
		return false;
	for (unsigned i = 0; i < want->fc_targets; i++)
		if (!wwn_equal(&f->fc_target[i].wwpn, &want->fc_target[i].wwpn) ||
			f->fc_target[i].lun != want->fc_target[i].lun)
			return false;
	return true;
}

static bool iscsi_is(const struct iscsi_boot *is, const struct iscsi_boot *want)
{
	if (!want->target[0])
		return !is->target[0];
	return strcmp(is->target, want->target) == 0 &&
	       strcmp(is->initiator, want->initiator) == 0 && is->portal == want->portal &&
	       is->port == want->port && is->lun == want->lun && is->addr == want->addr &&
	       strcmp(is->user, want->user) == 0;
}

static bool function_is(const struct rf_function *f, const struct identity *want)
{
	const struct card *c = &f->card;
	if (!mac_is_zero(&want->mac) && !mac_equal(&c->mac, &want->mac))
		return false;
	if (!wwn_is_zero(&want->wwpn) && !wwn_equal(&c->wwpn, &want->wwpn))
		return false;
	if (!wwn_is_zero(&want->wwnn) && !wwn_equal(&c->wwnn, &want->wwnn))
		return false;
	if (want->fc_boot && !targets_are(f, want))
		return false;
	return !want->iscsi_boot || iscsi_is(&f->iscsi, &want->iscsi);
}

static int function_look(struct redfish *rf, const void *of, const struct identity *want,
	enum identity_state *ret, struct err *e)
{
	const struct rf_function *was = of;
	struct rf_function now, staged;
	int r = rf_function_get(rf, was->at.self.text, &now, e);
	if (r < 0)
		return r;
	*ret = IDENTITY_APPLIED;
	if (function_is(&now, want))
		return 0;
	*ret = IDENTITY_STAGED;
	if (was->at.settings.text[0] &&
		rf_function_get(rf, was->at.settings.text, &staged, NULL) == 0 &&
		function_is(&staged, want))
		return 0;
	char mac[MAC_TEXT], wwpn[WWN_TEXT];
	bool fc = now.card.kind == CARD_FC;
	return err_say(e, ENODATA, "it took that and shows %s%s",
		fc ? wwn_text(wwpn, &now.card.wwpn) : mac_text(mac, &now.card.mac),
		want->fc_boot && !targets_are(&now, want) ? " and other boot targets" : "");
}

int rf_read_back(struct redfish *rf, identity_look *look, const void *of,
	const struct identity *want, enum identity_state *ret, int64_t until_ms, struct err *e)
{
	int64_t begun = wait_now_ms(), since = -1;
	int64_t end = begun + LOOK_MS < until_ms ? begun + LOOK_MS : until_ms;
	enum identity_state was = IDENTITY_ALREADY;
	talk_doing(rf->talk, "tell the identity of a card again");
	for (;;) {
		int64_t asked = wait_now_ms();
		int r = look(rf, of, want, ret, e);
		if (r < 0 && r != -ENODATA)
			return r;
		if (r == 0 && since >= 0 && *ret == was && asked - since >= LOOK_APART_MS)
			return 0;
		if (r == 0 && (since < 0 || *ret != was)) {
			was = *ret;
			since = asked;
		}
		if (r < 0) {
			since = -1;
			if (wait_now_ms() >= end)
				return -EIO;
		}
		wait_until_ms(wait_now_ms() + LOOK_POLL_MS);
	}
}

/* ------------------------------------------------------------------ what is written */

static json_t *json_ip4(uint32_t addr)
{
	char text[IP4_TEXT];
	return json_string(ip4_text(text, addr));
}

static json_t *json_wwn(const struct wwn *w)
{
	char text[WWN_TEXT];
	return json_string(wwn_text(text, w));
}

static json_t *ethernet_body(const struct identity *want)
{
	char text[MAC_TEXT];
	return json_pack("{s:s}", "MACAddress", mac_text(text, &want->mac));
}

static json_t *fc_body(const struct rf_function *f, const struct identity *want)
{
	json_t *fc = json_object();
	if (!wwn_is_zero(&want->wwpn))
		json_object_set_new(fc, "WWPN", json_wwn(&want->wwpn));
	if (!wwn_is_zero(&want->wwnn))
		json_object_set_new(fc, "WWNN", json_wwn(&want->wwnn));
	if (f->has_wwn_source && !wwn_is_zero(&want->wwpn))
		json_object_set_new(fc, "WWNSource", json_string("ConfiguredLocally"));
	if (!want->fc_boot)
		return fc;
	json_t *targets = json_array();
	for (unsigned i = 0; i < want->fc_targets; i++) {
		char wwpn[WWN_TEXT], lun[24];
		snprintf(lun, sizeof lun, "%llu", (unsigned long long)want->fc_target[i].lun);
		json_array_append_new(targets,
			json_pack("{s:s,s:s,s:i}", "WWPN", wwn_text(wwpn, &want->fc_target[i].wwpn),
				"LUNID", lun, "BootPriority", (int)i));
	}
	json_object_set_new(fc, "BootTargets", targets);
	return fc;
}

static void iscsi_addr_put(json_t *to, const struct iscsi_boot *b, unsigned shows)
{
	if (shows & RF_ISCSI_ADDR_DHCP)
		json_object_set_new(to, "IPMaskDNSViaDHCP", json_boolean(!b->addr));
	if (!b->addr)
		return;
	json_object_set_new(to, "InitiatorIPAddress", json_ip4(b->addr));
	json_object_set_new(to, "InitiatorNetmask", json_ip4(b->mask));
	if (shows & RF_ISCSI_GATEWAY)
		json_object_set_new(to, "InitiatorDefaultGateway", json_ip4(b->gateway));
}

/* The account goes too: it is the persona's. */
static json_t *iscsi_none_body(unsigned shows)
{
	json_t *j = json_pack(
		"{s:s,s:s,s:s}", "PrimaryTargetName", "", "CHAPUsername", "", "CHAPSecret", "");
	if (shows & RF_ISCSI_METHOD)
		json_object_set_new(j, "AuthenticationMethod", json_string("None"));
	return j;
}

/* Only with members that the place shows: others may refuse the whole of it. */
static json_t *iscsi_body(const struct iscsi_boot *b, unsigned shows)
{
	if (!b->target[0])
		return iscsi_none_body(shows);
	json_t *j = json_pack("{s:s,s:s,s:o,s:i,s:I}", "InitiatorName", b->initiator,
		"PrimaryTargetName", b->target, "PrimaryTargetIPAddress", json_ip4(b->portal),
		"PrimaryTargetTCPPort", (int)b->port, "PrimaryLUN", (json_int_t)b->lun);
	iscsi_addr_put(j, b, shows);
	if (shows & RF_ISCSI_FAMILY)
		json_object_set_new(j, "IPAddressType", json_string("IPv4"));
	if (shows & RF_ISCSI_TARGET_DHCP)
		json_object_set_new(j, "TargetInfoViaDHCP", json_false());
	if (shows & RF_ISCSI_METHOD)
		json_object_set_new(
			j, "AuthenticationMethod", json_string(b->user[0] ? "CHAP" : "None"));
	if (b->user[0]) {
		json_object_set_new(j, "CHAPUsername", json_string(b->user));
		json_object_set_new(j, "CHAPSecret", json_string(b->secret));
	}
	return j;
}

static json_t *identity_body(const struct rf_function *at, const struct identity *want, bool later)
{
	json_t *body = json_object();
	if (!mac_is_zero(&want->mac))
		json_object_set_new(body, "Ethernet", ethernet_body(want));
	if (!wwn_is_zero(&want->wwpn) || want->fc_boot)
		json_object_set_new(body, "FibreChannel", fc_body(at, want));
	if (want->iscsi_boot)
		json_object_set_new(body, "iSCSIBoot", iscsi_body(&want->iscsi, at->iscsi_shows));
	/* Only to a service that says it knows the word: others refuse the whole of it. */
	if (later)
		json_object_set_new(body, "@Redfish.SettingsApplyTime",
			json_pack("{s:s}", "ApplyTime", "OnReset"));
	return body;
}

/* At the function itself, or at its settings. */
static int write_at(struct redfish *rf, const struct rf_function *at, bool later,
	const struct identity *want, int64_t until_ms, struct said *ret, struct err *e)
{
	OWN(json) json_t *body = identity_body(at, want, later);
	talk_doing(rf->talk, "set the identity of a card");
	int r = rf_patch(
		rf, at->at.self.text, at->at.etag, body, want->iscsi.secret[0] != '\0', ret, e);
	return r == 0 && said_ok(ret) ? rf_job_wait(rf, ret, later, until_ms, e) : r;
}

static int standard_set(struct redfish *rf, const struct rf_function *f,
	const struct identity *want, enum identity_state *ret, int64_t until_ms, struct err *e)
{
	OWN(said) struct said there = { 0 };
	OWN(said) struct said here = { 0 };
	struct rf_function settings;
	int r = 0;
	bool has = f->at.settings.text[0] &&
		   rf_function_get(rf, f->at.settings.text, &settings, NULL) == 0;
	if (has)
		r = write_at(rf, &settings, f->at.on_reset, want, until_ms, &there, e);
	bool alone = r == 0 && (!has || rf_elsewhere_may_do(&there));
	if (alone)
		r = write_at(rf, f, false, want, until_ms, &here, e);
	if (r < 0)
		return r;
	/* What waits for a start already is refused by some. */
	if (!said_ok(alone ? &here : &there) && function_look(rf, f, want, ret, NULL) == 0)
		return 0;
	/* Of two refusals that of the settings tells more: the other place is mostly read-only. */
	if (!said_ok(alone ? &here : &there))
		return talk_refused(rf->talk, has ? &there : &here, e);
	return rf_read_back(rf, function_look, f, want, ret, until_ms, e);
}

/* ------------------------------------------------------------------ which function, and what */

static const struct rf_function *function_of(const struct rf_cards *all, const struct identity *i)
{
	for (size_t k = 0; k < all->n; k++) {
		const struct card *c = &all->of[k].card;
		if (!mac_is_zero(&i->permanent_mac)
				? mac_equal(&c->permanent_mac, &i->permanent_mac)
				: !wwn_is_zero(&i->permanent_wwpn) &&
					  wwn_equal(&c->permanent_wwpn, &i->permanent_wwpn))
			return &all->of[k];
	}
	return NULL;
}

static const char *key_text(char to[WWN_TEXT], const struct identity *i)
{
	if (!mac_is_zero(&i->permanent_mac))
		mac_text(to, &i->permanent_mac);
	else
		wwn_text(to, &i->permanent_wwpn);
	return to;
}

/* "Restore" becomes the addresses that it means. */
static struct identity identity_meant(const struct rf_function *f, const struct identity *want)
{
	struct identity meant = *want;
	if (!want->restore)
		return meant;
	bool fc = f->has_fc && !wwn_is_zero(&f->card.permanent_wwpn);
	meant = (struct identity){ .permanent_mac = want->permanent_mac,
		.permanent_wwpn = want->permanent_wwpn,
		.mac = f->card.permanent_mac };
	meant.iscsi_boot = f->iscsi.target[0];
	if (fc) {
		meant.wwpn = f->card.permanent_wwpn;
		meant.wwnn = f->card.permanent_wwnn;
		meant.fc_boot = true;
	}
	return meant;
}

/* Whether settings show another value for something that is wanted. What they do not show, they do
 * not say: some show nothing until they are written. */
static bool says_otherwise(const struct rf_function *staged, const struct identity *want)
{
	const struct card *c = &staged->card;
	if (!mac_is_zero(&want->mac) && !mac_is_zero(&c->mac) && !mac_equal(&c->mac, &want->mac))
		return true;
	if (!wwn_is_zero(&want->wwpn) && !wwn_is_zero(&c->wwpn) &&
		!wwn_equal(&c->wwpn, &want->wwpn))
		return true;
	if (!wwn_is_zero(&want->wwnn) && !wwn_is_zero(&c->wwnn) &&
		!wwn_equal(&c->wwnn, &want->wwnn))
		return true;
	if (want->fc_boot && staged->fc_targets && !targets_are(staged, want))
		return true;
	return want->iscsi_boot && staged->iscsi.target[0] &&
	       !iscsi_is(&staged->iscsi, &want->iscsi);
}

/* Already so, and nothing that waits for the next start says otherwise. */
static bool is_already(struct redfish *rf, const struct rf_function *f, const struct identity *want)
{
	struct rf_function staged;
	if (!function_is(f, want) || want->iscsi.secret[0])
		return false;
	return !f->at.settings.text[0] ||
	       rf_function_get(rf, f->at.settings.text, &staged, NULL) < 0 ||
	       !says_otherwise(&staged, want);
}

static int identity_one(struct redfish *rf, const struct rf_function *f,
	const struct identity *want, enum identity_state *ret, int64_t until_ms, struct err *e)
{
	const struct identity meant = identity_meant(f, want);
	struct err first = { 0 }, second = { 0 };
	*ret = IDENTITY_ALREADY;
	if (is_already(rf, f, &meant))
		return 0;
	int r = standard_set(rf, f, &meant, ret, until_ms, &first);
	bool other_way = r == -EIO || r == -ENOTSUP || r == -ENOENT || r == -EACCES;
	if (r < 0 && other_way && rf_dell_has(rf, f)) {
		r = rf_dell_set(rf, f, &meant, ret, until_ms, &second);
		if (r < 0)
			return err_say(e, -r, "%.130s; and by its attributes: %.130s", first.text,
				second.text);
	}
	if (r < 0 && e)
		*e = first;
	return r;
}

int redfish_identity_set(struct bmc *bmc, const struct identity *want, size_t n,
	enum identity_state *state, unsigned timeout_ms, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	OWN(rf_cards) struct rf_cards *all = NULL;
	int64_t until_ms = wait_now_ms() + timeout_ms;
	struct rf_system s;
	char key[WWN_TEXT];
	int r = rf_system_get(rf, &s, e);
	if (r == 0 && s.power != RF_POWER_OFF)
		return err_say(e, EBUSY, "it is on, and a card's identity is set while it is off");
	r = r < 0 ? r : rf_cards_get(rf, &all, false, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (!function_of(all, &want[i]))
			return err_say(e, ENODEV,
				"none of the %zu functions of its cards has the permanent address "
				"%s",
				all->n, key_text(key, &want[i]));
	for (size_t i = 0; i < n; i++) {
		r = identity_one(rf, function_of(all, &want[i]), &want[i], &state[i], until_ms, e);
		if (r < 0)
			return err_in(e, r, "card %s", key_text(key, &want[i]));
	}
	return 0;
}
