/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of baton-files have in common. One thread, one loop; nothing here outlives a
 * request but the table in use and the reports that wait for the broker. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/pace.h"
#include "core/table.h"
#include "files/kept.h"
#include "host/follow.h"
#include "host/http.h"

enum {
	LISTENERS_MAX = 32,
	REPORT_LEN = 8192, /* of a shim's report */
	REPORTS_MAX = 256, /* waiting at one time */
	REPORT_WAIT_MS = 20000,
	/* A rack room that starts at once, each machine fetching by a few connections. One costs
	 * some 14 KiB, and the kernel's buffers. */
	CONNECTIONS = 8192,
	PEER_CONNECTIONS = 64, /* of one address, so that it leaves some to the others */
	/* Events that a peer can cause: no peer fills the log, and all together fill it slowly. */
	REFUSALS = 64, /* remembered */
	REFUSAL_QUIET_S = 10,
	REFUSALS_AT_ONCE = 100,
	REFUSALS_PER_S = 20,
	PEERS = 1024, /* two that share a place share its pace */
	TELLS_AT_ONCE = 64,
	TELLS_PER_S = 2,
};

struct files;

struct listener {
	struct files *files;
	char interface[16];
	struct http_server *server;
};

struct refusal {
	uint32_t addr;
	const char *why;
	uint64_t at_s;
};

struct files {
	uv_loop_t *loop;
	int boot, packs; /* folders that are served */
	struct kept kept;
	int events; /* to and from the broker */
	struct follow follow;
	struct table table;
	bool has_table;
	struct listener listener[LISTENERS_MAX];
	unsigned listeners;
	struct report *reports;
	unsigned report_count;
	uint64_t report_id; /* of the newest */
	uv_poll_t answers;
	struct refusal refusal[REFUSALS];
	unsigned refusals;
	struct pace refused, told[PEERS];
};

/* Takes the newest table that is whole; says so, once, when there is a new or a damaged one. */
void files_follow(struct files *f);

/* The handler of every request; ctx is the struct listener. */
void serve(void *ctx, struct http_request *r);

/* Each piece of a request is in the box (host/box.h) from its arrival until the loop waits again. A
 * body comes behind its head, in a piece of its own: here both go into it together. */
void heard_whole(const struct http_request *r, const struct http_peer *peer, const char *interface);

/* Answers with `status` and "why: sentence", and tells the broker, at most once in a while for one
 * peer and reason. `why` is a constant. */
void refuse(struct files *f, struct http_request *r, unsigned status, const char *why,
	const char *sentence);

/* Hands a shim's report to the broker; answers r now or when the broker has. */
void report_pass(
	struct files *f, struct http_request *r, const struct mac *mac, uint32_t generation);
int reports_open(struct files *f, struct err *e);
/* Answers 503 to whoever waits. */
void reports_close(struct files *f);
