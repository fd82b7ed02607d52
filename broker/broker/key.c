/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See key.h. */
#include "broker/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

enum { KEY_LEN = 32 };

int key_read(uint8_t ret[32], const char *path, struct err *e)
{
	struct stat st;
	uint8_t key[KEY_LEN + 1]; /* one more, to see that it is too long */
	OWN(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "key_file = %s", path);
	if (!S_ISREG(st.st_mode))
		return err_say(e, EINVAL, "key_file = %s: it is no plain file", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_say(e, EPERM,
			"key_file = %s: others than its owner may read it; `chmod 0400 %s`", path,
			path);
	ssize_t n = read(fd, key, sizeof key);
	int code = errno;
	if (n == KEY_LEN)
		memcpy(ret, key, KEY_LEN);
	explicit_bzero(key, sizeof key);
	if (n < 0)
		return err_set(e, code, "key_file = %s", path);
	if (n != KEY_LEN)
		return err_say(e, EBADMSG,
			"key_file = %s: want its %d bytes as batond made them; put it back from "
			"the backup",
			path, KEY_LEN);
	return 0;
}
