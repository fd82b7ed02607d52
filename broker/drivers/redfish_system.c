/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UUID and serial number of the ComputerSystem. The schema has both read-only; a service that lets
 * them be set says so (@Redfish.WriteableProperties, DSP0266), or the operator says it of one that
 * does not (the quirks system-uuid and system-serial). What was taken is believed when it is read
 * back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "drivers/redfish.h"
#include "drivers/wait.h"

enum { LOOK_APART_MS = 500, LOOK_POLL_MS = 250, LOOK_MS = 6000 };

static void json_drop(json_t **j)
{
	json_decref(*j);
}

int redfish_system_read(struct bmc *bmc, struct bmc_system *ret, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	*ret = s.says;
	ret->uuid_settable |= rf->quirks.system_uuid;
	ret->serial_settable |= rf->quirks.system_serial;
	return 0;
}

static bool uuid_is(const struct rf_system *s, const struct bmc_system *want)
{
	return uuid_is_zero(&want->uuid) || uuid_same_body(&s->says.uuid, &want->uuid);
}

static bool serial_is(const struct rf_system *s, const struct bmc_system *want)
{
	return !*want->serial || strcmp(s->says.serial, want->serial) == 0;
}

static int system_write(struct redfish *rf, const struct rf_system *s,
	const struct bmc_system *want, int64_t until_ms, struct err *e)
{
	OWN(said) struct said said = { 0 };
	OWN(json) json_t *body = json_object();
	char text[UUID_TEXT];
	if (!uuid_is(s, want))
		json_object_set_new(body, "UUID", json_string(uuid_text(text, &want->uuid)));
	if (!serial_is(s, want))
		json_object_set_new(body, "SerialNumber", json_string(want->serial));
	talk_doing(rf->talk, "set the system's UUID and serial");
	int r = rf_patch(rf, rf->system.text, s->at.etag, body, false, &said, e);
	if (r == 0 && !said_ok(&said))
		r = talk_refused(rf->talk, &said, e);
	return r < 0 ? r : rf_job_wait(rf, &said, false, until_ms, e);
}

/* Until two looks half a second apart agree. */
static int system_read_back(
	struct redfish *rf, const struct bmc_system *want, int64_t until_ms, struct err *e)
{
	int64_t begun = wait_now_ms(), since = -1;
	int64_t end = begun + LOOK_MS < until_ms ? begun + LOOK_MS : until_ms;
	for (;; wait_until_ms(wait_now_ms() + LOOK_POLL_MS)) {
		int64_t asked = wait_now_ms();
		struct rf_system now;
		char text[UUID_TEXT];
		int r = rf_system_get(rf, &now, e);
		if (r < 0)
			return r;
		if (!uuid_is(&now, want) || !serial_is(&now, want)) {
			since = -1;
			if (asked >= end)
				return err_say(e, EIO, "it took that and shows UUID %s, serial %s",
					uuid_text(text, &now.says.uuid), now.says.serial);
			continue;
		}
		if (since >= 0 && asked - since >= LOOK_APART_MS)
			return 0;
		since = since < 0 ? asked : since;
	}
}

int redfish_system_set(struct bmc *bmc, const struct bmc_system *want, enum identity_state *state,
	unsigned timeout_ms, struct err *e)
{
	struct redfish *rf = redfish_of(bmc);
	int64_t until_ms = wait_now_ms() + timeout_ms;
	struct rf_system s;
	int r = rf_system_get(rf, &s, e);
	if (r < 0)
		return r;
	if (s.power != RF_POWER_OFF)
		return err_say(
			e, EBUSY, "it is on, and its UUID and serial are set while it is off");
	*state = IDENTITY_ALREADY;
	if (uuid_is(&s, want) && serial_is(&s, want))
		return 0;
	*state = IDENTITY_APPLIED;
	r = system_write(rf, &s, want, until_ms, e);
	return r < 0 ? r : system_read_back(rf, want, until_ms, e);
}
