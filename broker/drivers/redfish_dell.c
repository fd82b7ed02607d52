/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dell's attributes of a card's function, where the standard's members are read-only: what it goes
 * by is VirtMacAddr, VirtWWPN and VirtWWN, which take the place of the maker's until the machine
 * loses its mains (or as its persistence policy says). A change is a job that waits for a start. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

static void json_drop(json_t **j)
{
	json_decref(*j);
}

bool rf_dell_has(const struct redfish *rf, const struct rf_function *f)
{
	return f->dell.text[0] || (rf->quirks.dell_attributes && f->card.label[0]);
}

static bool attributes_path(struct rf_path *to, const struct rf_function *f)
{
	char text[2 * RF_PATH_LEN];
	*to = f->dell;
	if (to->text[0])
		return true;
	/* Firmware from before the link has them at the same place. */
	snprintf(text, sizeof text, "%s/Oem/Dell/DellNetworkAttributes/%s", f->at.self.text,
		f->card.label);
	return rf_path_of(to, text);
}

static int attributes_get(struct redfish *rf, const char *path, struct rf_dell *ret, struct err *e)
{
	OWN(said) struct said s = { 0 };
	int r = talk_get(rf->talk, path, &s, e);
	if (r < 0)
		return r;
	rf_dell_read(ret, s.body);
	rf_path_of(&ret->at.self, path);
	memcpy(ret->at.etag, s.etag, sizeof ret->at.etag);
	return 0;
}

static bool dell_is(const struct rf_dell *d, const struct identity *want)
{
	if (!mac_is_zero(&want->mac) && !mac_equal(&d->mac, &want->mac))
		return false;
	if (!wwn_is_zero(&want->wwpn) && !wwn_equal(&d->wwpn, &want->wwpn))
		return false;
	if (!wwn_is_zero(&want->wwnn) && !wwn_equal(&d->wwnn, &want->wwnn))
		return false;
	return !want->fc_targets || (wwn_equal(&d->fc_target.wwpn, &want->fc_target[0].wwpn) &&
					    d->fc_target.lun == want->fc_target[0].lun);
}

static int dell_look(struct redfish *rf, const void *of, const struct identity *want,
	enum identity_state *ret, struct err *e)
{
	const struct rf_dell *was = of;
	struct rf_dell now, staged;
	int r = attributes_get(rf, was->at.self.text, &now, e);
	if (r < 0)
		return r;
	*ret = IDENTITY_APPLIED;
	if (dell_is(&now, want))
		return 0;
	*ret = IDENTITY_STAGED;
	if (was->at.settings.text[0] &&
		attributes_get(rf, was->at.settings.text, &staged, NULL) == 0 &&
		dell_is(&staged, want))
		return 0;
	return err_say(e, ENODATA, "they were taken and show something else");
}

static void attribute_wwn(json_t *to, const char *name, const struct wwn *w)
{
	char text[WWN_TEXT];
	if (!wwn_is_zero(w))
		json_object_set_new(to, name, json_string(wwn_text(text, w)));
}

static json_t *dell_body(const struct rf_dell *d, const struct identity *want)
{
	char mac[MAC_TEXT], lun[24];
	json_t *all = json_object();
	if (!mac_is_zero(&want->mac))
		json_object_set_new(all, "VirtMacAddr", json_string(mac_text(mac, &want->mac)));
	attribute_wwn(all, "VirtWWPN", &want->wwpn);
	attribute_wwn(all, "VirtWWN", &want->wwnn);
	if (want->fc_targets) {
		attribute_wwn(all, "FirstFCTargetWWPN", &want->fc_target[0].wwpn);
		snprintf(lun, sizeof lun, "%llu", (unsigned long long)want->fc_target[0].lun);
		json_object_set_new(all, "FirstFCTargetLUN", json_string(lun));
	}
	json_t *body = json_pack("{s:o}", "Attributes", all);
	if (d->at.on_reset)
		json_object_set_new(body, "@Redfish.SettingsApplyTime",
			json_pack("{s:s}", "ApplyTime", "OnReset"));
	return body;
}

/* Whether it has an attribute for all that is wanted. */
static int dell_can(const struct rf_dell *d, const struct identity *want, struct err *e)
{
	if ((!mac_is_zero(&want->mac) && !d->has_mac) ||
		(!wwn_is_zero(&want->wwpn) && !d->has_wwpn) ||
		(!wwn_is_zero(&want->wwnn) && !d->has_wwnn) || (want->fc_targets && !d->has_target))
		return err_say(e, ENOTSUP, "this function has none for such an address");
	if (want->fc_targets > 1 || want->iscsi.target[0])
		return err_say(
			e, ENOTSUP, "Baton sets addresses and one boot target by them, no more");
	return 0;
}

int rf_dell_set(struct redfish *rf, const struct rf_function *f, const struct identity *want,
	enum identity_state *ret, int64_t until_ms, struct err *e)
{
	OWN(said) struct said s = { 0 };
	struct rf_path path;
	struct rf_dell d;
	talk_doing(rf->talk, "tell the attributes of a card");
	if (!attributes_path(&path, f))
		return err_say(e, ENOTSUP, "this function has none");
	int r = attributes_get(rf, path.text, &d, e);
	r = r < 0 ? r : dell_can(&d, want, e);
	if (r < 0)
		return r;
	bool settings = d.at.settings.text[0];
	OWN(json) json_t *body = dell_body(&d, want);
	talk_doing(rf->talk, "set the attributes of a card");
	r = rf_patch(rf, settings ? d.at.settings.text : d.at.self.text, settings ? "" : d.at.etag,
		body, false, &s, e);
	if (r < 0)
		return r;
	/* While a job waits they are closed, for what waits already, too. */
	if (!said_ok(&s) && dell_look(rf, &d, want, ret, NULL) == 0)
		return 0;
	if (!said_ok(&s))
		return talk_refused(rf->talk, &s, e);
	r = rf_job_wait(rf, &s, true, until_ms, e);
	return r < 0 ? r : rf_read_back(rf, dell_look, &d, want, ret, until_ms, e);
}
