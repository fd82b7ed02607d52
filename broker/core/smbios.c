/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See smbios.h; the check is core/preflight.h's. */
#include "core/smbios.h"

#include <stdio.h>
#include <string.h>

#include "core/preflight.h"

static const char nobody[] =
	"its BMC does not say that it sets it, and no tool-pack writes its board";

/* By them its body is known once its UUID is the persona's. */
static bool ports_on_record(const struct machine *m, const struct persona *p)
{
	for (unsigned i = 0; i < p->nics; i++) {
		int at = nic_for(m, p, i);
		if (at < 0 || !m->nic[at].relay_port.circuit.len)
			return false;
	}
	return p->nics > 0;
}

static enum smbios_by presented(const char **why, const char *text)
{
	*why = text;
	return SMBIOS_PRESENTED;
}

/* Nothing is set that could not be given back. */
static enum smbios_by uuid_by(const char **why, const struct machine *m, const struct persona *p,
	bool by_tool, const struct smbios_bmc *bmc)
{
	*why = "";
	if (!bmc->uuid_settable && !by_tool)
		return presented(why, nobody);
	if (uuid_is_zero(&m->uuid))
		return presented(why, "the machine's own is not on record: machine set --uuid");
	if (!ports_on_record(m, p))
		return presented(why,
			"no relay port is on record of its NIC, by which its body would "
			"be known");
	if (bmc->uuid_settable && uuid_same_body(&bmc->uuid, &m->uuid))
		return SMBIOS_BMC;
	return by_tool ? SMBIOS_TOOL
		       : presented(why, "its BMC shows another than is on record as its own");
}

static enum smbios_by serial_by(
	const char **why, const struct machine *m, bool by_tool, const struct smbios_bmc *bmc)
{
	const char *own = *m->serial ? m->serial : bmc->serial;
	*why = "";
	if (!bmc->serial_settable && !by_tool)
		return presented(why, nobody);
	if (bmc->serial_settable && *own && strcmp(bmc->serial, own) == 0)
		return SMBIOS_BMC;
	if (by_tool && serial_ok(m->serial))
		return SMBIOS_TOOL;
	return presented(why, *own ? "the machine's own could not be written back as it is"
				   : "the machine's own is not known yet");
}

void smbios_choose(struct smbios_choice *ret, const struct machine *m, const struct persona *p,
	enum taking taking, const struct smbios_bmc *bmc, bool board_pack)
{
	bool by_tool = board_pack && (taking == TAKING_SHIM || taking == TAKING_HANDOVER);
	*ret = (struct smbios_choice){ .uuid_why = "", .serial_why = "" };
	if (!uuid_is_zero(&m->carried_uuid) || *m->carried_serial) {
		ret->uuid = m->uuid_by;
		ret->serial = m->serial_by;
		return;
	}
	if (!uuid_is_zero(&p->uuid))
		ret->uuid = uuid_by(&ret->uuid_why, m, p, by_tool, bmc);
	memcpy(ret->own_serial, bmc->serial, sizeof ret->own_serial);
	if (*p->serial)
		ret->serial = serial_by(&ret->serial_why, m, by_tool, bmc);
}

/* ------------------------------------------------------------------ the check */

struct one {
	const char *what, *word, *value; /* "UUID", "baton.uuid", the persona's */
	enum smbios_by by;
	const char *why, *in_line;
};

static void add_presented(struct checklist *l, const struct preflight_case *c, const struct one *o,
	const struct smbios_line *line)
{
	const char *p = c->p->name;
	char why[160] = "";
	if (*o->why)
		snprintf(why, sizeof why, " (not carried: %s)", o->why);
	if (!line->unknown && *o->in_line && strcmp(o->in_line, o->value) != 0)
		checklist_add(l, CHECK_uuid_serial, p, FINDING_BAD,
			"%s: its kernel's line says %s=%.64s, and its own is %s; mend the line",
			o->what, o->word, o->in_line, o->value);
	else if (!line->unknown && *o->in_line)
		checklist_add(l, CHECK_uuid_serial, p, FINDING_OK,
			"%s: its loader's line tells its kernel (%s=)%s", o->what, o->word, why);
	else if (l->taking == TAKING_HANDOVER)
		checklist_add(l, CHECK_uuid_serial, p, FINDING_OK,
			"%s: the handover tells its kernel (%s=)%s", o->what, o->word, why);
	else if (line->unknown)
		checklist_add(l, CHECK_uuid_serial, p, FINDING_UNKNOWN,
			"%s: whether its kernel's line has `%s=%s` was not read: %.100s%s", o->what,
			o->word, o->value, line->unknown, why);
	else
		checklist_add(l, CHECK_uuid_serial, p, FINDING_UNKNOWN,
			"%s: not presented: add `%s=%s` to %s%s", o->what, o->word, o->value,
			line->grub ? "GRUB_CMDLINE_LINUX" : "the options of its loader entry", why);
}

static void add_one(struct checklist *l, const struct preflight_case *c, const struct one *o,
	const struct smbios_line *line)
{
	if (!*o->value)
		return;
	if (o->by == SMBIOS_PRESENTED)
		add_presented(l, c, o, line);
	else
		checklist_add(l, CHECK_uuid_serial, c->p->name, FINDING_OK, "%s: %s", o->what,
			o->by == SMBIOS_BMC
				? "the machine's BMC sets it, and gives it back"
				: "a tool-pack writes it into the machine's board, where "
				  "one fits that, and gives it back");
}

void check_smbios(
	struct checklist *l, const struct preflight_case *c, const struct smbios_line *line)
{
	char uuid[UUID_TEXT] = "";
	if (!uuid_is_zero(&c->p->uuid))
		uuid_text(uuid, &c->p->uuid);
	const struct one of[] = {
		{ "UUID", "baton.uuid", uuid, l->smbios.uuid, l->smbios.uuid_why, line->uuid },
		{ "serial", "baton.serial", c->p->serial, l->smbios.serial, l->smbios.serial_why,
			line->serial },
	};
	add_one(l, c, &of[0], line);
	add_one(l, c, &of[1], line);
}
