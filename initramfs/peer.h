/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shim's talk with baton-files: one base URL, asked until it answers. */
#pragma once
#include "initramfs/back.h"
#include "initramfs/facts.h"
#include "initramfs/http.h"
#include "initramfs/job.h"

/* Asks for base with `rest` behind it, again and again with growing waits of up to 10 s, saying
 * why on the screen, until an answer is final: 0 (200 or 204), -ESTALE (410: the URL has run out),
 * -EPERM (any other refusal), each with the answer's own text. `body` makes it a POST. */
int peer_ask(struct http_answer *ret, const struct http_url *base, const char *rest,
	const char *body, struct err *e);

/* Says one sentence about a step, once; what comes of it does not matter. */
void peer_say(const struct http_url *base, const char *step, const char *what);

/* All of the machine that was found. */
struct found {
	const struct facts *facts;
	size_t cards, hbas;
	const struct card *card;
	const struct hba *hba;
};

/* The three reports, JSON, malloc'ed and the caller's. */
char *report_found(const struct job *j, const struct found *f);
char *report_written(const struct job *j, const struct back *b);
/* j is NULL when the step failed before there was a job. */
char *report_failed(const struct job *j, const char *step, const char *why);
