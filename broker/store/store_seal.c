/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies sealed in the file: columns that hold a secret, the check value that tells one key from
 * another, and how the clear text of older files goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "store/store_priv.h"

static const struct seal_at check_at = { "secret", "key-check", "value" };
static const struct seal_at token_at = { "secret", "token-key", "value" };

/* ------------------------------------------------------------------ columns */

int sealed_make(struct sealed *ret, struct store *s, const struct seal_at *at, const void *clear,
	size_t len, struct err *e)
{
	ret->len = len ? len + SEAL_MORE : 0;
	return len ? seal_make(ret->bytes, s->key, at, clear, len, e) : 0;
}

struct arg in_sealed(const struct sealed *sealed)
{
	return in_blob(sealed->bytes, sealed->len);
}

/* The length of what was sealed, or -1: then q is bad and says whose it is. */
static int unseal(struct query *q, const struct seal_at *at, void *to, size_t room)
{
	const void *bytes = sqlite3_column_blob(q->stmt, q->col);
	size_t len = (size_t)sqlite3_column_bytes(q->stmt, q->col);
	bool is_blob = sqlite3_column_type(q->stmt, q->col++) == SQLITE_BLOB;
	if (!len)
		return 0;
	if (is_blob && len >= SEAL_MORE && len - SEAL_MORE <= room &&
		seal_open(to, q->s->key, at, bytes, len))
		return (int)(len - SEAL_MORE);
	q->bad = true;
	snprintf(q->shut, sizeof q->shut, "%s of %s", at->field, at->owner);
	return -1;
}

void col_sealed(struct query *q, const struct seal_at *at, char *to, size_t size)
{
	int n = unseal(q, at, to, size - 1);
	to[n < 0 ? 0 : n] = '\0';
}

/* ------------------------------------------------------------------ which key */

int key_prove(struct store *s, struct err *e)
{
	char word[16];
	OWN(query) struct query q = QUERY(s, "SELECT value FROM secret WHERE name = 'key-check'");
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_sealed(&q, &check_at, word, sizeof word);
	if (!q.bad)
		return 1;
	return err_say(e, EKEYREJECTED,
		"store %s: sealed with another key, nothing was changed; put the right one back "
		"from the backup",
		s->path);
}

int store_key(struct store *s, uint8_t ret[32], struct err *e)
{
	uint8_t key[32];
	struct sealed sealed;
	if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
		return err_set(e, errno, "store %s: random bytes for its key", s->path);
	int r = sealed_make(&sealed, s, &token_at, key, sizeof key, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO secret VALUES ('token-key', ?) ON CONFLICT DO NOTHING",
			in_sealed(&sealed));
	if (r)
		return r;
	OWN(query) struct query q = QUERY(s, "SELECT value FROM secret WHERE name = 'token-key'");
	r = query_next(&q, e);
	if (r <= 0)
		return r;
	if (unseal(&q, &token_at, key, sizeof key) != sizeof key) {
		q.bad = true;
		return query_next(&q, e);
	}
	memcpy(ret, key, sizeof key);
	explicit_bzero(key, sizeof key);
	return 0;
}

/* ------------------------------------------------------------------ files of before */

struct clear {
	char name[NAME_LEN + 1];
	char secret[SECRET_LEN + 1];
};

static void clear_row(struct query *q, void *to)
{
	struct clear *row = to;
	col_text(q, row->name, sizeof row->name);
	col_text(q, row->secret, sizeof row->secret);
}

static int chap_seal(struct store *s, const struct clear *row, struct err *e)
{
	struct sealed sealed;
	const struct seal_at at = { "persona", row->name, "chap_secret" };
	int r = sealed_make(&sealed, s, &at, row->secret, strlen(row->secret), e);
	if (!r)
		r = RUN(s, e, "UPDATE persona SET chap_secret = ? WHERE name = ?",
			in_sealed(&sealed), in_text(row->name));
	return r;
}

static int chaps_seal(struct store *s, size_t *n, struct err *e)
{
	OWN(list) struct clear *rows = NULL;
	OWN(query) struct query q = QUERY(s, "SELECT name, chap_secret FROM persona");
	int r = list_of(&q, sizeof *rows, clear_row, &rows, n, e);
	for (size_t i = 0; !r && i < *n; i++)
		r = chap_seal(s, &rows[i], e);
	if (rows)
		explicit_bzero(rows, *n * sizeof *rows);
	return r;
}

static int token_key_seal(struct store *s, size_t *n, struct err *e)
{
	uint8_t key[32];
	struct sealed sealed;
	OWN(query) struct query q = QUERY(s, "SELECT value FROM secret WHERE name = 'token-key'");
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_blob(&q, key, sizeof key);
	r = q.bad ? query_next(&q, e) : sealed_make(&sealed, s, &token_at, key, sizeof key, e);
	explicit_bzero(key, sizeof key);
	if (!r)
		r = RUN(s, e, "UPDATE secret SET value = ? WHERE name = 'token-key'",
			in_sealed(&sealed));
	++*n;
	return r;
}

int clear_text_seal(struct store *s, struct err *e)
{
	static const char word[] = "the right key";
	struct sealed sealed;
	size_t chaps = 0, keys = 0;
	int r = chaps_seal(s, &chaps, e);
	if (!r)
		r = token_key_seal(s, &keys, e);
	if (!r)
		r = sealed_make(&sealed, s, &check_at, word, sizeof word - 1, e);
	if (!r)
		r = RUN(s, e, "INSERT INTO secret VALUES ('key-check', ?)", in_sealed(&sealed));
	/* The rows are sealed; the file's free pages and its WAL are not rid of them yet. */
	if (!r && chaps + keys)
		r = RUN(s, e, "INSERT INTO counter VALUES ('clear-text', 1)");
	return r;
}

/* Everything that the WAL holds goes to the file, and the WAL is empty. */
static int wal_empty(struct store *s, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "PRAGMA wal_checkpoint(TRUNCATE)");
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	return col_int(&q, INT64_MIN, INT64_MAX) == 0 ? 0 : db_err(s, SQLITE_BUSY, e);
}

int clear_text_forget(struct store *s, struct err *e)
{
	{
		OWN(query)
		struct query q = QUERY(s, "SELECT 1 FROM counter WHERE name = 'clear-text'");
		int r = query_next(&q, e);
		if (r <= 0)
			return r;
	}
	int r = RUN(s, e, "VACUUM");
	if (!r)
		r = wal_empty(s, e);
	if (!r)
		r = RUN(s, e, "DELETE FROM counter WHERE name = 'clear-text'");
	return r;
}
