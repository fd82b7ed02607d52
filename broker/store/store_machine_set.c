/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person changes of a machine that is there. */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

static bool name_or_none(const char *name)
{
	return !*name || name_ok(name);
}

static int change_check(const char *name, const struct machine_change *c, struct err *e)
{
	const struct machine *to = &c->to;
	if (c->parts & PART_POOL && !name_or_none(to->pool))
		return name_check("pool", to->pool, e);
	if (c->parts & PART_LOADER &&
		(!word_ok(to->loader) || *to->loader == '.' || strchr(to->loader, '/')))
		return err_say(e, EINVAL,
			"machine %s: loader \"%s\": want the name of a file in boot_dir", name,
			to->loader);
	for (unsigned i = 0; i < to->nics; i++)
		if (c->nic_parts[i] & NIC_PORT && *to->nic[i].port &&
			!port_parse(&(struct port_addr){ 0 }, to->nic[i].port))
			return err_say(e, EINVAL,
				"machine %s: switch port \"%s\": want KIND://HOST/PORT, as in "
				"fake://switch-1/7",
				name, to->nic[i].port);
	for (unsigned i = 0; i < to->hbas; i++)
		if (*to->hba[i].port && !port_parse(&(struct port_addr){ 0 }, to->hba[i].port))
			return err_say(e, EINVAL,
				"machine %s: switch port \"%s\": want KIND://HOST/PORT, as in "
				"fake://switch-1/7",
				name, to->hba[i].port);
	return traits_check("machine", name, &to->is, e);
}

/* By its UUID and its relay ports a body that has lost a persona is told from the one that has it.
 */
static int sign_may_change(struct store *s, const char *name, const char *sign, struct err *e)
{
	struct binding b;
	int r = store_binding_of(s, name, &b, NULL);
	if (r == 0)
		return err_say(e, EBUSY,
			"machine %s carries persona %s: its %s tells it from others that had "
			"that one; `baton stop %s` first",
			name, b.persona, sign, b.persona);
	if (r != -ENOENT)
		return store_binding_of(s, name, &b, e);
	r = stale_free(s, name, "", e);
	return r ? r : order_free(s, NULL, name, 0, e);
}

static int columns_set(
	struct store *s, const char *name, const struct machine_change *c, struct err *e)
{
	const struct machine *to = &c->to;
	const struct {
		unsigned part;
		const char *sql;
		struct arg value;
	} column[] = {
		{ PART_POOL, "UPDATE machine SET pool = ? WHERE name = ?", in_text(to->pool) },
		{ PART_UUID, "UPDATE machine SET uuid = ? WHERE name = ?",
			in_blob(to->uuid.b, sizeof to->uuid.b) },
		{ PART_IDLE, "UPDATE machine SET idle = ? WHERE name = ?",
			in_text(idle_word(to->idle)) },
		{ PART_TAKES, "UPDATE machine SET takes = ? WHERE name = ?",
			in_text(takes_word(to->takes)) },
		{ PART_LOADER, "UPDATE machine SET loader = ? WHERE name = ?",
			in_text(to->loader) },
		{ PART_ARCH, "UPDATE machine SET arch = ? WHERE name = ?",
			in_text(arch_word(to->is.arch)) },
		{ PART_FIRMWARE, "UPDATE machine SET firmware = ? WHERE name = ?",
			in_text(firmware_word(to->is.firmware)) },
		{ PART_MEMORY, "UPDATE machine SET memory_mb = ? WHERE name = ?",
			in_int(to->is.memory_mb) },
		{ PART_CPUS, "UPDATE machine SET cpus = ? WHERE name = ?", in_int(to->is.cpus) },
		{ PART_PIN, "UPDATE machine SET bmc_pin = ? WHERE name = ?", in_text(to->bmc.pin) },
	};
	int r = 0;
	for (size_t i = 0; !r && i < COUNT(column); i++)
		if (c->parts & column[i].part)
			r = RUN(s, e, column[i].sql, column[i].value, in_text(name));
	return r;
}

static int labels_set(
	struct store *s, const struct machine *m, const struct machine_change *c, struct err *e)
{
	unsigned before = m->is.labels;
	struct machine now;
	int r = 0;
	for (unsigned i = 0; !r && i < c->unlabels; i++) {
		if (!traits_label(&m->is, c->unlabel[i]))
			return err_say(e, ENOENT, "machine %s has no label \"%s\"", m->name,
				c->unlabel[i]);
		r = RUN(s, e, "DELETE FROM machine_label WHERE machine = ? AND key = ?",
			in_text(m->name), in_text(c->unlabel[i]));
		before--;
	}
	if (!r)
		r = store_machine(s, m->name, &now, e);
	for (unsigned i = 0; !r && i < c->to.is.labels; i++) {
		const struct label *l = &c->to.is.label[i];
		before += !traits_label(&now.is, l->key);
		r = RUN(s, e,
			"INSERT INTO machine_label VALUES (?,?,?) ON CONFLICT DO UPDATE SET value "
			"= "
			"excluded.value",
			in_text(m->name), in_text(l->key), in_text(l->value));
	}
	if (!r && before > LABELS_MAX)
		r = err_say(e, EINVAL, "machine %s: %u labels, and %d at most can be kept", m->name,
			before, LABELS_MAX);
	return r;
}

/* May the port that was take this one's place? A port that is shut is not forgotten for another
 * one: it would stay shut. To forget it is what "" says. */
static int port_change(
	struct store *s, const char *name, const char *was, const char *port, struct err *e)
{
	OWN(list) struct port_held *held = NULL;
	size_t n = 0;
	int r = store_ports_held(s, name, &held, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		if (strcmp(held[i].port, was) != 0)
			continue;
		r = *port ? ports_free_of(s, name, e)
			  : RUN(s, e, "DELETE FROM port_held WHERE port = ?", in_text(was));
	}
	return r ? r : port_free(s, port, e);
}

static int port_set(
	struct store *s, const char *name, const struct nic *was, const char *port, struct err *e)
{
	if (strcmp(was->port, port) == 0)
		return 0;
	int r = port_change(s, name, was->port, port, e);
	return r ? r
		 : RUN(s, e, "UPDATE nic SET port = ? WHERE machine = ? AND factory = ?",
			   in_text(port), in_text(name), in_mac(&was->factory));
}

/* What is not named stays: *was is then as it is now. */
static int relay_port_set(struct store *s, const char *name, struct nic *was, unsigned parts,
	const struct relay_port *to, struct err *e)
{
	struct relay_port *port = &was->relay_port;
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT], mac[MAC_TEXT];
	if (parts & NIC_CIRCUIT)
		port->circuit = to->circuit;
	if (parts & NIC_REMOTE)
		port->remote = to->remote;
	if (port->remote.len && !port->circuit.len)
		return err_say(e, EINVAL,
			"machine %s: NIC %s: a remote-id names a relay, and no port of it: want "
			"the circuit-id, too, or neither",
			name, mac_text(mac, &was->factory));
	int r = sign_may_change(s, name, "relay port", e);
	if (!r)
		r = relay_port_free(s, name, port, e);
	return r ? r
		 : RUN(s, e,
			   "UPDATE nic SET circuit = ?, remote = ? WHERE machine = ? AND factory = "
			   "?",
			   in_text(relay_id_text(circuit, &port->circuit)),
			   in_text(relay_id_text(remote, &port->remote)), in_text(name),
			   in_mac(&was->factory));
}

static int nics_set(
	struct store *s, struct machine *m, const struct machine_change *c, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; !r && i < c->to.nics; i++) {
		const struct nic *to = &c->to.nic[i];
		unsigned parts = c->nic_parts[i];
		char text[MAC_TEXT];
		unsigned at = 0;
		while (at < m->nics && !mac_equal(&m->nic[at].factory, &to->factory))
			at++;
		if (at == m->nics)
			return err_say(e, ENOENT, "machine %s has no NIC with the factory MAC %s",
				m->name, mac_text(text, &to->factory));
		if (parts & NIC_PORT)
			r = port_set(s, m->name, &m->nic[at], to->port, e);
		if (!r && parts & (NIC_CIRCUIT | NIC_REMOTE))
			r = relay_port_set(s, m->name, &m->nic[at], parts, &to->relay_port, e);
	}
	return r;
}

static int hbas_set(
	struct store *s, const struct machine *m, const struct machine_change *c, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; !r && i < c->to.hbas; i++) {
		const struct hba *to = &c->to.hba[i];
		char text[WWN_TEXT];
		unsigned at = 0;
		while (at < m->hbas && !wwn_equal(&m->hba[at].wwpn, &to->wwpn))
			at++;
		if (at == m->hbas)
			return err_say(e, ENOENT, "machine %s has no HBA with the factory WWPN %s",
				m->name, wwn_text(text, &to->wwpn));
		if (strcmp(m->hba[at].port, to->port) == 0)
			continue;
		r = port_change(s, m->name, m->hba[at].port, to->port, e);
		if (!r)
			r = RUN(s, e, "UPDATE hba SET port = ? WHERE machine = ? AND wwpn = ?",
				in_text(to->port), in_text(m->name), in_wwn(&to->wwpn));
	}
	return r;
}

int store_machine_set(
	struct store *s, const char *name, const struct machine_change *c, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct machine m;
	int r = change_check(name, c, e);
	if (!r)
		r = tx_begin(&tx, s, e);
	if (!r)
		r = store_machine(s, name, &m, e);
	if (!r && c->parts & PART_UUID)
		r = sign_may_change(s, name, "UUID", e);
	if (!r)
		r = columns_set(s, name, c, e);
	if (!r)
		r = labels_set(s, &m, c, e);
	if (!r)
		r = nics_set(s, &m, c, e);
	if (!r)
		r = hbas_set(s, &m, c, e);
	return r ? r : tx_commit(&tx, e);
}
