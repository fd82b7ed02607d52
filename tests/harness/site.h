/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One site of the fault harness: the real batond with all that it starts, in namespaces and a
 * folder of its own; the wire, of which the harness holds the other end; the bodies on it; and the
 * clock, which is skipped to the next thing that is due whenever everybody waits. Whoever calls
 * site_turn() in a loop sees all of it happen; nothing else here blocks. */
#pragma once
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/harness/page.h"

#define SECOND_NS 1000000000ll
#define TARGET "iqn.2026-01.org.example:disk.web-01"
#define PERSONA "web-01"
#define SITE_ADDR "10.88.0.1"
#define ISO_ADDR "10.89.0.1"

/* mgmt0, and iso0, which leads nowhere. */
enum { WIRES = 2 };
enum { BODIES = 2, TALKS = 24, LINES = 60, LINE_SIZE = 400, ORDERS_MAX = 4096, DIR_LEN = 200 };

struct site;
struct body;

/* What came of a request by HTTP; status 0: no answer. */
typedef void talk_done(void *ctx, int status, const char *answer);
struct talk {
	int fd; /* 0: free */
	int64_t due_ns;
	char *in;
	size_t len;
	talk_done *done;
	void *ctx;
};

struct site {
	char dir[DIR_LEN];
	unsigned number;
	pid_t warden, guest; /* guest: the command line, while somebody types it */
	struct page *page;
	int wire[WIRES], log;
	char part[4096]; /* of a line of the log */
	size_t part_len;
	char line[LINES][LINE_SIZE]; /* the last of the log */
	unsigned lines;
	struct body *body[BODIES];
	struct talk talk[TALKS];
	int64_t due_ns;     /* of whoever turns us; the clock is never skipped past it */
	int64_t unslept_ns; /* since when somebody who does not wait sleeps, on the computer's clock
			     */
	bool ended;         /* an order has ended or stopped */
	bool moved;         /* something has happened in this turn */
	unsigned brokers;   /* that have started */
	char takes[2][16];  /* the machines that have a part in the order that is open */
	bool stale_asked;   /* one that a failover left behind has asked since, and was refused */
	uint64_t begun, failed;     /* the newest order of which the log said so */
	char wrong[512];            /* the first thing that must not be, or "" */
	void (*at_gate)(void *ctx); /* once, where the broker stops; from site_turn(), so it must
				     * not ask the API */
	void *at_gate_ctx;
	int64_t real_end_ns; /* when a run has taken too long, on the computer's clock */
	unsigned deadline_s;
};

int64_t site_now_ns(const struct site *s); /* monotonic */

/* Namespaces, a folder in the one that is named, wire, clock; once in each process. */
void site_make(struct site *s, const char *in, unsigned number, const char *built);
/* An empty store, one network, two machines that are off, the persona at its disk, running nowhere.
 */
bool site_fill(struct site *s);
void site_drop(struct site *s); /* its folder stays */
void site_turn(struct site *s);
/* Whatever turns the site ends with a sentence in s->wrong after so long on the computer's clock.
 */
void site_deadline(struct site *s, unsigned seconds);
/* Turns until it is so; false: not within that time. */
bool site_until(struct site *s, bool (*so)(struct site *, void *), void *ctx, unsigned seconds);

/* kill -9 PROGRAM: batond with all that it had started, which is then started again; or
 * baton-broker, baton-edge, baton-files, baton-hand. False: there is none. */
bool site_kill(struct site *s, const char *program);
bool site_hand_works(struct site *s);

/* From here on the machines have a part in an open order; "": none. */
void site_part(struct site *s, const char *one, const char *other);

/* Sets the gate: the broker stops where it has journaled that the step begins, and has done nothing
 * yet. Order 0: whichever comes there. */
void site_gate(struct site *s, uint64_t order, const char *step);
bool site_gate_reached(const struct site *s);
void site_gate_open(struct site *s);

/* A request by HTTP: host NULL is the API. */
void site_ask(struct site *s, const char *host, const char *method, const char *path,
	const char *body, talk_done *done, void *ctx);
/* One to the API that is repeated until there is an answer; the caller's to drop, NULL: none came.
 */
json_t *site_api(
	struct site *s, const char *method, const char *path, const char *body, int *status);

/* A file of the fakes: dir/fake/NAME.END. NULL text removes it. */
void site_fake(const struct site *s, const char *name, const char *end, const char *text);
void site_wrong(struct site *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
extern const char *bail_word; /* "Bail out!", which ends a whole prove; "#" where only one goes */
__attribute__((noreturn, format(printf, 1, 2))) void bail(const char *fmt, ...);
