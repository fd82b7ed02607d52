/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See frame.h. */
#include "wire/frame.h"

#include "base/cursor.h"
#include "wire/checksum.h"

enum { ETHERTYPE_IP4 = 0x0800, IP_HEAD = 20, UDP_HEAD = 8, PROTOCOL_UDP = 17, TTL = 64 };

static void put_be16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

size_t frame_make(uint8_t to[FRAME_MAX], const struct frame *f, const void *payload, size_t len)
{
	struct writer w = writer_of(to, FRAME_MAX);
	if (len > FRAME_MAX - FRAME_HEAD)
		return 0;
	uint16_t udp_len = (uint16_t)(UDP_HEAD + len);
	write_bytes(&w, f->to.b, sizeof f->to.b);
	write_bytes(&w, f->from.b, sizeof f->from.b);
	write_be16(&w, ETHERTYPE_IP4);

	uint8_t *ip = w.at;
	write_be16(&w, 0x4500);
	write_be16(&w, (uint16_t)(IP_HEAD + udp_len));
	write_be32(&w, 0x00004000); /* no identification; never in fragments */
	write_bytes(&w, (uint8_t[]){ TTL, PROTOCOL_UDP, 0, 0 }, 4);
	write_be32(&w, f->source);
	write_be32(&w, f->dest);
	put_be16(ip + 10, checksum_end(checksum_add(0, ip, IP_HEAD)));

	uint8_t *udp = w.at;
	write_be16(&w, f->source_port);
	write_be16(&w, f->dest_port);
	write_be16(&w, udp_len);
	write_be16(&w, 0);
	write_bytes(&w, payload, len);
	/* With a head of both addresses, the protocol and the length; 0 would say "not summed". */
	uint32_t sum = checksum_add(PROTOCOL_UDP + udp_len, ip + 12, 8);
	uint16_t end = checksum_end(checksum_add(sum, udp, udp_len));
	put_be16(udp + 6, end ? end : 0xffff);
	return writer_used(&w);
}
