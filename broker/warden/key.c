/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See key.h. */
#include "warden/key.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

enum {
	KEY_LEN = 32,
	SEALED_SINCE = 3, /* the version of the store that has secrets in clear no more */
	VERSION_AT = 60,  /* where SQLite's file has it, four bytes, the highest first */
};

/* Is there a store that the lost key would be needed for? One of an older Baton is not sealed yet.
 * Its folder belongs to the broker's user, who may have put anything in its place. */
static bool store_is_sealed(const char *path)
{
	uint8_t v[4] = { 0 };
	struct stat st;
	OWN(fd) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	if (pread(fd, v, sizeof v, VERSION_AT) != (ssize_t)sizeof v)
		return false; /* made, and nothing was written yet */
	return (v[0] | v[1] | v[2]) != 0 || v[3] >= SEALED_SINCE;
}

int key_missing(const struct site *s, struct err *e)
{
	char path[sizeof s->conf.state_dir + 16];
	struct stat st;
	if (lstat(s->conf.key_file, &st) == 0 || errno != ENOENT)
		return 0;
	snprintf(path, sizeof path, "%s/baton.db", s->conf.state_dir);
	if (!store_is_sealed(path))
		return 0;
	return err_say(e, ENOENT,
		"key_file = %s: it is not there, and the secrets in %s are sealed with it; put it "
		"back from the backup",
		s->conf.key_file, path);
}

static int key_write(const char *path, const struct user *broker, struct err *e)
{
	uint8_t key[KEY_LEN];
	unlink(path); /* of a start that was cut short */
	OWN(fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0 || getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
		return err_set(e, errno, "key_file: make %s", path);
	bool written = write(fd, key, sizeof key) == (ssize_t)sizeof key;
	explicit_bzero(key, sizeof key);
	if (!written || fchown(fd, broker->uid, broker->gid) < 0 || fchmod(fd, 0400) < 0 ||
		fsync(fd) < 0)
		return err_set(e, errno, "key_file: make %s", path);
	return 0;
}

static int folder_sync(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", path);
	OWN(fd) int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? err_set(e, errno, "key_file: folder of %s", path) : 0;
}

int key_make(const struct site *s, struct err *e)
{
	const char *path = s->conf.key_file;
	char begun[sizeof s->conf.key_file + 8];
	struct stat st;
	if (lstat(path, &st) == 0)
		return 0;
	if (errno != ENOENT)
		return err_set(e, errno, "key_file = %s", path);
	int r = key_missing(s, e);
	snprintf(begun, sizeof begun, "%s.new", path);
	r = r ? r : key_write(begun, &s->broker, e);
	if (r == 0 && rename(begun, path) < 0)
		r = err_set(e, errno, "key_file: make %s", path);
	return r ? r : folder_sync(path, e);
}
