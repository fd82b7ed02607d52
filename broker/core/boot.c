/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks, and what shall it boot: see boot.h. */
#include "core/boot.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

/* Loaders by option 93. The ones that keep the firmware's own network driver do not bounce the
 * link, which spares a spanning-tree delay; a machine may name another. Debian brings those of
 * x86-64; the others are named so that an operator who has built one knows what to call it. */
static const struct {
	enum boot_stage stage;
	uint16_t arch;
	const char *file;
} loaders[] = {
	{ STAGE_FIRMWARE, 0, "undionly.kpxe" },
	{ STAGE_FIRMWARE, 6, "snponly-ia32.efi" },
	{ STAGE_FIRMWARE, 7, "snponly.efi" },
	{ STAGE_FIRMWARE, 9, "snponly.efi" }, /* EBC by number, x64 on most machines that say it */
	{ STAGE_FIRMWARE, 10, "snponly-arm32.efi" },
	{ STAGE_FIRMWARE, 11, "snponly-arm64.efi" },
	{ STAGE_HTTP, 15, "snponly-ia32.efi" },
	{ STAGE_HTTP, 16, "snponly.efi" },
	{ STAGE_HTTP, 18, "snponly-arm32.efi" },
	{ STAGE_HTTP, 19, "snponly-arm64.efi" },
	{ STAGE_HTTP, 20, "undionly.kpxe" },
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

/* A BMC forgets the addresses that it has set when the mains go, and a card that was written long
 * before the order may have been exchanged: who asks with the card's own is not the persona that
 * its OS would take itself for. */
static bool identity_is_lost(const struct boot_plan *plan)
{
	uint16_t taken = plan->machine->taken;
	return (taken == TAKING_BMC || taken == TAKING_PRESTAGED) && !plan->is_persona_mac &&
	       !mac_is_zero(&plan->nic->persona);
}

static enum boot_deed deed_of(const struct table *t, const struct boot_plan *plan)
{
	const struct table_machine *m = plan->machine;
	if (!*table_text(t, m->persona))
		return m->idle == IDLE_LOCAL ? DEED_LOCAL : DEED_PARK;
	if (m->phase != PHASE_PERSONA)
		return m->phase == PHASE_IDENTITY ? DEED_IDENTITY : DEED_RESTORE;
	/* Nobody else may still write to the disk: until that is proved, it waits. */
	return m->ready && !identity_is_lost(plan) ? DEED_PERSONA : DEED_PARK;
}

/* No client could use such an address here. */
static bool is_off(const struct table_network *n, uint32_t addr)
{
	return addr == n->ours || ((addr ^ n->addr) & net4_mask(n->prefix));
}

/* A relay is believed when its address is of a network that we serve, or is recorded for the one it
 * speaks of. Anybody could send the others: an answer would go where he likes. */
static bool relay_ok(const struct table *t, const struct table_network *n, uint32_t relay)
{
	for (size_t i = 0; i < RELAYS_MAX; i++)
		if (n->relay[i] == relay)
			return true;
	return table_network_of(t, relay) != NULL;
}

/* The only NIC of the machine that this can be: a card that was exchanged, or that nobody wrote
 * down right. NULL where there are several. */
static const struct table_nic *nic_on(
	const struct table *t, const struct table_machine *m, const struct table_network *network)
{
	const struct table_nic *found = NULL;
	for (uint32_t i = 0; i < m->nics; i++) {
		const struct table_nic *n = &t->nic[m->nic_at + i];
		if (n->network == TABLE_NOWHERE || t->network[n->network].link != network->link)
			continue;
		if (found)
			return NULL;
		found = n;
	}
	return found;
}

const struct mac *plan_mac(const struct boot_plan *plan)
{
	return plan->is_persona_mac ? &plan->nic->persona : &plan->nic->factory;
}

/* A stale machine that is being restored where nobody hears it: only there its questions come in on
 * such a network. */
static bool is_isolated(const struct boot_plan *plan, const struct table_machine *m)
{
	return m->isolated && plan->network->isolated;
}

/* Whom the question is from: a NIC that the table knows, a machine that it knows by its UUID, or
 * nobody (plan->nic stays NULL). On an isolated network a persona's MAC may be on two machines. */
static bool find_asker(
	struct boot_plan *plan, const char **why, const struct table *t, const struct boot_ask *ask)
{
	plan->asked = ask->mac;
	plan->nic = table_find(t, &ask->mac, &plan->is_persona_mac);
	bool sure = plan->nic && !(plan->is_persona_mac && plan->network->isolated);
	if (sure || uuid_is_zero(&ask->uuid))
		return true;
	const struct table_machine *m = table_find_uuid(t, &ask->uuid);
	bool isolated = m && m->nics && is_isolated(plan, m);
	if (!m || (plan->nic && !isolated))
		return true;
	plan->nic = isolated ? &t->nic[m->nic_at] : nic_on(t, m, plan->network);
	plan->is_persona_mac = false;
	plan->by_uuid = true;
	return plan->nic || silent(why, SILENCE_unknown_nic);
}

/* The network that the machine's address is of: where it asked, or another one on the same wire. */
static bool find_home(struct boot_plan *plan, const struct table *t)
{
	uint32_t home = plan->is_persona_mac ? plan->nic->persona_network : plan->nic->network;
	if (home == TABLE_NOWHERE || is_isolated(plan, plan->machine))
		return true;
	if (t->network[home].link != plan->network->link)
		return false;
	plan->network = &t->network[home];
	return true;
}

/* A network that is reached through relays has no address of ours: there it is where they ask. */
static uint32_t server_of(const struct table_network *n, const struct boot_ask *ask)
{
	return n->ours ? n->ours : ask->here;
}

static bool find_loader(struct boot_plan *plan, const struct table *t, const struct boot_ask *ask)
{
	if (ask->stage != STAGE_FIRMWARE && ask->stage != STAGE_HTTP)
		return true;
	const char *own = table_text(t, plan->machine->loader);
	const char *file = *own ? own : default_loader(ask);
	if (file)
		snprintf(plan->loader, sizeof plan->loader, "%s", file);
	return file != NULL;
}

static bool id_is(const struct relay_id *seen, const struct table *t, uint32_t at, uint8_t len)
{
	return seen->len == len && memcmp(seen->b, t->text + at, len) == 0;
}

enum port { PORT_NOT_ON_RECORD, PORT_NOT_SAID, PORT_ITS, PORT_OTHER };

static enum port port_of(
	const struct table *t, const struct table_nic *nic, const struct boot_ask *ask)
{
	if (!nic->circuit_len)
		return PORT_NOT_ON_RECORD;
	if (!ask->port.circuit.len)
		return PORT_NOT_SAID;
	bool its = id_is(&ask->port.circuit, t, nic->circuit, nic->circuit_len) &&
		   (!nic->remote_len || id_is(&ask->port.remote, t, nic->remote, nic->remote_len));
	return its ? PORT_ITS : PORT_OTHER;
}

/* Whether a persona's MAC asks from the machine that carries it, where the UUIDs leave that open. A
 * script is fetched with a token that only who was answered has. An OS says its UUID nowhere: where
 * its firmware is known by that, a port that differs is a cable that was moved. */
static bool port_fits(
	const char **why, const struct boot_ask *ask, const struct table_machine *m, enum port port)
{
	bool names_itself =
		!uuid_is_zero(&m->uuid) && !m->uuid_shared && uuid_is_zero(&m->carried_uuid);
	if (ask->stage == STAGE_SCRIPT || port == PORT_ITS ||
		(ask->stage == STAGE_OS && names_itself))
		return true;
	if (port == PORT_OTHER)
		return silent(why, SILENCE_stale_body);
	if (ask->stage == STAGE_OS)
		return true;
	if (uuid_is_zero(&ask->uuid) && !uuid_is_zero(&m->uuid))
		return silent(why, SILENCE_no_uuid);
	return port == PORT_NOT_ON_RECORD || silent(why, SILENCE_no_relay_port);
}

static bool says(const struct boot_ask *ask, const struct uuid *u)
{
	return !uuid_is_zero(&ask->uuid) && !uuid_is_zero(u) && uuid_same_body(&ask->uuid, u);
}

/* It says the persona's UUID, which a machine that the persona has left may say as well: only one
 * that was told to say it is believed, and by the port that it is plugged into. */
static bool is_carrier(
	struct boot_plan *plan, const char **why, const struct boot_ask *ask, enum port port)
{
	plan->other_port = port == PORT_OTHER;
	if (!says(ask, &plan->machine->carried_uuid))
		return silent(why, SILENCE_stale_body);
	if (!plan->is_persona_mac || ask->stage == STAGE_SCRIPT || port == PORT_ITS)
		return true;
	return silent(why, port == PORT_NOT_SAID ? SILENCE_no_relay_port : SILENCE_stale_body);
}

/* The UUID is on the board, and a port is where somebody has put a cable: so where both sides say a
 * UUID that is one machine's, it decides, and a port that differs is only told of. */
static bool is_its_body(
	struct boot_plan *plan, const char **why, const struct table *t, const struct boot_ask *ask)
{
	const struct table_machine *m = plan->machine;
	bool both = !uuid_is_zero(&ask->uuid) && !uuid_is_zero(&m->uuid);
	bool own = says(ask, &m->uuid);
	if (!own && (says(ask, &m->carried_uuid) || says(ask, &m->persona_uuid)))
		return is_carrier(plan, why, ask, port_of(t, plan->nic, ask));
	if (both && !own)
		return silent(why, SILENCE_stale_body);
	enum port port = port_of(t, plan->nic, ask);
	plan->other_port = port == PORT_OTHER;
	if (!plan->is_persona_mac || (both && !m->uuid_shared))
		return true;
	return port_fits(why, ask, m, port);
}

bool boot_decide(
	struct boot_plan *ret, const char **why, const struct table *t, const struct boot_ask *ask)
{
	struct boot_plan plan = { .network = table_network_of(t, ask->via) };
	if (!plan.network)
		return silent(why, SILENCE_unknown_network);
	if (ask->relay && !relay_ok(t, plan.network, ask->relay))
		return silent(why, SILENCE_unknown_relay);
	if (!find_asker(&plan, why, t, ask))
		return false;
	bool proxy = plan.network->mode == DHCP_MODE_PROXY;
	if (!plan.nic) {
		if (plan.network->unknown != UNKNOWN_LEASE || proxy)
			return silent(why, SILENCE_unknown_machine);
		plan.deed = DEED_LEASE;
		plan.server = server_of(plan.network, ask);
		*ret = plan;
		return true;
	}
	if (plan.nic->machine == TABLE_NOWHERE)
		return silent(why, SILENCE_stale_address);

	plan.machine = &t->machine[plan.nic->machine];
	if (!is_its_body(&plan, why, t, ask))
		return false;
	if (!find_home(&plan, t))
		return silent(why, SILENCE_other_network);
	if (proxy && ask->stage == STAGE_OS)
		return silent(why, SILENCE_other_server);

	plan.deed = deed_of(t, &plan);
	plan.server = server_of(plan.network, ask);
	if (!is_isolated(&plan, plan.machine)) /* else it is lent one, of where it asks */
		plan.addr = plan.is_persona_mac ? plan.nic->persona_addr : plan.nic->addr;
	if (plan.addr && !proxy && is_off(plan.network, plan.addr))
		return silent(why, SILENCE_address_off_network);
	if (!find_loader(&plan, t, ask))
		return silent(why, SILENCE_no_loader);
	*ret = plan;
	return true;
}
