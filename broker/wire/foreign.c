/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See foreign.h. Only what the question needs is read: whose answer it is, and what it offers. */
#include "wire/foreign.h"

#include <string.h>

#include "base/cursor.h"

enum {
	ETHERTYPE_IP4 = 0x0800,
	PROTOCOL_UDP = 17,
	PORT_SERVER = 67,
	PORT_CLIENT = 68,
	FRAGMENT = 0x3fff, /* more follow, or some went before */
	BOOTREQUEST = 1,
	BOOTREPLY = 2,
	ETHERNET = 1,
	MAC_LEN = 6,
	CHADDR_LEN = 16,
	ADDRS = 4 * 4,
	SNAME_AND_FILE = 64 + 128,
	MAGIC = 0x63825363,
	BROADCAST = 0x8000,
	BOOTP_MIN = 300, /* RFC 951: relays and servers drop what is shorter */
	OPTION_PAD = 0,
	OPTION_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_END = 255,
};
enum message_type { DISCOVER = 1, OFFER = 2, ACK = 5, NAK = 6 };

/* Leaves the reader at what stands behind UDP's head. The checksums are not looked at: between
 * virtual machines UDP's is left to hardware that is not there. */
static bool read_heads(struct foreign *f, struct reader *r)
{
	read_bytes(r, MAC_LEN);
	read_copy(r, f->mac.b, sizeof f->mac.b);
	if (read_be16(r) != ETHERTYPE_IP4)
		return false;
	uint8_t version_len = read_u8(r);
	read_bytes(r, 5);
	uint16_t fragment = read_be16(r);
	read_u8(r);
	uint8_t protocol = read_u8(r);
	read_bytes(r, 2);
	f->source = read_be32(r);
	read_bytes(r, 4);
	size_t head = (size_t)(version_len & 15) * 4;
	if (version_len >> 4 != 4 || head < 20 || fragment & FRAGMENT || protocol != PROTOCOL_UDP)
		return false;
	read_bytes(r, head - 20);
	uint16_t from = read_be16(r), to = read_be16(r);
	read_bytes(r, 4);
	return from == PORT_SERVER && to == PORT_CLIENT;
}

static bool read_options(struct foreign *f, struct reader *r)
{
	unsigned type = 0;
	while (reader_left(r) > 0) {
		uint8_t code = read_u8(r);
		if (code == OPTION_END)
			break;
		if (code == OPTION_PAD)
			continue;
		uint8_t len = read_u8(r);
		const uint8_t *value = read_bytes(r, len);
		if (!value)
			break;
		struct reader v = reader_of(value, len);
		if (code == OPTION_TYPE && len == 1)
			type = read_u8(&v);
		else if (code == OPTION_SERVER && len == 4)
			f->server = read_be32(&v);
	}
	return !r->bad && (type == OFFER || type == ACK || type == NAK);
}

bool foreign_read(struct foreign *ret, const void *frame, size_t len)
{
	struct reader r = reader_of(frame, len);
	*ret = (struct foreign){ 0 };
	if (!read_heads(ret, &r) || read_u8(&r) != BOOTREPLY)
		return false;
	read_bytes(&r, 3 + 4 + 4 + 4); /* hardware, xid, seconds and flags, ciaddr */
	ret->offered = read_be32(&r);
	read_bytes(&r, 4 + 4 + CHADDR_LEN + SNAME_AND_FILE);
	if (read_be32(&r) != MAGIC || !read_options(ret, &r))
		return false;
	if (!ret->server)
		ret->server = ret->source;
	return mac_is_unicast(&ret->mac);
}

static void write_zeros(struct writer *w, size_t len)
{
	static const uint8_t zeros[CHADDR_LEN + SNAME_AND_FILE];
	write_bytes(w, zeros, len);
}

size_t foreign_probe(uint8_t to[FRAME_MAX], const struct mac *ours, uint32_t xid)
{
	uint8_t message[BOOTP_MIN] = { 0 };
	struct writer w = writer_of(message, sizeof message);
	write_bytes(&w, (uint8_t[]){ BOOTREQUEST, ETHERNET, MAC_LEN, 0 }, 4);
	write_be32(&w, xid);
	write_be16(&w, 0);
	write_be16(&w, BROADCAST);
	write_zeros(&w, ADDRS);
	write_bytes(&w, ours->b, sizeof ours->b);
	write_zeros(&w, CHADDR_LEN - MAC_LEN + SNAME_AND_FILE);
	write_be32(&w, MAGIC);
	write_bytes(&w, (uint8_t[]){ OPTION_TYPE, 1, DISCOVER, OPTION_END }, 4);
	struct frame f = { .from = *ours,
		.to = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		.dest = 0xffffffff,
		.source_port = PORT_CLIENT,
		.dest_port = PORT_SERVER };
	return frame_make(to, &f, message, sizeof message);
}

bool foreign_is_probe(struct mac *mac, const void *bytes, size_t len, uint32_t xid)
{
	struct reader r = reader_of(bytes, len);
	if (read_u8(&r) != BOOTREQUEST)
		return false;
	read_bytes(&r, 3);
	if (read_be32(&r) != xid)
		return false;
	read_bytes(&r, 4 + ADDRS);
	read_copy(&r, mac->b, sizeof mac->b);
	return !r.bad;
}
