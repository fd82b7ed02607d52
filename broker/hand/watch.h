/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed that has no end: what the files of a watch share (docs/design/0019-watching.md). A thing
 * is what one sign tells of: a machine's power, a persona's session, a check. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hand/bmc.h"
#include "hand/san.h"

enum sign { SIGN_POWER, SIGN_SESSION, SIGN_CHECK };

/* What a BMC says by itself, for as long as its session is open. */
struct hearing {
	struct bmc_events *events; /* NULL: nothing */
	int64_t begun, again;      /* ms: when it was begun, and not before when it is begun anew */
	unsigned back_off;         /* ms */
	int64_t looked, look; /* when it was looked at for what it said, and is to be; 0: not */
	bool news;            /* it has said something since it was looked at */
	const char *said;     /* of it, last */
};

struct thing {
	const struct hand *hand;
	enum sign sign;
	const char *name; /* the machine, or the persona */
	uint64_t every_ms;
	union {
		struct {
			struct bmc_wish wish;
			struct bmc *open; /* a session that is kept from round to round, or NULL */
			struct hearing hearing;
		} bmc;
		struct san_wish san;
		struct {
			const char *address;
			uint64_t port;
			bool ping;
		} check;
	};
};

/* Things that one thread asks one after the other: one, or all sessions of one tgtd. */
struct unit {
	struct thing *thing;
	unsigned n;
	/* hand/watch_rounds.c: */
	struct unit *next; /* in its queue */
	bool queued, busy;
	bool slow;     /* it gave no answer the last time, or lets us wait for one */
	int64_t begun; /* while busy */
	int64_t told;  /* that there is no answer yet */
};

/* hand/watch_signs.c: asks each, says its sign, and may block. False when one gave no answer. */
bool unit_ask(struct unit *u);
/* The sign of a thing that gives none itself: "silent", "unknown", "no". */
void sign_of_silence(const struct thing *t, const char *why);
void sign_round(uint64_t n);
/* Whether a machine's BMC tells by itself: "open", "closed". */
void hearing_say(const struct thing *t, const char *says, const char *why);

/* hand/watch_events.c: a BMC that says that something has changed is looked at, at once and once
 * more soon after. Nothing else comes of it, and it is asked in every round as ever. */
int events_start(struct unit *units, size_t n, struct err *e);
/* By who has just asked it, in its session: begins to listen where it is time to. */
void events_follow(struct thing *t);
/* Before its session ends. */
void events_end(struct thing *t);

/* hand/watch_rounds.c: one is to be asked now, by whoever is free. */
void unit_due(struct unit *u);
/* A thread that stays; it gets NULL. */
int thread_start(void *(*run)(void *none), struct err *e);
/* Asks every unit every every_ms, until whoever listens has gone. Returns only
 * where it cannot begin. */
int rounds_run(struct unit *units, size_t n, uint64_t every_ms, struct err *e);

/* hand/reach.c: is somebody there? A refusal is an answer. False with a sentence. */
bool reach_ping(const char *address, unsigned timeout_ms, struct err *e);
bool reach_tcp(const char *address, uint16_t port, unsigned timeout_ms, struct err *e);
