/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An answer's bytes against the words of an `expect` line: see packet.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "packet.h"

static const uint8_t *option(const struct engine_answer *a, unsigned code)
{
	for (size_t at = 240; at + 1 < a->len && a->bytes[at] != 255;) {
		if (a->bytes[at] == 0) {
			at++;
			continue;
		}
		if (at + 2 + a->bytes[at + 1] > a->len)
			return NULL;
		if (a->bytes[at] == code)
			return a->bytes + at;
		at += 2u + a->bytes[at + 1];
	}
	return NULL;
}

static void addr_words(char *to, size_t size, const uint8_t *b)
{
	snprintf(to, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

static void option_words(
	char *to, size_t size, const struct engine_answer *a, unsigned code, const char *form)
{
	const uint8_t *o = option(a, code);
	size_t at = 0;
	snprintf(to, size, "none");
	if (!o)
		return;
	if (strcmp(form, "addr") == 0 && o[1] == 4)
		addr_words(to, size, o + 2);
	else if (strcmp(form, "text") == 0)
		snprintf(to, size, "%.*s", (int)o[1], (const char *)o + 2);
	else if (strcmp(form, "addrs") == 0 && o[1] % 4 == 0)
		for (unsigned i = 0; i < o[1]; i += 4) {
			addr_words(to + at, size - at, o + 2 + i);
			at += strlen(to + at);
			if (i + 4u < o[1])
				at += (size_t)snprintf(to + at, size - at, ",");
		}
	else if (strcmp(form, "number") == 0 && o[1] == 2)
		snprintf(to, size, "%u", (unsigned)o[2] << 8 | o[3]);
	else if (strcmp(form, "number") == 0 && o[1] == 4)
		snprintf(to, size, "%u",
			(unsigned)o[2] << 24 | (unsigned)o[3] << 16 | (unsigned)o[4] << 8 | o[5]);
	else
		for (unsigned i = 0; i < o[1] && at + 3 < size; i++)
			at += (size_t)snprintf(to + at, size - at, "%02x", o[2 + i]);
}

/* The boot file from its field or option 67, with what stands for a token in its place. */
static void file_words(char *to, size_t size, const struct engine_answer *a)
{
	char all[256];
	option_words(all, sizeof all, a, 67, "text");
	if (strcmp(all, "none") == 0)
		snprintf(all, sizeof all, "%.128s", (const char *)a->bytes + 108);
	char *token = strstr(all, "/b/"), *rest = token ? strchr(token + 3, '/') : NULL;
	if (rest)
		snprintf(to, size, "%.*s/b/TOKEN%s", (int)(token - all), all, rest);
	else
		snprintf(to, size, "%s", *all ? all : "none");
}

static void to_words(char *to, size_t size, const struct engine_answer *a)
{
	char addr[IP4_TEXT], mac[MAC_TEXT];
	ip4_text(addr, a->addr);
	if (a->to == TO_NOBODY)
		snprintf(to, size, "nobody");
	else if (a->to == TO_EVERYBODY)
		snprintf(to, size, "everybody");
	else if (a->to == TO_MAC)
		snprintf(to, size, "%s@%s", addr, mac_text(mac, &a->mac));
	else
		snprintf(to, size, "%s:%u", addr, a->port);
}

static const char *kind_of(const struct engine_answer *a)
{
	static const char *const types[] = { "", "", "offer", "", "", "ack", "nak" };
	const uint8_t *o = a->len ? option(a, 53) : NULL;
	if (!a->heard)
		return "nonsense";
	if (!o)
		return a->why ? "silence" : "nothing";
	return o[2] < COUNT(types) ? types[o[2]] : "?";
}

static const struct {
	const char *key;
	unsigned code;
	const char *form;
} options[] = {
	{ "mask", 1, "addr" },
	{ "router", 3, "addr" },
	{ "dns", 6, "addrs" },
	{ "host", 12, "text" },
	{ "domain", 15, "text" },
	{ "root", 17, "text" },
	{ "mtu", 26, "number" },
	{ "broadcast", 28, "addr" },
	{ "ntp", 42, "addrs" },
	{ "lease", 51, "number" },
	{ "server", 54, "addr" },
	{ "vendor", 60, "text" },
	{ "pxe", 43, "hex" },
	{ "relay", 82, "hex" },
	{ "uuid97", 97, "hex" },
	{ "routes", 121, "hex" },
	{ "ipxe", 175, "hex" },
	{ "iqn", 203, "text" },
};

static bool differs(const char *key, const char *want, const char *got, char *to, size_t size)
{
	if (!want || strcmp(want, got) == 0)
		return false;
	snprintf(to, size, "%s is %s, want %s", key, got, want);
	return true;
}

bool packet_is(const struct engine_answer *a, struct words *w, char *to, size_t size)
{
	char got[600];
	const char *v, *kind = w->n > 1 ? w->word[1] : "";
	if (strcmp(kind, kind_of(a)) != 0) {
		snprintf(to, size, "got %s%s%s, want %s", kind_of(a), a->why ? " why=" : "",
			a->why ? a->why : "", kind);
		return false;
	}
	if (differs("why", words_value(w, "why"), a->why ? a->why : "none", to, size))
		return false;
	v = words_value(w, "deed");
	if (v && differs("deed", v, deed_word(a->plan.deed), to, size))
		return false;
	v = words_value(w, "stage");
	if (v && differs("stage", v, stage_word(a->ask.stage), to, size))
		return false;
	char id[RELAY_ID_TEXT];
	relay_id_text(id, &a->ask.port.circuit);
	if (differs("circuit", words_value(w, "circuit"), *id ? id : "none", to, size))
		return false;
	relay_id_text(id, &a->ask.port.remote);
	if (differs("remote", words_value(w, "remote"), *id ? id : "none", to, size))
		return false;
	if (differs("port", words_value(w, "port"), a->plan.other_port ? "other" : "fits", to,
		    size))
		return false;
	if (!a->len)
		return true;
	addr_words(got, sizeof got, a->bytes + 16);
	if (differs("addr", words_value(w, "addr"), got, to, size))
		return false;
	addr_words(got, sizeof got, a->bytes + 20);
	if (differs("next", words_value(w, "next"), got, to, size))
		return false;
	file_words(got, sizeof got, a);
	if (differs("file", words_value(w, "file"), got, to, size))
		return false;
	to_words(got, sizeof got, a);
	if (differs("to", words_value(w, "to"), got, to, size))
		return false;
	for (size_t i = 0; i < COUNT(options); i++) {
		option_words(got, sizeof got, a, options[i].code, options[i].form);
		if (differs(options[i].key, words_value(w, options[i].key), got, to, size))
			return false;
	}
	return true;
}
