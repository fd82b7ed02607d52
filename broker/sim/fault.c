/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fault files: see fault.h. */
#include "sim/fault.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

static void path_of(char to[PATH_MAX], const char *machine, const char *name)
{
	snprintf(to, PATH_MAX, "%s.%s", machine, name);
}

bool fault_text(const char *machine, const char *name, char *to, size_t size)
{
	char path[PATH_MAX];
	path_of(path, machine, name);
	OWN(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, to, size - 1);
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	return true;
}

bool fault_is(const char *machine, const char *name, const char *thing)
{
	char words[256];
	if (!fault_text(machine, name, words, sizeof words))
		return false;
	if (!thing || !words[0])
		return true;
	for (char *rest = words, *one; (one = strsep(&rest, " "));)
		if (strcmp(one, thing) == 0)
			return true;
	return false;
}

long fault_number(const char *machine, const char *name, long otherwise)
{
	char text[32];
	if (!fault_text(machine, name, text, sizeof text))
		return -1;
	return isdigit((unsigned char)text[0]) ? strtol(text, NULL, 10) : otherwise;
}

bool fault_once(const char *machine, const char *name, const char *thing)
{
	char path[PATH_MAX];
	if (!fault_is(machine, name, thing))
		return false;
	path_of(path, machine, name);
	return unlink(path) == 0;
}
