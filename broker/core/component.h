/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine is made of, one by one: its disks, cards and controllers, its BIOS and its BMC,
 * each with its firmware (docs/design/0031). Values that core/bmc.h, reports and the store carry.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMPONENTS_MAX = 128, /* of one machine, by one who tells of them */
	COMPONENT_BUS_LEN = 7,
	COMPONENT_SLOT_LEN = 31,
	COMPONENT_TEXT_LEN = 63,
	COMPONENT_HEALTH_LEN = 23,
};

/* In the order in which they are shown. */
enum component_kind {
	COMPONENT_DISK,
	COMPONENT_STORAGE, /* a controller of disks */
	COMPONENT_NIC,
	COMPONENT_BIOS,
	COMPONENT_BMC,
	COMPONENT_CPU,
	COMPONENT_MEMORY,
};

/* Who has told of it. */
enum component_by { BY_SHIM = 1, BY_BMC = 2, BY_BOTH = BY_SHIM | BY_BMC };

/* Texts are as component_text() makes them, and "" where nobody told; so is 0. */
struct component {
	enum component_kind kind;
	enum component_by by;
	char slot[COMPONENT_SLOT_LEN + 1]; /* what it is called there: "nvme0n1", "Disk.Bay.0" */
	char bus[COMPONENT_BUS_LEN + 1];   /* of a disk: nvme, sata, sas, usb, virtio, scsi */
	char model[COMPONENT_TEXT_LEN + 1];
	char serial[COMPONENT_TEXT_LEN + 1]; /* of a NIC that the shim has told of, its MAC */
	char firmware[COMPONENT_TEXT_LEN + 1];
	uint64_t bytes;                        /* of a disk, of all memory */
	char health[COMPONENT_HEALTH_LEN + 1]; /* "OK", or what is wrong with it */
	double seen_s;                         /* unix time */
};

const char *component_kind_word(enum component_kind k); /* "disk" */
bool component_kind_parse(enum component_kind *ret, const char *word);
const char *component_by_word(enum component_by by); /* "shim", "bmc", "both" */
bool component_by_parse(enum component_by *ret, const char *word);
/* Is it a word for what a disk hangs on? "" is. */
bool component_bus_ok(const char *bus);

/* Copies what a device says of itself, fit for a sentence and for JSON: printable, neither quotes
 * nor backslashes, without the blanks around it, cut to the room. NULL is "". */
void component_text(char *to, size_t size, const char *from);

/* What shim and BMC have both told of becomes one: the same kind and serial number. The shim's
 * words stay, but for those that only the BMC has, and a firmware of which the shim has seen the
 * beginning. Returns how many are left, in their order. */
size_t components_merge(struct component *c, size_t n);
