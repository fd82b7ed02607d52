/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI over LAN as bytes, in both directions, for the managed system's side: RMCP and ASF's ping
 * (DSP0136), session headers of IPMI 1.5 and 2.0 (IPMI 2.0, 13.6), the messages that open a
 * session (13.17 to 13.23) and the messages within (13.8). Pure; what is read is borrowed from
 * the input. False is a stranger's nonsense. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ipmi_payload {
	PAYLOAD_MESSAGE = 0x00,
	PAYLOAD_OPEN = 0x10,
	PAYLOAD_OPENED = 0x11,
	PAYLOAD_RAKP1 = 0x12,
	PAYLOAD_RAKP2 = 0x13,
	PAYLOAD_RAKP3 = 0x14,
	PAYLOAD_RAKP4 = 0x15,
};

enum { IPMI_USER_MAX = 16, IPMI_RANDOM = 16, IPMI_GUID = 16, IPMI_PACKET_MAX = 1024 };

struct ipmi_packet {
	bool ping;   /* ASF presence ping: tag, and nothing else */
	bool v2;     /* else IPMI 1.5, without authentication */
	bool sealed; /* encrypted */
	bool signed_;
	uint8_t tag, type; /* type: enum ipmi_payload */
	uint32_t session, seq;
	const uint8_t *payload;
	size_t len;
	const uint8_t *covered; /* what a signature is made over begins here, */
	size_t covered_len;     /* and is that long once ipmi_signature() has looked */
	const uint8_t *rest;    /* behind the payload: pad, its length, next header, signature */
	size_t rest_len;
};

bool ipmi_packet_read(struct ipmi_packet *ret, const void *bytes, size_t len);
/* The signature of that length at a signed packet's end; NULL: it has none of that form. */
const uint8_t *ipmi_signature(struct ipmi_packet *p, size_t len);

struct ipmi_message {
	uint8_t netfn, command, seq, from, lun, to;
	const uint8_t *data;
	size_t len;
};
bool ipmi_message_read(struct ipmi_message *ret, const void *bytes, size_t len);
/* The answer to it; 0: it does not fit. */
size_t ipmi_message_write(void *to, size_t size, const struct ipmi_message *asked, uint8_t code,
	const void *data, size_t len);

/* An algorithm that may be any is -1. */
struct ipmi_open {
	uint8_t tag, privilege;
	uint32_t console;
	int auth, integrity, secrecy;
};
bool ipmi_open_read(struct ipmi_open *ret, const void *bytes, size_t len);
/* status other than 0: a refusal, and the rest is not looked at. */
size_t ipmi_opened_write(
	void *to, size_t size, const struct ipmi_open *asked, uint8_t status, uint32_t managed);

struct ipmi_rakp1 {
	uint8_t tag, role, user_len;
	uint32_t managed;
	uint8_t random[IPMI_RANDOM];
	char user[IPMI_USER_MAX + 1];
};
bool ipmi_rakp1_read(struct ipmi_rakp1 *ret, const void *bytes, size_t len);

struct ipmi_rakp3 {
	uint8_t tag, status;
	uint32_t managed;
	const uint8_t *code;
	size_t code_len;
};
bool ipmi_rakp3_read(struct ipmi_rakp3 *ret, const void *bytes, size_t len);
/* RAKP 2 and 4: tag, status and the console's id, and then the parts, where status is 0. */
size_t ipmi_rakp_write(void *to, size_t size, uint8_t tag, uint8_t status, uint32_t console,
	const void *parts, size_t len);

/* Whole packets. A signed one has its pad and next header at the end, and wants a signature over
 * everything from byte 4 on. */
size_t ipmi_pong_write(void *to, size_t size, uint8_t tag);
size_t ipmi_plain_write(void *to, size_t size, const void *payload, size_t len); /* 1.5 */
size_t ipmi_packet_write(void *to, size_t size, const struct ipmi_packet *p);
