/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the broker and telling the person how it went: the sentence, and what to do next. */
#pragma once
#include <jansson.h>

#include "cli/run.h"

struct answer {
	bool quiet; /* with -o json: do not print the body yet */
	json_t *json;
	struct reply raw;
};
void answer_drop(struct answer *a);
void answer_print(const struct answer *a); /* the body as it came */

/* Asks once. Whatever goes wrong has been told on stderr when this returns. With -o json the body
 * is printed, refusals too. EXIT_DONE has a JSON object in a->json. */
enum exit_code ask(struct run *r, enum route route, const char *arg, const char *query,
	const json_t *body, struct answer *a);

/* Tells what was wrong with the command line and what to type; EXIT_USAGE. */
enum exit_code usage_error(const struct call *c, const struct err *e);
