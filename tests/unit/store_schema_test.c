/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's file: how safe it is set, how an older one comes forward, which ones are refused.
 * Looks behind store.h, since none of that is to be seen from before it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "tests/unit/tap.h"

static const uint8_t fixed_key[32] = "the key of the tests: no secret";
static struct err e;

/* SQLite finds these before libc's, so that its syncs can be counted. */
static unsigned syncs;

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

static int64_t number(struct store *s, const char *sql)
{
	OWN(query) struct query q = QUERY(s, sql);
	return query_next(&q, NULL) > 0 ? col_int(&q, INT64_MIN, INT64_MAX) : -1;
}

static void file_path(char to[64])
{
	snprintf(to, 64, "/tmp/baton-schema-%d.db", getpid());
}

static void file_rm(const char *path)
{
	char beside[80];
	unlink(path);
	snprintf(beside, sizeof beside, "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-shm", path);
	unlink(beside);
}

static void the_file_is_set_as_promised(void)
{
	char path[64], mode[16] = "";
	struct event_row ev = { .word = "started" };
	file_path(path);
	OWN(store) struct store *s = NULL;
	CHECK_INT(store_open(&s, path, fixed_key, &e), 0);
	OWN(query) struct query q = QUERY(s, "PRAGMA journal_mode");
	CHECK_INT(query_next(&q, &e), 1);
	col_text(&q, mode, sizeof mode);
	CHECK_TEXT(mode, "wal");
	CHECK_INT(query_next(&q, &e), 0);
	CHECK_INT(number(s, "PRAGMA synchronous"), 2);
	CHECK_INT(number(s, "PRAGMA foreign_keys"), 1);
	CHECK_INT(number(s, "PRAGMA busy_timeout"), 2000);
	CHECK_INT(store_event_add(s, &ev, &e), 0);
	CHECK_INT(number(s, "PRAGMA synchronous"), 2); /* and again after an event */
	CHECK_INT(RUN(s, &e, "INSERT INTO binding VALUES ('no', 'body', 1, 'identity', 0, NULL)"),
		-EEXIST);
	CHECK(strstr(e.text, "FOREIGN KEY") != NULL);
	file_rm(path);
}

static unsigned syncs_of(int r)
{
	unsigned n = syncs;
	CHECK_INT(r, 0);
	syncs = 0;
	return n;
}

static void every_change_waits_for_the_disk_and_no_event_does(void)
{
	char path[64];
	struct event_row ev = { .word = "started" };
	struct network n = { .name = "n", .interface = "eth0", .addr = 0x0a000001, .prefix = 24 };
	uint64_t v;
	file_path(path);
	OWN(store) struct store *s = NULL;
	CHECK(syncs_of(store_open(&s, path, fixed_key, &e)) > 0);
	CHECK(syncs_of(store_next(s, "x", &v, &e)) > 0);
	for (int i = 0; i < 20; i++) {
		CHECK_INT(syncs_of(store_next(s, "x", &v, &e)), 1);
		CHECK_INT(syncs_of(store_event_add(s, &ev, &e)), 0);
	}
	CHECK_INT(syncs_of(store_begin(s, &e)), 0);
	CHECK_INT(syncs_of(store_network_add(s, &n, &e)), 0);
	CHECK_INT(syncs_of(store_event_add(s, &ev, &e)), 0);
	CHECK_INT(syncs_of(store_commit(s, &e)), 1); /* all of it at once */
	file_rm(path);
}

static void nothing_of_a_broken_transaction_is_committed_alone(void)
{
	OWN(store) struct store *s = NULL;
	uint64_t v = 0;
	CHECK_INT(store_open(&s, "", fixed_key, &e), 0);
	CHECK_INT(store_begin(s, &e), 0);
	CHECK_INT(store_next(s, "x", &v, &e), 0);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL); /* as SQLite does on a full disk */
	CHECK_INT(store_next(s, "x", &v, &e), -EIO);
	CHECK_TEXT(e.text, "store in memory: the transaction has failed, nothing was changed");
	CHECK_INT(store_begin(s, &e), -EIO);
	CHECK_INT(store_commit(s, &e), -EIO);
	CHECK_INT(store_next(s, "x", &v, &e), 0); /* it is over: the next one works */
	CHECK_INT(v, 1);
}

static const char *const made[] = {
	"CREATE TABLE thing (name TEXT PRIMARY KEY)",
	"INSERT INTO thing VALUES ('old')",
	NULL,
};
static const char *const widened[] = {
	"ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7",
	"CREATE TABLE part (of TEXT NOT NULL REFERENCES thing)",
	NULL,
};
static const char *const filled[] = { "INSERT INTO part SELECT name FROM thing", NULL };
static const char *const broken[] = {
	"INSERT INTO thing VALUES ('half', 1)",
	"INSERT INTO nowhere VALUES (1)",
	NULL,
};
static const char *const dangling[] = { "INSERT INTO part VALUES ('nothing')", NULL };

/* A store whose schema is this test's own, at no version yet. */
static struct store *bare(const char *path)
{
	struct store *s = calloc(1, sizeof *s);
	if (!s || sqlite3_open(*path ? path : ":memory:", &s->db))
		abort();
	snprintf(s->path, sizeof s->path, "test.db");
	return s;
}

static void an_older_schema_comes_forward_step_by_step(void)
{
	static const struct migration steps[] = { { .sql = made }, { .sql = widened },
		{ .sql = filled } };
	OWN(store) struct store *s = bare("");
	CHECK_INT(schema_bring(s, steps, 1, &e), 0);
	CHECK_INT(number(s, "PRAGMA user_version"), 1);
	CHECK_INT(RUN(s, &e, "INSERT INTO thing VALUES ('kept')"), 0);
	CHECK_INT(schema_bring(s, steps, 3, &e), 0);
	CHECK_INT(number(s, "PRAGMA user_version"), 3);
	CHECK_INT(number(s, "SELECT size FROM thing WHERE name = 'kept'"), 7);
	CHECK_INT(number(s, "SELECT count(*) FROM part"), 2);
	CHECK_INT(schema_bring(s, steps, 3, &e), 0); /* again: nothing is run twice */
	CHECK_INT(number(s, "SELECT count(*) FROM part"), 2);
}

static void a_migration_that_fails_leaves_the_old_version(void)
{
	static const struct migration wrong[] = { { .sql = made }, { .sql = widened },
		{ .sql = broken } };
	static const struct migration loose[] = { { .sql = made }, { .sql = widened },
		{ .sql = dangling } };
	OWN(store) struct store *s = bare("");
	CHECK_INT(schema_bring(s, wrong, 1, &e), 0);
	CHECK_INT(schema_bring(s, wrong, 3, &e), -EIO);
	CHECK_TEXT(e.text, "store test.db: no such table: nowhere");
	CHECK_INT(number(s, "PRAGMA user_version"), 1);
	CHECK_INT(number(s, "SELECT count(*) FROM thing"), 1);
	CHECK_INT(number(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'part'"), 0);
	CHECK_INT(schema_bring(s, loose, 3, &e), -EBADMSG);
	CHECK_TEXT(e.text, "store test.db: a row of table part refers to one that is not there; "
			   "restore a backup");
	CHECK_INT(number(s, "PRAGMA user_version"), 1);
}

static void the_real_schema_is_whole(void)
{
	OWN(store) struct store *s = NULL;
	CHECK_INT(store_open(&s, "", fixed_key, &e), 0);
	CHECK_INT(number(s, "PRAGMA user_version"), (int)schema_version);
	CHECK_INT(
		number(s,
			"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
		1);
	for (unsigned v = 0; v < schema_version; v++) { /* from every version there was */
		OWN(store) struct store *old = bare("");
		CHECK_INT(schema_bring(old, schema, v, &e), 0);
		CHECK_INT(schema_bring(old, schema, schema_version, &e), 0);
		CHECK_INT(number(old, "SELECT count(*) FROM sqlite_schema"),
			(int)number(s, "SELECT count(*) FROM sqlite_schema"));
	}
}

/* One row in each table that version 2 touches, and one that refers to it. */
static const char *const site_of_version_1[] = {
	"INSERT INTO network VALUES ('mgmt', 'mgmt0', 172818433, 24, 172818686, NULL, 172818532,"
	"  172818631, 'lease')",
	"INSERT INTO network VALUES ('bare', 'eth1', 167772161, 8, NULL, NULL, NULL, NULL, "
	"'silence')",
	"INSERT INTO machine VALUES ('m', zeroblob(16), 'fake', 'h', 0, '', '', 0, '', 'park', '')",
	"INSERT INTO nic VALUES ('m', 0, '', '52:54:00:00:00:01', 0, 1, 'mgmt', 172818532)",
	"INSERT INTO persona VALUES ('p', 'iqn.2026-01.org.example:p', '', 'iscsi', 0, '', '', 7)",
	"INSERT INTO persona_nic VALUES ('p', 0, '02:00:00:00:00:01', 'mgmt', 172818533)",
	"INSERT INTO binding VALUES ('p', 'm', 7, 'persona')",
};

static void a_site_of_version_1_comes_forward_whole(void)
{
	OWN(store) struct store *s = bare("");
	struct network *all = NULL;
	struct persona p;
	struct machine m;
	struct binding b;
	size_t n = 0;
	CHECK_INT(schema_bring(s, schema, 1, &e), 0);
	for (size_t i = 0; i < COUNT(site_of_version_1); i++)
		CHECK_INT(RUN(s, &e, site_of_version_1[i]), 0);
	CHECK_INT(schema_bring(s, schema, schema_version, &e), 0);
	CHECK_INT(RUN(s, &e, "PRAGMA foreign_keys = ON"), 0);
	CHECK_INT(store_networks(s, &all, &n, &e), 0);
	CHECK_INT(n, 2);
	CHECK_TEXT(all[0].name, "bare");
	struct network mgmt = { .name = "mgmt",
		.interface = "mgmt0",
		.addr = 0x0a4d0001,
		.prefix = 24,
		.gateway = 0x0a4d00fe,
		.pool_from = 0x0a4d0064,
		.pool_to = 0x0a4d00c7,
		.unknown = UNKNOWN_LEASE,
		.mode = DHCP_MODE_SERVE };
	CHECK(memcmp(&all[1], &mgmt, sizeof mgmt) == 0);
	free(all);
	CHECK_INT(store_machine(s, "m", &m, &e), 0);
	CHECK_TEXT(m.nic[0].network, "mgmt");
	CHECK(!m.nic[0].relay_port.circuit.len && !m.nic[0].relay_port.remote.len);
	CHECK(!*m.pool && !m.is.arch && !m.is.firmware && !m.is.memory_mb && !m.is.labels);
	CHECK_INT(store_persona(s, "p", &p, &e), 0);
	CHECK(!*p.apart && !p.wants.arch && !p.wants.cpus && !p.wants.labels);
	CHECK_INT(p.generation, 7);
	CHECK_INT(p.nic[0].addr, 0x0a4d0065);
	CHECK(!p.nic[0].mtu && !p.nic[0].routes && !p.dns[0] && !p.ntp[0] && !*p.domain);
	CHECK_INT(store_binding(s, "p", &b, &e), 0);
	CHECK(b.fenced);
	/* its machine may be on: nobody wrote down whether it was ever switched off */
	CHECK_INT(store_unbind(s, &b, &e), -EPERM);
	/* references lead to the new table: one that is used stays, a dangling one is refused */
	CHECK_INT(store_network_rm(s, "mgmt", &e), -EBUSY);
	CHECK_INT(RUN(s, &e, "DELETE FROM network WHERE name = 'mgmt'"), -EEXIST);
	CHECK_INT(RUN(s, &e, "UPDATE nic SET network = 'gone'"), -EEXIST);
	CHECK_INT(store_network_rm(s, "bare", &e), 0);
}

/* The steps of version 2, by the names that they still have. */
static const char *const steps_of_start[] = { "preflight", "power-off-before", "claim", "net-start",
	"await-shim", "await-written", "arm-next", "await-os" };
static const char *const steps_of_stop[] = { "shut-down", "power-off", "release",
	"net-start-restore", "await-restore-shim", "await-restored", "power-off-restored",
	"unbind" };
static const char *const steps_of_move[] = { "preflight", "shut-down", "power-off", "release",
	"net-start-restore", "await-restore-shim", "await-restored", "power-off-restored", "unbind",
	"power-off-before", "claim", "net-start", "await-shim", "await-written", "arm-next",
	"await-os" };

/* Those of version 12, of the verbs that came later. */
static const char *const steps_of_failover[] = { "preflight", "fence-old", "silence", "abandon",
	"power-off-before", "claim", "fence", "net-start", "await-shim", "await-written",
	"look-again", "arm-next", "await-os" };
static const char *const steps_of_restart[] = { "shut-down", "power-off", "net-start", "await-os" };
static const char *const steps_of_restore[] = { "power-off-before", "claim-restore",
	"net-start-restore", "await-restore-shim", "await-restored", "power-off-restored",
	"unbind" };
static const char *const steps_of_isolated[] = { "power-off-before", "isolate", "claim-restore",
	"net-start-restore", "await-restore-shim", "await-restored", "power-off-restored", "unbind",
	"rejoin", "forget" };
static const char *const steps_of_drill[] = { "preflight", "clone", "power-off-before", "claim",
	"fence", "net-start", "await-shim", "await-written", "look-again", "arm-next", "await-os",
	"shut-down", "power-off", "release", "net-start-restore", "await-restore-shim",
	"await-restored", "power-off-restored", "unbind", "clone-remove", "forget" };

/* Those of version 15, before the wait for the first question came to stand before the shim's. */
static const char *const steps_of_start_15[] = { "preflight", "power-off-before", "claim", "fence",
	"identity", "net-start", "await-shim", "await-written", "await-ask", "look-again",
	"arm-next", "await-os" };
static const char *const steps_of_failover_15[] = { "preflight", "fence-old", "silence", "abandon",
	"power-off-before", "claim", "fence", "identity", "net-start", "await-shim",
	"await-written", "await-ask", "look-again", "arm-next", "await-os" };

static void stands_where_it_stood(unsigned version, enum verb v, const char *const *was, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		OWN(store) struct store *s = bare("");
		struct order o;
		struct order_step *row = NULL;
		size_t rows = 0;
		CHECK_INT(schema_bring(s, schema, version, &e), 0);
		CHECK_INT(RUN(s, &e,
				  "INSERT INTO orders (id, verb, persona, from_machine, to_machine,"
				  " state, step, tries, why, begun_s, ended_s, undoes) VALUES "
				  "(1,?,'p','','m','stopped',?,1,'w',1,2,0)",
				  in_text(verb_word(v)), in_int((int64_t)i)),
			0);
		CHECK_INT(RUN(s, &e, "INSERT INTO order_step VALUES (1,1,?,0,1,2,'w')",
				  in_int((int64_t)i)),
			0);
		CHECK_INT(schema_bring(s, schema, schema_version, &e), 0);
		CHECK_INT(store_order(s, 1, &o, &e), 0);
		CHECK_TEXT(verb_steps(v)->step[o.at.step].name, was[i]);
		CHECK_INT(store_order_steps(s, 1, &row, &rows, &e), 0);
		CHECK_INT(rows, 1);
		CHECK_TEXT(verb_steps(v)->step[row[0].step].name, was[i]);
		free(row);
	}
}

static void an_open_order_of_an_older_version_stands_where_it_stood(void)
{
#define STOOD(version, verb, was) stands_where_it_stood(version, verb, was, COUNT(was))
	STOOD(2, VERB_START, steps_of_start);
	STOOD(2, VERB_STOP, steps_of_stop);
	STOOD(2, VERB_MOVE, steps_of_move);
	STOOD(12, VERB_FAILOVER, steps_of_failover);
	STOOD(12, VERB_RESTART, steps_of_restart);
	STOOD(12, VERB_RESTORE, steps_of_restore);
	STOOD(12, VERB_RESTORE_ISOLATED, steps_of_isolated);
	STOOD(12, VERB_DRILL, steps_of_drill);
	STOOD(15, VERB_START, steps_of_start_15);
	STOOD(15, VERB_FAILOVER, steps_of_failover_15);
#undef STOOD
}

static void a_newer_schema_is_refused(void)
{
	char path[64], words[320];
	file_path(path);
	struct store *s = NULL;
	CHECK_INT(store_open(&s, path, fixed_key, &e), 0);
	CHECK_INT(RUN(s, &e, "PRAGMA user_version = 99"), 0);
	store_close(s);
	s = NULL;
	snprintf(words, sizeof words,
		"store %s: its schema version is 99 and this Baton knows up to %u; run the newer "
		"Baton",
		path, schema_version);
	CHECK_INT(store_open(&s, path, fixed_key, &e), -EPROTONOSUPPORT);
	CHECK_TEXT(e.text, words);
	CHECK(!s);
	file_rm(path);
}

static void what_is_no_store_is_refused_and_left_alone(void)
{
	static const char junk[8192] =
		"this is not a database, it is only a file with some text in it";
	char path[64], words[320];
	struct stat st;
	file_path(path);
	sqlite3 *db = NULL;
	sqlite3_open(path, &db);
	sqlite3_exec(db, "CREATE TABLE theirs (x)", NULL, NULL, NULL);
	sqlite3_close(db);
	struct store *s = NULL;
	CHECK_INT(store_open(&s, path, fixed_key, &e), -EBADMSG);
	snprintf(words, sizeof words,
		"store %s: a database of another program; name another state_dir", path);
	CHECK_TEXT(e.text, words);
	sqlite3_open(path, &db);
	sqlite3_stmt *stmt = NULL;
	sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &stmt, NULL);
	CHECK_INT(sqlite3_step(stmt), SQLITE_ROW);
	CHECK_TEXT((const char *)sqlite3_column_text(stmt, 0), "delete");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	file_rm(path);

	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK_INT(write(fd, junk, sizeof junk), sizeof junk);
	close(fd);
	CHECK_INT(store_open(&s, path, fixed_key, &e), -EBADMSG);
	snprintf(words, sizeof words,
		"store %s: damaged (file is not a database); restore a backup", path);
	CHECK_TEXT(e.text, words);
	CHECK(stat(path, &st) == 0 && st.st_size == sizeof junk);
	file_rm(path);

	CHECK_INT(store_open(&s, "/tmp", fixed_key, &e), -EISDIR);
	CHECK(!s);
}

static void a_row_that_does_not_fit_is_an_error_not_a_guess(void)
{
	OWN(store) struct store *s = NULL;
	struct network *all = NULL;
	struct machine m;
	size_t n = 0;
	CHECK_INT(store_open(&s, "", fixed_key, &e), 0);
	CHECK_INT(
		RUN(s, &e,
			"INSERT INTO network (name, interface, addr, prefix, unknown, mode) VALUES "
			"('n','eth0',1,24,'perhaps','serve')"),
		0);
	CHECK_INT(store_networks(s, &all, &n, &e), -EBADMSG);
	CHECK_TEXT(
		e.text, "store in memory: a row holds a value that does not fit; restore a backup");
	CHECK(!all);
	CHECK_INT(RUN(s, &e,
			  "INSERT INTO machine VALUES ('m', x'00', 'fake', '', 0, '', '', 0, '', "
			  "'park', '', '', '', '', 0, 0, '', '', 0, 0, '', 'shim', 'shim')"),
		0);
	CHECK_INT(store_machine(s, "m", &m, &e), -EBADMSG);
	CHECK_INT(RUN(s, &e, "UPDATE machine SET uuid = zeroblob(16)"), 0);
	CHECK_INT(RUN(s, &e,
			  "INSERT INTO nic (machine, n, pci, factory, journaled, carries) VALUES "
			  "('m', 0, '', '52:54:00:00:00:01', 0, 1)"),
		0);
	CHECK_INT(store_machine(s, "m", &m, &e), 0);
	CHECK_INT(RUN(s, &e, "UPDATE nic SET circuit = '0x0'"), 0);
	CHECK_INT(store_machine(s, "m", &m, &e), -EBADMSG);
}

static void a_file_that_is_held_is_waited_for_and_then_named(void)
{
	char path[64], words[320];
	file_path(path);
	OWN(store) struct store *s = NULL, *other = NULL;
	uint64_t v;
	CHECK_INT(store_open(&s, path, fixed_key, &e), 0);
	CHECK_INT(store_open(&other, path, fixed_key, &e), 0);
	sqlite3_busy_timeout(s->db, 20);
	CHECK_INT(store_begin(other, &e), 0);
	CHECK_INT(store_next(s, "x", &v, &e), -EAGAIN);
	snprintf(words, sizeof words, "store %s: another program holds it; end that and try again",
		path);
	CHECK_TEXT(e.text, words);
	store_rollback(other);
	CHECK_INT(store_next(s, "x", &v, &e), 0);
	CHECK_INT(v, 1);
	file_rm(path);
}

TESTS(T(the_file_is_set_as_promised), T(every_change_waits_for_the_disk_and_no_event_does),
	T(nothing_of_a_broken_transaction_is_committed_alone),
	T(an_older_schema_comes_forward_step_by_step),
	T(a_migration_that_fails_leaves_the_old_version), T(the_real_schema_is_whole),
	T(a_site_of_version_1_comes_forward_whole),
	T(an_open_order_of_an_older_version_stands_where_it_stood), T(a_newer_schema_is_refused),
	T(what_is_no_store_is_refused_and_left_alone),
	T(a_row_that_does_not_fit_is_an_error_not_a_guess),
	T(a_file_that_is_held_is_waited_for_and_then_named))
