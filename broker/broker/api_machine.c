/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines, in and out of JSON. A BMC's secret is a file's name; the secret itself is never here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "broker/api_hba.h"
#include "broker/api_machine.h"
#include "broker/traits.h"

static const char hint_add[] = "`baton machine add --help` shows what a machine is made of";

json_t *machine_json(const struct machine *m, const struct standing *at)
{
	const struct binding *b = standing_of_machine(at, m->name);
	char uuid[UUID_TEXT] = "";
	json_t *nics = json_array();
	for (unsigned i = 0; i < m->nics; i++) {
		const struct nic *n = &m->nic[i];
		char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT];
		json_array_append_new(
			nics, json_pack("{s:o,s:s,s:s,s:o,s:b,s:b,s:s,s:s,s:s,s:s,s:s}", "mac",
				      json_mac(&n->factory), "pci", n->pci, "network", n->network,
				      "address", json_addr(n->addr), "carries", n->carries,
				      "journaled", n->journaled, "circuit",
				      relay_id_text(circuit, &n->relay_port.circuit), "remote",
				      relay_id_text(remote, &n->relay_port.remote), "port", n->port,
				      "card", n->card, "driver", n->driver));
	}
	if (!uuid_is_zero(&m->uuid))
		uuid_text(uuid, &m->uuid);
	json_t *all = json_pack(
		"{s:s,s:s,s:s,s:s,s:{s:s,s:s,s:i,s:s,s:s,s:i,s:s,s:s},s:s,s:s,s:s,s:s,s:s}", "name",
		m->name, "pool", m->pool, "state", standing_machine_state(at, m->name), "persona",
		b ? b->persona : "", "bmc", "kind", m->bmc.kind, "host", m->bmc.host, "port",
		(int)m->bmc.port, "user", m->bmc.user, "secret", m->bmc.secret, "cipher",
		(int)m->bmc.cipher, "quirks", m->bmc.quirks, "pin", m->bmc.pin, "uuid", uuid,
		"idle", idle_word(m->idle), "loader", m->loader, "takes", takes_word(m->takes),
		"taking", taking_word(m->taking));
	traits_put(all, &m->is);
	json_object_set_new(all, "nics", nics);
	json_object_set_new(all, "hbas", machine_hbas_json(m));
	json_object_set_new(all, "ports_held", standing_ports(at, m->name));
	return all;
}

bool file_name_ok(const char *name)
{
	return name[0] != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-")] == '\0';
}

int pin_member_check(char to[PIN_TEXT], const char *pin, const char *member, struct err *e)
{
	to[0] = '\0';
	if (!*pin || pin_parse(to, pin))
		return 0;
	return err_say(e, EINVAL,
		"machine: %s: \"%s\": want sha256: and the 64 hex digits of its certificate's "
		"fingerprint",
		member, pin);
}

static int bmc_read(struct bmc_at *b, const json_t *from, struct err *e)
{
	uint64_t port = 0, cipher = 3;
	char pin[128] = "";
	const struct member members[] = {
		{ "kind", MEMBER_TEXT, b->kind, sizeof b->kind, 0, true },
		{ "host", MEMBER_TEXT, b->host, sizeof b->host, 0, true },
		{ "port", MEMBER_UINT, &port, 0, 65535, false },
		{ "user", MEMBER_TEXT, b->user, sizeof b->user, 0, false },
		{ "secret", MEMBER_TEXT, b->secret, sizeof b->secret, 0, false },
		{ "cipher", MEMBER_UINT, &cipher, 0, 17, false },
		{ "quirks", MEMBER_TEXT, b->quirks, sizeof b->quirks, 0, false },
		{ "pin", MEMBER_TEXT, pin, sizeof pin, 0, false },
	};
	int r = members_read(from, "machine: bmc", members, COUNT(members), MEMBERS_STRICT, e);
	b->port = port ? (uint16_t)port : strcmp(b->kind, "redfish") == 0 ? 443 : 623;
	b->cipher = (unsigned)cipher;
	if (r < 0)
		return r;
	if (!name_ok(b->kind))
		return err_say(e, EINVAL, "machine: bmc: \"kind\": want a word, as in ipmi");
	if (!*b->host || b->host[0] == '-' ||
		b->host[strspn(b->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789.:-_")])
		return err_say(e, EINVAL, "machine: bmc: \"host\": want an address or a host name");
	if (b->quirks[strspn(b->quirks,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_= ")])
		return err_say(e, EINVAL,
			"machine: bmc: \"quirks\": want words with blanks between, as in efi");
	if (pin_member_check(b->pin, pin, "bmc: \"pin\"", e) < 0)
		return -EINVAL;
	if (*b->secret && !name_ok(b->secret))
		return err_say(e, EINVAL,
			"machine: bmc: \"secret\": want the name of a file in secrets_dir, 1 to "
			"63 of a-z, 0-9 and -");
	return 0;
}

int relay_id_read(struct relay_id *ret, const char *text, const char *member, struct err *e)
{
	if (!*text || relay_id_parse(ret, text))
		return 0;
	return err_say(e, EINVAL,
		"machine: nic: \"%s\": want 1 to %d bytes as an event shows them: Gi1/0/7, or 0x "
		"and "
		"two hex digits each",
		member, RELAY_ID_LEN);
}

int port_member_check(const char *port, const char *what, struct err *e)
{
	struct port_addr a;
	if (!*port || port_parse(&a, port))
		return 0;
	return err_say(e, EINVAL,
		"%s: \"port\": \"%s\": want KIND://HOST/PORT, as in fake://switch-1/7", what, port);
}

static int nic_read(struct nic *n, const json_t *from, struct err *e)
{
	char mac[MAC_TEXT] = "", address[IP4_TEXT] = "";
	char circuit[RELAY_ID_TEXT] = "", remote[RELAY_ID_TEXT] = "";
	n->carries = true;
	const struct member members[] = {
		{ "mac", MEMBER_TEXT, mac, sizeof mac, 0, true },
		{ "pci", MEMBER_TEXT, n->pci, sizeof n->pci, 0, false },
		{ "network", MEMBER_TEXT, n->network, sizeof n->network, 0, false },
		{ "address", MEMBER_TEXT, address, sizeof address, 0, false },
		{ "carries", MEMBER_BOOL, &n->carries, 0, 0, false },
		{ "circuit", MEMBER_TEXT, circuit, sizeof circuit, 0, false },
		{ "remote", MEMBER_TEXT, remote, sizeof remote, 0, false },
		{ "port", MEMBER_TEXT, n->port, sizeof n->port, 0, false },
	};
	int r = members_read(from, "machine: nic", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!mac_parse(&n->factory, mac) || !mac_is_unicast(&n->factory))
		return err_say(e, EINVAL,
			"machine: nic: \"mac\": \"%s\": want its maker's address, as in "
			"52:54:00:aa:00:01",
			mac);
	if (*n->pci && !pci_ok(n->pci))
		return err_say(e, EINVAL, "machine: nic: \"pci\": want it as in 0000:00:03.0");
	if (*n->network && !name_ok(n->network))
		return err_say(e, EINVAL, "machine: nic: \"network\": want a network's name");
	if (*address && !ip4_parse(&n->addr, address))
		return err_say(
			e, EINVAL, "machine: nic: \"address\": \"%s\" is no IPv4 address", address);
	r = relay_id_read(&n->relay_port.circuit, circuit, "circuit", e);
	r = r < 0 ? r : relay_id_read(&n->relay_port.remote, remote, "remote", e);
	return r < 0 ? r : port_member_check(n->port, "machine: nic", e);
}

static int machine_read(struct machine *m, const json_t *body, struct err *e)
{
	char uuid[UUID_TEXT] = "", idle[16] = "park", takes[16] = "shim";
	const json_t *bmc = NULL, *nics = NULL, *hbas = NULL;
	struct traits_members is = { .labels = NULL };
	const struct member members[] = {
		TRAITS_MEMBERS(is),
		{ "pool", MEMBER_TEXT, m->pool, sizeof m->pool, 0, false },
		{ "name", MEMBER_TEXT, m->name, sizeof m->name, 0, true },
		{ "bmc", MEMBER_DICT, &bmc, 0, 0, true },
		{ "uuid", MEMBER_TEXT, uuid, sizeof uuid, 0, false },
		{ "idle", MEMBER_TEXT, idle, sizeof idle, 0, false },
		{ "takes", MEMBER_TEXT, takes, sizeof takes, 0, false },
		{ "loader", MEMBER_TEXT, m->loader, sizeof m->loader, 0, false },
		{ "nics", MEMBER_LIST, &nics, 0, 0, true },
		{ "hbas", MEMBER_LIST, &hbas, 0, 0, false },
	};
	int r = members_read(body, "machine", members, COUNT(members), MEMBERS_STRICT, e);
	if (r < 0)
		return r;
	if (!name_ok(m->name))
		return err_say(e, EINVAL,
			"machine: \"name\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (*uuid && !uuid_parse(&m->uuid, uuid))
		return err_say(e, EINVAL, "machine: \"uuid\": \"%s\" is not a UUID", uuid);
	if (*m->pool && !name_ok(m->pool))
		return err_say(e, EINVAL,
			"machine: \"pool\": want 1 to 63 of a-z, 0-9 and -, not - first");
	if (!idle_parse(&m->idle, idle))
		return err_say(e, EINVAL, "machine: \"idle\": want park or local");
	if (!takes_parse(&m->takes, takes))
		return err_say(e, EINVAL, "machine: \"takes\": want shim or handover");
	if (!file_name_ok(m->loader))
		return err_say(
			e, EINVAL, "machine: \"loader\": want the name of a file in boot_dir");
	size_t n = json_array_size(nics);
	if (n < 1 || n > NICS_MAX)
		return err_say(e, EINVAL, "machine: \"nics\": want 1 to %d of them", NICS_MAX);
	for (m->nics = 0; r == 0 && m->nics < n; m->nics++)
		r = nic_read(&m->nic[m->nics], json_array_get(nics, m->nics), e);
	if (r == 0)
		r = machine_hbas_take(m, hbas, e);
	if (r == 0)
		r = traits_take(&m->is, &is, "machine", e);
	return r < 0 ? r : bmc_read(&m->bmc, bmc, e);
}

void api_machine_list(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct machine *list = NULL;
	size_t n = 0;
	int r = standing_read(&at, a->b->store, &e);
	if (r == 0)
		r = store_machines(a->b->store, &list, &n, &e);
	if (r < 0) {
		reply_err(to, &e, "");
		return;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, machine_json(&list[i], at));
	reply_ok(to, json_pack("{s:o}", "items", items));
	free(list);
}

void api_machine_show(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	OWN(standing) struct standing *at = NULL;
	struct machine m;
	int r = store_machine(a->b->store, a->arg, &m, &e);
	if (r == 0)
		r = standing_read(&at, a->b->store, &e);
	if (r < 0)
		reply_err(to, &e, "`baton machine list` shows what there is");
	else
		reply_ok(to, machine_json(&m, at));
}

void api_machine_add(const struct ask *a, struct reply *to)
{
	struct err e = { 0 };
	struct machine m = { .nics = 0 };
	char what[128];
	int r = machine_read(&m, a->body, &e);
	if (r == 0)
		r = store_begin(a->b->store, &e);
	if (r < 0) {
		reply_err(to, &e, hint_add);
		return;
	}
	snprintf(what, sizeof what, "machine=%s added", m.name);
	r = store_machine_add(a->b->store, &m, &e);
	reply_change(a, to, r, &e, machine_json(&m, NULL),
		"`baton machine list` shows what there is", what);
}
