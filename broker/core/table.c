/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checking and reading a boot table: see table.h. Building one is table_build.c. */
#include "core/table.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "core/table_layout.h"

static int damaged(struct err *e, const char *what)
{
	return err_say(e, EBADMSG, "boot table: %s", what);
}

static bool text_ok(const struct table *t, uint32_t at)
{
	return at < t->header->text_len;
}

static bool index_ok(uint32_t i, uint32_t n)
{
	return i < n || i == TABLE_NOWHERE;
}

/* at + n <= limit, without overflow */
static bool range_ok(uint32_t at, uint32_t n, uint32_t limit)
{
	return at <= limit && n <= limit - at;
}

static bool machine_ok(const struct table *t, const struct table_machine *m)
{
	return text_ok(t, m->name) && text_ok(t, m->loader) && text_ok(t, m->persona) &&
	       text_ok(t, m->iqn) && text_ok(t, m->target) && text_ok(t, m->chap_user) &&
	       text_ok(t, m->chap_secret) && text_ok(t, m->mutual_user) &&
	       text_ok(t, m->mutual_secret) && m->ready <= 1 && m->uuid_shared <= 1 &&
	       m->phase <= PHASE_RESTORE && m->idle <= IDLE_LOCAL && m->takes <= TAKES_HANDOVER &&
	       range_ok(m->nic_at, m->nics, t->header->nics) && m->nics <= NICS_MAX &&
	       range_ok(m->path_at, m->paths, t->header->paths) && m->paths <= PATHS_MAX &&
	       range_ok(m->hba_at, m->hbas, t->header->hbas) && m->hbas <= HBAS_MAX &&
	       text_ok(t, m->domain_name);
}

static bool nic_ok(const struct table *t, const struct table_nic *n)
{
	return index_ok(n->machine, t->header->machines) &&
	       index_ok(n->network, t->header->networks) &&
	       index_ok(n->persona_network, t->header->networks) && text_ok(t, n->pci) &&
	       range_ok(n->route_at, n->routes, t->header->routes) && n->routes <= ROUTES_MAX &&
	       n->circuit_len <= RELAY_ID_LEN && n->remote_len <= RELAY_ID_LEN &&
	       range_ok(n->circuit, n->circuit_len, t->header->text_len) &&
	       range_ok(n->remote, n->remote_len, t->header->text_len);
}

static bool hba_ok(const struct table *t, const struct table_hba *h)
{
	return text_ok(t, h->pci) && h->carries <= 1 && h->journaled <= 1 &&
	       range_ok(h->target_at, h->targets, t->header->fc_targets) &&
	       h->targets <= FC_TARGETS_MAX;
}

static bool network_ok(const struct table *t, const struct table_network *n)
{
	return text_ok(t, n->name) && text_ok(t, n->interface) && n->prefix <= 32 &&
	       n->unknown <= UNKNOWN_LEASE && n->mode <= DHCP_MODE_PROXY;
}

/* A look-up of what is not there ends at an empty slot. */
static bool slots_ok(const uint32_t *slot, uint32_t slots, uint64_t values)
{
	uint32_t empty = 0;
	for (uint32_t i = 0; i < slots; i++) {
		empty += slot[i] == 0;
		if (slot[i] > values)
			return false;
	}
	return empty > 0;
}

static int references_check(const struct table *t, struct err *e)
{
	const struct table_header *h = t->header;
	if (t->text[0] != '\0' || t->text[h->text_len - 1] != '\0')
		return damaged(e, "its text has no end");
	for (int i = 0; i < SCRIPTS; i++)
		if (!text_ok(t, h->script[i]))
			return damaged(e, "a script lies outside the text");
	if (!text_ok(t, h->packs))
		return damaged(e, "the list of tool-packs lies outside the text");
	for (uint32_t i = 0; i < h->networks; i++)
		if (!network_ok(t, &t->network[i]))
			return damaged(e, "a network makes no sense");
	for (uint32_t i = 0; i < h->routes; i++)
		if (t->route[i].prefix > 32)
			return damaged(e, "a route makes no sense");
	for (uint32_t i = 0; i < h->machines; i++)
		if (!machine_ok(t, &t->machine[i]))
			return damaged(e, "a machine makes no sense");
	for (uint32_t i = 0; i < h->nics; i++)
		if (!nic_ok(t, &t->nic[i]))
			return damaged(e, "a NIC leads nowhere");
	for (uint32_t i = 0; i < h->hbas; i++)
		if (!hba_ok(t, &t->hba[i]))
			return damaged(e, "an HBA makes no sense");
	if (!slots_ok(t->slot, h->slots, 2 * (uint64_t)h->nics) ||
		!slots_ok(t->uuid_slot, h->uuid_slots, h->machines))
		return damaged(e, "its index leads nowhere, or is full");
	return 0;
}

static bool is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

int table_check(struct table *ret, const void *bytes, size_t len, struct err *e)
{
	const struct table_header *h = bytes;
	if (len < sizeof *h || memcmp(h->magic, TABLE_MAGIC, sizeof h->magic) != 0)
		return damaged(e, "this is no boot table");
	if (h->version != TABLE_VERSION || h->header_len != sizeof *h)
		return err_say(
			e, EBADMSG, "boot table: version %u, want %u", h->version, TABLE_VERSION);
	struct table_layout at;
	if (h->len != len || !table_layout(&at, h) || at.len != len || h->text_len == 0)
		return damaged(e, "it is cut short or too long");
	if (!is_power_of_two(h->slots) || !is_power_of_two(h->uuid_slots))
		return damaged(e, "its index has a wrong size");
	if (h->checksum != table_checksum(bytes, len))
		return damaged(e, "the checksum is wrong: the file is damaged");
	struct table t = table_view(bytes, &at);
	int rc = references_check(&t, e);
	if (rc < 0)
		return rc;
	token_key_init(&t.key, h->key);
	*ret = t;
	return 0;
}

bool table_has_fc(const struct table *t, const struct table_machine *m)
{
	for (uint32_t i = 0; i < m->hbas; i++)
		if (!wwn_is_zero(&t->hba[m->hba_at + i].persona_wwpn))
			return true;
	return false;
}

bool table_boots_by_fc(const struct table *t, const struct table_machine *m)
{
	for (uint32_t i = 0; i < m->hbas && !*table_text(t, m->target); i++)
		if (t->hba[m->hba_at + i].targets)
			return true;
	return false;
}

void table_relay_port(struct relay_port *ret, const struct table *t, const struct table_nic *nic)
{
	*ret = (struct relay_port){ .circuit.len = nic->circuit_len,
		.remote.len = nic->remote_len };
	memcpy(ret->circuit.b, t->text + nic->circuit, nic->circuit_len);
	memcpy(ret->remote.b, t->text + nic->remote, nic->remote_len);
}

const struct table_nic *table_find(const struct table *t, const struct mac *m, bool *is_persona)
{
	uint32_t mask = t->header->slots - 1;
	for (uint32_t i = table_hash(m) & mask; t->slot[i]; i = (i + 1) & mask) {
		uint32_t slot = t->slot[i] - 1;
		const struct table_nic *n = &t->nic[slot / 2];
		if (mac_equal(slot % 2 ? &n->persona : &n->factory, m)) {
			*is_persona = slot % 2;
			return n;
		}
	}
	return NULL;
}

const struct table_machine *table_find_uuid(const struct table *t, const struct uuid *u)
{
	const struct table_machine *found = NULL;
	uint32_t mask = t->header->uuid_slots - 1;
	for (uint32_t i = table_uuid_hash(u) & mask; t->uuid_slot[i]; i = (i + 1) & mask) {
		const struct table_machine *m = &t->machine[t->uuid_slot[i] - 1];
		if (!uuid_same_body(&m->uuid, u))
			continue;
		if (found)
			return NULL;
		found = m;
	}
	return found;
}

const struct table_network *table_network_of(const struct table *t, uint32_t addr)
{
	for (uint32_t i = 0; i < t->header->networks; i++) {
		const struct table_network *n = &t->network[i];
		if (((n->addr ^ addr) & net4_mask(n->prefix)) == 0)
			return n;
	}
	return NULL;
}
