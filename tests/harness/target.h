/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fake target as a body meets it, and the disk behind it: a sector for each generation, which
 * its writers count up. A write is taken only while the target has its session, under the lock that
 * the fake driver (broker/drivers/san_fake.c) takes, too. */
#pragma once
#include "tests/harness/site.h"

enum { SECTOR = 512, IQN_ROOM = 80 };

/* copy: the one that a drill makes is meant. */
void target_make(struct site *s);
bool target_copy_is(const struct site *s);
/* A session for who shows an account that is there; 0: refused. */
unsigned target_login(struct site *s, bool copy, const char *user, const char *secret);
/* One more of that generation; false: the session has gone. */
bool target_write(struct site *s, bool copy, unsigned session, unsigned generation);
void target_logout(struct site *s, bool copy, unsigned session);
/* Adds a line to TARGET.san, or takes all that begin so out of it. */
void target_line_add(struct site *s, const char *line);
void target_line_rm(struct site *s, const char *begins);
bool target_has(const struct site *s, const char *line); /* a line that begins so */
/* The name of a session, or "". */
void target_first_session(const struct site *s, char *to, size_t size);
/* How many accounts there are, and whether the one of that generation is among them. */
unsigned target_accounts(const struct site *s, unsigned generation, bool *is);
unsigned target_sessions(const struct site *s);

/* Once a generation's sector is not zero, none of an earlier one changes; s->wrong says what did.
 * The first looks at the sectors near the newest and is called behind every write. */
void target_judge(struct site *s);
void target_judge_all(struct site *s);
uint64_t target_count(const struct site *s, unsigned generation);
