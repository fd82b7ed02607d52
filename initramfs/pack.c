/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a tool-pack's manifest: see pack.h. */
#include "initramfs/pack.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 600, REGEX_LEN = 200, REPEAT_MAX = 64 };

enum { NIC = 1 << PACK_NIC, FC = 1 << PACK_FC, BOARD = 1 << PACK_BOARD };

/* What a pack of which kind may have. */
struct word {
	const char *word;
	unsigned kinds;
};
static const char *const kinds[PACK_KINDS] = { "nic", "fc", "board" };
static const struct word deeds[PACK_DEEDS] = {
	[PACK_PROBE] = { "probe", NIC | FC | BOARD },
	[PACK_READ] = { "read", NIC | FC | BOARD },
	[PACK_WRITE] = { "write", NIC | FC | BOARD },
	[PACK_VERIFY] = { "verify", NIC | FC | BOARD },
	[PACK_RESTORE] = { "restore", NIC | FC | BOARD },
	[PACK_READ_TARGETS] = { "read_targets", FC },
	[PACK_TARGET] = { "target", FC },
	[PACK_TARGET_NONE] = { "target_none", FC },
	[PACK_BOOT_ON] = { "boot_on", FC },
};
static const struct word rules[PACK_RULES] = {
	[RULE_MAC] = { "mac", NIC },
	[RULE_WWPN] = { "wwpn", FC },
	[RULE_WWNN] = { "wwnn", FC },
	[RULE_TARGETS] = { "targets", FC },
	[RULE_UUID] = { "uuid", BOARD },
	[RULE_SERIAL] = { "serial", BOARD },
};

struct reading {
	struct pack *pack;
	const char *file;
	unsigned line;
	bool has_kind;
	struct err *e;
};

const char *pack_deed_word(enum pack_deed d)
{
	return deeds[d].word;
}

const char *pack_rule_word(enum pack_rule r)
{
	return rules[r].word;
}

const char *pack_kind_word(enum pack_kind k)
{
	return kinds[k];
}

static int wrong(const struct reading *r, const char *what)
{
	return err_say(r->e, EINVAL, "%s:%u: %s", r->file, r->line, what);
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
		bool is = false;
		for (int kind = 0; kind < PACK_KINDS; kind++)
			is |= pack_has_word(at + 1, len, (enum pack_kind)kind);
		if (at[1 + len] != '}' || !is)
			return wrong(r, "a command: want one of the words of docs/tool-packs.md "
					"between braces, as {pci} or {mac}");
	}
	snprintf(r->pack->command[deed], sizeof r->pack->command[deed], "%s", v);
	return 0;
}

/* The C library's regular expressions grow without bound on nested repetitions, so those are
 * refused: a repetition of a group, or of a repetition. */
static bool is_tame(const char *v, unsigned most)
{
	unsigned groups = 0;
	for (const char *at = v; *at; at++) {
		if (*at == '\\') {
			if (!at[1] || isalnum((unsigned char)at[1]))
				return false;
			at++;
			continue;
		}
		if (*at == '(' && ++groups > most)
			return false;
		if (*at == '{' && (at == v || strchr(")*+?}", at[-1]) || atoi(at + 1) > REPEAT_MAX))
			return false;
		const char *comma = *at == '{' ? strpbrk(at, ",}") : NULL;
		if (comma && *comma == ',' && atoi(comma + 1) > REPEAT_MAX)
			return false;
		if (strchr("*+?", *at) && at > v && strchr(")*+?}", at[-1]))
			return false;
	}
	return groups >= 1;
}

static int read_rule(struct reading *r, enum pack_rule rule, const char *v)
{
	const char *word = rules[rule].word;
	unsigned most = rule == RULE_TARGETS ? 2 : 1;
	if (strlen(v) > REGEX_LEN || !is_tame(v, most))
		return err_say(r->e, EINVAL,
			"%s:%u: %s: want an extended regular expression with one (group)%s, "
			"repeats of up to 64, none of a group or of a repeat, none of \\letter",
			r->file, r->line, word, most == 2 ? " or two" : "");
	regex_t re;
	int bad = regcomp(&re, v, REG_EXTENDED | REG_NEWLINE | REG_ICASE);
	if (bad) {
		char text[80];
		regerror(bad, &re, text, sizeof text);
		return err_say(r->e, EINVAL, "%s:%u: %s: %s", r->file, r->line, word, text);
	}
	/* One that matches nothing at all would be found for ever. */
	if (re.re_nsub < 1 || re.re_nsub > most || regexec(&re, "", 0, NULL, 0) == 0) {
		regfree(&re);
		return err_say(r->e, EINVAL,
			"%s:%u: %s: want one (group), around the value, and something to find",
			r->file, r->line, word);
	}
	r->pack->rule[rule] = re;
	r->pack->has_rule[rule] = true;
	return 0;
}

static int read_kind(struct reading *r, const char *v)
{
	for (int i = 0; i < PACK_KINDS; i++)
		if (strcmp(v, kinds[i]) == 0) {
			r->pack->kind = (enum pack_kind)i;
			r->has_kind = true;
			return 0;
		}
	return wrong(r, "kind: want nic, fc or board");
}

static int read_name(struct reading *r, const char *v)
{
	if (!name_ok(v))
		return wrong(r, "name: want 1 to 63 of a-z, 0-9 and '-'");
	snprintf(r->pack->name, sizeof r->pack->name, "%s", v);
	return 0;
}

/* The place of key among n words, or -1. */
static int word_at(const struct word *words, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(key, words[i].word) == 0)
			return i;
	return -1;
}

static int read_setting(struct reading *r, const char *key, const char *v)
{
	struct pack *p = r->pack;
	int deed = word_at(deeds, PACK_DEEDS, key), rule = word_at(rules, PACK_RULES, key);
	bool again = deed >= 0                  ? *p->command[deed]
		     : rule >= 0                ? p->has_rule[rule]
		     : strcmp(key, "name") == 0 ? *p->name
		     : strcmp(key, "kind") == 0 ? r->has_kind
		     : strcmp(key, "pci") == 0  ? p->ids > 0
						: false;
	if (again)
		return wrong(r, "this key stands here for the second time");
	if (deed >= 0)
		return read_command(r, (enum pack_deed)deed, v);
	if (rule >= 0)
		return read_rule(r, (enum pack_rule)rule, v);
	if (strcmp(key, "name") == 0)
		return read_name(r, v);
	if (strcmp(key, "kind") == 0)
		return read_kind(r, v);
	if (strcmp(key, "pci") == 0)
		return read_ids(r, v);
	if (strcmp(key, "timeout_s") == 0)
		return read_timeout(r, v);
	if (strcmp(key, "functions") == 0)
		return read_functions(r, v);
	return wrong(r, "unknown key; want name, kind, pci, probe, read, write, verify, restore, "
			"mac, timeout_s, functions or another of docs/tool-packs.md");
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

/* No command, word or rule of another kind. */
static int is_of_its_kind(struct reading *r)
{
	const struct pack *p = r->pack;
	const char *kind = kinds[p->kind];
	for (int i = 0; i < PACK_RULES; i++)
		if (p->has_rule[i] && !(rules[i].kinds & 1U << p->kind))
			return err_say(r->e, EINVAL, "%s: a pack of kind %s has no rule `%s`",
				r->file, kind, rules[i].word);
	for (int i = 0; i < PACK_DEEDS; i++) {
		if (*p->command[i] && !(deeds[i].kinds & 1U << p->kind))
			return err_say(r->e, EINVAL, "%s: a pack of kind %s has no command `%s`",
				r->file, kind, deeds[i].word);
		for (const char *at = strchr(p->command[i], '{'); at; at = strchr(at + 1, '{')) {
			size_t len = strcspn(at + 1, "}");
			if (!pack_has_word(at + 1, len, p->kind))
				return err_say(r->e, EINVAL,
					"%s: %s: a pack of kind %s has no {%.*s}", r->file,
					deeds[i].word, kind, (int)len, at + 1);
		}
	}
	return 0;
}

/* What is set must be read back, and cleared when the machine is itself again. */
static bool has_all_of_targets(const struct pack *p)
{
	bool can = *p->command[PACK_TARGET];
	return can == (*p->command[PACK_TARGET_NONE] != '\0') && can == p->has_rule[RULE_TARGETS] &&
	       (can || (!*p->command[PACK_READ_TARGETS] && !*p->command[PACK_BOOT_ON]));
}

static int is_whole(struct reading *r)
{
	const struct pack *p = r->pack;
	bool board = p->kind == PACK_BOARD;
	if (!*p->name)
		return err_say(r->e, EINVAL, "%s: no name", r->file);
	if (!p->ids && !board)
		return err_say(r->e, EINVAL, "%s: no pci; want the cards that the tool can write",
			r->file);
	if (p->ids && board)
		return err_say(r->e, EINVAL,
			"%s: pci: a board has none; want a probe that fails on other boards",
			r->file);
	if (!*p->command[PACK_READ] || !*p->command[PACK_WRITE])
		return err_say(r->e, EINVAL,
			"%s: no read or no write; what is written is always read back", r->file);
	if (p->kind == PACK_NIC && !p->has_rule[RULE_MAC])
		return err_say(r->e, EINVAL,
			"%s: no mac; want the rule that finds the address in what "
			"read prints",
			r->file);
	if (p->kind == PACK_FC && (!p->has_rule[RULE_WWPN] || !p->has_rule[RULE_WWNN]))
		return err_say(r->e, EINVAL,
			"%s: no wwpn or no wwnn; want the rules that find them in what read prints",
			r->file);
	if (board && !p->has_rule[RULE_UUID] && !p->has_rule[RULE_SERIAL])
		return err_say(r->e, EINVAL,
			"%s: no uuid and no serial; want the rule that finds them in what read "
			"prints",
			r->file);
	if (!has_all_of_targets(p))
		return err_say(r->e, EINVAL,
			"%s: want target, target_none and the rule targets together, or none of "
			"them nor read_targets nor boot_on",
			r->file);
	return is_of_its_kind(r);
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
		pack_fini(&p);
		return bad;
	}
	*ret = p;
	return 0;
}

void pack_fini(struct pack *p)
{
	for (int i = 0; i < PACK_RULES; i++)
		if (p->has_rule[i])
			regfree(&p->rule[i]);
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
