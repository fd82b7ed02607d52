/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See answer.h. */
#include "answer.h"

#include <ctype.h>
#include <string.h>

#include "base/cursor.h"
#include "base/list.h"

enum { AT_SNAME = 44, AT_FILE = 108, AT_OPTIONS = 240, TEXT_MAX = 1200 };
enum { OPT_LEASE = 51, OPT_OVERLOAD = 52, OPT_TYPE = 53, OPT_T1 = 58, OPT_T2 = 59 };

/* Options whose value is a row of addresses. */
static const uint8_t addresses[] = { 1, 3, 6, 28, 42, 50, 54 };

struct found {
	const uint8_t *value[256];
	uint8_t len[256];
	uint8_t order[64];
	unsigned n;
	size_t end; /* where what was read ends */
};

static void find_options(struct found *f, const uint8_t *bytes, size_t len)
{
	*f = (struct found){ .end = len };
	for (size_t at = AT_OPTIONS; at < len;) {
		uint8_t code = bytes[at++];
		if (code == 255) {
			f->end = at;
			return;
		}
		if (code == 0)
			continue;
		if (at == len || at + 1 + bytes[at] > len)
			return;
		if (f->n < sizeof f->order)
			f->order[f->n++] = code;
		f->len[code] = bytes[at];
		f->value[code] = bytes + at + 1;
		at += 1u + bytes[at];
	}
}

static bool is_text(const uint8_t *b, size_t len)
{
	size_t i = 0;
	while (i < len && isprint(b[i]))
		i++;
	return i == len && len > 3;
}

static void hex_words(char *to, const uint8_t *b, size_t len)
{
	*to = '\0';
	for (size_t i = 0; i < len; i++)
		to += sprintf(to, "%02x", b[i]);
}

static void address_words(char *to, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i += 4)
		to += sprintf(
			to, "%s%u.%u.%u.%u", i ? "," : "", b[i], b[i + 1], b[i + 2], b[i + 3]);
}

/* A token proves a moment and is never the same twice. */
static void text_words(char *to, const uint8_t *b, size_t len)
{
	memcpy(to, b, len);
	to[len] = '\0';
	for (char *blank = to; (blank = strchr(blank, ' '));)
		*blank = '_';
	char *token = strstr(to, "/b/"), *rest = token ? strchr(token + 3, '/') : NULL;
	if (!rest)
		return;
	memmove(token + 8, rest, strlen(rest) + 1);
	memcpy(token + 3, "TOKEN", 5);
}

static uint32_t number(const uint8_t *b)
{
	struct reader r = reader_of(b, 4);
	return read_be32(&r);
}

/* Renewal and rebinding times are spread by chance, downwards, by a 16th of the lease at most. */
static bool spread_words(char *to, const struct found *f, uint8_t code)
{
	if ((code != OPT_T1 && code != OPT_T2) || f->len[code] != 4 || f->len[OPT_LEASE] != 4)
		return false;
	uint32_t lease = number(f->value[OPT_LEASE]), got = number(f->value[code]);
	uint32_t most = code == OPT_T1 ? lease / 2 : lease / 8 * 7;
	if (got > most || got < most - lease / 16)
		return false;
	sprintf(to, "%u-%u", most - lease / 16, most);
	return true;
}

static void option_words(char *to, const struct found *f, uint8_t code)
{
	const uint8_t *b = f->value[code], len = f->len[code];
	if (len == 0)
		strcpy(to, "empty");
	else if (spread_words(to, f, code))
		return;
	else if (memchr(addresses, code, sizeof addresses) && len % 4 == 0)
		address_words(to, b, len);
	else if (is_text(b, len))
		text_words(to, b, len);
	else if (b[len - 1] == 0 && is_text(b, len - 1u)) {
		text_words(to, b, len - 1u);
		strcat(to, "\\0");
	} else
		hex_words(to, b, len);
}

static void head_print(FILE *to, const char *name, const uint8_t *b)
{
	static const struct {
		const char *name;
		uint8_t at, len;
		bool address;
	} fields[] = {
		{ "op", 0, 1, false },
		{ "htype", 1, 1, false },
		{ "hlen", 2, 1, false },
		{ "hops", 3, 1, false },
		{ "xid", 4, 4, false },
		{ "secs", 8, 2, false },
		{ "flags", 10, 2, false },
		{ "ciaddr", 12, 4, true },
		{ "yiaddr", 16, 4, true },
		{ "siaddr", 20, 4, true },
		{ "giaddr", 24, 4, true },
		{ "chaddr", 28, 16, false },
	};
	char text[TEXT_MAX];
	for (size_t i = 0; i < COUNT(fields); i++) {
		(fields[i].address ? address_words : hex_words)(
			text, b + fields[i].at, fields[i].len);
		fprintf(to, "%s %s %s\n", name, fields[i].name, text);
	}
}

/* A field of text: what stands behind its end is part of it only when it is not zero. */
static void field_print(
	FILE *to, const char *name, const char *field, const uint8_t *b, size_t size)
{
	char text[TEXT_MAX];
	size_t len = strnlen((const char *)b, size), rest = len;
	while (rest < size && b[rest] == 0)
		rest++;
	if (rest < size || (len > 0 && !is_text(b, len)))
		hex_words(text, b, size);
	else
		text_words(text, b, len);
	fprintf(to, "%s %s %s\n", name, field, *text ? text : "empty");
}

void answer_print(FILE *to, const char *name, const struct heard *h)
{
	static const char *const types[] = { "bootp", "discover", "offer", "request", "decline",
		"ack", "nak", "release", "inform" };
	char text[TEXT_MAX], from[IP4_TEXT], dest[IP4_TEXT], mac[MAC_TEXT];
	struct found f;
	find_options(&f, h->dhcp, h->len);
	uint8_t type = f.len[OPT_TYPE] == 1 ? *f.value[OPT_TYPE] : 0;
	fprintf(to, "%s answer %s\n", name, type < COUNT(types) ? types[type] : "?");
	fprintf(to, "%s from %s:%u\n", name, ip4_text(from, h->from), h->from_port);
	fprintf(to, "%s to %s:%u@%s\n", name, ip4_text(dest, h->to), h->to_port,
		mac_text(mac, &h->to_mac));
	fprintf(to, "%s length %zu\n", name, h->len);
	head_print(to, name, h->dhcp);
	field_print(to, name, "sname", h->dhcp + AT_SNAME, AT_FILE - AT_SNAME);
	field_print(to, name, "file", h->dhcp + AT_FILE, AT_OPTIONS - 4 - AT_FILE);
	fprintf(to, "%s order ", name);
	for (unsigned i = 0; i < f.n; i++)
		fprintf(to, "%s%u", i ? "," : "", f.order[i]);
	fputc('\n', to);
	for (unsigned i = 0; i < f.n; i++) {
		option_words(text, &f, f.order[i]);
		fprintf(to, "%s option-%u %s\n", name, f.order[i], text);
	}
	while (f.end < h->len && h->dhcp[f.end] == 0)
		f.end++;
	if (f.end < h->len)
		fprintf(to, "%s after-the-end %zu-bytes\n", name, h->len - f.end);
}
