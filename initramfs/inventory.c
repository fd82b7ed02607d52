/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disks from sysfs, firmware from ethtool's ioctl: see inventory.h. */
#include "initramfs/inventory.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SECTOR = 512, /* of sysfs, whatever the disk's own are */
	PAGE_MAX = 1024,
	ATA_AT = 60, /* of IDENTIFY DEVICE in page 89h (SAT-4, 12.4.2) */
	ATA_SERIAL = ATA_AT + 20,
	ATA_FIRMWARE = ATA_AT + 46,
	ATA_MODEL = ATA_AT + 54,
	ATA_END = ATA_MODEL + 40,
};

void seen_text(char *to, size_t size, const void *raw, size_t n)
{
	const char *from = raw;
	size_t len = 0;
	while (n && *from == ' ')
		from++, n--;
	for (; n && *from && *from != '\n' && len + 1 < size; from++, n--)
		to[len++] = *from >= ' ' && *from <= '~' ? *from : '?';
	while (len && to[len - 1] == ' ')
		len--;
	to[len] = '\0';
}

void vpd_serial(char *to, size_t size, const uint8_t *page, size_t n)
{
	*to = '\0';
	if (n > 4 && page[1] == 0x80)
		seen_text(to, size, page + 4, page[3] < n - 4 ? page[3] : n - 4);
}

/* ATA puts the first of two characters into the upper half of a word. */
static void ata_text(char *to, size_t size, const uint8_t *at, size_t n)
{
	char text[48], clean[DISK_TEXT_LEN + 1];
	for (size_t i = 0; i + 1 < n && i + 1 < sizeof text; i += 2) {
		text[i] = (char)at[i + 1];
		text[i + 1] = (char)at[i];
	}
	seen_text(clean, sizeof clean, text, n);
	if (*clean)
		snprintf(to, size, "%s", clean);
}

void vpd_ata(struct disk_seen *to, const uint8_t *page, size_t n)
{
	if (n < ATA_END || page[1] != 0x89)
		return;
	ata_text(to->serial, sizeof to->serial, page + ATA_SERIAL, 20);
	ata_text(to->firmware, sizeof to->firmware, page + ATA_FIRMWARE, 8);
	ata_text(to->model, sizeof to->model, page + ATA_MODEL, 40);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

const char *disk_kind(const char *name, const char *path, const char *vendor)
{
	if (begins(name, "nvme"))
		return "nvme";
	if (begins(name, "vd"))
		return "virtio";
	/* Optical drives, memory, and what is made of other disks have other names. */
	if (!begins(name, "sd") || strstr(path, "/session") || strstr(path, "/rport-"))
		return NULL;
	if (strstr(path, "/usb"))
		return "usb";
	if (strstr(path, "/ata") || strcmp(vendor, "ATA") == 0)
		return "sata";
	return strstr(path, "/end_device-") ? "sas" : "scsi";
}

/* How many bytes were read; 0 where there is no such file. */
static size_t bytes_read(void *to, size_t size, const char *dir, const char *file)
{
	char path[PATH_MAX];
	size_t len = 0;
	snprintf(path, sizeof path, "%.4000s/%s", dir, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (ssize_t n; fd >= 0 && len < size && (n = read(fd, (char *)to + len, size - len)) > 0;)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	return len;
}

static const char *text_of(char *to, size_t size, const char *dir, const char *file)
{
	char raw[128];
	seen_text(to, size, raw, bytes_read(raw, sizeof raw, dir, file));
	return to;
}

static void scsi_read(struct disk_seen *d, const char *dir, const char *vendor)
{
	uint8_t page[PAGE_MAX];
	char model[DISK_TEXT_LEN + 1];
	text_of(model, sizeof model, dir, "device/model");
	bool own = *vendor && strcmp(vendor, "ATA") != 0;
	snprintf(d->model, sizeof d->model, "%.16s%s%.40s", own ? vendor : "",
		own && *model ? " " : "", model);
	text_of(d->firmware, sizeof d->firmware, dir, "device/rev");
	vpd_serial(d->serial, sizeof d->serial, page,
		bytes_read(page, sizeof page, dir, "device/vpd_pg80"));
	vpd_ata(d, page, bytes_read(page, sizeof page, dir, "device/vpd_pg89"));
}

static void nvme_read(struct disk_seen *d, const char *dir)
{
	text_of(d->model, sizeof d->model, dir, "device/model");
	text_of(d->serial, sizeof d->serial, dir, "device/serial");
	text_of(d->firmware, sizeof d->firmware, dir, "device/firmware_rev");
}

/* False: none of the machine's own, or one without a medium. */
static bool disk_read(struct disk_seen *ret, const char *sys, const char *name)
{
	char dir[PATH_MAX], path[PATH_MAX], vendor[32], number[32];
	struct disk_seen d = { .bytes = 0 };
	snprintf(dir, sizeof dir, "%.3000s/block/%.64s", sys, name);
	snprintf(d.name, sizeof d.name, "%.31s", name);
	if (!realpath(dir, path))
		return false;
	d.kind = disk_kind(name, path, text_of(vendor, sizeof vendor, dir, "device/vendor"));
	d.bytes = strtoull(text_of(number, sizeof number, dir, "size"), NULL, 10) * SECTOR;
	bool hidden = *text_of(number, sizeof number, dir, "hidden") == '1';
	if (!d.kind || !d.bytes || hidden)
		return false;
	if (strcmp(d.kind, "nvme") == 0)
		nvme_read(&d, dir);
	else if (strcmp(d.kind, "virtio") == 0)
		text_of(d.serial, sizeof d.serial, dir, "serial");
	else
		scsi_read(&d, dir, vendor);
	*ret = d;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct disk_seen *)a)->name, ((const struct disk_seen *)b)->name);
}

size_t disks_find(struct disk_seen ret[DISKS_MAX], const char *sys)
{
	char path[PATH_MAX];
	size_t n = 0;
	snprintf(path, sizeof path, "%.4000s/block", sys);
	DIR *d = opendir(path);
	for (struct dirent *at; d && n < DISKS_MAX && (at = readdir(d));)
		n += at->d_name[0] != '.' && disk_read(&ret[n], sys, at->d_name);
	if (d)
		closedir(d);
	qsort(ret, n, sizeof ret[0], by_name);
	return n;
}

const char *nic_firmware(char *to, size_t size, const char *netdev)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq r = { .ifr_data = (void *)&info };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%.15s", netdev);
	if (sock < 0 || ioctl(sock, SIOCETHTOOL, &r) != 0)
		info.fw_version[0] = '\0';
	if (sock >= 0)
		close(sock);
	seen_text(to, size, info.fw_version, sizeof info.fw_version);
	if (strcmp(to, "N/A") == 0)
		*to = '\0';
	return to;
}
