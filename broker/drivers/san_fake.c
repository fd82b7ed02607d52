/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A target made of two files in $BATON_FAKE_DIR, for tests of what uses a SAN. TARGET.san, a line
 * each:
 *   lun=1 bytes=1073741824 block_len=512 bootable=1     a disk; other LUNs are not there
 *   account=USER SECRET       a CHAP account; without any, all are let in
 *   outgoing=USER SECRET      what the target shows in turn; one at most
 *   registration=KEY          of a reservation, on every LUN
 *   dead=PORTAL               nothing listens there
 *   hang=PORTAL               never answers there
 *   fence=hang, fence=refuse  so does what administers it or asks who is there; nothing is changed
 *   fence=mute                once, it is carried out and not answered (the line goes)
 *   stays=INITIATOR           its session is told to go, and stays
 *   keeps=yes                 it lies: who was told to go is not listed any more, and goes on in
 *                             TARGET.kept
 *   clone=torn, clone=refuse  a copy would be of no single moment; none can be made now
 *   copy-of=TARGET            it is a copy that the driver made
 * TARGET.sessions: an initiator's name each, who is logged in. The driver reads and empties it; a
 * session begins where a test says so. A fence writes TARGET.san anew. TARGET.img is what is on the
 * disk, where somebody reads it. Whoever changes accounts or sessions, or acts on what stands
 * there, holds the flock of TARGET.lock. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/own.h"
#include "drivers/san.h"
#include "drivers/wait.h"
#include "host/fd.h"

enum { LINE_LEN = 256, STAYS_MAX = 8, LOOK_AGAIN_MS = 20 };

static void file_drop(FILE **f)
{
	if (*f)
		fclose(*f);
}

struct disk {
	const struct san_login *login; /* NULL at a fence */
	const struct san_fence *fence; /* NULL at a look */
	const char *counted;           /* the account whose sessions are counted; else NULL */
	uint64_t lun;                  /* the one that is looked for */
	struct san_facts facts;
	bool found, accounts, account_right, shown_right, dead, hang, refuse, mute;
	bool torn, no_clone, is_copy, keeps;
	unsigned registrations, removed;
	char newer[LINE_LEN], stays[STAYS_MAX][LINE_LEN];
	unsigned stay;
};

static int path_of(char to[PATH_MAX], const char *target, const char *end, struct err *e)
{
	const char *dir = getenv("BATON_FAKE_DIR");
	if (!dir || !iqn_ok(target))
		return err_say(e, EINVAL,
			"a fake SAN wants the folder in BATON_FAKE_DIR, and an IQN as target");
	if (snprintf(to, PATH_MAX, "%s/%s.%s", dir, target, end) >= PATH_MAX)
		return err_say(e, ENAMETOOLONG, "BATON_FAKE_DIR: the name is too long");
	return 0;
}

/* Held until the descriptor is closed. */
static int lock_take(int *ret, const char *target, struct err *e)
{
	char path[PATH_MAX];
	int r = path_of(path, target, "lock", e);
	if (r < 0)
		return r;
	*ret = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (*ret < 0 || flock(*ret, LOCK_EX) < 0)
		return err_set(e, errno, "lock %s", path);
	return 0;
}

/* "USER SECRET" */
static bool account_is(const char *line, const char *user, const char *secret)
{
	size_t n = user ? strlen(user) : 0;
	return user && strncmp(line, user, n) == 0 && line[n] == ' ' &&
	       strcmp(line + n + 1, secret) == 0;
}

static void account_met(struct disk *d, const char *account)
{
	const struct san_fence *f = d->fence;
	size_t n = strcspn(account, " ");
	uint32_t generation;
	d->accounts = true;
	if (d->login)
		d->account_right |= account_is(account, d->login->user, d->login->secret);
	if (d->counted)
		d->account_right |= strlen(d->counted) == n && strncmp(account, d->counted, n) == 0;
	if (!f)
		return;
	if (san_account_of(&generation, account, n, f->persona) && generation > f->generation)
		snprintf(d->newer, sizeof d->newer, "%.*s", (int)n, account);
	if (!f->user)
		return;
	bool other = strlen(f->user) != n || strncmp(account, f->user, n) != 0;
	bool own = strlen(f->own_user) == n && strncmp(account, f->own_user, n) == 0;
	d->removed += other && !own;
}

static bool disk_line(struct disk *d, const char *line)
{
	static const char *const words[] = { "account=", "outgoing=", "registration=", "dead=",
		"hang=", "fence=", "stays=", "clone=", "copy-of=", "keeps=", NULL };
	const char *portal = d->login ? d->login->portal : "";
	int word = 0;
	while (words[word] && strncmp(line, words[word], strlen(words[word])) != 0)
		word++;
	const char *value = words[word] ? line + strlen(words[word]) : line;
	struct san_facts f = { .vendor = "BATON", .product = "FAKE DISK" };
	unsigned bootable;
	uint64_t lun;
	switch (word) {
	case 0:
		account_met(d, value);
		return true;
	case 1:
		d->shown_right |= d->login &&
				  account_is(value, d->login->target_user, d->login->target_secret);
		return true;
	case 2:
		d->registrations++;
		return true;
	case 3:
		d->dead |= strcmp(value, portal) == 0;
		return true;
	case 4:
		d->hang |= strcmp(value, portal) == 0;
		return true;
	case 5:
		d->hang |= d->fence && strcmp(value, "hang") == 0;
		d->refuse |= d->fence && strcmp(value, "refuse") == 0;
		d->mute |= d->fence && strcmp(value, "mute") == 0;
		return true;
	case 6:
		if (d->stay < STAYS_MAX)
			snprintf(d->stays[d->stay++], LINE_LEN, "%s", value);
		return true;
	case 7:
		d->torn |= strcmp(value, "torn") == 0;
		d->no_clone |= strcmp(value, "refuse") == 0;
		return true;
	case 8:
		d->is_copy = true;
		return true;
	case 9:
		d->keeps = true;
		return true;
	default:
		break;
	}
	if (sscanf(line, "lun=%" SCNu64 " bytes=%" SCNu64 " block_len=%" SCNu32 " bootable=%u",
		    &lun, &f.bytes, &f.block_len, &bootable) != 4)
		return false;
	f.bootable = bootable;
	if (lun == d->lun) {
		d->found = true;
		d->facts = f;
	}
	return true;
}

static int disk_read(struct disk *d, const char *target, const char *where, struct err *e)
{
	char path[PATH_MAX], line[LINE_LEN];
	int r = path_of(path, target, "san", e);
	if (r < 0)
		return r;
	OWN(file) FILE *f = fopen(path, "re");
	if (!f)
		return err_say(e, ENOENT, "%s: no target %s", where, target);
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!disk_line(d, line))
			return err_say(e, EPROTO, "%s: cannot read \"%s\"", path, line);
	}
	return 0;
}

static int silent(const char *where, unsigned timeout_ms, struct err *e)
{
	wait_until_ms(wait_now_ms() + timeout_ms);
	return err_say(e, ETIMEDOUT, "%s: no answer within %u ms", where, timeout_ms);
}

/* The login, and whether the LUN is there. */
static int disk_open(
	struct disk *d, const struct san_login *l, uint64_t lun, unsigned timeout_ms, struct err *e)
{
	char where[300];
	snprintf(where, sizeof where, "portal %s", l->portal);
	*d = (struct disk){ .login = l, .lun = lun };
	int r = disk_read(d, l->target, where, e);
	if (r < 0)
		return r;
	if (d->dead)
		return err_say(e, ECONNREFUSED, "%s: nothing listens there", where);
	if (d->hang)
		return silent(where, timeout_ms, e);
	if (d->accounts && !d->account_right)
		return err_say(e, EACCES, "%s: target %s refused CHAP user \"%s\"", where,
			l->target, l->user ? l->user : "");
	if (l->target_user && !d->shown_right)
		return err_say(e, EACCES, "%s: target %s did not show account \"%s\"", where,
			l->target, l->target_user);
	if (!d->found)
		return err_say(
			e, ENXIO, "%s: target %s has no LUN %" PRIu64, where, l->target, lun);
	return 0;
}

static int fake_look(struct san_facts *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	struct disk d;
	int r = disk_open(&d, login, lun, timeout_ms, e);
	if (r == 0)
		*ret = d.facts;
	return r;
}

/* Copies a file without the lines that keep() does not want, and puts it in its place. */
static int file_filter(const char *path, bool (*keep)(const struct disk *d, const char *line),
	const struct disk *d, const char *more, struct err *e)
{
	char next[PATH_MAX + 8], line[LINE_LEN];
	snprintf(next, sizeof next, "%s.new", path);
	OWN(file) FILE *from = fopen(path, "re");
	OWN(file) FILE *to = fopen(next, "we");
	if (!to || (!from && errno != ENOENT))
		return err_set(e, errno, "write %s", path);
	while (from && fgets(line, sizeof line, from))
		if (keep(d, line))
			fputs(line, to);
	fputs(more, to);
	if (fflush(to) != 0 || rename(next, path) < 0)
		return err_set(e, errno, "write %s", path);
	return 0;
}

static bool keep_account(const struct disk *d, const char *line)
{
	size_t own = strlen(d->fence->own_user);
	if (strncmp(line, "outgoing=", 9) == 0)
		return false;
	if (strncmp(line, "account=", 8) != 0)
		return true;
	return own && strncmp(line + 8, d->fence->own_user, own) == 0 && line[8 + own] == ' ';
}

static bool keep_registration(const struct disk *d, const char *line)
{
	(void)d;
	return strncmp(line, "registration=", 13) != 0;
}

static bool keep_session(const struct disk *d, const char *line)
{
	size_t n = strcspn(line, "\n");
	for (unsigned i = 0; i < d->stay; i++)
		if (strlen(d->stays[i]) == n && strncmp(d->stays[i], line, n) == 0)
			return true;
	return false;
}

static int fake_clear(unsigned *ret, const struct san_login *login, uint64_t lun,
	unsigned timeout_ms, struct err *e)
{
	struct disk d;
	char path[PATH_MAX];
	int r = disk_open(&d, login, lun, timeout_ms, e);
	r = r ? r : path_of(path, login->target, "san", e);
	OWN(fd) int held = -1;
	if (r == 0 && d.registrations)
		r = lock_take(&held, login->target, e);
	if (r == 0 && d.registrations)
		r = file_filter(path, keep_registration, &d, "", e);
	if (r == 0)
		*ret = d.registrations;
	return r;
}

static int accounts_set(const struct disk *d, struct err *e)
{
	const struct san_fence *f = d->fence;
	char path[PATH_MAX], more[4 * SECRET_LEN + 64];
	int n = snprintf(more, sizeof more, "account=%s %s\n", f->user, f->secret);
	if (f->mutual_user)
		snprintf(more + n, sizeof more - (size_t)n, "outgoing=%s %s\n", f->mutual_user,
			f->mutual_secret);
	OWN(fd) int held = -1;
	int r = lock_take(&held, f->target, e);
	r = r ? r : path_of(path, f->target, "san", e);
	r = r ? r : file_filter(path, keep_account, d, more, e);
	explicit_bzero(more, sizeof more);
	return r;
}

/* The first line, and how many there are. */
static unsigned lines_of(const char *path, char first[LINE_LEN])
{
	char line[LINE_LEN];
	unsigned n = 0;
	OWN(file) FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (n++ == 0)
			snprintf(first, LINE_LEN, "%s", line);
	}
	return n;
}

/* Those that a lying target keeps are put aside. */
static int sessions_put(const struct disk *d, const char *path, struct err *e)
{
	char kept[PATH_MAX], line[LINE_LEN];
	int r = path_of(kept, d->fence->target, "kept", e);
	if (r < 0)
		return r;
	OWN(file) FILE *from = fopen(path, "re");
	OWN(file) FILE *to = fopen(kept, "ae");
	if (!from || !to)
		return err_set(e, errno, "write %s", kept);
	while (fgets(line, sizeof line, from))
		fputs(line, to);
	return fflush(to) == 0 ? 0 : err_set(e, errno, "write %s", kept);
}

static int sessions_end(const char *path, const struct disk *d, struct err *e)
{
	OWN(fd) int held = -1;
	int r = lock_take(&held, d->fence->target, e);
	r = r == 0 && d->keeps ? sessions_put(d, path, e) : r;
	return r ? r : file_filter(path, keep_session, d, "", e);
}

static int sessions_drop(
	unsigned *dropped, struct disk *d, unsigned timeout_ms, int64_t deadline, struct err *e)
{
	char path[PATH_MAX], first[LINE_LEN];
	unsigned most = 0, n;
	int r = path_of(path, d->fence->target, "sessions", e);
	while (r == 0 && (n = lines_of(path, first)) > 0) {
		most = n > most ? n : most;
		d->stay = 0;
		r = disk_read(d, d->fence->target, "fake", e);
		r = r ? r : sessions_end(path, d, e);
		if (r < 0 || lines_of(path, first) == 0)
			break;
		int64_t again = wait_now_ms() + LOOK_AGAIN_MS;
		if (again >= deadline)
			return err_say(e, ETIMEDOUT,
				"target %s: after %u ms a session is still there: initiator %.100s",
				d->fence->target, timeout_ms, first);
		wait_until_ms(again);
	}
	*dropped = most;
	return r;
}

static bool keep_all_but_mute(const struct disk *d, const char *line)
{
	(void)d;
	return strcmp(line, "fence=mute\n") != 0;
}

static int mute_end(const char *target, struct err *e)
{
	char path[PATH_MAX];
	OWN(fd) int held = -1;
	int r = lock_take(&held, target, e);
	r = r ? r : path_of(path, target, "san", e);
	return r ? r : file_filter(path, keep_all_but_mute, NULL, "", e);
}

static int fake_fence(
	struct san_fenced *ret, const struct san_fence *f, unsigned timeout_ms, struct err *e)
{
	struct disk d = { .fence = f };
	struct san_fenced done = { 0 };
	int64_t deadline = wait_now_ms() + timeout_ms;
	char where[IQN_LEN + 16];
	snprintf(where, sizeof where, "target %s", f->target);
	int r = san_fence_check(f, e);
	r = r ? r : disk_read(&d, f->target, "fake", e);
	if (r < 0)
		return r;
	if (d.hang)
		return silent(where, timeout_ms, e);
	if (d.refuse)
		return err_say(e, EIO, "%s: it refuses to be administered", where);
	if (*d.newer)
		return err_say(e, ESTALE,
			"%s: account %.100s is of a later generation than %u; nothing was changed",
			where, d.newer, f->generation);
	done.accounts_removed = f->user ? d.removed : 0;
	if (f->user)
		r = accounts_set(&d, e);
	r = r ? r : sessions_drop(&done.sessions_dropped, &d, timeout_ms, deadline, e);
	if (r == 0 && d.mute) {
		r = mute_end(f->target, e);
		return r ? r : silent(where, timeout_ms, e);
	}
	if (r == 0)
		*ret = done;
	return r;
}

/* Of whoever is in the list of sessions, since a name there says no account. */
static int fake_sessions(
	unsigned *ret, const struct san_account *a, unsigned timeout_ms, struct err *e)
{
	char account[NAME_LEN + 16], path[PATH_MAX], line[LINE_LEN];
	const struct san_fence nobody = { .target = a->target, .persona = "", .own_user = "" };
	struct disk d = { .fence = &nobody, .counted = account };
	unsigned n = 0;
	snprintf(account, sizeof account, "%s.%u", a->persona, a->generation);
	int r = disk_read(&d, a->target, "fake", e);
	r = r ? r : path_of(path, a->target, "sessions", e);
	if (r < 0)
		return r;
	if (d.hang)
		return silent(a->target, timeout_ms, e);
	if (d.refuse)
		return err_say(e, ECONNREFUSED, "target %s: it refuses to be asked", a->target);
	OWN(file) FILE *f = d.account_right ? fopen(path, "re") : NULL;
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		n += strcmp(line, a->own_initiator) != 0;
	}
	*ret = n;
	return 0;
}

static int copy_remove(const struct san_clone *c, struct err *e)
{
	struct disk d = { .login = NULL };
	char path[PATH_MAX], sessions[PATH_MAX];
	struct err none = { 0 };
	int r = path_of(path, c->as.target, "san", e);
	r = r ? r : path_of(sessions, c->as.target, "sessions", e);
	r = r ? r : disk_read(&d, c->as.target, "fake", &none);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return e->code ? r : err_say(e, -r, "%s", none.text);
	if (!d.is_copy)
		return err_say(e, EEXIST,
			"target %s: it is there already and is no copy that Baton made",
			c->as.target);
	if ((unlink(sessions) < 0 && errno != ENOENT) || unlink(path) < 0)
		return err_set(e, errno, "remove %s", path);
	return 0;
}

/* In place at once, and with its account. */
static int copy_write(const struct disk *d, const struct san_clone *c, struct err *e)
{
	char path[PATH_MAX], more[LINE_LEN + 4 * SECRET_LEN + IQN_LEN + 64];
	const struct san_fence *as = &c->as;
	int n = snprintf(more, sizeof more,
		"copy-of=%s\nlun=%d bytes=%" PRIu64 " block_len=%" PRIu32
		" bootable=%d\naccount=%s %s\n",
		c->of, SAN_CLONE_LUN, d->facts.bytes, d->facts.block_len, d->facts.bootable,
		as->user, as->secret);
	if (as->mutual_user)
		snprintf(more + n, sizeof more - (size_t)n, "outgoing=%s %s\n", as->mutual_user,
			as->mutual_secret);
	int r = path_of(path, as->target, "san", e);
	r = r ? r : file_filter(path, keep_registration, d, more, e);
	explicit_bzero(more, sizeof more);
	return r;
}

static int fake_clone(const struct san_clone *c, unsigned timeout_ms, struct err *e)
{
	struct err nobody = { 0 };
	struct disk d = { .fence = &c->as, .lun = c->of_lun };
	e = e ? e : &nobody;
	int r = san_fence_check(&c->as, e);
	r = r ? r : copy_remove(c, e);
	r = r ? r : disk_read(&d, c->of, "fake", e);
	if (r < 0)
		return r;
	if (d.hang)
		return silent(c->of, timeout_ms, e);
	if (d.torn)
		return err_say(e, ENOTSUP,
			"target %s: it cannot be copied at one moment: what a writer writes "
			"meanwhile would be in the copy by halves",
			c->of);
	if (d.no_clone)
		return err_say(e, ENOSPC, "target %s: it makes no copies now", c->of);
	if (!d.found)
		return err_say(e, ENXIO, "target %s has no LUN %" PRIu64, c->of, c->of_lun);
	return copy_write(&d, c, e);
}

static int fake_clone_remove(const struct san_clone *c, unsigned timeout_ms, struct err *e)
{
	struct err nobody = { 0 };
	(void)timeout_ms;
	return copy_remove(c, e ? e : &nobody);
}

struct san_disk {
	FILE *image;
};

static int fake_open(struct san_disk **ret, struct san_facts *facts, const struct san_login *login,
	uint64_t lun, unsigned timeout_ms, struct err *e)
{
	struct disk d;
	char path[PATH_MAX];
	int r = disk_open(&d, login, lun, timeout_ms, e);
	r = r ? r : path_of(path, login->target, "img", e);
	if (r < 0)
		return r;
	OWN(file) FILE *f = fopen(path, "re");
	if (!f || fseeko(f, 0, SEEK_END) < 0)
		return err_set(e, errno, "open %s", path);
	struct san_disk *disk = malloc(sizeof *disk);
	if (!disk)
		return err_set(e, ENOMEM, "fake disk");
	*facts = d.facts;
	facts->bytes = (uint64_t)ftello(f);
	disk->image = TAKE(f);
	*ret = disk;
	return 0;
}

static int fake_read(struct san_disk *d, uint64_t at, void *to, size_t len, struct err *e)
{
	if (fseeko(d->image, (off_t)at, SEEK_SET) < 0 || fread(to, 1, len, d->image) != len)
		return err_say(e, EIO, "the fake disk cannot be read");
	return 0;
}

static void fake_close(struct san_disk *d)
{
	fclose(d->image);
	free(d);
}

const struct san_ops san_fake = { .kind = "fake",
	.look = fake_look,
	.fence = fake_fence,
	.reservations_clear = fake_clear,
	.sessions = fake_sessions,
	.copies = SAN_COPIES_ATOMIC,
	.clone = fake_clone,
	.clone_remove = fake_clone_remove,
	.disk_open = fake_open,
	.disk_read = fake_read,
	.disk_close = fake_close };
