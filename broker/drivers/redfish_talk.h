/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP with one Redfish service (DSP0266): its session, its certificate, what is tried again and
 * what is not. Knows nothing of what the documents say. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "drivers/redfish_tree.h"

struct talk;

struct talk_to {
	const char *host, *user, *secret; /* borrowed for the call */
	uint16_t port;
	const char *pin; /* "sha256:...", or "": the first certificate that it shows is the one */
};

struct question {
	const char *method, *path;
	const json_t *body; /* borrowed, or NULL */
	const char *etag;   /* for If-Match, or NULL */
	bool once;          /* not sent twice, also where nobody knows what became of it */
	bool quiet;         /* it carries a secret: no sentence quotes what is said of it */
};

/* An answer, whatever its status. */
struct said {
	long status;
	json_t *body; /* an object, or NULL */
	char etag[RF_ETAG_LEN + 1];
	struct rf_path location; /* of a session, a task; "" */
	bool allow_known, allow_patch;
	bool quiet;
};

/* Connects to nobody yet. */
int talk_open(struct talk **ret, const struct talk_to *to, struct err *e);
/* Logs out where it had logged in. Takes NULL. */
void talk_close(struct talk *t);

/* What is under way, for sentences: "tell its power state". Borrowed until the next one. */
void talk_doing(struct talk *t, const char *doing);
const char *talk_pin(const struct talk *t); /* of the certificate that was shown, or "" */

/* How another connection asks in the same session; borrowed until the next question. */
struct talk_way {
	const char *base;          /* "https://HOST:PORT" */
	const char *token;         /* of the session, or NULL */
	const char *user, *secret; /* of the account, where there is no session; or NULL */
	const char *pin;           /* of the certificate that was shown */
};
void talk_way(struct talk_way *ret, const struct talk *t);

/* Logs in at that collection of sessions; a service that has no sessions, or none left, gets the
 * account with each question. -EACCES: it refuses the account, which was sent once. */
int talk_login(struct talk *t, const char *sessions, struct err *e);
/* The account with each question from now on. */
void talk_basic(struct talk *t);

/* Asks. A service that is busy, or whose connection breaks, is asked again; one that has forgotten
 * the session is logged into again, once. 0 with the answer, whose body is the caller's to drop;
 * -EACCES where the account is not good (any more); -errno with a sentence where there was no
 * answer. */
int talk_ask(struct talk *t, const struct question *q, struct said *ret, struct err *e);
/* GET, and nothing but a document is good enough. */
int talk_get(struct talk *t, const char *path, struct said *ret, struct err *e);
/* -errno and the sentence for an answer that is a refusal. */
int talk_refused(const struct talk *t, const struct said *s, struct err *e);

void said_drop(struct said *s);
static inline bool said_ok(const struct said *s)
{
	return s->status >= 200 && s->status < 300;
}
