/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kind of machine the shim runs on, for whoever chooses machines by that. */
#pragma once
#include <stdint.h>

struct facts {
	char arch[16];        /* as uname says it: "x86_64", "aarch64" */
	const char *firmware; /* "bios", "uefi" */
	uint64_t memory_mb;   /* installed, where the firmware says it; else what the kernel has */
	unsigned cpus;        /* that an OS can use */
};

void facts_read(struct facts *ret);
