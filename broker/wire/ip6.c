/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See ip6.h. */
#include "wire/ip6.h"

#include <string.h>

#include "base/cursor.h"
#include "wire/checksum.h"

enum { ETHERTYPE_IP6 = 0x86dd };

bool ip6_read(struct ip6 *ret, const void *frame, size_t len)
{
	struct reader r = reader_of(frame, len);
	read_copy(&r, ret->to.b, sizeof ret->to.b);
	read_copy(&r, ret->from.b, sizeof ret->from.b);
	if (read_be16(&r) != ETHERTYPE_IP6 || read_u8(&r) >> 4 != 6)
		return false;
	read_bytes(&r, 3);
	ret->len = read_be16(&r);
	ret->next = read_u8(&r);
	ret->hops = read_u8(&r);
	read_copy(&r, ret->source, sizeof ret->source);
	read_copy(&r, ret->dest, sizeof ret->dest);
	ret->payload = read_bytes(&r, ret->len);
	bool link_local = ret->source[0] == 0xfe && (ret->source[1] & 0xc0) == 0x80;
	return !r.bad && link_local && mac_is_unicast(&ret->from);
}

/* RFC 8200, 8.1: over both addresses, the length, the protocol and the payload. */
uint16_t ip6_sum(const struct ip6 *p)
{
	uint32_t sum = (uint32_t)p->len + p->next;
	sum = checksum_add(sum, p->source, sizeof p->source);
	sum = checksum_add(sum, p->dest, sizeof p->dest);
	return checksum_end(checksum_add(sum, p->payload, p->len));
}

/* The link-local address that a MAC makes: RFC 4291, appendix A. */
static void link_local(uint8_t to[IP6_ADDR_LEN], const struct mac *m)
{
	const uint8_t *b = m->b;
	memcpy(to,
		(uint8_t[IP6_ADDR_LEN]){ 0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2], 0xff,
			0xfe, b[3], b[4], b[5] },
		IP6_ADDR_LEN);
}

struct ip6 ip6_back(const struct ip6 *asked, const struct mac *ours)
{
	struct ip6 p = { .from = *ours, .to = asked->from, .next = asked->next, .hops = 255 };
	link_local(p.source, ours);
	memcpy(p.dest, asked->source, sizeof p.dest);
	return p;
}

size_t ip6_write(void *to, size_t size, const struct ip6 *p)
{
	struct writer w = writer_of(to, size);
	write_bytes(&w, p->to.b, sizeof p->to.b);
	write_bytes(&w, p->from.b, sizeof p->from.b);
	write_be16(&w, ETHERTYPE_IP6);
	write_be32(&w, 0x60000000);
	write_be16(&w, (uint16_t)p->len);
	write_u8(&w, p->next);
	write_u8(&w, p->hops);
	write_bytes(&w, p->source, sizeof p->source);
	write_bytes(&w, p->dest, sizeof p->dest);
	write_bytes(&w, p->payload, p->len);
	return writer_used(&w);
}
