/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI's commands about the BMC itself, its sessions, channel and users (IPMI 2.0, chapters 20
 * to 23), of which there are one each. */
#include <string.h>

#include "base/list.h"
#include "sim/ipmi_priv.h"

enum {
	NETFN_APP = 0x06,
	NETFN_TRANSPORT = 0x0c,
	CHANNEL = 1,
	CHANNEL_THIS = 0x0e,
	USER_ID = 2,
	MEDIUM_LAN = 4,
	PROTOCOL_IPMB = 1,
	NAME_LEN_16 = 16,
};

static bool channel_ok(uint8_t channel)
{
	return (channel & 15) == CHANNEL || (channel & 15) == CHANNEL_THIS;
}

/* Device id 32, no device SDRs, firmware 1.0, IPMI 2.0, chassis and FRU, SEL and SDR repository
 * are here. Enterprise and product numbers: none. */
static enum done device_id(struct command *c)
{
	ANSWER(c, 0x20, 0x01, 0x01, 0x00, 0x02, 0x8e, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	return DONE_OK;
}

static enum done bmc_reset(struct command *c)
{
	/* This answer is the last one of all sessions. */
	for (size_t i = 0; i < COUNT(c->ipmi->session); i++)
		if (&c->ipmi->session[i] != c->s)
			c->ipmi->session[i].id = 0;
	c->ends = true;
	return DONE_OK;
}

static enum done self_test(struct command *c)
{
	ANSWER(c, 0x55, 0);
	return DONE_OK;
}

static enum done guid(struct command *c)
{
	answer_add(c, c->ipmi->guid, IPMI_GUID);
	return DONE_OK;
}

static enum done auth_capabilities(struct command *c)
{
	enum { EXTENDED = 0x80, NON_NULL_USERS = 0x04, V15_AND_V20 = 0x03 };
	if (!channel_ok(c->data[0]))
		return DONE_INVALID;
	bool v2 = c->data[0] & EXTENDED;
	ANSWER(c, CHANNEL, v2 ? EXTENDED : 0, NON_NULL_USERS, v2 ? V15_AND_V20 & 2 : 0, 0, 0, 0, 0);
	return DONE_OK;
}

/* Records of 0xc0, id, and the three algorithms with their kind in bits 7 and 6 (22.15.1). */
static enum done cipher_suites(struct command *c)
{
	enum { RECORD = 0xc0, INTEGRITY = 0x40, SECRECY = 0x80, PIECE = 16, INDEX = 0x3f };
	uint8_t all[64];
	size_t n, at = 0, from = (size_t)(c->data[2] & INDEX) * PIECE;
	const struct suite *s = suites(&n);
	if (!channel_ok(c->data[0]))
		return DONE_INVALID;
	for (size_t i = 0; i < n; i++) {
		const uint8_t record[] = { RECORD, s[i].id, s[i].auth,
			(uint8_t)(INTEGRITY | s[i].integrity), (uint8_t)(SECRECY | s[i].secrecy) };
		memcpy(all + at, record, sizeof record);
		at += sizeof record;
	}
	ANSWER(c, CHANNEL);
	if (from < at)
		answer_add(c, all + from, at - from < PIECE ? at - from : PIECE);
	return DONE_OK;
}

static enum done privilege_set(struct command *c)
{
	uint8_t want = c->data[0] & 15;
	if (!c->s)
		return DONE_PRIVILEGE;
	if (want > c->s->most)
		return 0x81; /* more than this session may have */
	if (want >= PRIVILEGE_USER)
		c->s->privilege = want;
	ANSWER(c, c->s->privilege);
	return DONE_OK;
}

static enum done session_close(struct command *c)
{
	uint32_t id = (uint32_t)(c->data[0] | c->data[1] << 8 | c->data[2] << 16) |
		      (uint32_t)c->data[3] << 24;
	if (!id || !c->s)
		return 0x87; /* no such session */
	if (c->s->id == id) {
		c->ends = true;
		return DONE_OK;
	}
	for (size_t i = 0; i < COUNT(c->ipmi->session); i++) {
		if (c->ipmi->session[i].id == id) {
			c->ipmi->session[i].id = 0;
			return DONE_OK;
		}
	}
	return 0x87;
}

static uint8_t sessions_count(const struct ipmi *ipmi)
{
	uint8_t active = 0;
	for (size_t i = 0; i < COUNT(ipmi->session); i++)
		active = (uint8_t)(active + (ipmi->session[i].id != 0));
	return active;
}

/* Of this session, which is all that a client asks for when it shows its own. */
static enum done session_info(struct command *c)
{
	if (c->data[0] != 0)
		return DONE_NOT_THERE;
	ANSWER(c, 1, IPMI_SESSIONS, sessions_count(c->ipmi), USER_ID, c->s->privilege,
		0x10 | CHANNEL);
	return DONE_OK;
}

static enum done channel_info(struct command *c)
{
	enum { MULTI_SESSION = 0x80 };
	if (!channel_ok(c->data[0]))
		return DONE_INVALID;
	ANSWER(c, CHANNEL, MEDIUM_LAN, PROTOCOL_IPMB, MULTI_SESSION | sessions_count(c->ipmi), 0xf2,
		0x1b, 0, 0, 0); /* the vendor of the protocol is the IPMI forum, 7154 */
	return DONE_OK;
}

static enum done channel_access(struct command *c)
{
	enum { ALWAYS = 0x02, NO_ALERTS = 0x20 };
	if (!channel_ok(c->data[0]))
		return DONE_INVALID;
	ANSWER(c, NO_ALERTS | ALWAYS, PRIVILEGE_ADMIN);
	return DONE_OK;
}

static enum done user_access(struct command *c)
{
	enum { MOST = 2, ENABLED = 0x40, LINK_AND_MESSAGING = 0x30, NO_ACCESS = 0x0f };
	uint8_t id = c->data[1] & 0x3f;
	if (!channel_ok(c->data[0]) || id == 0 || id > MOST)
		return DONE_INVALID;
	ANSWER(c, MOST, ENABLED | 1, 0,
		id == USER_ID ? LINK_AND_MESSAGING | PRIVILEGE_ADMIN : NO_ACCESS);
	return DONE_OK;
}

static enum done user_name(struct command *c)
{
	char name[NAME_LEN_16] = "";
	uint8_t id = c->data[0] & 0x3f;
	if (id == 0 || id > USER_ID)
		return DONE_INVALID;
	if (id == USER_ID)
		memcpy(name, c->ipmi->user, strlen(c->ipmi->user));
	answer_add(c, name, sizeof name);
	return DONE_OK;
}

static enum done watchdog(struct command *c)
{
	ANSWER(c, 0, 0, 0, 0, 0, 0, 0, 0); /* it is not running */
	return DONE_OK;
}

static enum done global_enables(struct command *c)
{
	ANSWER(c, 0x08); /* the SEL */
	return DONE_OK;
}

/* What the BMC's own network is: the address that this was asked at is not known here, and a
 * simulator's network is its host's. */
static enum done lan_get(struct command *c)
{
	enum { NO_BODY = 0x80, VERSION = 0x11 };
	static const struct {
		uint8_t param, len, bytes[6];
	} params[] = {
		{ 0, 1, { 0 } },
		{ 1, 1, { 0 } },
		{ 2, 5, { 0 } },
		{ 3, 4, { 127, 0, 0, 1 } },
		{ 4, 1, { 1 } },
		{ 5, 6, { 0x02, 0, 0, 0, 0, 1 } },
		{ 6, 4, { 255, 0, 0, 0 } },
		{ 12, 4, { 0 } },
		{ 16, 0, { 0 } },
	};
	if (!channel_ok(c->data[0]))
		return DONE_INVALID;
	for (size_t i = 0; i < COUNT(params); i++) {
		if (params[i].param != c->data[1])
			continue;
		ANSWER(c, VERSION);
		if (!(c->data[0] & NO_BODY))
			answer_add(c, params[i].bytes, params[i].len);
		return DONE_OK;
	}
	return DONE_NO_PARAM;
}

const struct command_row app_commands[] = {
	{ NETFN_APP, 0x01, 0, PRIVILEGE_USER, device_id },
	{ NETFN_APP, 0x02, 0, PRIVILEGE_ADMIN, bmc_reset },
	{ NETFN_APP, 0x03, 0, PRIVILEGE_ADMIN, bmc_reset },
	{ NETFN_APP, 0x04, 0, PRIVILEGE_USER, self_test },
	{ NETFN_APP, 0x08, 0, PRIVILEGE_USER, guid },
	{ NETFN_APP, 0x25, 0, PRIVILEGE_USER, watchdog },
	{ NETFN_APP, 0x2f, 0, PRIVILEGE_USER, global_enables },
	{ NETFN_APP, 0x37, 0, PRIVILEGE_NONE, guid },
	{ NETFN_APP, 0x38, 2, PRIVILEGE_NONE, auth_capabilities },
	{ NETFN_APP, 0x3b, 1, PRIVILEGE_CALLBACK, privilege_set },
	{ NETFN_APP, 0x3c, 4, PRIVILEGE_CALLBACK, session_close },
	{ NETFN_APP, 0x3d, 1, PRIVILEGE_USER, session_info },
	{ NETFN_APP, 0x41, 2, PRIVILEGE_USER, channel_access },
	{ NETFN_APP, 0x42, 1, PRIVILEGE_USER, channel_info },
	{ NETFN_APP, 0x44, 2, PRIVILEGE_OPERATOR, user_access },
	{ NETFN_APP, 0x46, 1, PRIVILEGE_OPERATOR, user_name },
	{ NETFN_APP, 0x54, 3, PRIVILEGE_NONE, cipher_suites },
	{ NETFN_TRANSPORT, 0x02, 4, PRIVILEGE_OPERATOR, lan_get },
	{ 0 },
};
