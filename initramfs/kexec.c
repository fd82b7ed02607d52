/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See kexec.h. kexec_load(2) where linux64.h knows kernel and machine: kexec_file_load(2) hashes
 * every byte, the tens of megabytes of zeros behind a kernel too, and once more before the jump.
 * That one is for all others. glibc has a function for neither. */
#include "initramfs/kexec.h"

#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "initramfs/linux64.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"
#define EFI "/sys/firmware/efi"

static size_t file_read(void *to, size_t len, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	for (ssize_t n; fd >= 0 && got < len && (n = read(fd, (char *)to + got, len - got)) > 0;)
		got += (size_t)n;
	if (fd >= 0)
		close(fd);
	return got;
}

int kexec_allowed(struct err *e)
{
	char words[80] = "";
	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	file_read(words, sizeof words - 1, LOCKDOWN);
	/* "none [integrity] confidentiality"; such a kernel takes no table from an initramfs. */
	if (*words && !strstr(words, "[none]"))
		return err_say(e, EPERM,
			"the kernel is locked down (Secure Boot): it takes no table of ours");
	return 0;
}

/* "0x1f" or "31"; 0 where there is no such file. */
static uint64_t number_read(const char *folder, const char *name)
{
	char path[80], text[40] = "";
	snprintf(path, sizeof path, "%s/%s", folder, name);
	file_read(text, sizeof text - 1, path);
	return strtoull(text, NULL, 0);
}

/* An EFI_MEMORY_DESCRIPTOR for each folder. */
static void efi_read(struct linux_machine *m)
{
	char folder[60], systab[1024] = "";
	for (; m->efi_descs < LINUX_EFI_DESCS; m->efi_descs++) {
		uint8_t *d = m->efi_desc[m->efi_descs];
		snprintf(folder, sizeof folder, EFI "/runtime-map/%u", m->efi_descs);
		if (access(folder, F_OK) != 0)
			break;
		const uint64_t value[] = { number_read(folder, "type"),
			number_read(folder, "phys_addr"), number_read(folder, "virt_addr"),
			number_read(folder, "num_pages"), number_read(folder, "attribute") };
		memcpy(d, value, sizeof value);
	}
	m->efi_vendor = number_read(EFI, "fw_vendor");
	m->efi_tables = number_read(EFI, "config_table");
	file_read(systab, sizeof systab - 1, EFI "/systab");
	const char *smbios = strstr(systab, "\nSMBIOS=");
	m->efi_smbios = smbios ? strtoull(smbios + strlen("\nSMBIOS="), NULL, 0) : 0;
}

static int machine_read(struct linux_machine *m, struct err *e)
{
	char line[200];
	FILE *map = fopen("/proc/iomem", "re");
	if (!map)
		return err_set(e, errno, "open /proc/iomem");
	bool more = false;
	while (fgets(line, sizeof line, map)) {
		struct linux_range r;
		if (!linux_range_parse(&r, line))
			continue;
		more |= m->ranges == LINUX_RANGES;
		if (!more)
			m->range[m->ranges++] = r;
	}
	fclose(map);
	if (file_read(m->zero_page, sizeof m->zero_page, "/sys/kernel/boot_params/data") !=
		sizeof m->zero_page)
		return err_say(e, ENOTSUP, "how this kernel was started is not told");
	bool efi = access(EFI, F_OK) == 0;
	if (efi)
		efi_read(m);
	if (more || m->efi_descs == LINUX_EFI_DESCS || (efi && !m->efi_descs))
		return err_say(e, ENOTSUP, "this machine's map is not one that is passed on here");
	return 0;
}

static int file_map(void **ret, size_t *len, int fd, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || st.st_size == 0)
		return err_set(e, ENODATA, "a kernel or an initramfs");
	*len = (size_t)st.st_size;
	*ret = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	return *ret == MAP_FAILED ? err_set(e, errno, "map a kernel") : 0;
}

static size_t pages_of(size_t len)
{
	return (len + 4095) / 4096 * 4096;
}

static void *at(uint64_t addr)
{
	return (void *)(uintptr_t)addr;
}

static int load(int kernel_fd, int initrd_fd, const char *line, struct err *e)
{
	static struct linux_machine machine;
	static struct linux_start start;
	void *kernel, *initrd;
	size_t kernel_len, initrd_len;
	int r = file_map(&kernel, &kernel_len, kernel_fd, e);
	r = r < 0 ? r : file_map(&initrd, &initrd_len, initrd_fd, e);
	r = r < 0 ? r : machine_read(&machine, e);
	r = r < 0 ? r : linux_prepare(&start, kernel, kernel_len, initrd_len, line, &machine, e);
	if (r < 0)
		return r;
	const struct kexec_segment segment[] = {
		{ (char *)kernel + start.kernel_skip, kernel_len - start.kernel_skip,
			at(start.kernel_at), start.kernel_room },
		{ initrd, initrd_len, at(start.initrd_at), pages_of(initrd_len) },
		{ start.area, sizeof start.area, at(start.area_at), sizeof start.area },
	};
	if (syscall(SYS_kexec_load, start.entry, 3UL, segment, (long)KEXEC_ARCH_X86_64) != 0)
		return err_set(e, errno, "kexec_load");
	return 0;
}

int kexec_ready(int kernel, int initrd, const char *line, struct err *e)
{
	struct err why = { 0 };
	if (load(kernel, initrd, line, &why) == 0)
		return 0;
	printf("baton: %s; kexec_file_load then\n", why.text);
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
