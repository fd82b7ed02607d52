/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tgtd is told on its management socket, and the texts that it answers: one request, one
 * answer, then it closes. The form is tgt's own (usr/tgtadm.h), the same from 1.0.30 to 1.0.97, and
 * in the byte order of the machine. In a text stand names that an initiator gave itself, line
 * breaks and all: what is read here is held against that. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TGT_REQUEST_MAX = 512, /* of any request that is made here */
	TGT_ANSWER_HEAD = 8,
	TGT_ACCOUNTS_MAX = 64, /* of one target; tgtd itself has no limit */
};

enum tgt_word {
	TGT_TARGETS,        /* text: tgt_target_find() */
	TGT_ACCOUNTS,       /* text: tgt_account_next() */
	TGT_CONNECTIONS,    /* tid; text: tgt_connection_next(); empty when there is none */
	TGT_OFFLINE,        /* tid; nobody is let in; sessions stay, their commands fail */
	TGT_READY,          /* tid */
	TGT_ACCOUNT_NEW,    /* user, password */
	TGT_ACCOUNT_DELETE, /* user */
	TGT_BIND,           /* tid, user, outgoing */
	TGT_UNBIND,         /* tid, user, outgoing */
	TGT_DROP,           /* tid, sid, cid: one connection */
	TGT_NOP_COUNT,    /* tid; so many NOPs without an answer end a session that begins later */
	TGT_NOP_INTERVAL, /* tid; they are sent every 2 s */
};

struct tgt_request {
	enum tgt_word word;
	uint32_t tid, sid, cid;
	bool outgoing; /* what the target shows, not what it wants to see */
	const char *user, *password;
};

enum tgt_error { /* tgtd's numbers */
	TGT_OK = 0,
	TGT_NO_TARGET = 4,
	TGT_NO_SESSION = 6,
	TGT_NO_CONNECTION = 7,
	TGT_USER_EXISTS = 14,
	TGT_NO_USER = 15,
	TGT_NOT_UNDERSTOOD = 17,
	TGT_OUTGOING_EXISTS = 18,
};

/* A piece of a text; no NUL behind it. */
struct tgt_name {
	const char *at;
	size_t len;
};

struct tgt_target {
	uint32_t tid;
	bool ready, iscsi;
	struct tgt_name account[TGT_ACCOUNTS_MAX]; /* in tgtd's order: the last was bound last */
	unsigned accounts;
	struct tgt_name outgoing;  /* len 0: none */
	const char *from, *behind; /* its part of the text */
};

struct tgt_connection {
	uint32_t sid, cid;
	struct tgt_name initiator;
};

/* Writes the request; its length, or 0 where a word is too long, or has a ',' or a control
 * character. */
size_t tgt_request_put(uint8_t to[TGT_REQUEST_MAX], const struct tgt_request *r);
/* The 8 bytes that an answer begins with: tgtd's error, and how much text follows. False for a
 * length that cannot be. */
bool tgt_answer_head(uint32_t *error, size_t *len, const uint8_t head[TGT_ANSWER_HEAD]);
const char *tgt_error_text(uint32_t error);

/* Finds a target in the text of TGT_TARGETS. A line that looks like the head of the next target may
 * be a stranger's: is_target is asked whether there is such a tid.
 * -ENOENT it is not there, -E2BIG too many accounts, -EPROTO the text is cut short, or says two
 * things about one target. */
int tgt_target_find(struct tgt_target *ret, const char *text, size_t len, const char *name,
	bool (*is_target)(void *ctx, uint32_t tid), void *ctx);
/* Is an account of that name bound anywhere in the text but in t? Doubtful is yes. */
bool tgt_bound_elsewhere(
	const struct tgt_target *t, const char *text, size_t len, const char *user);

/* The next name in the text of TGT_ACCOUNTS; *at begins at 0. */
bool tgt_account_next(struct tgt_name *ret, size_t *at, const char *text, size_t len);
/* The next connection in the text of TGT_CONNECTIONS; *at begins at 0. */
bool tgt_connection_next(struct tgt_connection *ret, size_t *at, const char *text, size_t len);

bool tgt_name_is(const struct tgt_name *n, const char *word);
