/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's ground: the SQLite file, transactions, and questions with arguments and columns.
 * Everything else in this folder speaks to SQLite through here. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store_priv.h"

enum { BUSY_MS = 2000 }; /* a person with sqlite3(1) may hold the file for a moment */

/* The errno behind an I/O error. SQLite keeps it by the file; a commit that fails leaves it at the
 * WAL and not at the connection. */
static int io_errno(struct store *s)
{
	static const int files[] = { SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER };
	int found = 0;
	for (size_t i = 0; !found && i < COUNT(files); i++) {
		sqlite3_file *file = NULL;
		if (sqlite3_file_control(s->db, "main", files[i], &file) == SQLITE_OK && file &&
			file->pMethods)
			file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &found);
	}
	return found;
}

int db_err(struct store *s, int rc, struct err *e)
{
	int sys = sqlite3_system_errno(s->db);
	switch (rc & 0xff) {
	case SQLITE_FULL:
		sys = ENOSPC;
		break;
	case SQLITE_IOERR:
		if (!sys)
			sys = io_errno(s);
		if (sys == EDQUOT || sys == EFBIG)
			sys = ENOSPC;
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		break;
	case SQLITE_READONLY:
		sys = EROFS;
		break;
	case SQLITE_NOMEM:
		sys = ENOMEM;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_say(e, EAGAIN,
			"store %s: another program holds it; end that and try again", s->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_say(e, EBADMSG, "store %s: damaged (%s); restore a backup", s->path,
			sqlite3_errmsg(s->db));
	case SQLITE_CONSTRAINT:
		return err_say(e, EEXIST, "store %s: %s", s->path, sqlite3_errmsg(s->db));
	default:
		return err_say(e, EIO, "store %s: %s", s->path, sqlite3_errmsg(s->db));
	}
	if (sys == ENOSPC)
		return err_say(e, ENOSPC,
			"store %s: the disk is full, nothing was changed; make room", s->path);
	return err_set(e, sys ? sys : EIO, "store %s: %s", s->path, sqlite3_errstr(rc));
}

/* ------------------------------------------------------------------ arguments and columns */

struct arg in_text(const char *text)
{
	return (struct arg){ .kind = ARG_TEXT, .bytes = text };
}

struct arg in_name(const char *text)
{
	return *text ? in_text(text) : (struct arg){ .kind = ARG_NULL };
}

struct arg in_int(int64_t i)
{
	return (struct arg){ .kind = ARG_INT, .i = i };
}

struct arg in_addr(uint32_t addr)
{
	return addr ? in_int(addr) : (struct arg){ .kind = ARG_NULL };
}

struct arg in_real(double d)
{
	return (struct arg){ .kind = ARG_REAL, .d = d };
}

struct arg in_blob(const void *bytes, size_t len)
{
	return (struct arg){ .kind = ARG_BLOB, .bytes = bytes, .len = (int)len };
}

struct arg in_mac(const struct mac *m)
{
	struct arg a = { .kind = ARG_NULL };
	if (!mac_is_zero(m)) {
		a.kind = ARG_TEXT;
		mac_text(a.mac, m);
	}
	return a;
}

struct arg in_wwn(const struct wwn *w)
{
	struct arg a = { .kind = ARG_NULL };
	if (!wwn_is_zero(w)) {
		a.kind = ARG_TEXT;
		wwn_text(a.mac, w);
	}
	return a;
}

static int arg_bind(sqlite3_stmt *stmt, int at, const struct arg *a)
{
	switch (a->kind) {
	case ARG_NULL:
		return sqlite3_bind_null(stmt, at);
	case ARG_INT:
		return sqlite3_bind_int64(stmt, at, a->i);
	case ARG_REAL:
		return sqlite3_bind_double(stmt, at, a->d);
	case ARG_BLOB:
		return sqlite3_bind_blob(stmt, at, a->bytes, a->len, SQLITE_TRANSIENT);
	case ARG_TEXT:
		return sqlite3_bind_text(
			stmt, at, a->bytes ? a->bytes : a->mac, -1, SQLITE_TRANSIENT);
	}
	return SQLITE_MISUSE;
}

struct query query_of(struct store *s, const char *sql, const struct arg *arg, size_t n)
{
	struct query q = { .s = s };
	q.rc = sqlite3_prepare_v2(s->db, sql, -1, &q.stmt, NULL);
	for (size_t i = 0; !q.rc && i < n; i++)
		q.rc = arg_bind(q.stmt, (int)i + 1, &arg[i]);
	return q;
}

int query_next(struct query *q, struct err *e)
{
	struct store *s = q->s;
	if (*q->shut)
		return err_say(e, EBADMSG,
			"store %s: %s does not open: it was sealed with another key_file, or for "
			"another row; put the right key back, or restore a backup",
			s->path, q->shut);
	if (q->bad)
		return err_say(e, EBADMSG,
			"store %s: a row holds a value that does not fit; restore a backup",
			s->path);
	if (q->rc)
		return db_err(s, q->rc, e);
	/* After a full disk SQLite may have ended the transaction by itself; what comes after it
	 * must not be committed on its own. */
	if (s->depth && sqlite3_get_autocommit(s->db))
		return err_say(e, EIO, "store %s: the transaction has failed, nothing was changed",
			s->path);
	q->col = 0;
	int rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_err(s, rc, e);
}

void query_drop(struct query *q)
{
	sqlite3_finalize(q->stmt);
}

static bool col_null(struct query *q)
{
	return sqlite3_column_type(q->stmt, q->col) == SQLITE_NULL;
}

void col_text(struct query *q, char *to, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, q->col);
	size_t len = (size_t)sqlite3_column_bytes(q->stmt, q->col++);
	if (!text)
		text = "";
	if (len >= size || strlen(text) != len) {
		q->bad = true;
		text = "", len = 0;
	}
	memcpy(to, text, len + 1);
}

int64_t col_int(struct query *q, int64_t min, int64_t max)
{
	int64_t v = sqlite3_column_int64(q->stmt, q->col++);
	if (v >= min && v <= max)
		return v;
	q->bad = true;
	return min;
}

uint32_t col_u32(struct query *q)
{
	return (uint32_t)col_int(q, 0, UINT32_MAX);
}

uint64_t col_u64(struct query *q)
{
	return (uint64_t)sqlite3_column_int64(q->stmt, q->col++);
}

double col_real(struct query *q)
{
	return sqlite3_column_double(q->stmt, q->col++);
}

bool col_bool(struct query *q)
{
	return col_int(q, 0, 1) == 1;
}

void col_blob(struct query *q, void *to, size_t len)
{
	const void *bytes = sqlite3_column_blob(q->stmt, q->col);
	if ((size_t)sqlite3_column_bytes(q->stmt, q->col++) == len && bytes)
		memcpy(to, bytes, len);
	else
		q->bad = true;
}

void col_mac(struct query *q, struct mac *to)
{
	char text[MAC_TEXT];
	*to = (struct mac){ 0 };
	if (col_null(q)) {
		q->col++;
		return;
	}
	col_text(q, text, sizeof text);
	if (!mac_parse(to, text))
		q->bad = true;
}

void col_wwn(struct query *q, struct wwn *to)
{
	char text[WWN_TEXT];
	*to = (struct wwn){ 0 };
	if (col_null(q)) {
		q->col++;
		return;
	}
	col_text(q, text, sizeof text);
	if (!wwn_parse(to, text))
		q->bad = true;
}

int run_of(struct store *s, struct err *e, const char *sql, const struct arg *arg, size_t n)
{
	OWN(query) struct query q = query_of(s, sql, arg, n);
	int r;
	while ((r = query_next(&q, e)) > 0)
		;
	return r;
}

int list_of(struct query *q, size_t size, void (*row)(struct query *q, void *to), void *ret_list,
	size_t *ret_n, struct err *e)
{
	OWN(list) char *list = NULL;
	size_t n = 0, room = 0;
	int r;
	while ((r = query_next(q, e)) > 0) {
		if (n == room) {
			room = room ? room * 2 : 8;
			char *more = reallocarray(list, room, size);
			if (!more)
				return err_set(e, ENOMEM, "store %s", q->s->path);
			list = more;
		}
		memset(list + n * size, 0, size);
		row(q, list + n++ * size);
	}
	if (r)
		return r;
	memcpy(ret_list, &list, sizeof list);
	list = NULL;
	*ret_n = n;
	return 0;
}

int one_of(struct query *q, void (*row)(struct query *q, void *to), void *ret, struct err *e)
{
	int r = query_next(q, e);
	if (r <= 0)
		return r;
	row(q, ret);
	r = q->bad ? query_next(q, e) : 1;
	return r;
}

/* ------------------------------------------------------------------ transactions */

/* The outermost is SQLite's own; those inside are savepoints, so that a call which fails takes
 * back what it did and leaves the rest to whoever began. IMMEDIATE: who reads in order to write
 * must not find the file locked in between. */
static int tx_say(struct store *s, const char *word, struct err *e)
{
	char sql[64];
	snprintf(sql, sizeof sql, "%s nested_%u", word, s->depth);
	return RUN(s, e, sql);
}

int store_begin(struct store *s, struct err *e)
{
	int r = s->depth ? tx_say(s, "SAVEPOINT", e) : RUN(s, e, "BEGIN IMMEDIATE");
	/* The savepoint's name is the depth it was made at. */
	if (!r)
		s->depth++;
	return r;
}

void store_rollback(struct store *s)
{
	if (!s->depth)
		return;
	s->depth--;
	if (sqlite3_get_autocommit(s->db))
		return; /* SQLite has done it */
	if (s->depth) {
		tx_say(s, "ROLLBACK TO", NULL);
		tx_say(s, "RELEASE", NULL);
	} else {
		RUN(s, NULL, "ROLLBACK");
	}
}

int store_commit(struct store *s, struct err *e)
{
	int r;
	if (s->depth > 1) {
		s->depth--;
		r = tx_say(s, "RELEASE", e);
		s->depth++;
	} else {
		r = RUN(s, e, "COMMIT");
	}
	if (r)
		store_rollback(s);
	else
		s->depth--;
	return r;
}

int tx_begin(struct store **tx, struct store *s, struct err *e)
{
	int r = store_begin(s, e);
	if (!r)
		*tx = s;
	return r;
}

int tx_commit(struct store **tx, struct err *e)
{
	return store_commit(TAKE(*tx), e);
}

/* ------------------------------------------------------------------ open, close, small things */

/* Made before SQLite would make it, since it holds secrets: nobody else may read it. */
static int file_make(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : err_set(e, errno, "store: make %s", path);
	close(fd);
	char folder[sizeof(((struct store *)0)->path)];
	snprintf(folder, sizeof folder, "%s", path);
	/* The new name must outlive a power cut as well as what is written under it. */
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return failed ? err_set(e, failed, "store: folder of %s", path) : 0;
}

static int mode_set(struct store *s, struct err *e)
{
	OWN(query) struct query q = QUERY(s, "PRAGMA journal_mode = WAL");
	char mode[16];
	int r = query_next(&q, e);
	if (r <= 0)
		return r;
	col_text(&q, mode, sizeof mode);
	if (strcmp(mode, "wal") != 0 && strcmp(mode, "memory") != 0)
		return err_say(e, ENOTSUP,
			"store %s: its file system has no shared memory for SQLite's WAL; put "
			"state_dir "
			"on a local disk",
			s->path);
	return 0;
}

/* How this connection behaves. */
static int pragmas_set(struct store *s, struct err *e)
{
	int r = RUN(s, e, "PRAGMA temp_store = MEMORY"); /* no file but ours */
	if (!r)
		r = RUN(s, e, "PRAGMA trusted_schema = OFF");
	if (!r)
		r = RUN(s, e, "PRAGMA secure_delete = ON"); /* what is removed is overwritten */
	if (!r)
		r = RUN(s, e, "PRAGMA synchronous = FULL");
	return r;
}

/* The key is proved before anything is changed. What fails there in other ways, since it is no
 * store yet or none of ours, is told by schema_bring(). */
static int file_bring(struct store *s, struct err *e)
{
	if (key_prove(s, NULL) == -EKEYREJECTED)
		return key_prove(s, e);
	int r = schema_bring(s, schema, schema_version, e); /* and is the file ours at all? */
	if (!r)
		r = mode_set(s, e);
	if (!r)
		r = key_prove(s, e);
	if (!r)
		return err_say(e, EBADMSG,
			"store %s: damaged (no check value of its key); "
			"restore a backup",
			s->path);
	return r < 0 ? r : clear_text_forget(s, e);
}

int store_open(struct store **ret, const char *path, const uint8_t key[32], struct err *e)
{
	OWN(store) struct store *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(e, ENOMEM, "store %s", path);
	if (strlen(path) >= sizeof s->path)
		return err_set(e, ENAMETOOLONG, "store: %s", path);
	snprintf(s->path, sizeof s->path, "%s", *path ? path : "in memory");
	int r = *path ? file_make(path, e) : 0;
	if (r)
		return r;
	int rc = sqlite3_open_v2(*path ? path : ":memory:", &s->db, SQLITE_OPEN_READWRITE, NULL);
	if (rc)
		return s->db ? db_err(s, rc, e) : err_set(e, ENOMEM, "store %s", path);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	memcpy(s->key, key, sizeof s->key);
	r = pragmas_set(s, e);
	if (!r)
		r = file_bring(s, e);
	if (!r)
		r = RUN(s, e, "PRAGMA foreign_keys = ON");
	if (r)
		return r;
	*ret = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	explicit_bzero(s->key, sizeof s->key);
	free(s);
}

int store_next(struct store *s, const char *counter, uint64_t *ret, struct err *e)
{
	OWN(query)
	struct query q = QUERY(s,
		"INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 "
		"RETURNING value",
		in_text(counter));
	uint64_t value = 0;
	int r = query_next(&q, e);
	if (r > 0) {
		value = col_u64(&q);
		r = query_next(&q, e); /* the change is made when the statement has ended */
	}
	if (!r)
		*ret = value;
	return r;
}

int name_check(const char *what, const char *name, struct err *e)
{
	return name_ok(name)
		       ? 0
		       : err_say(e, EINVAL,
				 "%s \"%s\": a name is 1 to %d of a-z, 0-9 and '-', and does not "
				 "begin with '-'",
				 what, name, NAME_LEN);
}

bool word_ok(const char *word)
{
	for (; *word; word++)
		if (*word <= ' ' || *word > '~')
			return false;
	return true;
}
