/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question after the other to the tgtd of this host. tgtd takes one for each connection, and
 * only from who connects as its own user: so the warden connects, and hands each connection down
 * (docs/design/0003-between-processes.md). */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/tgtadm.h"

struct tgt_talk {
	const char *target; /* for the sentences */
	int64_t deadline;   /* of wait_now_ms() */
	unsigned timeout_ms;
	int warden; /* set by tgt_talk_open(); not to be closed */
};

/* -ENOTCONN when the warden has given no way to tgtd. */
int tgt_talk_open(struct tgt_talk *t, struct err *e);

struct tgt_said {
	uint32_t error; /* enum tgt_error */
	char *text;     /* to be freed; never NULL, ends with a NUL behind len */
	size_t len;
};
void tgt_said_fini(struct tgt_said *s);

/* Asks; what tgtd answers, an error of its own too, is in *ret. doing is for the sentence: "to list
 * its targets". -ETIMEDOUT at the deadline, -ECONNREFUSED and the like where there is no tgtd. */
int tgt_talk(struct tgt_said *ret, struct tgt_talk *t, const struct tgt_request *r,
	const char *doing, struct err *e);
/* The same, where any error of tgtd's is a failure. Frees what *ret had. */
int tgt_list(struct tgt_said *ret, struct tgt_talk *t, const struct tgt_request *r,
	const char *doing, struct err *e);
/* The target t->target: *targets is the text that *ret lies in. -ENOENT it is not there, -ENOTSUP
 * it is not served by iSCSI. */
int tgt_target_read(
	struct tgt_said *targets, struct tgt_target *ret, struct tgt_talk *t, struct err *e);
