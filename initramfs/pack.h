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
#include "initramfs/fc.h"

enum {
	PACK_IDS = 64,
	PACK_COMMAND_LEN = 255,
	PACK_DIR_LEN = 127,
	PACK_ARGS = 32,
	PACK_ARG_TEXT = 2048, /* of all arguments together */
	PACK_TEXT_MAX = 16384,
	PACK_SERIAL_LEN = 63,
};

/* What the tool writes: a network card's address, a Fibre Channel HBA's names and boot targets, or
 * what the board's firmware says of the machine. */
enum pack_kind { PACK_NIC, PACK_FC, PACK_BOARD, PACK_KINDS };

enum pack_deed {
	PACK_PROBE,
	PACK_READ,
	PACK_WRITE,
	PACK_VERIFY,
	PACK_RESTORE,
	/* Of boot targets: reads them where `read` does not print them; sets one; clears all; lets
	 * the card boot from them. */
	PACK_READ_TARGETS,
	PACK_TARGET,
	PACK_TARGET_NONE,
	PACK_BOOT_ON,
	PACK_DEEDS
};

/* Each finds one value in what the tool prints. */
enum pack_rule { RULE_MAC, RULE_WWPN, RULE_WWNN, RULE_TARGETS, RULE_UUID, RULE_SERIAL, PACK_RULES };

struct pack_id {
	uint16_t vendor, device;
	bool any_device;
};

struct pack {
	char name[NAME_LEN + 1];
	char dir[PACK_DIR_LEN + 1]; /* where it lies; the caller sets it */
	enum pack_kind kind;
	unsigned ids;
	struct pack_id id[PACK_IDS];
	char command[PACK_DEEDS][PACK_COMMAND_LEN + 1]; /* "" where there is none */
	bool has_rule[PACK_RULES];
	regex_t rule[PACK_RULES]; /* one group: the value; `targets` may have a second: the LUN */
	unsigned timeout_s;
	uint8_t functions; /* bit n: PCI function n may be written */
};

/* The card that a command is about; NULL where the deed has no such value. */
struct pack_card {
	const char *pci, *netdev;
	const struct mac *mac, *old;
	const struct wwn *wwpn, *wwnn, *old_wwpn, *old_wwnn;
	const struct fc_target *target;
	unsigned n; /* of the target, from 0 */
	const struct uuid *uuid;
	const char *serial;
};

struct pack_args {
	char *argv[PACK_ARGS + 1]; /* ends with NULL; stands in text */
	char text[PACK_ARG_TEXT];
};

const char *pack_kind_word(enum pack_kind k); /* "nic", ... */
const char *pack_deed_word(enum pack_deed d); /* "probe", ... */
const char *pack_rule_word(enum pack_rule r); /* "mac", ... */

/* Reads a manifest. -EINVAL with "FILE:LINE: what is wrong and what is wanted". On success the
 * caller ends with pack_fini(). */
int pack_parse(struct pack *ret, const char *file, const char *text, size_t len, struct err *e);
void pack_fini(struct pack *p);

bool pack_fits(const struct pack *p, uint16_t vendor, uint16_t device);
/* The pack may write this PCI function ("0000:00:03.0" is function 0). */
bool pack_writes_function(const struct pack *p, const char *pci);

/* Whether a pack of this kind may have {word}; the len bytes at word name it. False for a word that
 * there is not. */
bool pack_has_word(const char *word, size_t len, enum pack_kind kind);

/* Splits a command at its blanks and puts the card's values in the places of {pci}, {mac} and so
 * on. No shell sees it. -EINVAL with words when the deed has no command or a value is missing. */
int pack_args(struct pack_args *ret, const struct pack *p, enum pack_deed deed,
	const struct pack_card *card, struct err *e);

/* Each finds a value in what the tool printed; false when there is none. */
bool pack_mac(struct mac *ret, const struct pack *p, const char *output);
bool pack_wwn(struct wwn *ret, const struct pack *p, enum pack_rule rule, const char *output);
/* The text form, or 32 digits. */
bool pack_uuid(struct uuid *ret, const struct pack *p, const char *output);
bool pack_serial(char to[PACK_SERIAL_LEN + 1], const struct pack *p, const char *output);
/* All boot targets, in order, without those of WWN zero, which are empty places. Their number; -1
 * when one makes no sense or there are more than max. */
int pack_targets(struct fc_target to[], unsigned max, const struct pack *p, const char *output);
