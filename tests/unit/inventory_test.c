/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's look at disks: what sysfs of several machines says, in a folder made for it. */
#include "initramfs/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char sys[] = "/tmp/baton-inventory-XXXXXX";

static void run(const char *command)
{
	CHECK_INT(system(command), 0);
}

static void sys_gone(void)
{
	char command[80];
	snprintf(command, sizeof command, "rm -rf %s", sys);
	run(command);
}

static void bytes_put(const char *path, const char *file, const void *bytes, size_t n)
{
	char name[400];
	snprintf(name, sizeof name, "%s/%s", path, file);
	FILE *f = fopen(name, "w");
	CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void put(const char *path, const char *file, const char *text)
{
	bytes_put(path, file, text, strlen(text));
}

/* A block device as sysfs has it: block/NAME is a link to where it hangs; its folder is in ret. */
static void block(char ret[256], const char *name, const char *at, const char *sectors)
{
	char command[900];
	snprintf(ret, 256, "%s/devices/%s/block/%s", sys, at, name);
	snprintf(command, sizeof command,
		"mkdir -p %s %s/block && ln -s ../devices/%s/block/%s %s/block/%s && ln -s ../.. "
		"%s/device",
		ret, sys, at, name, sys, name, ret);
	run(command);
	put(ret, "size", sectors);
}

/* IDENTIFY DEVICE's way to write a text. */
static void ata_put(uint8_t *at, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		at[i ^ 1] = (uint8_t)(i < strlen(text) ? text[i] : ' ');
}

static void page_89(uint8_t page[572])
{
	memset(page, 0, 572);
	page[1] = 0x89;
	page[2] = 0x02;
	page[3] = 0x38;
	ata_put(page + 60 + 20, 20, "S64FNE0R123456");
	ata_put(page + 60 + 46, 8, "JXTC404Q");
	ata_put(page + 60 + 54, 40, "SAMSUNG MZ7L3960HCJR-00A07");
}

static const struct disk_seen *named(const struct disk_seen *all, size_t n, const char *name)
{
	static const struct disk_seen none = { .kind = "none" };
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return &none;
}

static void disk_is(const struct disk_seen *d, const char *kind, const char *model,
	const char *serial, const char *firmware, uint64_t bytes)
{
	CHECK_TEXT(d->kind, kind);
	CHECK_TEXT(d->model, model);
	CHECK_TEXT(d->serial, serial);
	CHECK_TEXT(d->firmware, firmware);
	CHECK(d->bytes == bytes);
}

static void disks_of_every_kind(void)
{
	static struct disk_seen all[DISKS_MAX];
	uint8_t page[572];
	char at[256];
	CHECK(mkdtemp(sys) != NULL);
	atexit(sys_gone);
	CHECK_INT(disks_find(all, sys), 0); /* no block layer at all */
	block(at, "nvme0n1", "pci0000:00/0000:01:00.0/nvme/nvme0", "1875385008\n");
	put(at, "device/model", "SAMSUNG MZQL2960HCJR-00A07              \n");
	put(at, "device/serial", "S64GNE0T \n");
	put(at, "device/firmware_rev", "GDC5602Q\n");
	block(at, "nvme0c0n1", "pci0000:00/0000:01:00.0/nvme/nvme0", "1875385008\n");
	put(at, "hidden", "1\n");
	block(at, "sda", "pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0", "1875385008\n");
	put(at, "device/vendor", "ATA     \n");
	put(at, "device/model", "SAMSUNG MZ7L3960\n");
	put(at, "device/rev", "404Q\n");
	page_89(page);
	bytes_put(at, "device/vpd_pg89", page, sizeof page);
	block(at, "sdb",
		"pci0000:00/0000:02:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0",
		"2344225968\n");
	put(at, "device/vendor", "SEAGATE \n");
	put(at, "device/model", "ST1200MM0099    \n");
	put(at, "device/rev", "ST31\n");
	bytes_put(at, "device/vpd_pg80", "\0\x80\0\x14WFK0ABCD            ", 24);
	block(at, "sdc", "pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host2/target2:0:0/2:0:0:0",
		"2048\n");
	put(at, "device/model", "Stick\n");
	block(at, "vda", "pci0000:00/0000:00:05.0/virtio2", "8192\n");
	put(at, "serial", "QM00001");
	/* Of others, of nothing, or of no size. */
	block(at, "sdd", "pci0000:00/0000:03:00.0/host3/rport-3:0-0/target3:0:0/3:0:0:0", "2048\n");
	block(at, "sde", "platform/host4/session1/target4:0:0/4:0:0:0", "2048\n");
	block(at, "sdf", "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0",
		"0\n");
	block(at, "sr0", "pci0000:00/0000:00:1f.2/ata2/host6/target6:0:0/6:0:0:0", "2048\n");
	block(at, "loop0", "virtual", "2048\n");
	block(at, "dm-0", "virtual", "2048\n");
	block(at, "ram0", "virtual", "2048\n");
	block(at, "zram0", "virtual", "2048\n");
	size_t n = disks_find(all, sys);
	CHECK_INT(n, 5);
	CHECK_TEXT(all[0].name, "nvme0n1");
	CHECK_TEXT(all[4].name, "vda");
	disk_is(named(all, n, "nvme0n1"), "nvme", "SAMSUNG MZQL2960HCJR-00A07", "S64GNE0T",
		"GDC5602Q", 960197124096);
	/* SCSI's fields are too short for it. */
	disk_is(named(all, n, "sda"), "sata", "SAMSUNG MZ7L3960HCJR-00A07", "S64FNE0R123456",
		"JXTC404Q", 960197124096);
	disk_is(named(all, n, "sdb"), "sas", "SEAGATE ST1200MM0099", "WFK0ABCD", "ST31",
		1200243695616);
	disk_is(named(all, n, "sdc"), "usb", "Stick", "", "", 1048576);
	disk_is(named(all, n, "vda"), "virtio", "", "QM00001", "", 4194304);
}

static void pages_that_are_cut_short_or_of_another_kind_say_nothing(void)
{
	uint8_t page[572];
	struct disk_seen d = { .model = "as it was" };
	char text[DISK_TEXT_LEN + 1];
	page_89(page);
	for (size_t n = 0; n < 60 + 54 + 40; n++)
		vpd_ata(&d, page, n);
	CHECK_TEXT(d.model, "as it was");
	page[1] = 0x83;
	vpd_ata(&d, page, sizeof page);
	CHECK_TEXT(d.model, "as it was");
	page[1] = 0x89;
	memset(page + 60, ' ', 512);
	vpd_ata(&d, page, sizeof page);
	CHECK_TEXT(d.model, "as it was");
	memset(page + 60, 0xff, 512);
	vpd_ata(&d, page, sizeof page);
	CHECK_TEXT(d.firmware, "????????");
	static const uint8_t serial[] = { 0, 0x80, 0, 200, 'a', 0x1b, 'b', ' ' };
	for (size_t n = 0; n <= 4; n++) {
		vpd_serial(text, sizeof text, serial, n);
		CHECK_TEXT(text, "");
	}
	vpd_serial(text, sizeof text, serial, sizeof serial); /* it says 200 and has 4 */
	CHECK_TEXT(text, "a?b");
}

static void a_text_fits_its_room(void)
{
	char text[8];
	seen_text(text, sizeof text, "  0123456789", 12);
	CHECK_TEXT(text, "0123456");
	seen_text(text, sizeof text, "ab\ncd", 5);
	CHECK_TEXT(text, "ab");
	seen_text(text, sizeof text, "    ", 4);
	CHECK_TEXT(text, "");
	seen_text(text, sizeof text, "abc", 2);
	CHECK_TEXT(text, "ab");
}

static void a_device_that_is_not_there_has_no_firmware(void)
{
	char text[64] = "x";
	CHECK_TEXT(nic_firmware(text, sizeof text, "no-such-dev"), "");
	CHECK_TEXT(nic_firmware(text, sizeof text, "lo"), "");
}

TESTS(T(disks_of_every_kind), T(pages_that_are_cut_short_or_of_another_kind_say_nothing),
	T(a_text_fits_its_room), T(a_device_that_is_not_there_has_no_firmware))
