/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See packs.h. */
#include "warden/packs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/own.h"
#include "host/cpio.h"
#include "host/fd.h"

enum { PACK_MAX = 64 << 20 };

static void dir_drop(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int pack_make(int from, int to, const char *name, struct err *e)
{
	char image[NAME_LEN + 8], fresh[NAME_LEN + 8], prefix[NAME_LEN + 8];
	snprintf(image, sizeof image, "%.63s.img", name);
	snprintf(fresh, sizeof fresh, ".%.63s.new", name);
	snprintf(prefix, sizeof prefix, "packs/%.63s", name);
	OWN(fd) int dir = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return err_set(e, errno, "open");
	OWN(fd)
	int fd = openat(to, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_set(e, errno, "make %s", fresh);
	int r = cpio_write(fd, prefix, dir, PACK_MAX, e);
	if (r == 0 && (fchmod(fd, 0644) < 0 || renameat(to, fresh, to, image) < 0))
		r = err_set(e, errno, "put %s in place", image);
	if (r < 0)
		unlinkat(to, fresh, 0);
	return r;
}

/* "lab.img" belongs to a folder "lab"; anything else here is nobody's. */
static bool has_folder(int from, const char *image)
{
	char name[NAME_LEN + 1];
	struct stat st;
	size_t len = strlen(image);
	if (len < 5 || len - 4 >= sizeof name || strcmp(image + len - 4, ".img") != 0)
		return false;
	memcpy(name, image, len - 4);
	name[len - 4] = '\0';
	return name_ok(name) && from >= 0 && fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static void remove_old(int from, const char *path)
{
	OWN(dir) DIR *d = opendir(path);
	for (const struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
		if (x->d_type == DT_REG && !has_folder(from, x->d_name))
			unlinkat(dirfd(d), x->d_name, 0);
}

unsigned packs_make(const struct site *s, FILE *wrong)
{
	char path[sizeof s->conf.run_dir + 8];
	unsigned made = 0;
	snprintf(path, sizeof path, "%s/packs", s->conf.run_dir);
	OWN(fd) int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN(dir) DIR *packs = opendir(s->conf.packs_dir);
	remove_old(packs ? dirfd(packs) : -1, path);
	for (const struct dirent *x = packs ? readdir(packs) : NULL; x; x = readdir(packs)) {
		struct err e = { 0 };
		if (x->d_name[0] == '.')
			continue;
		if (!name_ok(x->d_name))
			err_say(&e, EINVAL, "want a name of 1 to %d of a-z, 0-9 and '-'", NAME_LEN);
		else if (pack_make(dirfd(packs), to, x->d_name, &e) == 0)
			made++;
		if (e.code)
			fprintf(wrong, "<3>batond: tool-pack %s: %s\n", x->d_name, e.text);
	}
	return made;
}
