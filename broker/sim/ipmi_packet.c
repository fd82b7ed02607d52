/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI's bytes: see ipmi_packet.h. */
#include "sim/ipmi_packet.h"

#include <string.h>

#include "base/cursor.h"

enum {
	RMCP_VERSION = 6,
	RMCP_NO_ACK = 0xff,
	CLASS_ASF = 6,
	CLASS_IPMI = 7,
	ASF_PING = 0x80,
	ASF_PONG = 0x40,
	ASF_IANA = 4542,
	FORMAT_V2 = 6, /* in place of an authentication type */
	SEALED = 0x80,
	SIGNED = 0x40,
	NEXT_HEADER = 7,
	RMCP_LEN = 4,
	MESSAGE_MIN = 7,
};

static uint16_t read_le16(struct reader *r)
{
	uint16_t low = read_u8(r);
	return (uint16_t)(low | read_u8(r) << 8);
}

static uint32_t read_le32(struct reader *r)
{
	uint32_t low = read_le16(r);
	return low | (uint32_t)read_le16(r) << 16;
}

static void write_le16(struct writer *w, uint16_t v)
{
	write_u8(w, (uint8_t)v);
	write_u8(w, (uint8_t)(v >> 8));
}

static void write_le32(struct writer *w, uint32_t v)
{
	write_le16(w, (uint16_t)v);
	write_le16(w, (uint16_t)(v >> 16));
}

static bool asf_read(struct ipmi_packet *p, struct reader *r)
{
	p->ping = true;
	bool ok = read_be32(r) == ASF_IANA;
	ok &= read_u8(r) == ASF_PING;
	p->tag = read_u8(r);
	return ok && !r->bad;
}

/* IPMI 1.5's, of which only the one without authentication is known here. */
static bool v15_read(struct ipmi_packet *p, struct reader *r)
{
	p->seq = read_le32(r);
	p->session = read_le32(r);
	p->len = read_u8(r);
	p->payload = read_bytes(r, p->len);
	return p->payload != NULL;
}

static bool v2_read(struct ipmi_packet *p, struct reader *r)
{
	uint8_t type = read_u8(r);
	p->v2 = true;
	p->sealed = type & SEALED;
	p->signed_ = type & SIGNED;
	p->type = type & 0x3f;
	if (p->type == 2) /* a maker's own: nothing is known of it */
		return false;
	p->session = read_le32(r);
	p->seq = read_le32(r);
	p->len = read_le16(r);
	p->payload = read_bytes(r, p->len);
	p->rest = r->at;
	p->rest_len = reader_left(r);
	return p->payload && (p->signed_ || !p->sealed);
}

bool ipmi_packet_read(struct ipmi_packet *ret, const void *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	*ret = (struct ipmi_packet){ 0 };
	if (read_u8(&r) != RMCP_VERSION)
		return false;
	read_u8(&r);
	read_u8(&r); /* its sequence: there are no acknowledgements here */
	uint8_t class = read_u8(&r);
	if (class == CLASS_ASF)
		return asf_read(ret, &r);
	if (class != CLASS_IPMI)
		return false;
	ret->covered = r.at;
	uint8_t format = read_u8(&r);
	return format == FORMAT_V2 ? v2_read(ret, &r) : format == 0 && v15_read(ret, &r);
}

const uint8_t *ipmi_signature(struct ipmi_packet *p, size_t len)
{
	if (!p->signed_ || p->rest_len < len + 2)
		return NULL;
	size_t before = p->rest_len - len; /* pad, its length, next header */
	size_t pad = p->rest[before - 2];
	if (pad != before - 2 || p->rest[before - 1] != NEXT_HEADER)
		return NULL;
	p->covered_len = (size_t)(p->rest - p->covered) + before;
	return p->rest + before;
}

/* Of all bytes and of this one the sum is 0. */
static uint8_t checksum(const uint8_t *bytes, size_t len)
{
	uint8_t sum = 0;
	while (len--)
		sum = (uint8_t)(sum + *bytes++);
	return (uint8_t)-sum;
}

bool ipmi_message_read(struct ipmi_message *ret, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	*ret = (struct ipmi_message){ 0 };
	if (len < MESSAGE_MIN || checksum(b, 2) != b[2] || checksum(b + 3, len - 4) != b[len - 1])
		return false;
	*ret = (struct ipmi_message){ .to = b[0],
		.netfn = b[1] >> 2,
		.lun = b[1] & 3,
		.from = b[3],
		.seq = b[4],
		.command = b[5],
		.data = b + 6,
		.len = len - MESSAGE_MIN };
	return true;
}

size_t ipmi_message_write(void *to, size_t size, const struct ipmi_message *asked, uint8_t code,
	const void *data, size_t len)
{
	struct writer w = writer_of(to, size);
	write_u8(&w, asked->from);
	write_u8(&w, (uint8_t)((asked->netfn | 1) << 2 | (asked->seq & 3)));
	write_u8(&w, w.bad ? 0 : checksum(w.start, 2));
	write_u8(&w, asked->to);
	write_u8(&w, (uint8_t)((asked->seq & 0xfc) | asked->lun));
	write_u8(&w, asked->command);
	write_u8(&w, code);
	write_bytes(&w, data, len);
	write_u8(&w, w.bad ? 0 : checksum(w.start + 3, writer_used(&w) - 3));
	return writer_used(&w);
}

/* One of the three of an open request: type, 2 reserved, length (0: any), algorithm, 3 reserved. */
static int algorithm_read(struct reader *r, uint8_t type)
{
	bool right = read_u8(r) == type;
	read_u8(r);
	read_u8(r);
	uint8_t len = read_u8(r), algorithm = read_u8(r) & 0x3f;
	read_bytes(r, 3);
	r->bad |= !right;
	return len ? algorithm : -1;
}

bool ipmi_open_read(struct ipmi_open *ret, const void *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	ret->tag = read_u8(&r);
	ret->privilege = read_u8(&r) & 15;
	read_u8(&r);
	read_u8(&r);
	ret->console = read_le32(&r);
	ret->auth = algorithm_read(&r, 0);
	ret->integrity = algorithm_read(&r, 1);
	ret->secrecy = algorithm_read(&r, 2);
	return !r.bad;
}

static void algorithm_write(struct writer *w, uint8_t type, int algorithm)
{
	write_bytes(w, (uint8_t[]){ type, 0, 0, 8, (uint8_t)algorithm, 0, 0, 0 }, 8);
}

size_t ipmi_opened_write(
	void *to, size_t size, const struct ipmi_open *asked, uint8_t status, uint32_t managed)
{
	struct writer w = writer_of(to, size);
	write_u8(&w, asked->tag);
	write_u8(&w, status);
	write_u8(&w, status ? 0 : asked->privilege);
	write_u8(&w, 0);
	write_le32(&w, asked->console);
	if (!status) {
		write_le32(&w, managed);
		algorithm_write(&w, 0, asked->auth);
		algorithm_write(&w, 1, asked->integrity);
		algorithm_write(&w, 2, asked->secrecy);
	}
	return writer_used(&w);
}

bool ipmi_rakp1_read(struct ipmi_rakp1 *ret, const void *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	*ret = (struct ipmi_rakp1){ 0 };
	ret->tag = read_u8(&r);
	read_bytes(&r, 3);
	ret->managed = read_le32(&r);
	read_copy(&r, ret->random, sizeof ret->random);
	ret->role = read_u8(&r);
	read_bytes(&r, 2);
	ret->user_len = read_u8(&r);
	if (ret->user_len > IPMI_USER_MAX)
		return false;
	read_copy(&r, ret->user, ret->user_len);
	return !r.bad;
}

bool ipmi_rakp3_read(struct ipmi_rakp3 *ret, const void *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	ret->tag = read_u8(&r);
	ret->status = read_u8(&r);
	read_bytes(&r, 2);
	ret->managed = read_le32(&r);
	ret->code = r.at;
	ret->code_len = reader_left(&r);
	return !r.bad;
}

size_t ipmi_rakp_write(void *to, size_t size, uint8_t tag, uint8_t status, uint32_t console,
	const void *parts, size_t len)
{
	struct writer w = writer_of(to, size);
	write_u8(&w, tag);
	write_u8(&w, status);
	write_le16(&w, 0);
	write_le32(&w, console);
	if (!status)
		write_bytes(&w, parts, len);
	return writer_used(&w);
}

static struct writer rmcp_write(void *to, size_t size, uint8_t class)
{
	struct writer w = writer_of(to, size);
	write_bytes(&w, (uint8_t[]){ RMCP_VERSION, 0, RMCP_NO_ACK, class }, RMCP_LEN);
	return w;
}

size_t ipmi_pong_write(void *to, size_t size, uint8_t tag)
{
	struct writer w = rmcp_write(to, size, CLASS_ASF);
	write_be32(&w, ASF_IANA);
	write_bytes(&w, (uint8_t[]){ ASF_PONG, tag, 0, 16 }, 4);
	write_be32(&w, ASF_IANA);
	write_be32(&w, 0);
	/* It has IPMI, and speaks ASF 1.0. */
	write_bytes(&w, (uint8_t[]){ 0x81, 0, 0, 0, 0, 0, 0, 0 }, 8);
	return writer_used(&w);
}

size_t ipmi_plain_write(void *to, size_t size, const void *payload, size_t len)
{
	struct writer w = rmcp_write(to, size, CLASS_IPMI);
	write_u8(&w, 0);
	write_le32(&w, 0);
	write_le32(&w, 0);
	write_u8(&w, (uint8_t)len);
	write_bytes(&w, payload, len);
	return len > 255 ? 0 : writer_used(&w);
}

size_t ipmi_packet_write(void *to, size_t size, const struct ipmi_packet *p)
{
	struct writer w = rmcp_write(to, size, CLASS_IPMI);
	write_u8(&w, FORMAT_V2);
	write_u8(&w, (uint8_t)(p->type | (p->sealed ? SEALED : 0) | (p->signed_ ? SIGNED : 0)));
	write_le32(&w, p->session);
	write_le32(&w, p->seq);
	write_le16(&w, (uint16_t)p->len);
	write_bytes(&w, p->payload, p->len);
	if (p->signed_) {
		uint8_t pad = 0;
		/* What the signature is over is a multiple of 4. */
		while ((writer_used(&w) - RMCP_LEN + 2) % 4 && !w.bad) {
			write_u8(&w, 0xff);
			pad++;
		}
		write_u8(&w, pad);
		write_u8(&w, NEXT_HEADER);
	}
	return writer_used(&w);
}
