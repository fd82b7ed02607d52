/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API says of a site, and how the site is brought to where a run begins. */
#pragma once
#include "tests/harness/run.h"

/* Nothing at work, the persona where the run wants it; fills from, to and generation in. */
bool rest_before(struct run *r);
/* Reads who carries the persona; false: it could not. */
bool rest_read(struct site *s);
const char *rest_carrier(void); /* of the last rest_read(), or "" */
unsigned rest_generation(void);
const char *rest_state(void); /* of the persona */
const char *rest_why(void);   /* what is said with it */
unsigned rest_personas(void);
bool rest_is_stale(const char *machine);
unsigned rest_open(void); /* orders that are not done */

/* Stops the persona, which must go through, and reads again. */
void rest_give_up(struct site *s);

/* Asks for an order; the answer is not waited for. */
void rest_order(struct site *s, const char *verb, const char *machine);
const char *rest_refused(void); /* what the API said against it, or NULL */

json_t *rest_get_order(struct site *s, uint64_t id);
uint64_t rest_undoing(struct site *s, uint64_t id); /* the order that undoes it, or 0 */
/* The API has shown it: it must be there for ever. */
void rest_acknowledged(struct site *s, uint64_t id);
void rest_all_there(struct site *s);
void rest_forget(void); /* the store has been made anew */
