/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See site.h. */
#include "warden/site.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "base/ways.h"
#include "host/fd.h"
#include "warden/key.h"

struct finding {
	FILE *to;
	bool any;
};

__attribute__((format(printf, 2, 3))) static void wrong(struct finding *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(f->to, "batond: ");
	vfprintf(f->to, fmt, ap);
	fprintf(f->to, "\n");
	va_end(ap);
	f->any = true;
}

/* A number of an id that the kernel takes; -1 means "leave alone" to it and is none. */
static bool number(unsigned *ret, const char *text)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v >= 0xffffffff)
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool jail_is_off(void)
{
	const char *off = getenv("BATON_JAIL");
	return off && strcmp(off, "off") == 0;
}

static void check_user(struct finding *f, struct user *ret, const char *key, const char *value)
{
	unsigned id;
	bool is_number = number(&id, value);
	const struct passwd *pw = is_number ? getpwuid(id) : getpwnam(value);
	if (!pw && !is_number) {
		wrong(f, "%s = %s: no such user; `adduser --system --group %s` makes it", key,
			value, value);
		return;
	}
	*ret = pw ? (struct user){ pw->pw_uid, pw->pw_gid } : (struct user){ id, id };
	if (ret->uid == 0 && !jail_is_off())
		wrong(f, "%s = %s: want a user without rights, not root", key, value);
}

static void check_group(struct finding *f, gid_t *ret, const char *key, const char *value)
{
	unsigned id;
	if (number(&id, value)) {
		*ret = id;
		return;
	}
	const struct group *gr = getgrnam(value);
	if (!gr)
		wrong(f, "%s = %s: no such group; `addgroup --system %s` makes it", key, value,
			value);
	else
		*ret = gr->gr_gid;
}

static void check_users(struct finding *f, struct site *s)
{
	const struct conf *c = &s->conf;
	bool before = f->any;
	check_user(f, &s->broker, "user_broker", c->user_broker);
	check_user(f, &s->edge, "user_edge", c->user_edge);
	check_user(f, &s->files, "user_files", c->user_files);
	check_user(f, &s->hand, "user_hand", c->user_hand);
	check_group(f, &s->api, "group_api", c->group_api);
	if (f->any != before || jail_is_off())
		return;
	if (s->hand.uid == s->edge.uid || s->hand.uid == s->files.uid ||
		s->hand.uid == s->broker.uid)
		wrong(f,
			"user_hand = %s: want a user of its own, since it may read the BMC secrets",
			c->user_hand);
	if (s->broker.uid == s->edge.uid || s->broker.uid == s->files.uid)
		wrong(f,
			"user_broker = %s: want a user of its own, since it may write the boot "
			"table",
			c->user_broker);
}

static void check_interfaces(struct finding *f, struct site *s)
{
	char text[sizeof s->conf.interfaces], *rest = NULL;
	snprintf(text, sizeof text, "%s", s->conf.interfaces);
	for (char *name = strtok_r(text, " \t", &rest); name; name = strtok_r(NULL, " \t", &rest)) {
		if (strlen(name) >= IF_NAMESIZE || if_nametoindex(name) == 0) {
			wrong(f, "interfaces: %s: this machine has no such interface", name);
			continue;
		}
		bool again = false;
		for (unsigned i = 0; i < s->interfaces; i++)
			again |= strcmp(s->interface[i], name) == 0;
		if (again)
			wrong(f, "interfaces: %s is named twice", name);
		else if (s->interfaces == INTERFACES_MAX)
			wrong(f, "interfaces: %s: want at most %d", name, INTERFACES_MAX);
		else
			snprintf(s->interface[s->interfaces++], IF_NAMESIZE, "%s", name);
	}
	if (text[strspn(text, " \t")] == '\0')
		wrong(f, "interfaces: want the name of at least one");
}

/* One that is misspelled would guard nothing, and nobody would hear of it. */
static void check_guard(struct finding *f, const struct site *s)
{
	char text[sizeof s->conf.guard_interfaces], port[IF_NAMESIZE + 32], *rest = NULL;
	snprintf(text, sizeof text, "%s", s->conf.guard_interfaces);
	for (char *name = strtok_r(text, " \t", &rest); name; name = strtok_r(NULL, " \t", &rest)) {
		if (strlen(name) >= IF_NAMESIZE || if_nametoindex(name) == 0) {
			wrong(f, "guard_interfaces: %s: this machine has no such interface", name);
			continue;
		}
		snprintf(port, sizeof port, "/sys/class/net/%s/brport", name);
		if (access(port, F_OK) == 0)
			wrong(f, "guard_interfaces: %s is a port of a bridge: name the bridge",
				name);
	}
}

enum must { MAY_LACK, MUST_BE };

static void check_folder(struct finding *f, const char *key, const char *path, enum must must)
{
	struct stat st;
	if (path[0] != '/')
		wrong(f, "%s = %s: want a path from the root", key, path);
	else if (stat(path, &st) < 0 && (errno != ENOENT || must == MUST_BE))
		wrong(f, "%s = %s: %s", key, path, strerror(errno));
	else if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
		wrong(f, "%s = %s: want a folder", key, path);
}

static void check_secrets(struct finding *f, const struct site *s)
{
	struct stat st;
	const char *path = s->conf.secrets_dir;
	check_folder(f, "secrets_dir", path, MAY_LACK);
	if (stat(path, &st) == 0 && st.st_mode & 0077)
		wrong(f, "secrets_dir = %s: others may look into it; `chown %s %s; chmod 0700 %s`",
			path, s->conf.user_hand, path, path);
}

/* Who takes a copy of state_dir along must not have taken the key along with it. */
static void check_key(struct finding *f, const struct site *s)
{
	struct err e = { 0 };
	const char *path = s->conf.key_file, *state = s->conf.state_dir;
	size_t len = strlen(state);
	if (path[0] != '/')
		wrong(f, "key_file = %s: want a path from the root", path);
	else if (strncmp(path, state, len) == 0 && (path[len] == '/' || state[len - 1] == '/'))
		wrong(f, "key_file = %s: want a place outside of state_dir, which it locks", path);
	else if (key_missing(s, &e) < 0)
		wrong(f, "%s", e.text);
}

static void check_programs(struct finding *f, struct site *s)
{
	static const char *const names[] = { "baton-edge", "baton-files", "baton-broker",
		"baton-hand" };
	ssize_t n = readlink("/proc/self/exe", s->programs, sizeof s->programs - 1);
	if (n < 0) {
		wrong(f, "/proc/self/exe: %s", strerror(errno));
		return;
	}
	s->programs[n] = '\0';
	*strrchr(s->programs, '/') = '\0';
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[PATH_MAX + 32];
		snprintf(path, sizeof path, "%s/%s", s->programs, names[i]);
		if (access(path, X_OK) < 0)
			wrong(f, "%s: %s; it stands beside batond", path, strerror(errno));
	}
}

/* Of the path, or of the nearest folder above it that is there already. */
static bool on_tmpfs(const char *path)
{
	char at[PATH_MAX];
	struct statfs fs;
	snprintf(at, sizeof at, "%s", path);
	while (statfs(at, &fs) < 0) {
		char *slash = strrchr(at, '/');
		if (errno != ENOENT || !slash)
			return false;
		*(slash == at ? slash + 1 : slash) = '\0';
	}
	return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static void check_folders(struct finding *f, struct site *s)
{
	const struct conf *c = &s->conf;
	char table[sizeof c->run_dir + 8];
	check_folder(f, "state_dir", c->state_dir, MAY_LACK);
	check_folder(f, "run_dir", c->run_dir, MAY_LACK);
	check_folder(f, "packs_dir", c->packs_dir, MAY_LACK);
	check_folder(f, "boot_dir", c->boot_dir, MUST_BE);
	check_folder(f, "scripts_dir", c->scripts_dir, MUST_BE);
	check_secrets(f, s);
	if (c->tgt_control[0] && c->tgt_control[0] != '/')
		wrong(f, "tgt_control = %s: want a path from the root", c->tgt_control);
	check_key(f, s);
	snprintf(table, sizeof table, "%s/table", c->run_dir);
	if (c->run_dir[0] == '/' && !on_tmpfs(table))
		wrong(f, "run_dir = %s: want a place on tmpfs, since the boot table holds secrets",
			c->run_dir);
}

static void check_silence(struct finding *f, const struct site *s)
{
	struct ways ways;
	struct err e = { 0 };
	if (ways_parse(&ways, s->conf.silence, &e) < 0)
		wrong(f, "%s", e.text);
}

bool site_check(struct site *s, FILE *to)
{
	struct finding f = { .to = to };
	check_silence(&f, s);
	check_users(&f, s);
	check_interfaces(&f, s);
	check_guard(&f, s);
	check_folders(&f, s);
	check_programs(&f, s);
	return !f.any;
}

/* A folder with exactly this owner and mode, whatever it was before. */
static int make_folder(const char *path, uid_t uid, gid_t gid, mode_t mode, struct err *e)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		char parent[PATH_MAX];
		snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return err_set(e, errno, "make folder %s", parent);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make folder %s", path);
	/* By descriptor, so that a link in its place is never followed. */
	OWN(fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return err_set(e, errno, "make folder %s", path);
	return 0;
}

int site_make_run_dir(const struct site *s, struct err *e)
{
	return make_folder(s->conf.run_dir, 0, 0, 0755, e);
}

int site_make_folders(const struct site *s, struct err *e)
{
	const struct conf *c = &s->conf;
	const struct {
		const char *in, *name;
		uid_t uid;
		gid_t gid;
		mode_t mode;
	} wanted[] = {
		{ c->run_dir, "/table", s->broker.uid, s->edge.gid, 02750 },
		{ c->run_dir, "/lock", s->hand.uid, s->hand.gid, 0700 },
		{ c->run_dir, "/packs", 0, 0, 0755 },
		{ c->state_dir, "", s->broker.uid, s->broker.gid, 0700 },
		{ c->state_dir, "/crashes", 0, 0, 0700 },
		{ c->secrets_dir, "", s->hand.uid, s->hand.gid, 0700 },
	};
	char path[PATH_MAX];
	for (size_t i = 0; i < COUNT(wanted); i++) {
		snprintf(path, sizeof path, "%s%s", wanted[i].in, wanted[i].name);
		int r = make_folder(path, wanted[i].uid, wanted[i].gid, wanted[i].mode, e);
		if (r < 0)
			return r;
	}
	snprintf(path, sizeof path, "%s/table", c->run_dir);
	return on_tmpfs(path) ? 0 : err_say(e, EINVAL, "%s: not on tmpfs", path);
}

/* The folder that it is in belongs to the broker's user, who may have put anything in its place. */
static int open_plain(int *ret, int folder, const char *name, struct err *e)
{
	struct stat st;
	OWN(fd)
	int fd = openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "leases/%s", name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != 0)
		return err_say(
			e, EPERM, "leases/%s: want a plain file of root's with one name", name);
	*ret = fd_take(&fd);
	return 0;
}

int site_open_leases(int ret[2], const struct site *s, struct err *e)
{
	char path[PATH_MAX];
	OWN(fd) int first = -1;
	OWN(fd) int second = -1;
	snprintf(path, sizeof path, "%s/leases", s->conf.state_dir);
	ret[0] = ret[1] = -1;
	int r = make_folder(path, 0, 0, 0700, e);
	if (r < 0)
		return r;
	OWN(fd) int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return err_set(e, errno, "%s", path);
	r = open_plain(&first, folder, "0", e);
	r = r ? r : open_plain(&second, folder, "1", e);
	if (r < 0)
		return err_in(e, r, "state_dir %s", s->conf.state_dir);
	if (flock(first, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, errno, "%s: another batond works on it", path);
	if (fsync(folder) < 0)
		return err_set(e, errno, "%s", path);
	ret[0] = fd_take(&first);
	ret[1] = fd_take(&second);
	return 0;
}
