/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk in memory for SQLite, as a VFS, that remembers each write and sync in order and shows what
 * would be found on it if the power had gone between two of them. What was not synced then is kept,
 * lost, torn, or there in part, sector by sector. Folders are as ext4's: a file that is new is in
 * its folder for good with its first sync, and so is all that was deleted there before. */
#pragma once
#include <stdlib.h>
#include <string.h>

#include "store/store_priv.h"

enum { DB, WAL, JOURNAL, FILES };
enum { FILE_MAX = 1 << 21, OPS = 20000, SECTOR = 512, SHM_REGION = 1 << 15, SHM_REGIONS = 8 };

struct disk_file {
	uint8_t *bytes; /* FILE_MAX of them */
	size_t len;
	bool there;
};
struct op {
	enum { WRITE, TRUNCATE, DELETE, SYNC } what;
	int file;
	size_t at, len;
	uint8_t *bytes;
	bool folder; /* SYNC or DELETE: the folder, too */
};

static struct disk_file disk[FILES];
static struct op op[OPS];
static unsigned ops;
static bool watched, lying; /* a disk that lies says "synced" and has not */
static bool is_new[FILES];  /* not in its folder for good */
static uint8_t shm[SHM_REGIONS][SHM_REGION];

/* The at-th write, sync or truncation from now on fails, once; 0: none does. */
static struct {
	unsigned at, seen;
	bool full; /* the disk is; else it is broken */
} fault;

static bool fails_now(void)
{
	return ++fault.seen == fault.at;
}

struct open_file {
	sqlite3_file base;
	int file;
};

static int file_of(sqlite3_file *f)
{
	return ((struct open_file *)f)->file;
}

static int file_named(const char *name)
{
	size_t len = strlen(name);
	if (len > 4 && strcmp(name + len - 4, "-wal") == 0)
		return WAL;
	return len > 8 && strcmp(name + len - 8, "-journal") == 0 ? JOURNAL : DB;
}

static struct op *op_note(int what, int file)
{
	static struct op nowhere;
	if (!watched || (lying && what == SYNC))
		return &nowhere;
	if (ops == OPS)
		abort();
	op[ops] = (struct op){ .file = file };
	op[ops].what = what;
	return &op[ops++];
}

/* Does to a file what was done to it; of a write only the sectors that `kept` has. */
static void op_do(struct disk_file *f, const struct op *o, bool (*kept)(size_t sector))
{
	switch (o->what) {
	case WRITE:
		if (o->at + o->len > FILE_MAX)
			abort();
		for (size_t i = 0, n; i < o->len; i += n) {
			n = o->len - i < SECTOR ? o->len - i : SECTOR;
			if (kept && !kept(i / SECTOR))
				continue;
			if (o->at + i > f->len)
				memset(f->bytes + f->len, 0, o->at + i - f->len);
			memcpy(f->bytes + o->at + i, o->bytes + i, n);
			f->len = o->at + i + n > f->len ? o->at + i + n : f->len;
			f->there = true;
		}
		break;
	case TRUNCATE:
		f->len = o->len < f->len ? o->len : f->len;
		break;
	case DELETE:
		f->len = 0;
		f->there = false;
		break;
	case SYNC:
		break;
	}
}

/* ------------------------------------------------------------------ as SQLite sees it */

static int disk_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int disk_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	const struct disk_file *d = &disk[file_of(f)];
	size_t there = (size_t)at < d->len ? d->len - (size_t)at : 0;
	size_t n = there < (size_t)len ? there : (size_t)len;
	memcpy(to, d->bytes + at, n);
	memset((uint8_t *)to + n, 0, (size_t)len - n);
	return n == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* A write that fails has written half of it. */
static int disk_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	bool fails = fails_now();
	if (fails)
		len /= 2;
	struct op now = { .what = WRITE, .at = (size_t)at, .len = (size_t)len };
	struct op *o = op_note(WRITE, file_of(f));
	now.bytes = malloc((size_t)len);
	memcpy(now.bytes, bytes, (size_t)len);
	op_do(&disk[file_of(f)], &now, NULL);
	now.file = file_of(f);
	if (o >= op && o < op + OPS)
		*o = now;
	else
		free(now.bytes);
	return !fails ? SQLITE_OK : fault.full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	if (fails_now())
		return SQLITE_IOERR_TRUNCATE;
	struct op *o = op_note(TRUNCATE, file_of(f));
	o->len = (size_t)len;
	op_do(&disk[file_of(f)], &(struct op){ .what = TRUNCATE, .len = (size_t)len }, NULL);
	return SQLITE_OK;
}

static int disk_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	if (fails_now())
		return fault.full ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
	op_note(SYNC, file_of(f))->folder = is_new[file_of(f)];
	is_new[file_of(f)] = false;
	return SQLITE_OK;
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)disk[file_of(f)].len;
	return SQLITE_OK;
}

static int disk_lock(sqlite3_file *f, int how)
{
	(void)f;
	(void)how;
	return SQLITE_OK;
}

static int disk_is_reserved(sqlite3_file *f, int *ret)
{
	(void)f;
	*ret = 0;
	return SQLITE_OK;
}

static int disk_control(sqlite3_file *f, int what, void *arg)
{
	(void)f;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int disk_sector(sqlite3_file *f)
{
	(void)f;
	return 4096;
}

static int disk_promises(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* what the real one says */
}

static int disk_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **ret)
{
	(void)f;
	(void)extend;
	if (region >= SHM_REGIONS || size != SHM_REGION)
		abort();
	*ret = shm[region];
	return SQLITE_OK;
}

static int disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	(void)f;
	(void)at;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void disk_shm_barrier(sqlite3_file *f)
{
	(void)f;
}

static int disk_shm_unmap(sqlite3_file *f, int gone)
{
	(void)f;
	if (gone)
		memset(shm, 0, sizeof shm);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = { 2, disk_close, disk_read, disk_write, disk_truncate,
	disk_sync, disk_size, disk_lock, disk_lock, disk_is_reserved, disk_control, disk_sector,
	disk_promises, disk_shm_map, disk_shm_lock, disk_shm_barrier, disk_shm_unmap, NULL, NULL };

static int disk_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	(void)v;
	struct open_file *o = (struct open_file *)f;
	if (!name)
		abort(); /* a file without a name is none of the store's */
	*o = (struct open_file){ { &methods }, file_named(name) };
	if (!disk[o->file].there && flags & SQLITE_OPEN_CREATE)
		is_new[o->file] = true;
	disk[o->file].there = true;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *v, const char *name, int folder)
{
	(void)v;
	op_note(DELETE, file_named(name))->folder = folder != 0;
	op_do(&disk[file_named(name)], &(struct op){ .what = DELETE }, NULL);
	return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *v, const char *name, int how, int *ret)
{
	(void)v;
	(void)how;
	*ret = disk[file_named(name)].there;
	return SQLITE_OK;
}

static int disk_path(sqlite3_vfs *v, const char *name, int size, char *to)
{
	(void)v;
	return snprintf(to, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

/* From here on every file of SQLite's lies on this disk, which is empty and not watched. */
static void disk_begin(void)
{
	static sqlite3_vfs vfs;
	for (int i = 0; i < FILES; i++) {
		if (!disk[i].bytes)
			disk[i].bytes = malloc(FILE_MAX);
		disk[i].len = 0;
		disk[i].there = false;
		is_new[i] = false;
	}
	while (ops)
		free(op[--ops].bytes);
	memset(shm, 0, sizeof shm);
	watched = lying = false;
	memset(&fault, 0, sizeof fault);
	if (vfs.zName)
		return;
	vfs = *sqlite3_vfs_find(NULL);
	vfs.zName = "disk";
	vfs.szOsFile = sizeof(struct open_file);
	vfs.xOpen = disk_open;
	vfs.xDelete = disk_delete;
	vfs.xAccess = disk_access;
	vfs.xFullPathname = disk_path;
	sqlite3_vfs_register(&vfs, 1);
}

/* ------------------------------------------------------------------ after a power cut */

enum loss { NOTHING, ALL, HALF_OF_THE_LAST, SOME, LOSSES = SOME + 2 };

/* What was sure to be there; found by going forward. */
static struct disk_file sure[FILES];
static unsigned sure_ops[FILES], sure_changes;

static void disk_copy(struct disk_file *to, const struct disk_file *from)
{
	if (!to->bytes)
		to->bytes = malloc(FILE_MAX);
	memcpy(to->bytes, from->bytes, from->len);
	to->len = from->len;
	to->there = from->there;
}

/* The disk as it is now is what the ops that come begin with. */
static void disk_watch(void)
{
	for (int f = 0; f < FILES; f++) {
		disk_copy(&sure[f], &disk[f]);
		sure_ops[f] = 0;
	}
	sure_changes = 1;
	watched = true;
}

/* Is op i sure once those before `count` were done? */
static bool is_sure(unsigned i, unsigned count)
{
	bool deleted = op[i].what == DELETE;
	for (unsigned k = i; k < count; k++) {
		bool same = op[k].file == op[i].file;
		if (same && k > i && deleted)
			return true; /* its name was given to another */
		if (op[k].folder && (deleted || (same && op[k].what == DELETE)))
			return true;
		if (op[k].what == SYNC && same && !deleted)
			return true;
	}
	return false;
}

static void sure_until(unsigned count)
{
	for (int f = 0; f < FILES; f++) {
		for (unsigned i = sure_ops[f]; i < count; i++) {
			if (op[i].file == f && op[i].what != SYNC && !is_sure(i, count))
				break;
			if (op[i].file == f && op[i].what != SYNC) {
				op_do(&sure[f], &op[i], NULL);
				sure_changes++;
			}
			sure_ops[f] = i + 1;
		}
	}
}

static struct {
	enum loss loss;
	unsigned op;
	size_t sectors;
	bool last;
} torn;

static bool sector_kept(size_t sector)
{
	if (torn.loss == NOTHING)
		return true;
	if (torn.loss == ALL)
		return false;
	if (torn.loss == HALF_OF_THE_LAST)
		return !torn.last || sector < torn.sectors / 2;
	uint64_t v = ((uint64_t)torn.op * 64 + sector + 1) * 0x9e3779b97f4a7c15u;
	return v >> (torn.loss + 20) & 1;
}

/* The disk as it is found when the power went after `count` ops; how many of them were not sure. */
static unsigned disk_after(unsigned count, enum loss loss)
{
	unsigned unsure = 0;
	for (int f = 0; f < FILES; f++) {
		unsigned last = 0;
		disk_copy(&disk[f], &sure[f]);
		for (unsigned i = sure_ops[f]; i < count; i++) {
			unsure += op[i].file == f && op[i].what != SYNC;
			if (op[i].file == f && op[i].what == WRITE)
				last = i;
		}
		for (unsigned i = sure_ops[f]; i < count; i++) {
			torn = (__typeof__(torn)){ loss, i, (op[i].len + SECTOR - 1) / SECTOR,
				i == last };
			if (op[i].file == f && (op[i].what == WRITE || sector_kept(0)))
				op_do(&disk[f], &op[i], sector_kept);
		}
	}
	disk[DB].there = true;
	memset(shm, 0, sizeof shm);
	return unsure;
}

/* A power cut after `count` ops. Begins as zeroes. */
struct cut {
	unsigned count, unsure, changes;
	enum loss loss;
	bool begun;
};

/* The next disk that looks unlike those before: with nothing unsure every loss is the same, and
 * with nothing more that is sure, what is left after the loss of all was seen. */
static bool disk_next(struct cut *c)
{
	if (c->begun && (!c->unsure || ++c->loss == LOSSES)) {
		c->loss = NOTHING;
		c->count++;
	}
	if (c->count > ops)
		return false;
	c->begun = true;
	sure_until(c->count);
	if (c->loss == ALL && c->changes == sure_changes)
		c->loss++;
	if (c->loss == ALL)
		c->changes = sure_changes;
	c->unsure = disk_after(c->count, c->loss);
	return true;
}
