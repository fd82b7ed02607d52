/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and wiping secrets: see hand/secret.h. */
#include "hand/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/own.h"
#include "host/fd.h"

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof *s);
}

int secret_read(struct secret *ret, const char *dir, const char *name, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	if (!name_ok(name))
		return err_say(e, EINVAL,
			"secret: want the name of a file in the secrets folder, 1 to 63 of a-z, "
			"0-9 "
			"and '-'");
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return err_say(e, ENAMETOOLONG, "secret: the folder's name is too long");
	OWN(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "secret: open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "secret: %s is no plain file", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_say(e, EPERM,
			"secret: %s may be read by others than its owner; chmod 0400 it", path);
	char text[SECRET_MAX + 2]; /* one more, to see that it is too long */
	ssize_t n = read(fd, text, sizeof text);
	int code = errno;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	bool good = n > 0 && n <= SECRET_MAX && !memchr(text, '\n', (size_t)n) &&
		    !memchr(text, '\0', (size_t)n);
	if (good) {
		memcpy(ret->text, text, (size_t)n);
		ret->text[n] = '\0';
	}
	explicit_bzero(text, sizeof text);
	if (n < 0)
		return err_set(e, code, "secret: read %s", path);
	if (!good)
		return err_say(e, EINVAL, "secret: %s: want one line of 1 to %d characters", path,
			SECRET_MAX);
	return 0;
}
