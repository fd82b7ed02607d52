/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the model to the bytes of a boot table: see table.h. Everything is counted first and the
 * file is made in one allocation; the text grows beside it and is joined at the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "core/table.h"
#include "core/table_layout.h"

struct build {
	const struct table_source *from;
	struct table_header header;
	struct table_machine *machine;
	struct table_network *network;
	struct table_nic *nic;
	struct table_path *path;
	struct table_route *route;
	struct table_hba *hba;
	struct table_fc_target *fc_target;
	uint32_t *slot, *uuid_slot;
	char *text;
	size_t text_room;
	const struct machine **by_name;    /* machines in order of name */
	const struct persona **persona;    /* personas in order of name */
	const struct binding **of_machine; /* by index of from->machine; NULL: free */
	bool no_memory;
};

static void build_free(struct build *b)
{
	free(b->machine);
	free(b->network);
	free(b->nic);
	free(b->path);
	free(b->route);
	free(b->hba);
	free(b->fc_target);
	free(b->slot);
	free(b->uuid_slot);
	free(b->text);
	free(b->by_name);
	free(b->persona);
	free(b->of_machine);
}

/* The offset of a copy of these bytes and a NUL; none need none. */
static uint32_t bytes_add(struct build *b, const void *bytes, size_t len)
{
	if (len == 0)
		return TABLE_NONE;
	if (b->header.text_len + len + 1 > b->text_room) {
		size_t room = (b->text_room + len + 1) * 2;
		char *more = realloc(b->text, room);
		if (!more) {
			b->no_memory = true;
			return TABLE_NONE;
		}
		b->text = more;
		b->text_room = room;
	}
	uint32_t at = b->header.text_len;
	memcpy(b->text + at, bytes, len);
	b->text[at + len] = '\0';
	b->header.text_len += (uint32_t)len + 1;
	return at;
}

static uint32_t text_add(struct build *b, const char *s)
{
	return bytes_add(b, s, s ? strlen(s) : 0);
}

static int machine_order(const void *a, const void *b)
{
	return strcmp((*(const struct machine *const *)a)->name,
		(*(const struct machine *const *)b)->name);
}

static int persona_order(const void *a, const void *b)
{
	return strcmp((*(const struct persona *const *)a)->name,
		(*(const struct persona *const *)b)->name);
}

static const struct machine *machine_named(const struct build *b, const char *name)
{
	struct machine want;
	const struct machine *key = &want, **found;
	snprintf(want.name, sizeof want.name, "%s", name);
	found = bsearch(&key, b->by_name, b->from->machines, sizeof *b->by_name, machine_order);
	return found ? *found : NULL;
}

/* The index of a persona in b->persona, or -1. */
static long persona_named(const struct build *b, const char *name)
{
	struct persona want;
	const struct persona *key = &want, **found;
	snprintf(want.name, sizeof want.name, "%s", name);
	found = bsearch(&key, b->persona, b->from->personas, sizeof *b->persona, persona_order);
	return found ? found - b->persona : -1;
}

static int network_named(uint32_t *ret, const struct build *b, const char *name, struct err *e)
{
	*ret = TABLE_NOWHERE;
	if (!*name)
		return 0;
	for (size_t i = 0; i < b->from->networks; i++) {
		if (strcmp(b->from->network[i].name, name) == 0) {
			*ret = (uint32_t)i;
			return 0;
		}
	}
	return err_say(e, ENOENT, "network %s: no such network", name);
}

/* What a MAC is called in a sentence: the machine or the persona that has it. */
static const char *holder(const struct build *b, uint32_t slot)
{
	const struct table_nic *n = &b->nic[(slot - 1) / 2];
	if ((slot - 1) % 2 == 0)
		return b->text + b->machine[n->machine].name;
	return n->machine == TABLE_NOWHERE ? "a persona that no machine carries"
					   : b->text + b->machine[n->machine].persona;
}

static int slot_add(struct build *b, uint32_t nic, bool is_persona, struct err *e)
{
	const struct mac *m = is_persona ? &b->nic[nic].persona : &b->nic[nic].factory;
	if (mac_is_zero(m))
		return 0;
	uint32_t mask = b->header.slots - 1, value = nic * 2 + is_persona + 1, i;
	for (i = table_hash(m) & mask; b->slot[i]; i = (i + 1) & mask) {
		uint32_t other = b->slot[i] - 1;
		const struct table_nic *n = &b->nic[other / 2];
		if (!mac_equal(other % 2 ? &n->persona : &n->factory, m))
			continue;
		char text[MAC_TEXT];
		return err_say(e, EEXIST, "MAC %s: both %s and %s claim it", mac_text(text, m),
			holder(b, b->slot[i]), holder(b, value));
	}
	b->slot[i] = value;
	return 0;
}

/* More than two of one UUID would only lengthen the way: two are nobody's already. */
static void uuid_slot_add(struct build *b, uint32_t machine)
{
	const struct uuid *u = &b->machine[machine].uuid;
	uint32_t mask = b->header.uuid_slots - 1, i;
	unsigned same = 0;
	b->machine[machine].uuid_shared = !uuid_names_one(u);
	if (!uuid_names_one(u))
		return;
	for (i = table_uuid_hash(u) & mask; b->uuid_slot[i]; i = (i + 1) & mask) {
		struct table_machine *other = &b->machine[b->uuid_slot[i] - 1];
		if (!uuid_same_body(&other->uuid, u))
			continue;
		other->uuid_shared = b->machine[machine].uuid_shared = 1;
		same++;
	}
	if (same < 2)
		b->uuid_slot[i] = machine + 1;
}

static int networks_fill(struct build *b, struct err *e)
{
	for (uint32_t i = 0; i < b->from->networks; i++) {
		const struct network *n = &b->from->network[i];
		struct table_network *to = &b->network[i];
		*to = (struct table_network){
			.name = text_add(b, n->name),
			.interface = text_add(b, n->interface),
			.addr = n->addr,
			.prefix = n->prefix,
			.ours = *n->interface ? n->addr : 0,
			.gateway = n->gateway,
			.dns = n->dns,
			.pool_from = n->pool_from,
			.pool_to = n->pool_to,
			.unknown = n->unknown,
			.mode = n->mode,
			.link = i,
			.isolated = n->isolated,
		};
		memcpy(to->relay, n->relay, n->relays * sizeof *n->relay);
	}
	/* A wire is called by the first of its networks; they may name each other in a chain. */
	for (uint32_t i = 0; i < b->from->networks; i++) {
		uint32_t other;
		int rc = network_named(&other, b, b->from->network[i].link, e);
		if (rc < 0)
			return rc;
		if (other == TABLE_NOWHERE)
			continue;
		uint32_t from = b->network[i].link, link = b->network[other].link;
		for (uint32_t k = 0; k < b->from->networks; k++)
			if (b->network[k].link == from)
				b->network[k].link = link;
	}
	return 0;
}

static int persona_nic_fill(
	struct build *b, struct table_nic *to, const struct persona_nic *from, struct err *e)
{
	to->persona = from->mac;
	to->persona_addr = from->addr;
	to->mtu = from->mtu;
	to->route_at = b->header.routes;
	to->routes = (uint8_t)from->routes;
	for (unsigned i = 0; i < from->routes; i++)
		b->route[b->header.routes++] = (struct table_route){ from->route[i].to,
			from->route[i].prefix, from->route[i].via };
	return network_named(&to->persona_network, b, from->network, e);
}

static int persona_hbas_fill(struct build *b, struct table_machine *to, const struct machine *m,
	const struct persona *p, struct err *e)
{
	for (unsigned i = 0; i < p->hbas; i++) {
		const struct persona_hba *from = &p->hba[i];
		int on = hba_for(m, p, i);
		if (on < 0)
			return err_say(e, ENOENT,
				"persona %s: machine %s has no HBA to carry its HBA %u", p->name,
				m->name, i + 1);
		struct table_hba *hba = &b->hba[to->hba_at + (uint32_t)on];
		hba->persona_wwpn = from->wwpn;
		hba->persona_wwnn = from->wwnn;
		hba->target_at = b->header.fc_targets;
		hba->targets = from->targets;
		for (unsigned k = 0; k < from->targets; k++)
			b->fc_target[b->header.fc_targets++] =
				(struct table_fc_target){ from->target[k].wwpn,
					from->target[k].lun };
	}
	return 0;
}

/* The one that was made for this generation, else the persona's own. */
static void account_fill(
	struct build *b, struct table_machine *to, const struct persona *p, const struct chap *made)
{
	to->chap_user = text_add(b, made ? made->user : p->chap_user);
	to->chap_secret = text_add(b, made ? made->secret : p->chap_secret);
	to->mutual_user = text_add(b, made ? made->mutual_user : "");
	to->mutual_secret = text_add(b, made ? made->mutual_secret : "");
}

/* What a bound machine carries: the persona's disk, and its NICs laid over the machine's. */
static int persona_fill(struct build *b, struct table_machine *to, const struct machine *m,
	const struct binding *bound, struct err *e)
{
	const struct chap *own = b->from->chap ? &b->from->chap[bound - b->from->binding] : NULL;
	long at = persona_named(b, bound->persona);
	if (at < 0)
		return err_say(e, ENOENT, "persona %s: no such persona", bound->persona);
	const struct persona *p = b->persona[at];
	to->persona = text_add(b, p->name);
	to->iqn = text_add(b, p->iqn);
	to->target = text_add(b, p->target);
	account_fill(b, to, p, own && *own->user ? own : NULL);
	to->ready = bound->fenced;
	to->isolated = bound->isolated;
	to->by_bmc = m->taking == TAKING_BMC;
	to->lun = p->lun;
	to->phase = bound->phase;
	to->generation = bound->generation;
	to->domain_name = text_add(b, p->domain);
	memcpy(to->dns, p->dns, sizeof to->dns);
	memcpy(to->ntp, p->ntp, sizeof to->ntp);
	to->path_at = b->header.paths;
	to->paths = p->paths;
	for (unsigned i = 0; i < p->paths; i++)
		b->path[b->header.paths++] =
			(struct table_path){ p->path[i].addr, p->path[i].port };
	for (unsigned i = 0; i < p->nics; i++) {
		int on = nic_for(m, p, i);
		if (on < 0)
			return err_say(e, ENOENT,
				"persona %s: machine %s has no NIC to carry its NIC %u", p->name,
				m->name, i + 1);
		int rc = persona_nic_fill(b, &b->nic[to->nic_at + (uint32_t)on], &p->nic[i], e);
		if (rc < 0)
			return rc;
	}
	return persona_hbas_fill(b, to, m, p, e);
}

static void hbas_fill(struct build *b, struct table_machine *to, const struct machine *m)
{
	to->hba_at = b->header.hbas;
	to->hbas = m->hbas;
	for (unsigned i = 0; i < m->hbas; i++)
		b->hba[b->header.hbas++] = (struct table_hba){
			.pci = text_add(b, m->hba[i].pci),
			.carries = m->hba[i].carries,
			.journaled = m->hba[i].journaled,
			.wwpn = m->hba[i].wwpn,
			.wwnn = m->hba[i].wwnn,
		};
}

static int machine_fill(struct build *b, uint32_t i, struct err *e)
{
	const struct machine *m = &b->from->machine[i];
	struct table_machine *to = &b->machine[i];
	*to = (struct table_machine){
		.name = text_add(b, m->name),
		.loader = text_add(b, m->loader),
		.idle = m->idle,
		.takes = (uint16_t)m->takes,
		.uuid = m->uuid,
		.nic_at = b->header.nics,
		.nics = m->nics,
		.path_at = b->header.paths,
	};
	for (unsigned n = 0; n < m->nics; n++) {
		const struct relay_port *port = &m->nic[n].relay_port;
		struct table_nic *nic = &b->nic[b->header.nics++];
		*nic = (struct table_nic){
			.machine = i,
			.persona_network = TABLE_NOWHERE,
			.pci = text_add(b, m->nic[n].pci),
			.addr = m->nic[n].addr,
			.factory = m->nic[n].factory,
			.carries = m->nic[n].carries,
			.journaled = m->nic[n].journaled,
			.circuit = bytes_add(b, port->circuit.b, port->circuit.len),
			.remote = bytes_add(b, port->remote.b, port->remote.len),
			.circuit_len = port->circuit.len,
			.remote_len = port->remote.len,
		};
		int rc = network_named(&nic->network, b, m->nic[n].network, e);
		if (rc < 0)
			return err_in(e, rc, "machine %s", m->name);
	}
	hbas_fill(b, to, m);
	if (b->of_machine[i])
		return persona_fill(b, to, m, b->of_machine[i], e);
	return 0;
}

/* A persona that no machine carries still owns its MACs: who asks with one is a stale body. */
static int stray_fill(struct build *b, const struct persona *p, struct err *e)
{
	for (unsigned i = 0; i < p->nics; i++) {
		struct table_nic *nic = &b->nic[b->header.nics++];
		*nic = (struct table_nic){ .machine = TABLE_NOWHERE, .network = TABLE_NOWHERE };
		int rc = persona_nic_fill(b, nic, &p->nic[i], e);
		if (rc < 0)
			return err_in(e, rc, "persona %s", p->name);
	}
	return 0;
}

static int bindings_resolve(struct build *b, bool *is_bound, struct err *e)
{
	for (size_t i = 0; i < b->from->bindings; i++) {
		const struct binding *bound = &b->from->binding[i];
		const struct machine *m = machine_named(b, bound->machine);
		long p = persona_named(b, bound->persona);
		if (!m || p < 0)
			return err_say(e, ENOENT, "binding of %s to %s: one of them is not there",
				bound->persona, bound->machine);
		size_t at = (size_t)(m - b->from->machine);
		if (b->of_machine[at] || is_bound[p])
			return err_say(e, EEXIST, "binding of %s to %s: one of them is bound twice",
				bound->persona, bound->machine);
		b->of_machine[at] = bound;
		is_bound[p] = true;
	}
	return 0;
}

static int fill(struct build *b, struct err *e)
{
	const struct table_source *from = b->from;
	OWN(text) char *flags = calloc(from->personas + 1, 1);
	bool *is_bound = (bool *)flags;
	if (!is_bound)
		return err_set(e, ENOMEM, "boot table");
	for (size_t i = 0; i < from->machines; i++)
		b->by_name[i] = &from->machine[i];
	for (size_t i = 0; i < from->personas; i++)
		b->persona[i] = &from->persona[i];
	qsort(b->by_name, from->machines, sizeof *b->by_name, machine_order);
	qsort(b->persona, from->personas, sizeof *b->persona, persona_order);

	int rc = bindings_resolve(b, is_bound, e);
	if (rc == 0)
		rc = networks_fill(b, e);
	for (uint32_t i = 0; rc == 0 && i < from->machines; i++)
		rc = machine_fill(b, i, e);
	for (size_t i = 0; rc == 0 && i < from->personas; i++)
		if (!is_bound[i])
			rc = stray_fill(b, b->persona[i], e);
	for (uint32_t i = 0; rc == 0 && i < b->header.nics; i++) {
		rc = slot_add(b, i, false, e);
		if (rc == 0)
			rc = slot_add(b, i, true, e);
	}
	for (uint32_t i = 0; rc == 0 && i < from->machines; i++)
		uuid_slot_add(b, i);
	for (int i = 0; i < SCRIPTS; i++)
		b->header.script[i] = text_add(b, from->script[i]);
	b->header.packs = text_add(b, from->packs);
	return rc;
}

/* Room for the most that the source can turn into. */
static int build_init(struct build *b, const struct table_source *from, struct err *e)
{
	size_t nics = 0, paths = 0, routes = 0, slots = 4, uuid_slots = 4, hbas = 0, targets = 0;
	for (size_t i = 0; i < from->machines; i++) {
		nics += from->machine[i].nics;
		hbas += from->machine[i].hbas;
	}
	for (size_t i = 0; i < from->personas; i++) {
		nics += from->persona[i].nics;
		paths += from->persona[i].paths;
		for (unsigned n = 0; n < from->persona[i].nics; n++)
			routes += from->persona[i].nic[n].routes;
		for (unsigned n = 0; n < from->persona[i].hbas; n++)
			targets += from->persona[i].hba[n].targets;
	}
	/* At most half full: a NIC has up to two MACs. */
	while (slots < 4 * nics)
		slots *= 2;
	while (uuid_slots < 2 * from->machines)
		uuid_slots *= 2;
	*b = (struct build){ .from = from };
	b->machine = calloc(from->machines + 1, sizeof *b->machine);
	b->network = calloc(from->networks + 1, sizeof *b->network);
	b->nic = calloc(nics + 1, sizeof *b->nic);
	b->path = calloc(paths + 1, sizeof *b->path);
	b->route = calloc(routes + 1, sizeof *b->route);
	b->hba = calloc(hbas + 1, sizeof *b->hba);
	b->fc_target = calloc(targets + 1, sizeof *b->fc_target);
	b->slot = calloc(slots, sizeof *b->slot);
	b->uuid_slot = calloc(uuid_slots, sizeof *b->uuid_slot);
	b->by_name = calloc(from->machines + 1, sizeof *b->by_name);
	b->persona = calloc(from->personas + 1, sizeof *b->persona);
	b->of_machine = calloc(from->machines + 1, sizeof *b->of_machine);
	b->text_room = 4096;
	b->text = malloc(b->text_room);
	if (!b->machine || !b->network || !b->nic || !b->path || !b->route || !b->hba ||
		!b->fc_target || !b->slot || !b->uuid_slot || !b->by_name || !b->persona ||
		!b->of_machine || !b->text)
		return err_set(e, ENOMEM, "boot table");
	b->text[0] = '\0';
	b->header = (struct table_header){
		.version = TABLE_VERSION,
		.header_len = sizeof b->header,
		.generation = from->generation,
		.made_s = from->made_s,
		.http_port = from->http_port,
		.lease_s = from->lease_s,
		.mac_rate = from->mac_rate,
		.relay_rate = from->relay_rate,
		.networks = (uint32_t)from->networks,
		.machines = (uint32_t)from->machines,
		.slots = (uint32_t)slots,
		.uuid_slots = (uint32_t)uuid_slots,
		.text_len = 1,
	};
	memcpy(b->header.magic, TABLE_MAGIC, sizeof b->header.magic);
	memcpy(b->header.key, from->key, sizeof b->header.key);
	return 0;
}

static int join(void **ret, size_t *ret_len, struct build *b, struct err *e)
{
	struct table_layout at;
	struct table_header *h = &b->header;
	if (b->no_memory)
		return err_set(e, ENOMEM, "boot table");
	if (!table_layout(&at, h))
		return err_say(
			e, EFBIG, "boot table: more than %d MiB of machines", TABLE_LEN_MAX >> 20);
	char *bytes = calloc(1, at.len);
	if (!bytes)
		return err_set(e, ENOMEM, "boot table of %llu bytes", (unsigned long long)at.len);
	h->len = at.len;
	memcpy(bytes, h, sizeof *h);
	memcpy(bytes + at.machine, b->machine, h->machines * sizeof *b->machine);
	memcpy(bytes + at.network, b->network, h->networks * sizeof *b->network);
	memcpy(bytes + at.nic, b->nic, h->nics * sizeof *b->nic);
	memcpy(bytes + at.path, b->path, h->paths * sizeof *b->path);
	memcpy(bytes + at.route, b->route, h->routes * sizeof *b->route);
	memcpy(bytes + at.hba, b->hba, h->hbas * sizeof *b->hba);
	memcpy(bytes + at.fc_target, b->fc_target, h->fc_targets * sizeof *b->fc_target);
	memcpy(bytes + at.slot, b->slot, h->slots * sizeof *b->slot);
	memcpy(bytes + at.uuid_slot, b->uuid_slot, h->uuid_slots * sizeof *b->uuid_slot);
	memcpy(bytes + at.text, b->text, h->text_len);
	((struct table_header *)bytes)->checksum = table_checksum(bytes, at.len);
	*ret = bytes;
	*ret_len = at.len;
	return 0;
}

int table_build(void **ret, size_t *ret_len, const struct table_source *from, struct err *e)
{
	struct build b;
	int rc = build_init(&b, from, e);
	if (rc == 0)
		rc = fill(&b, e);
	if (rc == 0)
		rc = join(ret, ret_len, &b, e);
	build_free(&b);
	return rc;
}
