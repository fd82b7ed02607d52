/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel knows of the machine's own disks, and of its cards' firmware. Nothing is opened
 * but sysfs and a socket: no disk is read, mounted or waited for. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { DISKS_MAX = 64, DISK_TEXT_LEN = 63 };

/* Texts are printable, without blanks around them; "" where the disk does not say. */
struct disk_seen {
	char name[32];
	const char *kind; /* "nvme", "sata", "sas", "usb", "virtio", "scsi" */
	char model[DISK_TEXT_LEN + 1], serial[DISK_TEXT_LEN + 1], firmware[DISK_TEXT_LEN + 1];
	uint64_t bytes;
};

/* The disks that are there at this moment, in order of name; sys is "/sys". Those of others are
 * left out: what came by a network or a fabric, and what is made of something else. */
size_t disks_find(struct disk_seen ret[DISKS_MAX], const char *sys);

/* The firmware of a network device, as its driver says; "" where it does not. */
const char *nic_firmware(char *to, size_t size, const char *netdev);

/* What stands behind those, pure. raw needs no NUL within its n bytes. */
void seen_text(char *to, size_t size, const void *raw, size_t n);
/* The serial number of SCSI's page 80h; "" where the bytes are none. */
void vpd_serial(char *to, size_t size, const uint8_t *page, size_t n);
/* Of an ATA disk behind SCSI (page 89h): what SCSI's own fields have no room for. Leaves alone what
 * the page does not have. */
void vpd_ata(struct disk_seen *to, const uint8_t *page, size_t n);
/* The kind by the path of the block device in sysfs and the vendor that it names; NULL: it is no
 * disk of this machine's own. */
const char *disk_kind(const char *name, const char *path, const char *vendor);
