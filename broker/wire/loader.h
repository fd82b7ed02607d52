/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a loader says it boots: files of the UAPI group's Boot Loader Specification, type 1, and
 * systemd-boot's loader.conf, on an EFI system partition; GRUB's grub.cfg. Pure; the text is a
 * stranger's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { LOADER_PATH = 127, LOADER_WORD = 63, LOADER_INITRDS = 4, LOADER_LINE = 1023 };

struct loader_entry {
	char name[LOADER_PATH + 1];   /* of its file: "debian-6.1.0-18-amd64.conf" */
	char kernel[LOADER_PATH + 1]; /* "": it starts something else */
	unsigned initrds;
	char initrd[LOADER_INITRDS][LOADER_PATH + 1];
	char version[LOADER_WORD + 1], sort_key[LOADER_WORD + 1], machine_id[LOADER_WORD + 1];
	bool odd;                   /* a path in it is too long, strange, or one too many */
	char line[LOADER_LINE + 1]; /* what the kernel is told: all its options, in a row */
	bool line_odd;              /* that is too long, or strange */
};

void loader_entry_read(struct loader_entry *ret, const char *name, const char *text, size_t len);

/* Below 0: a stands before b in the loader's menu, whose first is booted. */
int loader_entry_compare(const struct loader_entry *a, const struct loader_entry *b);

/* What loader.conf says is booted: a pattern that fits the name of an entry's file; "": nothing. */
void loader_default_read(char ret[LOADER_PATH + 1], const char *text, size_t len);
bool loader_default_fits(const char *pattern, const struct loader_entry *entry);

/* What grub.cfg has the kernel of that name ("vmlinuz-6.1.0-18-amd64") told, by the first entry
 * that boots it. False: there is none, or one of the words is made by GRUB while it runs. */
bool loader_grub_line(char ret[LOADER_LINE + 1], const char *kernel, const char *text, size_t len);
