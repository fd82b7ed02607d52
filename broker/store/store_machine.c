/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machines, their NICs, and the journal of what was burned into the cards. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/port.h"
#include "store/store_priv.h"

static void machine_row(struct query *q, void *to)
{
	struct machine *m = to;
	char word[16];
	col_text(q, m->name, sizeof m->name);
	col_blob(q, m->uuid.b, sizeof m->uuid.b);
	col_text(q, m->bmc.kind, sizeof m->bmc.kind);
	col_text(q, m->bmc.host, sizeof m->bmc.host);
	m->bmc.port = (uint16_t)col_int(q, 0, UINT16_MAX);
	col_text(q, m->bmc.user, sizeof m->bmc.user);
	col_text(q, m->bmc.secret, sizeof m->bmc.secret);
	m->bmc.cipher = col_u32(q);
	col_text(q, m->bmc.quirks, sizeof m->bmc.quirks);
	col_text(q, word, sizeof word);
	if (!idle_parse(&m->idle, word))
		q->bad = true;
	col_text(q, m->loader, sizeof m->loader);
	col_text(q, m->pool, sizeof m->pool);
	col_traits(q, &m->is);
	col_text(q, m->bmc.pin, sizeof m->bmc.pin);
	col_text(q, word, sizeof word);
	if (!taking_parse(&m->taking, word))
		q->bad = true;
	col_text(q, word, sizeof word);
	if (!takes_parse(&m->takes, word))
		q->bad = true;
}

static const struct labelled labels = { "machine_label", "machine", sizeof(struct machine),
	offsetof(struct machine, is) };

struct nic_of {
	char machine[NAME_LEN + 1];
	struct nic nic;
};

static void col_relay_id(struct query *q, struct relay_id *to)
{
	char text[RELAY_ID_TEXT];
	col_text(q, text, sizeof text);
	if (*text && !relay_id_parse(to, text))
		q->bad = true;
}

static void nic_row(struct query *q, void *to)
{
	struct nic_of *row = to;
	col_text(q, row->machine, sizeof row->machine);
	col_text(q, row->nic.pci, sizeof row->nic.pci);
	col_mac(q, &row->nic.factory);
	row->nic.journaled = col_bool(q);
	row->nic.carries = col_bool(q);
	col_text(q, row->nic.network, sizeof row->nic.network);
	row->nic.addr = col_u32(q);
	col_relay_id(q, &row->nic.relay_port.circuit);
	col_relay_id(q, &row->nic.relay_port.remote);
	col_text(q, row->nic.card, sizeof row->nic.card);
	col_text(q, row->nic.port, sizeof row->nic.port);
	col_text(q, row->nic.driver, sizeof row->nic.driver);
	col_text(q, row->nic.modalias, sizeof row->nic.modalias);
}

/* Those with from <= name <= to. Machines and NICs come in the same order of names and are put
 * together by walking along both. */
static int machines_read(struct store *s, const char *from, const char *to, struct machine **ret,
	size_t *ret_n, struct err *e)
{
	OWN(list) struct machine *all = NULL;
	OWN(list) struct nic_of *nics = NULL;
	size_t n = 0, nics_n = 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT name, uuid, bmc_kind, bmc_host, bmc_port, bmc_user, bmc_secret, "
		"bmc_cipher, bmc_quirks, idle, loader, pool,"
		" coalesce(nullif(arch, ''), found_arch),"
		" coalesce(nullif(firmware, ''), found_firmware),"
		" coalesce(nullif(memory_mb, 0), found_memory_mb),"
		" coalesce(nullif(cpus, 0), found_cpus), bmc_pin, taking, takes FROM machine WHERE "
		"name "
		"BETWEEN ? "
		"AND ? "
		"ORDER BY name",
		in_text(from), in_text(to));
	int r = list_of(&q, sizeof *all, machine_row, &all, &n, e);
	if (r)
		return r;
	OWN(query)
	struct query of = QUERY(s,
		"SELECT machine, pci, factory, journaled, carries, network, addr, "
		"circuit, remote, card, port, driver, modalias FROM nic "
		"WHERE machine BETWEEN ? AND ? ORDER BY machine, n",
		in_text(from), in_text(to));
	r = list_of(&of, sizeof *nics, nic_row, &nics, &nics_n, e);
	if (r)
		return r;
	for (size_t i = 0, k = 0; i < n; i++)
		while (k < nics_n && strcmp(nics[k].machine, all[i].name) == 0 &&
			all[i].nics < NICS_MAX)
			all[i].nic[all[i].nics++] = nics[k++].nic;
	r = labels_read(s, &labels, from, to, all, n, e);
	if (!r)
		r = machine_hbas_read(s, from, to, all, n, e);
	if (r)
		return r;
	*ret = TAKE(all);
	*ret_n = n;
	return 0;
}

int store_machines(struct store *s, struct machine **ret, size_t *ret_n, struct err *e)
{
	return machines_read(s, "", "~", ret, ret_n, e);
}

int store_machine(struct store *s, const char *name, struct machine *ret, struct err *e)
{
	OWN(list) struct machine *one = NULL;
	size_t n = 0;
	int r = machines_read(s, name, name, &one, &n, e);
	if (!r && !n)
		r = err_say(e, ENOENT,
			"machine %s: no such machine; `baton machine list` shows them", name);
	if (!r)
		*ret = *one;
	return r;
}

/* A name that stands in a path must not leave its folder. */
static bool file_ok(const char *name)
{
	return word_ok(name) && *name != '.' && !strchr(name, '/');
}

static int machine_check(const struct machine *m, struct err *e)
{
	char text[MAC_TEXT];
	int r = name_check("machine", m->name, e);
	if (!r && *m->pool)
		r = name_check("pool", m->pool, e);
	if (!r)
		r = traits_check("machine", m->name, &m->is, e);
	if (r)
		return r;
	if (!name_ok(m->bmc.kind))
		return err_say(e, EINVAL, "machine %s: BMC kind \"%s\": want redfish, ipmi or fake",
			m->name, m->bmc.kind);
	if (!word_ok(m->bmc.host) || !word_ok(m->bmc.user))
		return err_say(e, EINVAL,
			"machine %s: the BMC's host and user are words without blanks", m->name);
	if (*m->bmc.pin && !pin_parse((char[PIN_TEXT]){ "" }, m->bmc.pin))
		return err_say(e, EINVAL,
			"machine %s: BMC pin \"%s\": want sha256: and 64 hex digits", m->name,
			m->bmc.pin);
	if (!file_ok(m->bmc.secret))
		return err_say(e, EINVAL,
			"machine %s: BMC secret \"%s\": want the name of a file in secrets_dir",
			m->name, m->bmc.secret);
	if (!file_ok(m->loader))
		return err_say(e, EINVAL,
			"machine %s: loader \"%s\": want the name of a file in boot_dir", m->name,
			m->loader);
	if (m->nics > NICS_MAX)
		return err_say(e, EINVAL, "machine %s: %u NICs, and %d at most can be kept",
			m->name, m->nics, NICS_MAX);
	for (unsigned i = 0; i < m->nics; i++) {
		const struct nic *nic = &m->nic[i];
		if (!mac_is_unicast(&nic->factory))
			return err_say(e, EINVAL,
				"machine %s: NIC %u: %s is no MAC that a card can have", m->name, i,
				mac_text(text, &nic->factory));
		if (*nic->pci && !pci_ok(nic->pci))
			return err_say(e, EINVAL,
				"machine %s: NIC %u: PCI address \"%s\": want 0000:00:03.0, as "
				"`lspci -D` "
				"shows it",
				m->name, i, nic->pci);
		if (nic->relay_port.remote.len && !nic->relay_port.circuit.len)
			return err_say(e, EINVAL,
				"machine %s: NIC %u: a remote-id names a relay, and no port of it: "
				"want the circuit-id, too",
				m->name, i);
		if (*nic->port && !port_parse(&(struct port_addr){ 0 }, nic->port))
			return err_say(e, EINVAL,
				"machine %s: NIC %u: switch port \"%s\": want KIND://HOST/PORT, as "
				"in "
				"fake://switch-1/7",
				m->name, i, nic->port);
		for (unsigned k = 0; k < i; k++) {
			if (mac_equal(&m->nic[k].factory, &nic->factory))
				return err_say(e, EEXIST, "machine %s: MAC %s is written twice",
					m->name, mac_text(text, &nic->factory));
			if (*nic->pci && strcmp(m->nic[k].pci, nic->pci) == 0)
				return err_say(e, EEXIST,
					"machine %s: PCI address %s is written twice", m->name,
					nic->pci);
		}
	}
	return machine_hbas_check(m, e);
}

int relay_port_free(
	struct store *s, const char *machine, const struct relay_port *port, struct err *e)
{
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT], other[NAME_LEN + 1];
	if (!port->circuit.len)
		return 0;
	OWN(query)
	struct query q = QUERY(s,
		"SELECT machine FROM nic WHERE circuit = ?1 AND machine <> ?3"
		" AND (remote = '' OR ?2 = '' OR remote = ?2) ORDER BY machine LIMIT 1",
		in_text(relay_id_text(circuit, &port->circuit)),
		in_text(relay_id_text(remote, &port->remote)), in_text(machine));
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, other, sizeof other);
	return err_say(e, EEXIST,
		"relay port %s%s%s is that of machine %s, and a port that two share tells nobody; "
		"give both their relay's remote-id, too, where they are behind two",
		circuit, *remote ? " of " : "", remote, other);
}

static int nic_add(
	struct store *s, const char *machine, unsigned n, const struct nic *nic, struct err *e)
{
	const struct relay_port *port = &nic->relay_port;
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT];
	int r = mac_free(s, &nic->factory, e);
	if (!r)
		r = relay_port_free(s, machine, port, e);
	if (!r)
		r = port_free(s, nic->port, e);
	if (!r)
		r = mac_note(s, &nic->factory, machine, e);
	if (!r)
		r = RUN(s, e,
			"INSERT INTO nic (machine, n, pci, factory, journaled, carries, network, "
			"addr, circuit, remote, card, port) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
			in_text(machine), in_int(n), in_text(nic->pci), in_mac(&nic->factory),
			in_int(nic->journaled), in_int(nic->carries), in_name(nic->network),
			in_addr(nic->addr), in_text(relay_id_text(circuit, &port->circuit)),
			in_text(relay_id_text(remote, &port->remote)), in_text(nic->card),
			in_text(nic->port));
	return r;
}

static int machine_write(struct store *s, struct machine *m, struct err *e)
{
	struct seat seat[NICS_MAX];
	for (unsigned i = 0; i < m->nics; i++)
		seat[i] = (struct seat){ .network = m->nic[i].network, .addr = &m->nic[i].addr };
	int r = seats_fill(s, seat, m->nics, e);
	if (!r)
		r = RUN(s, e,
			"INSERT INTO machine VALUES "
			"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'','',0,0,?,?,?)",
			in_text(m->name), in_blob(m->uuid.b, sizeof m->uuid.b),
			in_text(m->bmc.kind), in_text(m->bmc.host), in_int(m->bmc.port),
			in_text(m->bmc.user), in_text(m->bmc.secret), in_int(m->bmc.cipher),
			in_text(m->bmc.quirks), in_text(idle_word(m->idle)), in_text(m->loader),
			in_text(m->pool), in_text(arch_word(m->is.arch)),
			in_text(firmware_word(m->is.firmware)), in_int(m->is.memory_mb),
			in_int(m->is.cpus), in_text(m->bmc.pin), in_text(taking_word(m->taking)),
			in_text(takes_word(m->takes)));
	if (!r)
		r = labels_write(s, &labels, m->name, &m->is, e);
	for (unsigned i = 0; !r && i < m->nics; i++)
		r = nic_add(s, m->name, i, &m->nic[i], e);
	if (!r)
		r = machine_hbas_write(s, m, e);
	return r ? err_in(e, r, "machine %s", m->name) : 0;
}

/* While its cards hold addresses that it took in one way, they are taken off in that way, too. */
int store_taking_set(struct store *s, const char *machine, enum taking t, struct err *e)
{
	return RUN(s, e,
		"UPDATE machine SET taking = ? WHERE name = ?2"
		" AND NOT EXISTS (SELECT 1 FROM binding WHERE machine = ?2)"
		" AND NOT EXISTS (SELECT 1 FROM stale WHERE machine = ?2)",
		in_text(taking_word(t)), in_text(machine));
}

int store_machine_add(struct store *s, struct machine *m, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct machine filled = *m, other;
	int r = machine_check(m, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r && store_machine(s, m->name, &other, NULL) == 0)
		r = err_say(e, EEXIST, "machine %s exists already", m->name);
	if (!r)
		r = machine_write(s, &filled, e);
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*m = filled;
	return r;
}

int store_machine_rm(struct store *s, const char *name, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct machine m;
	struct binding b;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_machine(s, name, &m, e);
	if (!r && store_binding_of(s, name, &b, NULL) == 0)
		r = err_say(e, EBUSY, "machine %s carries persona %s; `baton stop %s` first", name,
			b.persona, b.persona);
	if (!r)
		r = order_free(s, NULL, name, 0, e);
	if (!r)
		r = ports_free_of(s, name, e);
	if (!r)
		r = RUN(s, e, "DELETE FROM machine WHERE name = ?", in_text(name));
	return r ? r : tx_commit(&tx, e);
}

/* ------------------------------------------------------------------ what the shim found */

int store_found_set(struct store *s, const char *machine, const struct traits *found, struct err *e)
{
	int r = traits_check("machine", machine, found, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE machine SET found_arch = coalesce(nullif(?, ''), found_arch),"
			" found_firmware = coalesce(nullif(?, ''), found_firmware),"
			" found_memory_mb = coalesce(nullif(?, 0), found_memory_mb),"
			" found_cpus = coalesce(nullif(?, 0), found_cpus) WHERE name = ?",
			in_text(arch_word(found->arch)), in_text(firmware_word(found->firmware)),
			in_int(found->memory_mb), in_int(found->cpus), in_text(machine));
	return r;
}

static int nic_learn(struct store *s, const struct machine *m, unsigned at, const char *pci,
	const struct mac *factory, struct err *e)
{
	const struct nic *nic = &m->nic[at];
	bool same = mac_equal(&nic->factory, factory);
	int r = 0;
	if (nic->journaled)
		return RUN(s, e, "UPDATE nic SET pci = ? WHERE machine = ? AND n = ?", in_text(pci),
			in_text(m->name), in_int(at));
	if (!same)
		r = mac_free(s, factory, e);
	if (!r && !same)
		r = mac_note(s, factory, m->name, e);
	if (!r)
		r = RUN(s, e,
			"UPDATE nic SET pci = ?, factory = ?, journaled = 1 WHERE machine = ? AND "
			"n = ?",
			in_text(pci), in_mac(factory), in_text(m->name), in_int(at));
	return r;
}

int store_nic_journal(struct store *s, const char *machine, unsigned nic, const char *pci,
	const struct mac *factory, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct machine m;
	char text[MAC_TEXT];
	if (!pci_ok(pci) || !mac_is_unicast(factory))
		return err_say(e, EINVAL, "machine %s: a card at \"%s\" with MAC %s cannot be",
			machine, pci, mac_text(text, factory));
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_machine(s, machine, &m, e);
	if (r)
		return r;
	if (nic > m.nics || nic >= NICS_MAX)
		return err_say(e, EINVAL,
			"machine %s: NIC %u: it has %u, and %d at most can be kept", machine, nic,
			m.nics, NICS_MAX);
	for (unsigned i = 0; i < m.nics; i++)
		if (i != nic && strcmp(m.nic[i].pci, pci) == 0)
			return err_say(e, EEXIST, "machine %s: NIC %u is the card at %s already",
				machine, i, pci);
	if (nic < m.nics) {
		r = nic_learn(s, &m, nic, pci, factory, e);
	} else {
		struct nic found = { .factory = *factory, .journaled = true };
		memcpy(found.pci, pci, strlen(pci) + 1);
		r = nic_add(s, machine, nic, &found, e);
	}
	if (r)
		return err_in(e, r, "machine %s: card at %s", machine, pci);
	return tx_commit(&tx, e);
}

int store_card_set(struct store *s, const char *machine, unsigned nic, const char *card,
	const char *driver, const char *modalias, struct err *e)
{
	return RUN(s, e,
		"UPDATE nic SET card = ?, driver = ?, modalias = ? WHERE machine = ? AND n = ?",
		in_text(card), in_text(driver), in_text(modalias), in_text(machine), in_int(nic));
}
