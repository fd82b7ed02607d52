/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fake's SMBIOS says, in a file as those of bmc_fake.c: HOST.system holds "UUID SERIAL",
 * both of which can be set; a machine without the file tells nothing. HOST.log gets "system" when
 * they are set. Its call, for the faults that name some: system. HOST.revert: taken and reverted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/bmc_fake.h"
#include "drivers/fake_file.h"

static int system_load(const struct fake *f, struct bmc_system *ret, bool *has, struct err *e)
{
	char text[UUID_TEXT + SERIAL_LEN + 2], uuid[UUID_TEXT] = "";
	*ret = (struct bmc_system){ .serial = "" };
	*has = fake_file_read(f->path, "system", text, sizeof text);
	if (!*has)
		return 0;
	if (sscanf(text, "%36s %63s", uuid, ret->serial) != 2 || !uuid_parse(&ret->uuid, uuid))
		return err_say(e, EPROTO, "fake BMC: %s.system: want a UUID and a serial", f->path);
	ret->uuid_settable = ret->serial_settable = true;
	return 0;
}

static int system_keep(const struct fake *f, const struct bmc_system *s, struct err *e)
{
	char path[PATH_MAX], uuid[UUID_TEXT];
	snprintf(path, sizeof path, "%s.system", f->path);
	FILE *to = fopen(path, "we");
	if (!to || fprintf(to, "%s %s\n", uuid_text(uuid, &s->uuid), s->serial) < 0 ||
		fclose(to) != 0)
		return err_set(e, errno, "fake BMC: write %s", path);
	return fake_log(f, "system", e);
}

int fake_system_read(struct bmc *bmc, struct bmc_system *ret, struct err *e)
{
	struct fake *f = fake_of(bmc);
	bool has;
	int r = fake_enter(f, "system", e);
	r = r < 0 ? r : system_load(f, ret, &has, e);
	return fake_leave(f, "system", r);
}

static int system_become(
	struct fake *f, const struct bmc_system *want, enum identity_state *state, struct err *e)
{
	struct bmc_system is, was;
	bool has;
	int r = system_load(f, &is, &has, e);
	if (r < 0)
		return r;
	if (!has)
		return err_say(e, EIO, "it has no UUID and serial that can be set");
	was = is;
	if (!uuid_is_zero(&want->uuid))
		is.uuid = want->uuid;
	if (*want->serial)
		snprintf(is.serial, sizeof is.serial, "%s", want->serial);
	bool same = uuid_same_body(&was.uuid, &is.uuid) && strcmp(was.serial, is.serial) == 0;
	*state = same ? IDENTITY_ALREADY : IDENTITY_APPLIED;
	if (same)
		return 0;
	if (fake_fault(f, "revert", "system")) {
		char text[UUID_TEXT];
		return err_say(e, EIO, "it took that and shows UUID %s, serial %s",
			uuid_text(text, &was.uuid), was.serial);
	}
	return system_keep(f, &is, e);
}

int fake_system_set(struct bmc *bmc, const struct bmc_system *want, enum identity_state *state,
	unsigned timeout_ms, struct err *e)
{
	struct fake *f = fake_of(bmc);
	enum power is = POWER_ON;
	(void)timeout_ms;
	int r = fake_enter(f, "system", e);
	r = r < 0 ? r : fake_power_read(bmc, &is, e);
	if (r == 0 && is == POWER_ON)
		r = err_say(e, EBUSY, "it is on, and its UUID and serial are set while it is off");
	r = r < 0 ? r : system_become(f, want, state, e);
	return fake_leave(f, "system", r);
}
