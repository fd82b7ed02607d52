/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine of the site, played by the harness as real ones do it: its power and next boot are the
 * fake BMC's files; it asks for its address on the wire, fetches its script and the shim's work
 * order by HTTP, reports, writes its card, starts again; its OS logs in at the fake target with
 * what the script gave it and counts up the sector of its generation as long as it may. */
#pragma once
#include "base/ids.h"
#include "tests/harness/site.h"

#define UUID_A "11111111-2222-3333-4444-aaaaaaaaaaaa"
#define UUID_B "11111111-2222-3333-4444-bbbbbbbbbbbb"

enum { URL_LEN = 512, REPORT_LEN = 1024 };

/* Where its boot is. */
enum body_at {
	BODY_OFF,
	BODY_ASK,
	BODY_REQUEST,
	BODY_SCRIPT,
	BODY_JOB,
	BODY_FOUND,
	BODY_WRITTEN,
	BODY_OS,
	BODY_IDLE
};

/* What is done once to its next question or report. */
enum body_fault { BODY_WELL, BODY_UNHEARD, BODY_UNANSWERED, BODY_TWICE };

struct body {
	struct site *site;
	char name[16];
	struct uuid uuid;
	struct card {
		struct mac factory, mac; /* the maker's address, and the one that it holds */
		char want[MAC_TEXT];     /* of the work order, "-": none */
	} card[WIRES];                   /* one on each wire; by the first one it boots */
	enum body_at at;
	bool on, os;   /* os: the one that asks for an address is the persona's OS */
	bool busy;     /* a request is on its way */
	unsigned boot; /* grows with each; an answer of an earlier one is nobody's */
	int64_t next_ns;
	unsigned wait_ms;
	uint32_t xid, addr, server;
	char base[URL_LEN], last[REPORT_LEN],
		last_path[URL_LEN + 8]; /* the last report, and where it went */
	char deed[16];
	unsigned generation; /* of the work order */
	bool copy;           /* its disk is the copy that a drill makes */
	char user[80], secret[80];
	unsigned known;         /* the generation that they are of */
	unsigned runs, session; /* the generation of its OS, 0: none; its session at the target */
	int bmc, bmc_log;
	off_t log_at;
	/* Faults. */
	enum body_fault dhcp, http;
	unsigned times; /* how often, for dhcp and http */
	bool late;      /* its next boot sends the last report of the one before it once more */
	bool deaf; /* its OS is not asked about its session: it goes on until it is thrown out */
};

void bodies_make(struct site *s);
void bodies_take(struct site *s);    /* what came on the wire */
int64_t bodies_turn(struct site *s); /* returns when the next of them has something to do */
struct body *body_of(struct site *s, const char *name);

/* Somebody at the machine: off; on, by the network or by its own disk. */
void body_power(struct body *b, bool on, bool network);
/* Its OS of long ago goes on where it was, with the secret that it had. */
void body_wake(struct body *b);
/* The BMC forgets what the next boot is. */
void body_forget_next(struct body *b);
bool body_factory(const struct body *b); /* do the cards hold their makers' addresses? */
/* The wire that it speaks on now: its firmware on the first, its OS where it has the persona's
 * address. */
unsigned body_wire(const struct body *b);
bool body_writes(const struct body *b, unsigned generation);
