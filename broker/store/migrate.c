/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an older file is brought forward: see schema.h. */
#include "store/schema.h"

#include <errno.h>
#include <stdio.h>

#include "store/store_priv.h"

enum { APPLICATION_ID = 0x4261746e }; /* "Batn", at byte 68 of the file: file(1) can know it */

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
