/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A power cut, or a write that fails, wherever in its writes the store is: what was acknowledged is
 * there, and of the change that was under way all or nothing. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/store_disk.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;
static char path[64];

/* ------------------------------------------------------------------ what the store holds */

static uint64_t mixed(uint64_t h, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
	return h;
}

static void name_row(struct query *q, void *to)
{
	col_text(q, to, NAME_LEN + 1);
}

static uint64_t table_mixed(struct store *s, uint64_t h, const char *table)
{
	char sql[96];
	int r;
	snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
	OWN(query) struct query q = QUERY(s, sql);
	h = mixed(h, table, strlen(table) + 1);
	while ((r = query_next(&q, &e)) > 0)
		for (int i = 0; i < sqlite3_column_count(q.stmt); i++) {
			const void *bytes = sqlite3_column_blob(q.stmt, i);
			int len = sqlite3_column_bytes(q.stmt, i);
			h = mixed(h, &len, sizeof len);
			h = mixed(h, bytes, (size_t)len);
		}
	return r ? 0 : h;
}

/* Of all that is in it but events, which may be lost. */
static uint64_t digest(struct store *s)
{
	OWN(list) char(*names)[NAME_LEN + 1] = NULL;
	size_t n = 0;
	uint64_t h = 0xcbf29ce484222325u;
	OWN(query)
	struct query q = QUERY(s, "SELECT name FROM sqlite_schema WHERE type = 'table'"
				  " AND name NOT IN ('event', 'sqlite_sequence') ORDER BY name");
	if (list_of(&q, sizeof *names, name_row, &names, &n, &e))
		return 0;
	for (size_t i = 0; i < n; i++)
		h = table_mixed(s, h, names[i]);
	return h;
}

static bool is_whole(struct store *s)
{
	char word[64] = "";
	OWN(query) struct query q = QUERY(s, "PRAGMA integrity_check");
	if (query_next(&q, &e) > 0)
		col_text(&q, word, sizeof word);
	return strcmp(word, "ok") == 0;
}

/* ------------------------------------------------------------------ a day at a site */

/* What was acknowledged, and after how many writes and syncs. */
static struct {
	unsigned ops, seen;
	uint64_t digest;
} acked[400];
static unsigned acks;

/* A day's acknowledgements, when nothing fails; 0: not known yet. */
static unsigned usual_acks, usual_seen[COUNT(acked)];

/* Of a day with a fault only what stands before it is looked at, and what stands at the end. */
static bool is_looked_at(void)
{
	return !fault.at || acks + 1 >= usual_acks ||
	       (fault.seen < fault.at && usual_seen[acks + 1] >= fault.at);
}

static void ack(struct store *s)
{
	acked[acks].ops = ops;
	acked[acks].seen = fault.seen;
	acked[acks].digest = is_looked_at() ? digest(s) : 0;
	acks++;
}

/* Of a call that gave r: the disk has failed it, and it may be made again. */
static unsigned failed, half_done;

static bool has_failed(int r, struct store *s)
{
	if (r >= 0 || !fault.at || fault.seen < fault.at)
		return false;
	failed++;
	if (s && acks && digest(s) != acked[acks - 1].digest) {
		printf("# failing at %u, change %u: another state\n", fault.at, acks);
		half_done++;
	}
	return true;
}
#define AGAIN(call)                                                                                \
	do {                                                                                       \
		e = (struct err){ 0 };                                                             \
		int r_ = call;                                                                     \
		if (has_failed(r_, s))                                                             \
			MUST(call);                                                                \
		else                                                                               \
			must_(r_, &e, #call);                                                      \
	} while (0)
#define DONE(call)                                                                                 \
	do {                                                                                       \
		AGAIN(call);                                                                       \
		ack(s);                                                                            \
	} while (0)

static struct store *opened(void)
{
	struct store *s = NULL;
	AGAIN(store_open(&s, path, fixed_key, &e));
	MUST(RUN(s, &e, "PRAGMA wal_autocheckpoint = 24")); /* so that the WAL begins anew often */
	return s;
}

static void site_fill(struct store *s)
{
	struct network mgmt = network_of("mgmt", "mgmt0", "10.77.0.1/24");
	struct pool macs = mac_pool("macs", "02:ba:70:00:00:01", "02:ba:70:00:00:04");
	struct pool iqns = iqn_pool("iqns", "iqn.2026-01.org.example:");
	struct machine a = machine_of("blade-a", "52:54:00:aa:00:01");
	struct machine b = machine_of("blade-b", "52:54:00:bb:00:01");
	struct persona db = persona_of("db-01");
	uint8_t key[32];
	mgmt.pool_from = ip4_of("10.77.0.100");
	mgmt.pool_to = ip4_of("10.77.0.103");
	snprintf(db.san, sizeof db.san, "tgt");
	snprintf(db.target, sizeof db.target, "iqn.2026-01.org.example:disk");
	db.mutual = true;
	db.paths = 1;
	db.path[0] = (struct path){ ip4_of("10.77.0.1"), 3260 };
	DONE(store_key(s, key, &e));
	DONE(store_network_add(s, &mgmt, &e));
	DONE(store_pool_add(s, &macs, &e));
	DONE(store_pool_add(s, &iqns, &e));
	DONE(store_machine_add(s, &a, &e));
	DONE(store_machine_add(s, &b, &e));
	DONE(store_persona_add(s, &db, &e));
}

/* As a failover does it: in one. */
static int left_behind(struct store *s, const struct binding *b)
{
	OWN(tx) struct store *tx = NULL;
	int r = tx_begin(&tx, s, &e);
	if (!r)
		r = store_unbind(s, b, &e);
	if (!r)
		r = store_stale_add(s, b->machine, "db-01", b->generation, 5, &e);
	return r ? r : tx_commit(&tx, &e);
}

/* One change of body after another; the events between them are not synced. */
static void body_change(struct store *s, const char *from, const char *to)
{
	struct order o = { .verb = VERB_MOVE, .persona = "db-01" };
	struct event_row ev = { .word = "step-begun", .machine = "blade-a" };
	struct binding b;
	struct chap c;
	snprintf(o.from, sizeof o.from, "%s", from);
	snprintf(o.to, sizeof o.to, "%s", to);
	DONE(store_order_add(s, &o, &e));
	DONE(store_step_begin(s, &o, 1, &e));
	AGAIN(store_event_add(s, &ev, &e));
	if (store_binding(s, "db-01", &b, NULL) == 0) {
		struct proof p = { .persona = "db-01", .kind = PROOF_POWER };
		memcpy(p.machine, b.machine, sizeof p.machine);
		p.generation = b.generation;
		DONE(store_chap_renew(s, "db-01", &c, &e));
		AGAIN(store_event_add(s, &ev, &e));
		DONE(store_proof_add(s, &p, &e));
		DONE(left_behind(s, &b));
		DONE(store_stale_rm(s, b.machine, &e));
	}
	DONE(store_bind(s, "db-01", to, &b, &e));
	DONE(store_wake(s, &b, &e));
	AGAIN(store_event_add(s, &ev, &e));
	DONE(store_fenced_set(s, &b, &e));
	o.at.state = ORDER_DONE;
	DONE(store_step_end(s, &o, 0, NULL, 2, &e));
}

static void day(void)
{
	struct store *s = opened();
	ack(s);
	site_fill(s);
	body_change(s, "", "blade-a");
	store_close(s); /* a restart: the WAL goes, and comes again */
	s = opened();
	ack(s);
	body_change(s, "blade-a", "blade-b");
	body_change(s, "blade-b", "blade-a");
	struct persona web = persona_of("web-01");
	DONE(store_persona_add(s, &web, &e));
	DONE(store_persona_rm(s, "web-01", &e));
	store_close(s);
}

/* ------------------------------------------------------------------ cut after cut */

/* Opens what is left; `at` is what was acknowledged last, or -1. */
static bool left_good(int at, unsigned count, enum loss loss)
{
	OWN(store) struct store *s = NULL;
	e = (struct err){ 0 };
	int r = store_open(&s, path, fixed_key, &e);
	uint64_t now = r ? 0 : digest(s);
	bool good = !r && is_whole(s) &&
		    (at < 0 || now == acked[at].digest ||
			    (at + 1 < (int)acks && now == acked[at + 1].digest));
	if (!good && !lying)
		printf("# after %u writes and syncs, loss %d, change %d: %s\n", count, (int)loss,
			at, r ? e.text : "another state");
	return good;
}

static unsigned cuts, lost;

static void cut_everywhere(unsigned enough)
{
	int at = -1;
	cuts = lost = 0;
	watched = false;
	for (struct cut c = { 0 }; lost < enough && disk_next(&c); cuts++) {
		while (at + 1 < (int)acks && acked[at + 1].ops <= c.count)
			at++;
		lost += !left_good(at, c.count, c.loss);
	}
}

static void path_make(void)
{
	/* The store makes the file itself before SQLite opens it: on the real disk, and empty. */
	snprintf(path, sizeof path, "/tmp/baton-power-%d.db", getpid());
	acks = 0;
	disk_begin();
}

static void what_was_acknowledged_is_there_after_every_power_cut(void)
{
	path_make();
	disk_watch();
	day();
	cut_everywhere(UINT32_MAX);
	printf("# %u changes, %u writes and syncs, %u cuts\n", acks, ops, cuts);
	CHECK(acks > 30 && cuts > 1000);
	CHECK_INT(lost, 0);
	unlink(path);
}

/* So that this test would see it: the same on a disk whose syncs are none. */
static void a_disk_that_lies_about_syncs_is_found_out(void)
{
	path_make();
	lying = true;
	disk_watch();
	day();
	cut_everywhere(20);
	CHECK_INT(lost, 20);
	unlink(path);
}

/* ------------------------------------------------------------------ a disk that fails once */

static void usual_day(void)
{
	path_make();
	day();
	usual_acks = acks;
	for (unsigned i = 0; i < acks; i++)
		usual_seen[i] = acked[i].seen;
	unlink(path);
}

/* The day, and then a restart. False when there is no at-th write, sync or truncation. */
static bool day_with_fault(unsigned at)
{
	path_make();
	fault.at = at;
	fault.full = at % 2;
	day();
	bool was = fault.seen >= at;
	fault.at = 0;
	lost += acks != usual_acks || !left_good((int)acks - 1, at, NOTHING);
	unlink(path);
	return was;
}

static void a_write_that_fails_fails_one_change_and_the_store_goes_on(void)
{
	unsigned places = 0;
	usual_day();
	failed = half_done = lost = 0;
	while (day_with_fault(places + 1))
		places++;
	printf("# %u writes, syncs and truncations failed, and %u calls with them\n", places,
		failed);
	CHECK(places > 400 && failed > 300 && failed <= places);
	CHECK_INT(half_done, 0);
	CHECK_INT(lost, 0);
}

/* ------------------------------------------------------------------ older files */

static const char token[] = "hush-hush-4711-token-key-of-old!";
static const char *const site_of_version_2[] = {
	"INSERT INTO persona VALUES ('web-01', 'iqn.2026-01.org.example:w', '', 'iscsi', 0, 'u',"
	"  'hush-hush-4711', 7, '')",
	"INSERT INTO secret VALUES ('token-key', CAST('hush-hush-4711-token-key-of-old!' AS BLOB))",
};

static void version_2_make(void)
{
	struct store *s = calloc(1, sizeof *s);
	if (!s || sqlite3_open(path, &s->db))
		abort();
	snprintf(s->path, sizeof s->path, "%s", path);
	MUST(RUN(s, &e, "PRAGMA journal_mode = WAL"));
	MUST(schema_bring(s, schema, 2, &e));
	for (size_t i = 0; i < COUNT(site_of_version_2); i++)
		MUST(RUN(s, &e, site_of_version_2[i]));
	disk_watch(); /* what closing it does is cut, too */
	store_close(s);
}

static bool clear_text_is_gone(void)
{
	for (int f = 0; f < FILES; f++)
		if (memmem(disk[f].bytes, disk[f].len, token, 14))
			return false;
	return true;
}

static bool comes_forward(void)
{
	OWN(store) struct store *s = NULL;
	struct persona p;
	uint8_t key[32];
	e = (struct err){ 0 };
	return store_open(&s, path, fixed_key, &e) == 0 && clear_text_is_gone() && is_whole(s) &&
	       store_persona(s, "web-01", &p, &e) == 0 &&
	       strcmp(p.chap_secret, "hush-hush-4711") == 0 && store_key(s, key, &e) == 0 &&
	       memcmp(key, token, sizeof key) == 0;
}

static void a_file_in_clear_is_sealed_wherever_that_was_cut_off(void)
{
	path_make();
	version_2_make();
	CHECK(!clear_text_is_gone());
	store_close(opened());
	CHECK(clear_text_is_gone());
	cuts = lost = 0;
	watched = false;
	for (struct cut c = { 0 }; disk_next(&c); cuts++) {
		if (comes_forward())
			continue;
		printf("# after %u writes and syncs, loss %d: %s\n", c.count, (int)c.loss, e.text);
		lost++;
	}
	printf("# %u writes and syncs, %u cuts\n", ops, cuts);
	CHECK(cuts > 500);
	CHECK_INT(lost, 0);
	unlink(path);
}

TESTS(T(what_was_acknowledged_is_there_after_every_power_cut),
	T(a_disk_that_lies_about_syncs_is_found_out),
	T(a_write_that_fails_fails_one_change_and_the_store_goes_on),
	T(a_file_in_clear_is_sealed_wherever_that_was_cut_off))
