/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks, and what shall it boot: see boot.h. */
#include "core/boot.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

/* Loaders by option 93. The ones that keep the firmware's own network driver do not bounce the
 * link, which spares a spanning-tree delay; a machine may name another. */
static const struct {
	enum boot_stage stage;
	uint16_t arch;
	const char *file;
} loaders[] = {
	{ STAGE_FIRMWARE, 0, "undionly.kpxe" },
	{ STAGE_FIRMWARE, 7, "snponly.efi" },
	{ STAGE_FIRMWARE, 9, "snponly.efi" }, /* EBC by number, x64 on most machines that say it */
	{ STAGE_HTTP, 16, "snponly.efi" },
};

static const struct {
	const char *word, *text;
} silences[] = {
#define SILENCE(name, word, text) { word, text },
#include "core/boot.def"
#undef SILENCE
};

static const char *const deeds[] = { "identity", "persona", "restore", "park", "local", "lease" };
static const char *const stages[] = { "firmware", "http", "ipxe", "script", "os" };

const char *deed_word(enum boot_deed d)
{
	return deeds[d];
}

const char *stage_word(enum boot_stage s)
{
	return stages[s];
}

const char *silence_word(enum silence s)
{
	return silences[s].word;
}

const char *silence_text(const char *why)
{
	for (size_t i = 0; i < COUNT(silences); i++)
		if (strcmp(silences[i].word, why) == 0)
			return silences[i].text;
	return NULL;
}

static bool silent(const char **why, enum silence s)
{
	*why = silence_word(s);
	return false;
}

static const char *default_loader(const struct boot_ask *ask)
{
	for (size_t i = 0; i < COUNT(loaders); i++)
		if (loaders[i].stage == ask->stage && loaders[i].arch == ask->arch)
			return loaders[i].file;
	return NULL;
}

static enum boot_deed deed_of(const struct table *t, const struct table_machine *m)
{
	if (!*table_text(t, m->persona))
		return m->idle == IDLE_LOCAL ? DEED_LOCAL : DEED_PARK;
	return m->phase == PHASE_IDENTITY  ? DEED_IDENTITY
	       : m->phase == PHASE_RESTORE ? DEED_RESTORE
					   : DEED_PERSONA;
}

/* No client could use such an address here. */
static bool is_off(const struct table_network *n, uint32_t addr)
{
	return addr == n->addr || ((addr ^ n->addr) & net4_mask(n->prefix));
}

bool boot_decide(
	struct boot_plan *ret, const char **why, const struct table *t, const struct boot_ask *ask)
{
	struct boot_plan plan = { .network = table_network_of(t, ask->via) };
	if (!plan.network)
		return silent(why, SILENCE_unknown_network);

	plan.nic = table_find(t, &ask->mac, &plan.is_persona_mac);
	if (!plan.nic) {
		if (plan.network->unknown != UNKNOWN_LEASE)
			return silent(why, SILENCE_unknown_machine);
		plan.deed = DEED_LEASE;
		*ret = plan;
		return true;
	}
	if (plan.nic->machine == TABLE_NOWHERE)
		return silent(why, SILENCE_stale_address);

	plan.machine = &t->machine[plan.nic->machine];
	if (!uuid_is_zero(&ask->uuid) && !uuid_is_zero(&plan.machine->uuid) &&
		!uuid_same_body(&ask->uuid, &plan.machine->uuid))
		return silent(why, SILENCE_stale_body);

	uint32_t home = plan.is_persona_mac ? plan.nic->persona_network : plan.nic->network;
	if (home != TABLE_NOWHERE && &t->network[home] != plan.network)
		return silent(why, SILENCE_other_network);

	plan.deed = deed_of(t, plan.machine);
	plan.addr = plan.is_persona_mac ? plan.nic->persona_addr : plan.nic->addr;
	if (plan.addr && is_off(plan.network, plan.addr))
		return silent(why, SILENCE_address_off_network);
	if (ask->stage == STAGE_FIRMWARE || ask->stage == STAGE_HTTP) {
		const char *own = table_text(t, plan.machine->loader);
		const char *file = *own ? own : default_loader(ask);
		if (!file)
			return silent(why, SILENCE_no_loader);
		snprintf(plan.loader, sizeof plan.loader, "%s", file);
	}
	*ret = plan;
	return true;
}
