/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Landlock by its raw calls: glibc has no wrappers, and the struct grows with the kernel while
 * the headers of a build machine may be older than the kernel it runs on. See landlock.h. */
#include "host/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "host/fd.h"

struct ruleset_attr {
	uint64_t fs, net;
};

struct __attribute__((packed)) path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
};

enum {
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_RULE_BENEATH = 1,
	LANDLOCK_VERSION = 1,
};

/* How many rights over files, and over TCP ports, each version of Landlock knows. */
static uint64_t fs_rights(long version)
{
	unsigned bits = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
	return (UINT64_C(1) << bits) - 1;
}

long landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
}

int landlock_enter(const int *folders, size_t count, struct err *e)
{
	long version = landlock_version();
	if (version < 1)
		return 0;
	/* Binding and connecting by TCP: no rule allows either, so neither is possible. */
	struct ruleset_attr attr = { .fs = fs_rights(version), .net = version >= 4 ? 3 : 0 };
	OWN(fd)
	int set = (int)syscall(
		SYS_landlock_create_ruleset, &attr, version >= 4 ? sizeof attr : sizeof attr.fs, 0);
	if (set < 0)
		return err_set(e, errno, "jail: landlock ruleset");
	for (size_t i = 0; i < count; i++) {
		struct path_beneath_attr p = { LANDLOCK_READ_FILE | LANDLOCK_READ_DIR, folders[i] };
		if (syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_BENEATH, &p, 0) < 0)
			return err_set(e, errno, "jail: landlock folder %d", folders[i]);
	}
	if (syscall(SYS_landlock_restrict_self, set, 0) < 0)
		return err_set(e, errno, "jail: landlock restrict");
	return 1;
}
