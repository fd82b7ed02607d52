/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts from the kernel: see facts.h. What cannot be read is left out, and stops nothing. */
#include "initramfs/facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "initramfs/smbios.h"

/* Big servers have some ten kilobytes of it. */
enum { TABLE_MAX = 256 * 1024 };

static uint64_t memory_mb(void)
{
	static uint8_t table[TABLE_MAX];
	struct sysinfo info;
	size_t len = 0;
	int fd = open("/sys/firmware/dmi/tables/DMI", O_RDONLY | O_CLOEXEC);
	for (ssize_t n; fd >= 0 && (n = read(fd, table + len, sizeof table - len)) > 0;)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	uint64_t mb = smbios_memory_mb(table, len);
	if (mb || sysinfo(&info) != 0)
		return mb;
	return (uint64_t)info.totalram * info.mem_unit >> 20;
}

void facts_read(struct facts *ret)
{
	struct utsname u;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	*ret = (struct facts){ .firmware = access("/sys/firmware/efi", F_OK) == 0 ? "uefi" : "bios",
		.memory_mb = memory_mb(),
		.cpus = cpus > 0 ? (unsigned)cpus : 0 };
	if (uname(&u) == 0)
		snprintf(ret->arch, sizeof ret->arch, "%.15s", u.machine);
}
