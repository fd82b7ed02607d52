/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables, and how an older file is brought forward: see schema.h. MACs are stored as lower-case
 * text with ':', whose order is the order of the numbers; enums as the words that the API uses. */
#include "store/schema.h"

#include <errno.h>
#include <stdio.h>

#include "store/store_priv.h"

enum { APPLICATION_ID = 0x4261746e }; /* "Batn", at byte 68 of the file: file(1) can know it */

static const char *const version_1[] = {
	"CREATE TABLE secret ("
	"  name TEXT PRIMARY KEY,"
	"  value BLOB NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE counter ("
	"  name TEXT PRIMARY KEY,"
	"  value INTEGER NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE network ("
	"  name TEXT PRIMARY KEY,"
	"  interface TEXT NOT NULL UNIQUE,"
	"  addr INTEGER NOT NULL,"
	"  prefix INTEGER NOT NULL,"
	"  gateway INTEGER,"
	"  dns INTEGER,"
	"  pool_from INTEGER,"
	"  pool_to INTEGER,"
	"  unknown TEXT NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE pool ("
	"  name TEXT PRIMARY KEY,"
	"  kind TEXT NOT NULL,"
	"  mac_from TEXT,"
	"  mac_to TEXT,"
	"  next INTEGER," /* the first MAC, as a number, that may still be free */
	"  prefix TEXT UNIQUE"
	") WITHOUT ROWID",

	/* Every MAC and IQN that was ever somebody's. No row is ever removed. */
	"CREATE TABLE given ("
	"  value TEXT PRIMARY KEY,"
	"  first_holder TEXT NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE machine ("
	"  name TEXT PRIMARY KEY,"
	"  uuid BLOB NOT NULL,"
	"  bmc_kind TEXT NOT NULL,"
	"  bmc_host TEXT NOT NULL,"
	"  bmc_port INTEGER NOT NULL,"
	"  bmc_user TEXT NOT NULL,"
	"  bmc_secret TEXT NOT NULL," /* a file's name */
	"  bmc_cipher INTEGER NOT NULL,"
	"  bmc_quirks TEXT NOT NULL,"
	"  idle TEXT NOT NULL,"
	"  loader TEXT NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE nic ("
	"  machine TEXT NOT NULL REFERENCES machine ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  pci TEXT NOT NULL,"
	"  factory TEXT NOT NULL UNIQUE,"
	"  journaled INTEGER NOT NULL,"
	"  carries INTEGER NOT NULL,"
	"  network TEXT REFERENCES network,"
	"  addr INTEGER UNIQUE,"
	"  PRIMARY KEY (machine, n)"
	") WITHOUT ROWID",
	"CREATE INDEX nic_network ON nic (network)",

	"CREATE TABLE persona ("
	"  name TEXT PRIMARY KEY,"
	"  iqn TEXT NOT NULL UNIQUE,"
	"  target TEXT NOT NULL,"
	"  san TEXT NOT NULL,"
	"  lun INTEGER NOT NULL,"
	"  chap_user TEXT NOT NULL,"
	"  chap_secret TEXT NOT NULL,"
	"  generation INTEGER NOT NULL"
	") WITHOUT ROWID",

	"CREATE TABLE persona_nic ("
	"  persona TEXT NOT NULL REFERENCES persona ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  mac TEXT NOT NULL UNIQUE,"
	"  network TEXT REFERENCES network,"
	"  addr INTEGER UNIQUE,"
	"  PRIMARY KEY (persona, n)"
	") WITHOUT ROWID",
	"CREATE INDEX persona_nic_network ON persona_nic (network)",

	"CREATE TABLE path ("
	"  persona TEXT NOT NULL REFERENCES persona ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  addr INTEGER NOT NULL,"
	"  port INTEGER NOT NULL,"
	"  PRIMARY KEY (persona, n)"
	") WITHOUT ROWID",

	/* One body for a persona, one persona for a body: both are keys. */
	"CREATE TABLE binding ("
	"  persona TEXT PRIMARY KEY REFERENCES persona,"
	"  machine TEXT NOT NULL UNIQUE REFERENCES machine,"
	"  generation INTEGER NOT NULL UNIQUE,"
	"  phase TEXT NOT NULL"
	") WITHOUT ROWID",

	/* Names without references: the history outlives what it speaks of. */
	"CREATE TABLE orders ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  verb TEXT NOT NULL,"
	"  persona TEXT NOT NULL,"
	"  from_machine TEXT NOT NULL,"
	"  to_machine TEXT NOT NULL,"
	"  state TEXT NOT NULL,"
	"  step INTEGER NOT NULL,"
	"  tries INTEGER NOT NULL,"
	"  why TEXT NOT NULL,"
	"  begun_s REAL NOT NULL,"
	"  ended_s REAL NOT NULL,"
	"  undoes INTEGER NOT NULL"
	")",
	"CREATE INDEX orders_open ON orders (id) WHERE state <> 'done'",

	"CREATE TABLE order_step ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  order_id INTEGER NOT NULL REFERENCES orders,"
	"  step INTEGER NOT NULL,"
	"  tries INTEGER NOT NULL,"
	"  begun_s REAL NOT NULL,"
	"  ended_s REAL NOT NULL,"
	"  why TEXT NOT NULL"
	")",
	"CREATE INDEX order_step_order ON order_step (order_id, id)",

	"CREATE TABLE event ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  order_id INTEGER NOT NULL,"
	"  at_s REAL NOT NULL,"
	"  level INTEGER NOT NULL,"
	"  word TEXT NOT NULL,"
	"  machine TEXT NOT NULL,"
	"  persona TEXT NOT NULL,"
	"  text TEXT NOT NULL"
	")",
	"CREATE INDEX event_order ON event (order_id, id) WHERE order_id <> 0",
	NULL,
};

/* Networks that relays reach have no interface, those on one wire share one; what an OS is told of
 * its persona. A table with other columns is made anew: SQLite drops no constraint. */
static const char *const version_2[] = {
	"CREATE TABLE network_2 ("
	"  name TEXT PRIMARY KEY,"
	"  interface TEXT,"
	"  addr INTEGER NOT NULL,"
	"  prefix INTEGER NOT NULL,"
	"  gateway INTEGER,"
	"  dns INTEGER,"
	"  pool_from INTEGER,"
	"  pool_to INTEGER,"
	"  unknown TEXT NOT NULL,"
	"  mode TEXT NOT NULL,"
	"  link TEXT REFERENCES network"
	") WITHOUT ROWID",
	"INSERT INTO network_2 SELECT name, interface, addr, prefix, gateway, dns, pool_from, "
	"pool_to,"
	"  unknown, 'serve', NULL FROM network",
	"DROP TABLE network",
	"ALTER TABLE network_2 RENAME TO network",

	"CREATE TABLE network_relay ("
	"  network TEXT NOT NULL REFERENCES network ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  addr INTEGER NOT NULL UNIQUE,"
	"  PRIMARY KEY (network, n)"
	") WITHOUT ROWID",

	"ALTER TABLE persona ADD COLUMN domain TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE persona_nic ADD COLUMN mtu INTEGER NOT NULL DEFAULT 0",

	"CREATE TABLE persona_server ("
	"  persona TEXT NOT NULL REFERENCES persona ON DELETE CASCADE,"
	"  kind TEXT NOT NULL," /* what DHCP calls it: dns, ntp */
	"  n INTEGER NOT NULL,"
	"  addr INTEGER NOT NULL,"
	"  PRIMARY KEY (persona, kind, n)"
	") WITHOUT ROWID",

	"CREATE TABLE persona_route ("
	"  persona TEXT NOT NULL,"
	"  nic INTEGER NOT NULL,"
	"  n INTEGER NOT NULL,"
	"  to_addr INTEGER NOT NULL,"
	"  prefix INTEGER NOT NULL,"
	"  via INTEGER NOT NULL,"
	"  PRIMARY KEY (persona, nic, n),"
	"  FOREIGN KEY (persona, nic) REFERENCES persona_nic (persona, n) ON DELETE CASCADE"
	") WITHOUT ROWID",
	NULL,
};

/* Secrets are sealed; one secret for each generation; who is fenced, what proves it, and which
 * machines were left behind. Bindings of before had no fence to wait for, and count as awake. */
static const char *const version_3[] = {
	"ALTER TABLE persona ADD COLUMN mutual INTEGER NOT NULL DEFAULT 0",

	"ALTER TABLE binding ADD COLUMN fenced INTEGER NOT NULL DEFAULT 0",
	"UPDATE binding SET fenced = 1",
	"ALTER TABLE binding ADD COLUMN awake_after INTEGER", /* a proof's id; NULL: never woken */
	"UPDATE binding SET awake_after = 0",

	"CREATE TABLE chap ("
	"  persona TEXT PRIMARY KEY REFERENCES persona ON DELETE CASCADE,"
	"  generation INTEGER NOT NULL UNIQUE,"
	"  user TEXT NOT NULL,"
	"  secret BLOB NOT NULL,"
	"  mutual_user TEXT NOT NULL,"
	"  mutual_secret BLOB NOT NULL"
	") WITHOUT ROWID",

	/* Names without references, and no row is ever removed: it says why a change was right. */
	"CREATE TABLE proof ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  order_id INTEGER NOT NULL,"
	"  persona TEXT NOT NULL,"
	"  machine TEXT NOT NULL,"
	"  generation INTEGER NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  at_s REAL NOT NULL,"
	"  seen TEXT NOT NULL"
	")",
	"CREATE INDEX proof_generation ON proof (generation, id)",

	"CREATE TABLE stale ("
	"  machine TEXT PRIMARY KEY REFERENCES machine ON DELETE CASCADE,"
	"  persona TEXT NOT NULL REFERENCES persona,"
	"  generation INTEGER NOT NULL,"
	"  since_s REAL NOT NULL"
	") WITHOUT ROWID",
	"CREATE INDEX stale_persona ON stale (persona)",

	/* Orders stand at a number, and each verb has got more steps: the fences, and a second
	   look. */
	"UPDATE orders SET step = step + (step >= 3) + (step >= 6) WHERE verb = 'start'",
	"UPDATE orders SET step = step + (step >= 2) WHERE verb = 'stop'",
	"UPDATE orders SET step = step + (step >= 3) + (step >= 11) + (step >= 14) WHERE verb = "
	"'move'",
	"UPDATE order_step SET step = step + (step >= 3) + (step >= 6)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'start')",
	"UPDATE order_step SET step = step + (step >= 2)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'stop')",
	"UPDATE order_step SET step = step + (step >= 3) + (step >= 11) + (step >= 14)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'move')",
	NULL,
};

/* What machines are and personas want, so that one can be chosen for the other. What the shim found
 * stands beside what the operator wrote, and counts where he wrote nothing. */
static const char *const version_4[] = {
	"ALTER TABLE machine ADD COLUMN pool TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE machine ADD COLUMN arch TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE machine ADD COLUMN firmware TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE machine ADD COLUMN memory_mb INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE machine ADD COLUMN cpus INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE machine ADD COLUMN found_arch TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE machine ADD COLUMN found_firmware TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE machine ADD COLUMN found_memory_mb INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE machine ADD COLUMN found_cpus INTEGER NOT NULL DEFAULT 0",
	"CREATE TABLE machine_label ("
	"  machine TEXT NOT NULL REFERENCES machine ON DELETE CASCADE,"
	"  key TEXT NOT NULL,"
	"  value TEXT NOT NULL,"
	"  PRIMARY KEY (machine, key)"
	") WITHOUT ROWID",

	"ALTER TABLE persona ADD COLUMN wants_arch TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE persona ADD COLUMN wants_firmware TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE persona ADD COLUMN wants_memory_mb INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE persona ADD COLUMN wants_cpus INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE persona ADD COLUMN apart TEXT NOT NULL DEFAULT ''",
	"CREATE TABLE persona_label ("
	"  persona TEXT NOT NULL REFERENCES persona ON DELETE CASCADE,"
	"  key TEXT NOT NULL,"
	"  value TEXT NOT NULL,"
	"  PRIMARY KEY (persona, key)"
	") WITHOUT ROWID",

	/* Why the machine of an order was chosen, as JSON: for people, no decision reads it. */
	"CREATE TABLE order_choice ("
	"  order_id INTEGER PRIMARY KEY REFERENCES orders,"
	"  text TEXT NOT NULL"
	")",
	NULL,
};

/* Orders that Baton gives by itself say why. */
static const char *const version_5[] = {
	"ALTER TABLE orders ADD COLUMN stays INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE orders ADD COLUMN cause TEXT NOT NULL DEFAULT ''",
	"CREATE INDEX orders_undoes ON orders (undoes)",
	NULL,
};

/* What Baton does by itself about a persona that fails; without a row: it reports. */
static const char *const version_6[] = {
	"CREATE TABLE policy ("
	"  persona TEXT PRIMARY KEY REFERENCES persona ON DELETE CASCADE,"
	"  on_failure TEXT NOT NULL,"
	"  on_power_off TEXT NOT NULL,"
	"  spares TEXT NOT NULL,"
	"  check_text TEXT NOT NULL"
	") WITHOUT ROWID",
	NULL,
};

/* Where a NIC's questions come in, as its relay says it. */
static const char *const version_7[] = {
	"ALTER TABLE nic ADD COLUMN circuit TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nic ADD COLUMN remote TEXT NOT NULL DEFAULT ''",
	"CREATE INDEX nic_circuit ON nic (circuit)",
	NULL,
};

/* What cards are, for the pre-flight; batches, what each has to do, and what they empty. */
static const char *const version_8[] = {
	"ALTER TABLE nic ADD COLUMN card TEXT NOT NULL DEFAULT ''",

	"CREATE TABLE batch ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  what TEXT NOT NULL," /* for people: "evacuate rack r1" */
	"  who INTEGER NOT NULL,"
	"  parallel INTEGER NOT NULL,"
	"  keep_going INTEGER NOT NULL,"
	"  cancelled INTEGER NOT NULL,"
	"  state TEXT NOT NULL,"
	"  begun_s REAL NOT NULL,"
	"  ended_s REAL NOT NULL"
	")",
	"CREATE INDEX batch_open ON batch (id) WHERE ended_s = 0",

	/* Names without references, as in orders. */
	"CREATE TABLE wish ("
	"  batch INTEGER NOT NULL REFERENCES batch,"
	"  n INTEGER NOT NULL,"
	"  verb TEXT NOT NULL,"
	"  persona TEXT NOT NULL,"
	"  machine TEXT NOT NULL,"
	"  pool TEXT NOT NULL,"
	"  state TEXT NOT NULL,"
	"  order_id INTEGER NOT NULL,"
	"  why TEXT NOT NULL,"
	"  PRIMARY KEY (batch, n)"
	") WITHOUT ROWID",

	/* Machines that a batch empties. */
	"CREATE TABLE batch_leaves ("
	"  batch INTEGER NOT NULL REFERENCES batch,"
	"  machine TEXT NOT NULL,"
	"  PRIMARY KEY (batch, machine)"
	") WITHOUT ROWID",
	NULL,
};

/* Which switch port a NIC is plugged into, and the ports that Baton has told to be other than open:
 * written down before the switch is told. */
static const char *const version_9[] = {
	"ALTER TABLE nic ADD COLUMN port TEXT NOT NULL DEFAULT ''",
	"CREATE UNIQUE INDEX nic_port ON nic (port) WHERE port <> ''",
	"CREATE TABLE port_held ("
	"  port TEXT PRIMARY KEY,"
	"  machine TEXT NOT NULL REFERENCES machine,"
	"  state TEXT NOT NULL,"
	"  read_back INTEGER NOT NULL,"
	"  order_id INTEGER NOT NULL,"
	"  since_s REAL NOT NULL"
	") WITHOUT ROWID",
	NULL,
};

/* Which networks are isolated, and what was rehearsed by which order. No reference to what is
 * rehearsed: the history outlives it. */
static const char *const version_10[] = {
	"ALTER TABLE network ADD COLUMN isolated INTEGER NOT NULL DEFAULT 0",
	"CREATE TABLE drill ("
	"  order_id INTEGER PRIMARY KEY REFERENCES orders,"
	"  of TEXT NOT NULL,"
	"  network TEXT NOT NULL"
	")",
	NULL,
};

/* What drives each card, as the shim found it. */
static const char *const version_11[] = {
	"ALTER TABLE nic ADD COLUMN driver TEXT NOT NULL DEFAULT ''",
	"ALTER TABLE nic ADD COLUMN modalias TEXT NOT NULL DEFAULT ''",
	NULL,
};

/* The certificate that a BMC is known by. */
static const char *const version_12[] = {
	"ALTER TABLE machine ADD COLUMN bmc_pin TEXT NOT NULL DEFAULT ''",
	NULL,
};

/* How a machine took what it carries; and each verb has got steps for it: before a start, before
 * the way back, and a wait for the first question. */
static const char *const version_13[] = {
	"ALTER TABLE machine ADD COLUMN taking TEXT NOT NULL DEFAULT 'shim'",
	"UPDATE orders SET step = step + (step >= 4) + (step >= 7) WHERE verb = 'start'",
	"UPDATE order_step SET step = step + (step >= 4) + (step >= 7)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'start')",
	"UPDATE orders SET step = step + (step >= 4) WHERE verb = 'stop'",
	"UPDATE order_step SET step = step + (step >= 4)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'stop')",
	"UPDATE orders SET step = step + (step >= 5) + (step >= 13) + (step >= 16) WHERE verb = "
	"'move'",
	"UPDATE order_step SET step = step + (step >= 5) + (step >= 13) + (step >= 16)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'move')",
	"UPDATE orders SET step = step + (step >= 7) + (step >= 10) WHERE verb = 'failover'",
	"UPDATE order_step SET step = step + (step >= 7) + (step >= 10)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'failover')",
	"UPDATE orders SET step = step + (step >= 2) WHERE verb = 'restart'",
	"UPDATE order_step SET step = step + (step >= 2)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'restart')",
	"UPDATE orders SET step = step + (step >= 2) WHERE verb = 'restore'",
	"UPDATE order_step SET step = step + (step >= 2)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'restore')",
	"UPDATE orders SET step = step + (step >= 3) WHERE verb = 'restore-isolated'",
	"UPDATE order_step SET step = step + (step >= 3)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'restore-isolated')",
	"UPDATE orders SET step = step + (step >= 5) + (step >= 8) + (step >= 14) WHERE verb = "
	"'drill'",
	"UPDATE order_step SET step = step + (step >= 5) + (step >= 8) + (step >= 14)"
	"  WHERE order_id IN (SELECT id FROM orders WHERE verb = 'drill')",
	NULL,
};

/* How a machine shall take what it carries: core/model.h. */
static const char *const version_14[] = {
	"ALTER TABLE machine ADD COLUMN takes TEXT NOT NULL DEFAULT 'shim'",
	NULL,
};

/* Fibre Channel: the HBAs of machines, what personas make of them, and what those boot from. A WWN
 * is text as a MAC is; a node's is not unique, since its ports share it. */
static const char *const version_15[] = {
	"CREATE TABLE hba ("
	"  machine TEXT NOT NULL REFERENCES machine ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  pci TEXT NOT NULL,"
	"  wwpn TEXT NOT NULL UNIQUE,"
	"  wwnn TEXT NOT NULL,"
	"  journaled INTEGER NOT NULL,"
	"  carries INTEGER NOT NULL,"
	"  port TEXT NOT NULL,"
	"  card TEXT NOT NULL DEFAULT '',"
	"  driver TEXT NOT NULL DEFAULT '',"
	"  modalias TEXT NOT NULL DEFAULT '',"
	"  PRIMARY KEY (machine, n)"
	") WITHOUT ROWID",
	"CREATE UNIQUE INDEX hba_port ON hba (port) WHERE port <> ''",
	"CREATE INDEX hba_wwnn ON hba (wwnn)",

	"CREATE TABLE persona_hba ("
	"  persona TEXT NOT NULL REFERENCES persona ON DELETE CASCADE,"
	"  n INTEGER NOT NULL,"
	"  wwpn TEXT NOT NULL UNIQUE,"
	"  wwnn TEXT NOT NULL,"
	"  PRIMARY KEY (persona, n)"
	") WITHOUT ROWID",
	"CREATE INDEX persona_hba_wwnn ON persona_hba (wwnn)",

	"CREATE TABLE fc_target ("
	"  persona TEXT NOT NULL,"
	"  hba INTEGER NOT NULL,"
	"  n INTEGER NOT NULL,"
	"  wwpn TEXT NOT NULL,"
	"  lun INTEGER NOT NULL,"
	"  PRIMARY KEY (persona, hba, n),"
	"  FOREIGN KEY (persona, hba) REFERENCES persona_hba (persona, n) ON DELETE CASCADE"
	") WITHOUT ROWID",
	NULL,
};

const struct migration schema[] = {
	{ .sql = version_1 },
	{ .sql = version_2 },
	{ .sql = version_3, .then = clear_text_seal },
	{ .sql = version_4 },
	{ .sql = version_5 },
	{ .sql = version_6 },
	{ .sql = version_7 },
	{ .sql = version_8 },
	{ .sql = version_9 },
	{ .sql = version_10 },
	{ .sql = version_11 },
	{ .sql = version_12 },
	{ .sql = version_13 },
	{ .sql = version_14 },
	{ .sql = version_15 },
};
const unsigned schema_version = COUNT(schema);

static int pragma_read(struct store *s, const char *sql, int64_t *ret, struct err *e)
{
	OWN(query) struct query q = QUERY(s, sql);
	int r = query_next(&q, e);
	if (r > 0)
		*ret = col_int(&q, INT64_MIN, INT64_MAX);
	return r < 0 ? r : 0;
}

static int pragma_write(struct store *s, const char *name, unsigned value, struct err *e)
{
	char sql[64];
	snprintf(sql, sizeof sql, "PRAGMA %s = %u", name, value);
	return RUN(s, e, sql);
}

/* A migration may move rows with foreign keys off; what it leaves must hold together. */
static int references_check(struct store *s, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "PRAGMA foreign_key_check");
	char table[64];
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, table, sizeof table);
	return err_say(e, EBADMSG,
		"store %s: a row of table %s refers to one that is not there; restore a backup",
		s->path, table);
}

static int bring_one(struct store *s, const struct migration *m, struct err *e)
{
	int r = 0;
	for (const char *const *sql = m->sql; !r && *sql; sql++)
		r = run_of(s, e, *sql, NULL, 0);
	return !r && m->then ? m->then(s, e) : r;
}

int schema_bring(struct store *s, const struct migration *m, unsigned want, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	int64_t version = 0, tables = 0, application = 0;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = pragma_read(s, "PRAGMA user_version", &version, e);
	if (!r)
		r = pragma_read(s, "PRAGMA application_id", &application, e);
	if (!r)
		r = pragma_read(s, "SELECT count(*) FROM sqlite_schema", &tables, e);
	if (r)
		return r;
	if (application != APPLICATION_ID && (tables || version || application))
		return err_say(e, EBADMSG,
			"store %s: a database of another program; name another state_dir", s->path);
	if (version < 0 || version > want)
		return err_say(e, EPROTONOSUPPORT,
			"store %s: its schema version is %lld and this Baton knows up to %u; run "
			"the "
			"newer Baton",
			s->path, (long long)version, want);
	if (version == want)
		return 0;
	for (unsigned at = (unsigned)version; at < want; at++)
		if ((r = bring_one(s, &m[at], e)) < 0)
			return r;
	r = references_check(s, e);
	if (!r)
		r = pragma_write(s, "application_id", APPLICATION_ID, e);
	if (!r)
		r = pragma_write(s, "user_version", want, e);
	return r ? r : tx_commit(&tx, e);
}
