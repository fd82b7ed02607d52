/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deeds that may take seconds, done by one short-lived baton-hand each. The warden starts and
 * ends them (docs/design/0003); this side hands over a socket, writes the deed and reads one line.
 * Whatever happens, the callback comes once, at the latest two seconds after the deadline. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct hands;

struct hand_result {
	bool ok;
	const json_t *body; /* what the hand said, borrowed; NULL when it said nothing */
	char why[320];      /* one sentence where it is not ok */
};
typedef void hand_done(void *ctx, const struct hand_result *r);

struct hands_calls {
	void (*reload)(void *ctx); /* the warden has new packs, or a person changed the scripts */
	void (*lost)(void *ctx);   /* the warden is gone; once */
	/* A hand believed a BMC's certificate that nobody had pinned: kind, host, port and pin.
	 * Before the deed's own callback. */
	void (*trusted)(void *ctx, const json_t *bmc);
	void *ctx;
};

/* control is borrowed. */
int hands_open(struct hands **ret, uv_loop_t *loop, int control, const struct hands_calls *calls,
	struct err *e);
/* Ends every hand; no callback comes any more. Takes NULL. The loop must turn once afterwards. */
void hands_close(struct hands *h);

/* Starts one; *ret names it. The deed is borrowed. A failure here means that nothing was started
 * and done() will not be called. */
int hand_start(uint64_t *ret, struct hands *h, const json_t *deed, unsigned deadline_ms,
	hand_done *done, void *ctx, struct err *e);
/* A hand that stays and says a line for everything that it sees (docs/design/0019): line() comes
 * for each, the line is borrowed. ended() comes once, when it is gone, whatever ended it; where it
 * said nothing for three times the deed's every_ms and 10 s, it is ended here. The deed is
 * borrowed, and at most DEED_LEN long: more machines are more hands. -E2BIG. */
enum { DEED_LEN = 360000 };
typedef void hand_line(void *ctx, const json_t *line);
int hand_watch(uint64_t *ret, struct hands *h, const json_t *deed, hand_line *line,
	hand_done *ended, void *ctx, struct err *e);
/* Nobody waits for it any more: it is ended, no callback comes. An id that has gone is fine. */
void hand_forget(struct hands *h, uint64_t id);
