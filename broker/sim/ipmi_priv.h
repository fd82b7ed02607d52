/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the IPMI side share: sessions, and commands with their answers. */
#pragma once
#include "sim/ipmi.h"
#include "sim/ipmi_crypt.h"
#include "sim/ipmi_packet.h"

enum { IPMI_SESSIONS = 16, ANSWER_MAX = 256, SESSION_IDLE_MS = 60000, OPENING_MS = 10000 };

enum done {
	DONE_OK = 0x00,
	DONE_NO_PARAM = 0x80,
	DONE_BUSY = 0xc0,
	DONE_NO_COMMAND = 0xc1,
	DONE_NO_SPACE = 0xc4,
	DONE_LENGTH = 0xc7,
	DONE_NOT_THERE = 0xcb,
	DONE_INVALID = 0xcc,
	DONE_PRIVILEGE = 0xd4,
	DONE_STATE = 0xd5,
	DONE_FAILED = 0xff,
};

enum privilege {
	PRIVILEGE_NONE,
	PRIVILEGE_CALLBACK,
	PRIVILEGE_USER,
	PRIVILEGE_OPERATOR,
	PRIVILEGE_ADMIN
};

struct ipmi_session {
	uint32_t id, console; /* id 0: free */
	const struct suite *suite;
	enum { OPENED, PROVED, ACTIVE } state;
	uint8_t most, privilege; /* enum privilege: that may be had, that is had */
	struct ipmi_rakp1 rakp1;
	uint8_t random[IPMI_RANDOM];
	uint8_t sik[HASH_MAX], k1[HASH_MAX], k2[HASH_MAX];
	uint32_t in, in_seen, out; /* highest sequence, those before it as bits, ours */
	unsigned long long used;
};

struct ipmi {
	struct machine *m;
	char user[IPMI_USER_MAX + 1], secret[21];
	uint8_t guid[IPMI_GUID];
	void (*random)(void *to, size_t len);
	struct ipmi_session session[IPMI_SESSIONS];
};

/* A command with room for its answer. s NULL: outside of a session. */
struct command {
	struct ipmi *ipmi;
	struct ipmi_session *s;
	const uint8_t *data; /* of the request */
	size_t len;
	uint8_t answer[ANSWER_MAX];
	size_t answer_len;
	bool ends; /* the session, once this is answered */
};

/* Gives the completion code. */
typedef enum done (*command_run)(struct command *c);

struct command_row {
	uint8_t netfn, command, len; /* len: the request's least */
	enum privilege privilege;    /* that is wanted; NONE: also outside of a session */
	command_run run;
};

/* Both end with a row without run. */
extern const struct command_row chassis_commands[], app_commands[], storage_commands[];

enum done command_do(struct command *c, uint8_t netfn, uint8_t command);
void answer_add(struct command *c, const void *bytes, size_t len);
#define ANSWER(c, ...)                                                                             \
	answer_add(c, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
