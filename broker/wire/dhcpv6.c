/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See dhcpv6.h. The status stands twice: for the whole message, which iPXE, EDK2 and clients of RFC
 * 3315 read, and in the identity association that was asked for, where ISC's dhclient and clients
 * of RFC 8415 look. */
#include "wire/dhcpv6.h"

#include <stdbool.h>
#include <string.h>

#include "base/cursor.h"
#include "wire/ip6.h"

enum {
	PORT_CLIENT = 546,
	PORT_SERVER = 547,
	DUID_MAX = 130, /* RFC 8415, 11.1 */
	DUID_LL_LEN = 10,
	IAID_LEN = 4,
	IA_HEAD = IAID_LEN + 4 + 4,
	OPTION_HEAD = 4,
};
enum message_type { SOLICIT = 1, ADVERTISE = 2, REQUEST = 3, REPLY = 7, INFORMATION_REQUEST = 11 };
enum option {
	CLIENT_ID = 1,
	SERVER_ID = 2,
	IA_NA = 3,
	IA_TA = 4,
	STATUS_CODE = 13,
	IA_PD = 25,
};
enum { STATUS_LEN = 2 + sizeof DHCPV6_WORDS - 1 };
enum status { UNSPEC_FAIL = 1, NO_ADDRS_AVAIL = 2 };

struct duid {
	const uint8_t *bytes; /* NULL: there is none */
	uint16_t len;
};

struct message {
	uint8_t type;
	uint8_t xid[3];
	struct duid client, server;
	const uint8_t *iaid; /* of the first association of addresses; NULL: none is wanted */
	bool wants_addresses;
};

/* DUID-LL, RFC 8415, 11.4. */
static void duid_of(uint8_t to[DUID_LL_LEN], const struct mac *m)
{
	memcpy(to, (uint8_t[]){ 0, 3, 0, 1 }, 4);
	memcpy(to + 4, m->b, sizeof m->b);
}

static void read_option(struct message *m, struct reader *r)
{
	uint16_t code = read_be16(r), len = read_be16(r);
	struct duid d = { read_bytes(r, len), len };
	if (code == CLIENT_ID)
		m->client = d;
	else if (code == SERVER_ID)
		m->server = d;
	else if (code == IA_NA && len >= IA_HEAD && !m->iaid)
		m->iaid = d.bytes;
	m->wants_addresses |= code == IA_NA || code == IA_TA || code == IA_PD;
}

/* The checksum is not looked at: between virtual machines it is left to hardware that is not
 * there, and who asked garbled is told "no" under a number that it does not wait for. */
static bool message_read(struct message *m, const struct ip6 *p)
{
	struct reader r = reader_of(p->payload, p->len);
	*m = (struct message){ 0 };
	read_be16(&r); /* a client may ask from any port, and hears on its own */
	uint16_t dest = read_be16(&r), len = read_be16(&r);
	read_be16(&r);
	if (p->next != IP6_UDP || dest != PORT_SERVER || len != p->len)
		return false;
	m->type = read_u8(&r);
	read_copy(&r, m->xid, sizeof m->xid);
	while (reader_left(&r) > 0)
		read_option(m, &r);
	return !r.bad && m->client.len <= DUID_MAX;
}

static bool is_ours(const struct duid *d, const struct mac *ours)
{
	uint8_t duid[DUID_LL_LEN];
	duid_of(duid, ours);
	return d->bytes && d->len == sizeof duid && memcmp(d->bytes, duid, sizeof duid) == 0;
}

/* The word for a message that is ours to answer, or NULL. */
static const char *word_of(const struct message *m, const struct mac *ours)
{
	if (m->type == SOLICIT)
		return m->client.bytes && !m->server.bytes ? "solicit" : NULL;
	if (m->type == REQUEST)
		return m->client.bytes && is_ours(&m->server, ours) ? "request" : NULL;
	if (m->type == INFORMATION_REQUEST)
		return !m->wants_addresses && (!m->server.bytes || is_ours(&m->server, ours))
			       ? "information-request"
			       : NULL;
	return NULL;
}

static void write_option(struct writer *w, uint16_t code, const void *bytes, size_t len)
{
	write_be16(w, code);
	write_be16(w, (uint16_t)len);
	write_bytes(w, bytes, len);
}

static void write_status(struct writer *w, enum status code)
{
	uint8_t value[STATUS_LEN] = { 0, (uint8_t)code };
	memcpy(value + 2, DHCPV6_WORDS, sizeof value - 2);
	write_option(w, STATUS_CODE, value, sizeof value);
}

/* The association that was asked for, without an address in it. */
static void write_association(struct writer *w, const uint8_t iaid[IAID_LEN])
{
	uint8_t value[IA_HEAD + OPTION_HEAD + STATUS_LEN] = { 0 };
	struct writer inner = writer_of(value + IA_HEAD, sizeof value - IA_HEAD);
	memcpy(value, iaid, IAID_LEN);
	write_status(&inner, NO_ADDRS_AVAIL);
	write_option(w, IA_NA, value, sizeof value);
}

/* UDP and all, with a checksum of 0; gives its length. */
static size_t answer_write(
	uint8_t to[DHCPV6_ANSWER_MAX], const struct message *m, const struct mac *ours)
{
	struct writer w = writer_of(to, DHCPV6_ANSWER_MAX);
	uint8_t duid[DUID_LL_LEN];
	duid_of(duid, ours);
	write_be16(&w, PORT_SERVER);
	write_be16(&w, PORT_CLIENT);
	write_be32(&w, 0);
	write_u8(&w, m->type == SOLICIT ? ADVERTISE : REPLY);
	write_bytes(&w, m->xid, sizeof m->xid);
	if (m->client.bytes)
		write_option(&w, CLIENT_ID, m->client.bytes, m->client.len);
	write_option(&w, SERVER_ID, duid, sizeof duid);
	/* Who asks for no address is not told that there is none. */
	write_status(&w, m->type == INFORMATION_REQUEST ? UNSPEC_FAIL : NO_ADDRS_AVAIL);
	if (m->iaid)
		write_association(&w, m->iaid);
	size_t len = writer_used(&w);
	to[4] = (uint8_t)(len >> 8);
	to[5] = (uint8_t)len;
	return len;
}

size_t dhcpv6_answer(uint8_t to[DHCPV6_ANSWER_MAX], struct mac *asked, const char **what,
	const struct mac *ours, const void *frame, size_t len)
{
	struct ip6 in;
	struct message m;
	uint8_t answer[DHCPV6_ANSWER_MAX];
	if (!ip6_read(&in, frame, len) || !message_read(&m, &in))
		return 0;
	*what = word_of(&m, ours);
	if (!*what)
		return 0;
	*asked = in.from;
	struct ip6 out = ip6_back(&in, ours);
	out.payload = answer;
	out.len = answer_write(answer, &m, ours);
	uint16_t sum = ip6_sum(&out);
	sum = sum ? sum : 0xffff; /* 0 would say "not summed", which IPv6 forbids */
	answer[6] = (uint8_t)(sum >> 8);
	answer[7] = (uint8_t)sum;
	return ip6_write(to, DHCPV6_ANSWER_MAX, &out);
}
