/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See router.h. */
#include "wire/router.h"

#include <string.h>

#include "base/cursor.h"
#include "wire/checksum.h"

enum {
	ETHERTYPE_IP6 = 0x86dd,
	NEXT_ICMP6 = 58,
	HOPS = 255, /* proves that no router has passed it on */
	SOLICITATION = 133,
	ADVERTISEMENT = 134,
	ADDR_LEN = 16,
	ADVERTISEMENT_LEN = 16,
	SOLICITATION_MIN = 8,
};

/* RFC 4443, 2.3: over both addresses, the length, the protocol and the message. */
static uint16_t checksum_of(const uint8_t addrs[2 * ADDR_LEN], const uint8_t *message, size_t len)
{
	uint32_t sum = checksum_add((uint32_t)len + NEXT_ICMP6, addrs, 2 * (size_t)ADDR_LEN);
	return checksum_end(checksum_add(sum, message, len));
}

/* The link-local address that a MAC makes: RFC 4291, appendix A. */
static void link_local(uint8_t to[ADDR_LEN], const struct mac *m)
{
	const uint8_t *b = m->b;
	memcpy(to,
		(uint8_t[ADDR_LEN]){ 0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2], 0xff, 0xfe,
			b[3], b[4], b[5] },
		ADDR_LEN);
}

/* The asker's address, or NULL. */
static const uint8_t *solicitation_from(struct reader *r, struct mac *asked)
{
	read_bytes(r, sizeof asked->b);
	read_copy(r, asked->b, sizeof asked->b);
	if (read_be16(r) != ETHERTYPE_IP6 || read_u8(r) >> 4 != 6)
		return NULL;
	read_bytes(r, 3);
	uint16_t len = read_be16(r);
	uint8_t next = read_u8(r), hops = read_u8(r);
	if (next != NEXT_ICMP6 || hops != HOPS)
		return NULL;
	const uint8_t *addrs = read_bytes(r, (size_t)2 * ADDR_LEN);
	const uint8_t *message = read_bytes(r, len);
	if (!message || len < SOLICITATION_MIN || message[0] != SOLICITATION || message[1] != 0)
		return NULL;
	/* Its sum, with its own sum in it, is 0. */
	bool link_local_addr = addrs[0] == 0xfe && (addrs[1] & 0xc0) == 0x80;
	return link_local_addr && checksum_of(addrs, message, len) == 0 ? addrs : NULL;
}

size_t router_answer(uint8_t to[ROUTER_ANSWER_LEN], struct mac *asked, const struct mac *ours,
	const void *frame, size_t len)
{
	struct reader r = reader_of(frame, len);
	const uint8_t *asker = solicitation_from(&r, asked);
	if (!asker || r.bad || !mac_is_unicast(asked))
		return 0;
	struct writer w = writer_of(to, ROUTER_ANSWER_LEN);
	write_bytes(&w, asked->b, sizeof asked->b);
	write_bytes(&w, ours->b, sizeof ours->b);
	write_be16(&w, ETHERTYPE_IP6);
	write_be32(&w, 0x60000000);
	write_be16(&w, ADVERTISEMENT_LEN);
	write_u8(&w, NEXT_ICMP6);
	write_u8(&w, HOPS);
	uint8_t *addrs = w.at, from[ADDR_LEN];
	link_local(from, ours);
	write_bytes(&w, from, sizeof from);
	write_bytes(&w, asker, ADDR_LEN);
	/* Type, code, sum; hop limit, flags, lifetime, both timers: all "not said". */
	uint8_t message[ADVERTISEMENT_LEN] = { ADVERTISEMENT };
	uint16_t sum = checksum_of(addrs, message, sizeof message);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
	write_bytes(&w, message, sizeof message);
	return writer_used(&w);
}
