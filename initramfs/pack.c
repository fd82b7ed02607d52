/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a tool-pack's manifest and filling in its commands: see pack.h. */
#include "initramfs/pack.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 600, REGEX_LEN = 200, REPEAT_MAX = 64 };

static const char *const deeds[PACK_DEEDS] = { "probe", "read", "write", "verify", "restore" };
static const char *const places[] = { "pci", "netdev", "mac", "mac_hex", "old", "old_hex", "pack" };
enum place { AT_PCI, AT_NETDEV, AT_MAC, AT_MAC_HEX, AT_OLD, AT_OLD_HEX, AT_PACK };

struct reading {
	struct pack *pack;
	const char *file;
	unsigned line;
	bool has_mac;
	struct err *e;
};

const char *pack_deed_word(enum pack_deed d)
{
	return deeds[d];
}

static int wrong(const struct reading *r, const char *what)
{
	return err_say(r->e, EINVAL, "%s:%u: %s", r->file, r->line, what);
}

/* The place whose name stands in the len bytes at name, or -1. */
static int place_of(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(places); i++)
		if (strlen(places[i]) == len && memcmp(places[i], name, len) == 0)
			return (int)i;
	return -1;
}

static int hex16(const char **at)
{
	int v = 0;
	for (int i = 0; i < 4; i++, (*at)++) {
		if (!isxdigit((unsigned char)**at))
			return -1;
		int c = tolower((unsigned char)**at);
		v = v << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/* "8086:100e 15b3:*" */
static int read_ids(struct reading *r, const char *v)
{
	struct pack *p = r->pack;
	while (*v) {
		int vendor = hex16(&v), device = 0;
		bool any = false;
		if (vendor < 0 || *v++ != ':')
			return wrong(r,
				"pci: want VENDOR:DEVICE, four hex digits each, as in 8086:100e");
		if (*v == '*') {
			any = true;
			v++;
		} else {
			device = hex16(&v);
		}
		if (device < 0 || (*v && *v != ' '))
			return wrong(
				r, "pci: want VENDOR:DEVICE, four hex digits each, or VENDOR:*");
		if (p->ids == PACK_IDS)
			return wrong(r, "pci: more than 64 cards; want two packs or VENDOR:*");
		p->id[p->ids++] = (struct pack_id){ (uint16_t)vendor, (uint16_t)device, any };
		v += strspn(v, " ");
	}
	return p->ids ? 0 : wrong(r, "pci: want at least one VENDOR:DEVICE");
}

static int read_functions(struct reading *r, const char *v)
{
	uint8_t mask = 0;
	for (; *v; v++) {
		if (*v >= '0' && *v <= '7')
			mask |= (uint8_t)(1 << (*v - '0'));
		else if (*v != ' ')
			mask = 0, v = "?";
		if (!mask)
			break;
	}
	if (!mask)
		return wrong(r, "functions: want digits of 0 to 7 with blanks between");
	r->pack->functions = mask;
	return 0;
}

static int read_timeout(struct reading *r, const char *v)
{
	unsigned n = 0;
	size_t digits = strspn(v, "0123456789");
	if (digits && digits < 5 && !v[digits])
		n = (unsigned)atoi(v);
	if (n < 1 || n > TIMEOUT_MAX_S)
		return wrong(r, "timeout_s: want 1 to 600");
	r->pack->timeout_s = n;
	return 0;
}

static int read_command(struct reading *r, enum pack_deed deed, const char *v)
{
	unsigned words = 0;
	for (const char *at = v; *at; words++) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	if (!words || words > PACK_ARGS)
		return wrong(r, "a command: want 1 to 32 words");
	if (strlen(v) > PACK_COMMAND_LEN)
		return wrong(r, "a command: longer than 255 characters");
	if (*v != '/' && strncmp(v, "{pack}/", 7) != 0)
		return wrong(r, "a command: want a program's whole path, /... or {pack}/...");
	for (const char *at = strchr(v, '{'); at; at = strchr(at + 1, '{')) {
		size_t len = strcspn(at + 1, "} ");
		if (at[1 + len] != '}' || place_of(at + 1, len) < 0)
			return wrong(r, "a command: want {pci}, {netdev}, {mac}, {mac_hex}, {old}, "
					"{old_hex} or {pack} between braces");
	}
	snprintf(r->pack->command[deed], sizeof r->pack->command[deed], "%s", v);
	return 0;
}

/* The C library's regular expressions grow without bound on nested repetitions, so those are
 * refused: a repetition of a group, or of a repetition. */
static bool is_tame(const char *v)
{
	unsigned groups = 0;
	for (const char *at = v; *at; at++) {
		if (*at == '\\') {
			if (!at[1] || isalnum((unsigned char)at[1]))
				return false;
			at++;
			continue;
		}
		if (*at == '(' && ++groups > 1)
			return false;
		if (*at == '{' && (at == v || strchr(")*+?}", at[-1]) || atoi(at + 1) > REPEAT_MAX))
			return false;
		const char *comma = *at == '{' ? strpbrk(at, ",}") : NULL;
		if (comma && *comma == ',' && atoi(comma + 1) > REPEAT_MAX)
			return false;
		if (strchr("*+?", *at) && at > v && strchr(")*+?}", at[-1]))
			return false;
	}
	return groups == 1;
}

static int read_mac(struct reading *r, const char *v)
{
	if (strlen(v) > REGEX_LEN || !is_tame(v))
		return wrong(r,
			"mac: want an extended regular expression with one (group), repeats of up "
			"to 64, none of a group or of a repeat, none of \\letter");
	regex_t re;
	int bad = regcomp(&re, v, REG_EXTENDED | REG_NEWLINE | REG_ICASE);
	if (bad) {
		char text[80];
		regerror(bad, &re, text, sizeof text);
		return err_say(r->e, EINVAL, "%s:%u: mac: %s", r->file, r->line, text);
	}
	if (re.re_nsub != 1) {
		regfree(&re);
		return wrong(r, "mac: want exactly one (group), around the address");
	}
	r->pack->mac = re;
	r->has_mac = true;
	return 0;
}

static int read_name(struct reading *r, const char *v)
{
	if (!name_ok(v))
		return wrong(r, "name: want 1 to 63 of a-z, 0-9 and '-'");
	snprintf(r->pack->name, sizeof r->pack->name, "%s", v);
	return 0;
}

static int read_setting(struct reading *r, const char *key, const char *v)
{
	struct pack *p = r->pack;
	int at = -1;
	for (int i = 0; i < PACK_DEEDS; i++)
		if (strcmp(key, deeds[i]) == 0)
			at = i;
	bool again = at >= 0                    ? *p->command[at]
		     : strcmp(key, "name") == 0 ? *p->name
		     : strcmp(key, "pci") == 0  ? p->ids > 0
		     : strcmp(key, "mac") == 0  ? r->has_mac
						: false;
	if (again)
		return wrong(r, "this key stands here for the second time");
	if (at >= 0)
		return read_command(r, (enum pack_deed)at, v);
	if (strcmp(key, "name") == 0)
		return read_name(r, v);
	if (strcmp(key, "pci") == 0)
		return read_ids(r, v);
	if (strcmp(key, "mac") == 0)
		return read_mac(r, v);
	if (strcmp(key, "timeout_s") == 0)
		return read_timeout(r, v);
	if (strcmp(key, "functions") == 0)
		return read_functions(r, v);
	return wrong(r, "unknown key; want name, pci, probe, read, write, verify, restore, mac, "
			"timeout_s or functions");
}

/* Cuts the blanks off both ends, in place. */
static char *trim(char *s)
{
	s += strspn(s, " \t\r");
	size_t n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int read_line(struct reading *r, char *line)
{
	char *key = trim(line);
	if (!*key || *key == '#')
		return 0;
	for (const char *c = key; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			return wrong(
				r, "a control character; want plain text, blanks instead of tabs");
	char *equal = strchr(key, '=');
	if (!equal)
		return wrong(r, "want key = value");
	*equal = '\0';
	return read_setting(r, trim(key), trim(equal + 1));
}

static int is_whole(struct reading *r)
{
	const struct pack *p = r->pack;
	if (!*p->name)
		return err_say(r->e, EINVAL, "%s: no name", r->file);
	if (!p->ids)
		return err_say(r->e, EINVAL, "%s: no pci; want the cards that the tool can write",
			r->file);
	if (!*p->command[PACK_READ] || !*p->command[PACK_WRITE])
		return err_say(r->e, EINVAL,
			"%s: no read or no write; what is written is always read back", r->file);
	if (!r->has_mac)
		return err_say(r->e, EINVAL,
			"%s: no mac; want the rule that finds the address in what "
			"read prints",
			r->file);
	return 0;
}

int pack_parse(struct pack *ret, const char *file, const char *text, size_t len, struct err *e)
{
	struct pack p = { .timeout_s = TIMEOUT_DEFAULT_S, .functions = 0xff };
	struct reading r = { .pack = &p, .file = file, .e = e };
	if (len > PACK_TEXT_MAX || memchr(text, '\0', len))
		return err_say(e, EINVAL, "%s: longer than 16 KiB or not text", file);

	int bad = 0;
	for (const char *end = text + len; text < end && !bad;) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);
		char line[512];
		r.line++;
		if (n >= sizeof line) {
			bad = wrong(&r, "a line longer than 511 characters");
			break;
		}
		memcpy(line, text, n);
		line[n] = '\0';
		bad = read_line(&r, line);
		text += n + (stop ? 1 : 0);
	}
	if (!bad)
		bad = is_whole(&r);
	if (bad) {
		if (r.has_mac)
			regfree(&p.mac);
		return bad;
	}
	*ret = p;
	return 0;
}

void pack_fini(struct pack *p)
{
	regfree(&p->mac);
}

bool pack_fits(const struct pack *p, uint16_t vendor, uint16_t device)
{
	for (unsigned i = 0; i < p->ids; i++)
		if (p->id[i].vendor == vendor && (p->id[i].any_device || p->id[i].device == device))
			return true;
	return false;
}

bool pack_writes_function(const struct pack *p, const char *pci)
{
	size_t n = strlen(pci);
	return n && pci[n - 1] >= '0' && pci[n - 1] <= '7' &&
	       (p->functions >> (pci[n - 1] - '0') & 1);
}

/* NULL where the card has no such value. */
static const char *value_of(
	char to[MAC_TEXT], const struct pack *p, enum place at, const struct pack_card *card)
{
	switch (at) {
	case AT_PCI:
		return card->pci;
	case AT_NETDEV:
		return card->netdev;
	case AT_MAC:
		return card->mac ? mac_text(to, card->mac) : NULL;
	case AT_MAC_HEX:
		return card->mac ? mac_hex(to, card->mac) : NULL;
	case AT_OLD:
		return card->old ? mac_text(to, card->old) : NULL;
	case AT_OLD_HEX:
		return card->old ? mac_hex(to, card->old) : NULL;
	case AT_PACK:
		return p->dir;
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
		return err_say(e, EINVAL, "pack %s: no %s command", p->name, deeds[deed]);
	while (*at) {
		ret->argv[n++] = ret->text + used;
		while (*at && *at != ' ') {
			char mac[MAC_TEXT], one[2] = { *at };
			const char *value = one;
			size_t step = 1;
			if (*at == '{') {
				size_t len = strcspn(at + 1, "}");
				value = value_of(mac, p, (enum place)place_of(at + 1, len), card);
				step = len + 2;
			}
			if (!value)
				return err_say(e, EINVAL, "pack %s: %s: no value for %.*s", p->name,
					deeds[deed], (int)step, at);
			size_t len = strlen(value);
			if (used + len + 2 > sizeof ret->text)
				return err_say(e, EINVAL, "pack %s: %s: the command grows too long",
					p->name, deeds[deed]);
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

bool pack_mac(struct mac *ret, const struct pack *p, const char *output)
{
	regmatch_t m[2];
	char text[MAC_TEXT];
	if (regexec(&p->mac, output, 2, m, 0) != 0 || m[1].rm_so < 0)
		return false;
	size_t len = (size_t)(m[1].rm_eo - m[1].rm_so);
	if (len >= sizeof text)
		return false;
	memcpy(text, output + m[1].rm_so, len);
	text[len] = '\0';
	return mac_parse(ret, text);
}
