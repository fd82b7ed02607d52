/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading sysfs: see sysfs.h. */
#include "initramfs/sysfs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *sysfs_word(char *to, size_t len, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, to, len - 1);
	if (fd >= 0)
		close(fd);
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return to;
}

uint32_t sysfs_hex(const char *dir, const char *file)
{
	char path[PATH_MAX + 16], word[16];
	snprintf(path, sizeof path, "%s/%s", dir, file);
	return (uint32_t)strtoul(sysfs_word(word, sizeof word, path), NULL, 16);
}

void sysfs_driver(char to[32], const char *device)
{
	char path[PATH_MAX + 16], link[PATH_MAX];
	snprintf(path, sizeof path, "%s/driver", device);
	ssize_t n = readlink(path, link, sizeof link - 1);
	link[n > 0 ? n : 0] = '\0';
	const char *name = strrchr(link, '/');
	snprintf(to, 32, "%.31s", name ? name + 1 : link);
}
