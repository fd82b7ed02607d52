/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See kexec.h; kexec_file_load(2), which glibc has no function for. */
#include "initramfs/kexec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define LOCKDOWN "/sys/kernel/security/lockdown"

int kexec_allowed(struct err *e)
{
	char words[80] = "";
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	int fd = open(LOCKDOWN, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, words, sizeof words - 1);
	if (fd >= 0)
		close(fd);
	/* "none [integrity] confidentiality"; such a kernel takes no table from an initramfs. */
	if (n > 0 && !strstr(words, "[none]"))
		return err_say(e, EPERM,
			"the kernel is locked down (Secure Boot): it takes no table of ours");
	return 0;
}

int kexec_load(int kernel, int initrd, const char *line, struct err *e)
{
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(line) + 1, line, 0UL) == 0)
		return 0;
	return err_set(e, errno, "kexec_file_load");
}

int kexec_go(struct err *e)
{
	fflush(stdout);
	tcdrain(1);
	reboot(RB_KEXEC);
	return err_set(e, errno, "start the kernel that was loaded");
}
