/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a machine is made of, as far as Baton knows, and what a persona wants of one: the same
 * values on both sides. What is not known, or not wanted, is 0, UNKNOWN or not there. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"

enum arch { ARCH_UNKNOWN, ARCH_X86_64, ARCH_AARCH64 };
enum firmware { FIRMWARE_UNKNOWN, FIRMWARE_BIOS, FIRMWARE_UEFI };

enum {
	LABELS_MAX = 16,
	LABEL_LEN = 31,                   /* of a key, of a value */
	LABEL_TEXT = 2 * LABEL_LEN + 2,   /* "rack=r1" and its NUL */
	MEMORY_MB_MAX = 64 * 1024 * 1024, /* 64 TiB */
	CPUS_MAX = 65536,
};

struct label {
	char key[LABEL_LEN + 1], value[LABEL_LEN + 1];
};

struct traits {
	enum arch arch;
	enum firmware firmware;
	uint32_t memory_mb; /* MiB that are installed; what a persona wants at least */
	uint32_t cpus;      /* as an OS counts them; likewise */
	unsigned labels;    /* no key twice */
	struct label label[LABELS_MAX];
};

const char *arch_word(enum arch a); /* "", "x86_64", "aarch64" */
bool arch_parse(enum arch *ret, const char *word);
const char *firmware_word(enum firmware f); /* "", "bios", "uefi" */
bool firmware_parse(enum firmware *ret, const char *word);

/* KEY=VALUE, each 1 to 31 of a-z, 0-9 and '-', a letter or digit first. False leaves *ret alone. */
bool label_parse(struct label *ret, const char *text);
bool label_ok(const struct label *l);
const char *label_text(char to[LABEL_TEXT], const struct label *l);

/* The value of that label; NULL: it has none of that key. */
const char *traits_label(const struct traits *t, const char *key);
