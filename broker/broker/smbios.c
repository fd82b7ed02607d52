/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smbios.h. What is on record stands there before anything is told, so that a machine which was
 * told is answered, whatever ended in between. */
#include "broker/smbios.h"

#include <stdio.h>
#include <string.h>

#include "broker/events.h"
#include "broker/members.h"

static const struct uuid none = { { 0 } };

void smbios_bmc_read(struct smbios_bmc *ret, const json_t *body)
{
	const json_t *system = json_object_get(body, "system");
	const char *uuid = json_string_value(json_object_get(system, "uuid"));
	const char *serial = json_string_value(json_object_get(system, "serial"));
	*ret = (struct smbios_bmc){ .uuid_settable =
					    json_is_true(json_object_get(system, "uuid_settable")),
		.serial_settable = json_is_true(json_object_get(system, "serial_settable")) };
	if (uuid)
		uuid_parse(&ret->uuid, uuid);
	if (serial && serial_is_text(serial))
		snprintf(ret->serial, sizeof ret->serial, "%s", serial);
}

static bool uuid_back(const struct machine *m, enum smbios_by by)
{
	return m->uuid_by == by && !uuid_is_zero(&m->carried_uuid);
}

static bool serial_back(const struct machine *m, enum smbios_by by)
{
	return m->serial_by == by && *m->carried_serial;
}

bool smbios_by_bmc(const struct machine *m, bool back)
{
	if (back)
		return uuid_back(m, SMBIOS_BMC) || serial_back(m, SMBIOS_BMC);
	return m->uuid_by == SMBIOS_BMC || m->serial_by == SMBIOS_BMC;
}

json_t *smbios_deed(const struct machine *m, const struct persona *p, bool back)
{
	const struct uuid *uuid = back ? &m->uuid : &p->uuid;
	const char *serial = back ? m->serial : p->serial;
	char text[UUID_TEXT];
	bool set_uuid = back ? uuid_back(m, SMBIOS_BMC)
			     : m->uuid_by == SMBIOS_BMC && !uuid_is_zero(&m->uuid);
	bool set_serial =
		back ? serial_back(m, SMBIOS_BMC) : m->serial_by == SMBIOS_BMC && *m->serial;
	json_t *system = json_object();
	if (set_uuid && !uuid_is_zero(uuid))
		json_object_set_new(system, "uuid", json_string(uuid_text(text, uuid)));
	if (set_serial && *serial)
		json_object_set_new(system, "serial", json_string(serial));
	if (json_object_size(system) == 0) {
		json_decref(system);
		return NULL;
	}
	/* An OS that is told by its kernel's line can run; another's identity must not stay. */
	json_object_set_new(system, "must", json_boolean(back));
	return system;
}

/* What the machine may say when it is told by `by` what p has; the rest of it stays. */
static int carried_add(struct store *s, const struct machine *m, const struct persona *p,
	enum smbios_by by, struct err *e)
{
	bool uuid = m->uuid_by == by && !uuid_is_zero(&p->uuid) && !uuid_is_zero(&m->uuid);
	bool serial = m->serial_by == by && *p->serial && *m->serial;
	if ((!uuid || memcmp(&m->carried_uuid, &p->uuid, sizeof p->uuid) == 0) &&
		(!serial || strcmp(m->carried_serial, p->serial) == 0))
		return 0;
	return store_carried_set(s, m->name, uuid ? &p->uuid : &m->carried_uuid,
		serial ? p->serial : m->carried_serial, e);
}

int smbios_carry(struct run *run, struct err *e)
{
	struct machine m;
	struct persona p;
	int r = store_machine(run->b->store, run_machine(run), &m, e);
	r = r < 0 ? r : store_persona(run->b->store, run->o.persona, &p, e);
	if (r < 0)
		return r;
	r = carried_add(run->b->store, &m, &p, SMBIOS_BMC, e);
	explicit_bzero(&p, sizeof p);
	return r;
}

int smbios_carry_no_more(struct run *run, struct err *e)
{
	struct machine m;
	int r = store_machine(run->b->store, run_machine(run), &m, e);
	if (r < 0)
		return r;
	return store_carried_set(run->b->store, m.name,
		uuid_back(&m, SMBIOS_BMC) ? &none : &m.carried_uuid,
		serial_back(&m, SMBIOS_BMC) ? "" : m.carried_serial, e);
}

void smbios_say(struct run *run, const struct machine *m, const json_t *body)
{
	struct event_about a = { run->o.id, m->name, run->o.persona };
	const char *state = json_string_value(json_object_get(body, "system"));
	const char *why = json_string_value(json_object_get(body, "system_why"));
	bool back = run_step(run)->kind == DO_IDENTITY_BACK;
	if (state)
		event_say(run->b->events, EV_smbios_set, &a, "machine=%s whose=%s by=bmc", m->name,
			back ? "machine" : "persona");
	else if (why)
		event_say(run->b->events, EV_smbios_not_set, &a, "machine=%s by=bmc why=%s",
			m->name, why);
}

/* ------------------------------------------------------------------ what a shim tells */

int smbios_found(struct store *s, const struct machine *m, const struct persona *p,
	const struct report *r, struct err *e)
{
	int ret = store_serial_journal(s, m->name, r->serial, e);
	return ret < 0 || r->restore ? ret : carried_add(s, m, p, SMBIOS_TOOL, e);
}

int smbios_written(struct store *s, const struct machine *m, const struct report *r, struct err *e)
{
	bool uuid = uuid_back(m, SMBIOS_TOOL) &&
		    (uuid_is_zero(&r->uuid_back) || uuid_same_body(&r->uuid_back, &m->uuid));
	bool serial = serial_back(m, SMBIOS_TOOL) &&
		      (!*r->serial_back || strcmp(r->serial_back, m->serial) == 0);
	if (!uuid && !serial)
		return 0;
	return store_carried_set(
		s, m->name, uuid ? &none : &m->carried_uuid, serial ? "" : m->carried_serial, e);
}
