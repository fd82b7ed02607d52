/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The harness' side of the site's clock: it is skipped to the next thing that is due, and never
 * while somebody works. */
#pragma once
#include "tests/harness/site.h"

/* Forgets who has gone, and pokes whose wait is over. */
void clock_tend(struct site *s);
/* Does everybody wait? */
bool clock_all_wait(struct site *s);
/* On to the next thing that is due: a wait's end, an alarm, or until. */
void clock_skip(struct site *s, int64_t until_ns);
/* pid's slot is free. */
void clock_forget(struct site *s, pid_t pid);
/* Those that do not wait, for people: baton-hand (T). */
void clock_who_works(char *to, size_t size, const struct site *s);
int64_t clock_real_ns(void);
