/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words to DHCP bytes: see packet.h. */
#include "packet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/list.h"

static void put_option(struct writer *w, uint8_t code, const void *value, size_t len)
{
	write_u8(w, code);
	write_u8(w, (uint8_t)len);
	write_bytes(w, value, len);
}

static size_t hex_bytes(uint8_t *to, size_t size, const char *hex)
{
	size_t n = 0;
	unsigned byte;
	while (n < size && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		to[n++] = (uint8_t)byte;
	return n;
}

/* How a value of a `send` line becomes an option. */
enum form { TEXT, FRAMED, ADDR, NUMBER16, BYTES, LIST, UUID };

static const struct {
	const char *key;
	uint8_t code;
	enum form form;
} sends[] = {
	{ "host", 12, TEXT },
	{ "wanted", 50, ADDR },
	{ "server", 54, ADDR },
	{ "ask", 55, LIST },
	{ "max", 57, NUMBER16 },
	{ "vendor", 60, TEXT },
	{ "client-id", 61, BYTES },
	{ "user", 77, TEXT },
	{ "user-framed", 77, FRAMED },
	{ "arch", 93, NUMBER16 },
	{ "ndi", 94, BYTES },
	{ "uuid", 97, UUID },
	{ "select", 118, ADDR },
	{ "item", 43, BYTES },
	{ "ipxe", 175, BYTES },
	{ "relay", 82, BYTES },
};

static bool put_value(struct writer *w, uint8_t code, enum form form, const char *value)
{
	uint8_t b[256] = { 0 };
	size_t len = strlen(value);
	uint32_t addr;
	struct uuid uuid;
	struct writer in = writer_of(b, sizeof b);
	switch (form) {
	case TEXT:
		write_bytes(&in, value, len);
		break;
	case FRAMED:
		write_u8(&in, (uint8_t)len);
		write_bytes(&in, value, len);
		break;
	case ADDR:
		if (!ip4_parse(&addr, value))
			return false;
		write_be32(&in, addr);
		break;
	case NUMBER16:
		write_be16(&in, (uint16_t)strtoul(value, NULL, 10));
		break;
	case BYTES:
		in.at += hex_bytes(b, sizeof b, value);
		break;
	case LIST:
		for (char *at = (char *)value; *at; at += *at == ',')
			write_u8(&in, (uint8_t)strtoul(at, &at, 10));
		break;
	case UUID:
		if (!uuid_parse(&uuid, value))
			return false;
		write_u8(&in, 0);
		write_bytes(&in, uuid.b, sizeof uuid.b);
		break;
	}
	put_option(w, code, b, writer_used(&in));
	return !in.bad;
}

static bool addr_or(struct words *w, const char *key, uint32_t *ret)
{
	const char *v = words_value(w, key);
	return !v || ip4_parse(ret, v);
}

static uint8_t type_of(const char *word)
{
	static const char *const types[] = { "", "discover", "offer", "request", "decline", "ack",
		"nak", "release", "inform" };
	for (size_t i = 1; i < COUNT(types); i++)
		if (strcmp(word, types[i]) == 0)
			return (uint8_t)i;
	return 0;
}

int packet_make(struct engine_ask *ask, uint8_t bytes[PACKET_MAX], struct words *w, struct err *e)
{
	struct writer out = writer_of(bytes, PACKET_MAX);
	struct mac mac = { { 0 } };
	uint32_t ciaddr = 0, giaddr = 0, yiaddr = 0, xid = 0x0badcafe;
	const char *m = words_value(w, "mac"), *cut = words_value(w, "cut"), *v;
	const char *hlen = words_value(w, "hlen"), *raw = words_value(w, "raw");
	*ask = (struct engine_ask){ .interface = "mgmt0", .interface_index = 2, .from_port = 68 };
	ip4_parse(&ask->here, "10.77.0.1");
	if (w->n < 2 || !m || !mac_parse(&mac, m) || !addr_or(w, "ciaddr", &ciaddr) ||
		!addr_or(w, "giaddr", &giaddr) || !addr_or(w, "yiaddr", &yiaddr) ||
		!addr_or(w, "from", &ask->from) || !addr_or(w, "here", &ask->here))
		return err_say(e, EINVAL, "a send line wants a type, mac=, and good addresses");
	ask->unicast = words_value(w, "unicast") != NULL;
	ask->pxe = words_value(w, "on-4011") != NULL;
	if (giaddr)
		ask->from_port = 67;
	write_bytes(&out, (uint8_t[]){ 1, 1, hlen ? (uint8_t)atoi(hlen) : 6, giaddr ? 1 : 0 }, 4);
	write_be32(&out, xid);
	write_be16(&out, 4);
	write_be16(&out, words_value(w, "broadcast") ? 0x8000 : 0);
	write_be32(&out, ciaddr);
	write_be32(&out, yiaddr);
	write_be32(&out, 0);
	write_be32(&out, giaddr);
	write_bytes(&out, mac.b, 6);
	out.at += 10;
	if ((v = words_value(w, "in-name")))
		hex_bytes(out.at, 64, v);
	if ((v = words_value(w, "in-file")))
		hex_bytes(out.at + 64, 128, v);
	out.at += 64 + 128;
	write_be32(&out, 0x63825363);
	uint8_t type = type_of(w->word[1]);
	if (type)
		put_option(&out, 53, &type, 1);
	for (size_t i = 0; i < COUNT(sends); i++)
		if ((v = words_value(w, sends[i].key)) &&
			!put_value(&out, sends[i].code, sends[i].form, v))
			return err_say(e, EINVAL, "%s=%s", sends[i].key, v);
	if (raw)
		out.at += hex_bytes(out.at, 512, raw);
	if (!words_value(w, "endless"))
		write_u8(&out, 255);
	ask->bytes = bytes;
	ask->len = (size_t)(out.at - out.start);
	if (ask->len < 300 && !words_value(w, "endless"))
		ask->len = 300;
	if (cut)
		ask->len = strtoul(cut, NULL, 10);
	return 0;
}
