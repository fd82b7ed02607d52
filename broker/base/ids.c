/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing and printing of addresses and names: see ids.h. */
#include "base/ids.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Two hex digits to one byte, or -1. */
static int hex_byte(const char *s)
{
	int hi = hex_digit(s[0]);
	int lo = hi < 0 ? -1 : hex_digit(s[1]);
	return lo < 0 ? -1 : hi << 4 | lo;
}

/* n bytes, and no more text: with one mark between all of them, or with none. */
static bool hex_bytes(uint8_t *to, size_t n, const char *text)
{
	char between = text[0] && text[1] && (text[2] == ':' || text[2] == '-') ? text[2] : '\0';
	for (size_t i = 0; i < n; i++) {
		if (i && between && *text++ != between)
			return false;
		int byte = hex_byte(text);
		if (byte < 0)
			return false;
		to[i] = (uint8_t)byte;
		text += 2;
	}
	return !*text;
}

bool mac_parse(struct mac *ret, const char *text)
{
	struct mac m;
	if (!hex_bytes(m.b, sizeof m.b, text))
		return false;
	*ret = m;
	return true;
}

bool wwn_parse(struct wwn *ret, const char *text)
{
	struct wwn w;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	if (!hex_bytes(w.b, sizeof w.b, text))
		return false;
	*ret = w;
	return true;
}

bool pin_parse(char to[PIN_TEXT], const char *text)
{
	static const char kind[] = "sha256:";
	uint8_t bytes[32];
	if (strncmp(text, kind, sizeof kind - 1) != 0 ||
		!hex_bytes(bytes, sizeof bytes, text + sizeof kind - 1))
		return false;
	memcpy(to, kind, sizeof kind - 1);
	hex_text(to + sizeof kind - 1, bytes, sizeof bytes);
	return true;
}

static const char hex_digits[] = "0123456789abcdef";

char *hex_text(char *to, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		to[2 * i] = hex_digits[bytes[i] >> 4];
		to[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	to[2 * len] = '\0';
	return to;
}

static const char *pairs_text(char *to, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		hex_text(to + 3 * i, &bytes[i], 1);
		to[3 * i + 2] = i < n - 1 ? ':' : '\0';
	}
	return to;
}

const char *mac_text(char to[MAC_TEXT], const struct mac *m)
{
	return pairs_text(to, m->b, sizeof m->b);
}

const char *wwn_text(char to[WWN_TEXT], const struct wwn *w)
{
	return pairs_text(to, w->b, sizeof w->b);
}

bool wwn_equal(const struct wwn *a, const struct wwn *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool wwn_is_zero(const struct wwn *w)
{
	return wwn_equal(w, &(struct wwn){ 0 });
}

/* The byte with a MAC's bits for groups (1) and for what is locally administered (2): of the MAC
 * itself, or of the 24 bits that begin behind the first digit. 0 where there is none. */
static uint8_t wwn_bits(const struct wwn *w)
{
	switch (w->b[0] >> 4) {
	case 1:
	case 2:
		return w->b[2];
	case 5:
		return (uint8_t)(w->b[0] << 4 | w->b[1] >> 4);
	default:
		return 0;
	}
}

bool wwn_is_good(const struct wwn *w)
{
	static const struct wwn ones = { { 255, 255, 255, 255, 255, 255, 255, 255 } };
	unsigned naa = w->b[0] >> 4;
	bool known = naa == 1 || naa == 2 || naa == 3 || naa == 5 || naa >= 0xc;
	return known && !(wwn_bits(w) & 1) && !wwn_equal(w, &ones);
}

bool wwn_is_local(const struct wwn *w)
{
	return wwn_is_good(w) && (w->b[0] >> 4 == 3 || wwn_bits(w) & 2);
}

const char *mac_hex(char to[MAC_HEX], const struct mac *m)
{
	return hex_text(to, m->b, sizeof m->b);
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool mac_is_zero(const struct mac *m)
{
	return mac_equal(m, &(struct mac){ 0 });
}

bool mac_is_unicast(const struct mac *m)
{
	return !(m->b[0] & 1) && !mac_is_zero(m);
}

bool uuid_parse(struct uuid *ret, const char *text)
{
	struct uuid u;
	for (int i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		int byte = hex_byte(text);
		if (byte < 0)
			return false;
		u.b[i] = (uint8_t)byte;
		text += 2;
	}
	if (*text)
		return false;
	*ret = u;
	return true;
}

const char *uuid_text(char to[UUID_TEXT], const struct uuid *u)
{
	char *at = to;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += snprintf(at, 3, "%02x", u->b[i]);
	}
	return to;
}

bool uuid_is_zero(const struct uuid *u)
{
	return memcmp(u->b, (struct uuid){ 0 }.b, sizeof u->b) == 0;
}

static struct uuid uuid_swapped(const struct uuid *u)
{
	static const uint8_t from[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct uuid s;
	for (int i = 0; i < 16; i++)
		s.b[i] = u->b[from[i]];
	return s;
}

bool uuid_same_body(const struct uuid *a, const struct uuid *b)
{
	struct uuid s = uuid_swapped(a);
	return memcmp(a->b, b->b, sizeof a->b) == 0 || memcmp(s.b, b->b, sizeof s.b) == 0;
}

struct uuid uuid_folded(const struct uuid *u)
{
	struct uuid s = uuid_swapped(u);
	return memcmp(u->b, s.b, sizeof s.b) <= 0 ? *u : s;
}

bool uuid_names_one(const struct uuid *u)
{
	/* As dmidecode shows them on boards of many makers. */
	static const char *const defaults[] = {
		"00000000-0000-0000-0000-000000000000",
		"ffffffff-ffff-ffff-ffff-ffffffffffff",
		"03000200-0400-0500-0006-000700080009",
		"00010203-0405-0607-0809-0a0b0c0d0e0f",
		"12345678-1234-5678-90ab-cddeefaabbcc",
	};
	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		struct uuid one;
		if (uuid_parse(&one, defaults[i]) && uuid_same_body(&one, u))
			return false;
	}
	return true;
}

/* Stands as itself in a list of key=value, and in an event. */
static bool is_relay_letter(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != ',' && c != '%' && c != '=';
}

static bool is_hex_form(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool relay_id_parse(struct relay_id *ret, const char *text)
{
	struct relay_id id = { .len = 0 };
	bool hex = is_hex_form(text);
	for (const char *at = hex ? text + 2 : text; *at; at += hex ? 2 : 1) {
		int byte = hex ? hex_byte(at) : is_relay_letter((uint8_t)*at) ? (uint8_t)*at : -1;
		if (byte < 0 || id.len == RELAY_ID_LEN)
			return false;
		id.b[id.len++] = (uint8_t)byte;
	}
	if (id.len == 0)
		return false;
	*ret = id;
	return true;
}

const char *relay_id_text(char to[RELAY_ID_TEXT], const struct relay_id *id)
{
	bool plain = id->len < 2 || !is_hex_form((const char *)id->b);
	for (uint8_t i = 0; i < id->len; i++)
		plain = plain && is_relay_letter(id->b[i]);
	if (plain) {
		memcpy(to, id->b, id->len);
		to[id->len] = '\0';
		return to;
	}
	memcpy(to, "0x", 2);
	hex_text(to + 2, id->b, id->len);
	return to;
}

bool relay_id_equal(const struct relay_id *a, const struct relay_id *b)
{
	return a->len == b->len && memcmp(a->b, b->b, a->len) == 0;
}

bool relay_port_is(const struct relay_port *seen, const struct relay_port *record)
{
	return record->circuit.len && relay_id_equal(&seen->circuit, &record->circuit) &&
	       (!record->remote.len || relay_id_equal(&seen->remote, &record->remote));
}

bool relay_ports_differ(const struct relay_port *a, const struct relay_port *b)
{
	if (!a->circuit.len || !b->circuit.len)
		return false;
	return !relay_id_equal(&a->circuit, &b->circuit) ||
	       (a->remote.len && b->remote.len && !relay_id_equal(&a->remote, &b->remote));
}

/* A decimal number of 0 to max with no sign and no leading zero; *text moves past it. */
static bool number(unsigned *ret, const char **text, unsigned max)
{
	const char *s = *text;
	unsigned v = 0;
	if (*s < '0' || *s > '9' || (*s == '0' && s[1] >= '0' && s[1] <= '9'))
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return false;
	}
	*text = s;
	*ret = v;
	return true;
}

static bool ip4_read(uint32_t *ret, const char **text)
{
	uint32_t addr = 0;
	for (int i = 0; i < 4; i++) {
		unsigned byte;
		if ((i && *(*text)++ != '.') || !number(&byte, text, 255))
			return false;
		addr = addr << 8 | byte;
	}
	*ret = addr;
	return true;
}

bool ip4_parse(uint32_t *ret, const char *text)
{
	uint32_t addr;
	if (!ip4_read(&addr, &text) || *text)
		return false;
	*ret = addr;
	return true;
}

const char *ip4_text(char to[IP4_TEXT], uint32_t addr)
{
	char *at = to;
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned byte = addr >> shift & 255;
		if (byte >= 100)
			*at++ = (char)('0' + byte / 100);
		if (byte >= 10)
			*at++ = (char)('0' + byte / 10 % 10);
		*at++ = (char)('0' + byte % 10);
		*at++ = shift ? '.' : '\0';
	}
	return to;
}

bool net4_parse(uint32_t *addr, unsigned *prefix, const char *text)
{
	uint32_t a;
	unsigned p;
	if (!ip4_read(&a, &text) || *text++ != '/' || !number(&p, &text, 32) || *text || p == 0)
		return false;
	*addr = a;
	*prefix = p;
	return true;
}

uint32_t net4_mask(unsigned prefix)
{
	return prefix == 0 ? 0 : 0xffffffffu << (32 - prefix);
}

/* Between min and max characters, each of them in set. */
static bool made_of(const char *text, const char *set, size_t min, size_t max)
{
	size_t n = strspn(text, set);
	return text[n] == '\0' && n >= min && n <= max;
}

bool name_ok(const char *name)
{
	return name[0] != '-' &&
	       made_of(name, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, NAME_LEN);
}

bool iqn_ok(const char *iqn)
{
	return strncmp(iqn, "iqn.", 4) == 0 &&
	       made_of(iqn, "abcdefghijklmnopqrstuvwxyz0123456789.-:", 5, IQN_LEN);
}

bool chap_word_ok(const char *word)
{
	return made_of(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:+/=-", 1,
		SECRET_LEN);
}

bool pci_ok(const char *pci)
{
	static const char form[] = "hhhh:hh:hh.d";
	for (size_t i = 0; i < sizeof form; i++) {
		char c = pci[i], f = form[i];
		bool good = f == 'h'   ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
			    : f == 'd' ? c >= '0' && c <= '7'
				       : c == f;
		if (!good)
			return false;
	}
	return true;
}
