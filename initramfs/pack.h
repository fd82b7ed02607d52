/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tool-pack's manifest: which cards a vendor's tool can write, and how it is called.
 * Pure: text in, values out; run.h starts what is built here. Format: docs/tool-packs.md. */
#pragma once
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"

enum {
	PACK_IDS = 64,
	PACK_COMMAND_LEN = 255,
	PACK_DIR_LEN = 127,
	PACK_ARGS = 32,
	PACK_ARG_TEXT = 2048, /* of all arguments together */
	PACK_TEXT_MAX = 16384,
};

enum pack_deed { PACK_PROBE, PACK_READ, PACK_WRITE, PACK_VERIFY, PACK_RESTORE, PACK_DEEDS };

struct pack_id {
	uint16_t vendor, device;
	bool any_device;
};

struct pack {
	char name[NAME_LEN + 1];
	char dir[PACK_DIR_LEN + 1]; /* where it lies; the caller sets it */
	unsigned ids;
	struct pack_id id[PACK_IDS];
	char command[PACK_DEEDS][PACK_COMMAND_LEN + 1]; /* "" where there is none */
	regex_t mac; /* one group: the address in what `read` prints */
	unsigned timeout_s;
	uint8_t functions; /* bit n: PCI function n may be written */
};

/* The card that a command is about. */
struct pack_card {
	const char *pci, *netdev;
	const struct mac *mac, *old; /* NULL where the deed has none */
};

struct pack_args {
	char *argv[PACK_ARGS + 1]; /* ends with NULL; stands in text */
	char text[PACK_ARG_TEXT];
};

const char *pack_deed_word(enum pack_deed d); /* "probe", ... */

/* Reads a manifest. -EINVAL with "FILE:LINE: what is wrong and what is wanted". On success the
 * caller ends with pack_fini(). */
int pack_parse(struct pack *ret, const char *file, const char *text, size_t len, struct err *e);
void pack_fini(struct pack *p);

bool pack_fits(const struct pack *p, uint16_t vendor, uint16_t device);
/* The pack may write this PCI function ("0000:00:03.0" is function 0). */
bool pack_writes_function(const struct pack *p, const char *pci);

/* Splits a command at its blanks and puts the card's values in the places of {pci} {netdev} {mac}
 * {mac_hex} {old} {old_hex} {pack}. No shell sees it. -EINVAL with words when the deed has no
 * command or a value is missing. */
int pack_args(struct pack_args *ret, const struct pack *p, enum pack_deed deed,
	const struct pack_card *card, struct err *e);

/* Finds the address in what the tool printed; false when there is none. */
bool pack_mac(struct mac *ret, const struct pack *p, const char *output);
