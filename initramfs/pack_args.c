/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling in a tool-pack's commands, and finding values in what its tool prints: see pack.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "initramfs/pack.h"

enum { NIC = 1 << PACK_NIC, FC = 1 << PACK_FC, BOARD = 1 << PACK_BOARD, VALUE = 64 };

/* How a value is written down. PCI_PART is a piece of the PCI address, HEX its bytes alone. */
enum form {
	TEXT,
	PCI_BUS,
	PCI_DEV,
	PCI_FUN,
	MAC,
	WWN,
	UUID,
	UUID_SMBIOS,
	HEX,
	TARGET,
	TARGET_HEX,
	LUN,
	NUMBER,
	PACK
};

static const struct place {
	const char *word;
	unsigned kinds;
	enum form form;
	size_t at, len; /* of the value in a pack_card, of its bytes */
} places[] = {
#define AT(member) offsetof(struct pack_card, member)
	{ "pack", NIC | FC | BOARD, PACK, 0, 0 },
	{ "pci", NIC | FC, TEXT, AT(pci), 0 },
	{ "bus", NIC | FC, PCI_BUS, AT(pci), 0 },
	{ "dev", NIC | FC, PCI_DEV, AT(pci), 0 },
	{ "fun", NIC | FC, PCI_FUN, AT(pci), 0 },
	{ "netdev", NIC, TEXT, AT(netdev), 0 },
	{ "mac", NIC, MAC, AT(mac), 0 },
	{ "mac_hex", NIC, HEX, AT(mac), 6 },
	{ "old", NIC, MAC, AT(old), 0 },
	{ "old_hex", NIC, HEX, AT(old), 6 },
	{ "wwpn", FC, WWN, AT(wwpn), 0 },
	{ "wwpn_hex", FC, HEX, AT(wwpn), 8 },
	{ "wwnn", FC, WWN, AT(wwnn), 0 },
	{ "wwnn_hex", FC, HEX, AT(wwnn), 8 },
	{ "old_wwpn", FC, WWN, AT(old_wwpn), 0 },
	{ "old_wwpn_hex", FC, HEX, AT(old_wwpn), 8 },
	{ "old_wwnn", FC, WWN, AT(old_wwnn), 0 },
	{ "old_wwnn_hex", FC, HEX, AT(old_wwnn), 8 },
	{ "target_wwpn", FC, TARGET, AT(target), 0 },
	{ "target_wwpn_hex", FC, TARGET_HEX, AT(target), 0 },
	{ "lun", FC, LUN, AT(target), 0 },
	{ "n", FC, NUMBER, AT(target), 0 },
	{ "uuid", BOARD, UUID, AT(uuid), 0 },
	{ "uuid_hex", BOARD, HEX, AT(uuid), 16 },
	{ "uuid_smbios", BOARD, UUID_SMBIOS, AT(uuid), 16 },
	{ "serial", BOARD, TEXT, AT(serial), 0 },
#undef AT
};

static const struct place *place_of(const char *word, size_t len)
{
	for (size_t i = 0; i < COUNT(places); i++)
		if (strlen(places[i].word) == len && memcmp(places[i].word, word, len) == 0)
			return &places[i];
	return NULL;
}

bool pack_has_word(const char *word, size_t len, enum pack_kind kind)
{
	const struct place *p = place_of(word, len);
	return p && p->kinds & 1U << kind;
}

/* SMBIOS stores the first three fields with the low byte first (2.6, 7.2.1). */
static const char *uuid_as_stored(char to[VALUE], const struct uuid *u)
{
	static const uint8_t from[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t b[16];
	for (int i = 0; i < 16; i++)
		b[i] = u->b[from[i]];
	return hex_text(to, b, sizeof b);
}

/* Some of "0000:81:00.0". */
static const char *pci_part(char to[VALUE], const char *pci, enum form form)
{
	static const struct {
		int at, len;
	} part[] = { [PCI_BUS] = { 5, 2 }, [PCI_DEV] = { 8, 2 }, [PCI_FUN] = { 11, 1 } };
	if (!pci_ok(pci))
		return NULL;
	snprintf(to, VALUE, "%.*s", part[form].len, pci + part[form].at);
	return to;
}

/* NULL where the card has no such value. */
static const char *value_of(
	char to[VALUE], const struct pack *p, const struct place *at, const struct pack_card *card)
{
	const void *v;
	if (at->form == PACK)
		return p->dir;
	memcpy(&v, (const char *)card + at->at, sizeof v);
	if (!v)
		return NULL;
	const struct fc_target *target = v;
	switch (at->form) {
	case PACK:
	case TEXT:
		return v;
	case PCI_BUS:
	case PCI_DEV:
	case PCI_FUN:
		return pci_part(to, v, at->form);
	case MAC:
		return mac_text(to, v);
	case WWN:
		return wwn_text(to, v);
	case UUID:
		return uuid_text(to, v);
	case UUID_SMBIOS:
		return uuid_as_stored(to, v);
	case HEX:
		return hex_text(to, v, at->len);
	case TARGET:
		return wwn_text(to, &target->wwpn);
	case TARGET_HEX:
		return hex_text(to, target->wwpn.b, sizeof target->wwpn.b);
	case LUN:
		snprintf(to, VALUE, "%" PRIu64, target->lun);
		return to;
	case NUMBER:
		snprintf(to, VALUE, "%u", card->n);
		return to;
	}
	return NULL;
}

int pack_args(struct pack_args *ret, const struct pack *p, enum pack_deed deed,
	const struct pack_card *card, struct err *e)
{
	size_t used = 0;
	unsigned n = 0;
	const char *at = p->command[deed];
	if (!*at)
		return err_say(e, EINVAL, "pack %s: no %s command", p->name, pack_deed_word(deed));
	while (*at) {
		ret->argv[n++] = ret->text + used;
		while (*at && *at != ' ') {
			char text[VALUE], one[2] = { *at };
			const char *value = one;
			size_t step = 1;
			if (*at == '{') {
				size_t len = strcspn(at + 1, "}");
				const struct place *place = place_of(at + 1, len);
				value = place ? value_of(text, p, place, card) : NULL;
				step = len + 2;
			}
			if (!value)
				return err_say(e, EINVAL, "pack %s: %s: no value for %.*s", p->name,
					pack_deed_word(deed), (int)step, at);
			size_t len = strlen(value);
			if (used + len + 2 > sizeof ret->text)
				return err_say(e, EINVAL, "pack %s: %s: the command grows too long",
					p->name, pack_deed_word(deed));
			memcpy(ret->text + used, value, len);
			used += len;
			at += step;
		}
		ret->text[used++] = '\0';
		at += strspn(at, " ");
	}
	ret->argv[n] = NULL;
	return 0;
}

/* The text of a group of a match; false where it is not in it or too long. */
static bool group(char *to, size_t max, const char *output, const regmatch_t *m)
{
	size_t len = m->rm_so < 0 ? max : (size_t)(m->rm_eo - m->rm_so);
	if (len >= max)
		return false;
	memcpy(to, output + m->rm_so, len);
	to[len] = '\0';
	return true;
}

static bool find(
	char *to, size_t max, const struct pack *p, enum pack_rule rule, const char *output)
{
	regmatch_t m[2];
	return p->has_rule[rule] && regexec(&p->rule[rule], output, 2, m, 0) == 0 &&
	       group(to, max, output, &m[1]);
}

bool pack_mac(struct mac *ret, const struct pack *p, const char *output)
{
	char text[MAC_TEXT];
	return find(text, sizeof text, p, RULE_MAC, output) && mac_parse(ret, text);
}

bool pack_wwn(struct wwn *ret, const struct pack *p, enum pack_rule rule, const char *output)
{
	char text[WWN_TEXT];
	return find(text, sizeof text, p, rule, output) && wwn_parse(ret, text);
}

bool pack_uuid(struct uuid *ret, const struct pack *p, const char *output)
{
	char text[UUID_TEXT], with[UUID_TEXT];
	if (!find(text, sizeof text, p, RULE_UUID, output))
		return false;
	if (strlen(text) != 32)
		return uuid_parse(ret, text);
	snprintf(with, sizeof with, "%.8s-%.4s-%.4s-%.4s-%.12s", text, text + 8, text + 12,
		text + 16, text + 20);
	return uuid_parse(ret, with);
}

bool pack_serial(char to[PACK_SERIAL_LEN + 1], const struct pack *p, const char *output)
{
	if (!find(to, PACK_SERIAL_LEN + 1, p, RULE_SERIAL, output))
		return false;
	for (size_t n = strlen(to); n && to[n - 1] == ' ';)
		to[--n] = '\0';
	return true;
}

/* Digits, or "0x" and hexadecimal ones. */
static bool lun_parse(uint64_t *ret, const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t n = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (!n || digits[n])
		return false;
	errno = 0;
	*ret = strtoull(digits, NULL, hex ? 16 : 10);
	return errno == 0;
}

int pack_targets(struct fc_target to[], unsigned max, const struct pack *p, const char *output)
{
	unsigned n = 0;
	regmatch_t m[3];
	if (!p->has_rule[RULE_TARGETS])
		return 0;
	for (int flags = 0; regexec(&p->rule[RULE_TARGETS], output, 3, m, flags) == 0;) {
		char text[WWN_TEXT], lun[24];
		struct fc_target t = { .lun = 0 };
		if (!group(text, sizeof text, output, &m[1]) || !wwn_parse(&t.wwpn, text))
			return -1;
		if (m[2].rm_so >= 0 &&
			(!group(lun, sizeof lun, output, &m[2]) || !lun_parse(&t.lun, lun)))
			return -1;
		if (m[0].rm_eo == m[0].rm_so || (n == max && !wwn_is_zero(&t.wwpn)))
			return -1;
		if (!wwn_is_zero(&t.wwpn))
			to[n++] = t;
		flags = m[0].rm_eo > 0 && output[m[0].rm_eo - 1] == '\n' ? 0 : REG_NOTBOL;
		output += m[0].rm_eo;
	}
	return (int)n;
}
