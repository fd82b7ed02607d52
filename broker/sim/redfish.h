/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Redfish service of a simulated BMC (DSP0266 1.15, schemas of DSP8010): what was asked comes
 * in as values, the answer goes out as values, and no socket is near. Makers' traits, in the
 * files of redfish/:
 *   if-match      a change without the header If-Match is refused (428)
 *   weak-etag     ETags are weak
 *   message       a change is answered with a message and not with the resource
 *   settings-job  what was written to a settings resource comes true at a reset only if a job was
 *                 made for it: by an apply time in the change, or by a POST to this path
 *   once-only     with a boot target alone, the override is for once, too
 *   strict-power  a power state that is there already cannot be asked for (409)
 *   reset-ids     adapters and their functions have other ids after each start */
#pragma once
#include <jansson.h>

#include "sim/machine.h"
#include "sim/tree.h"

struct redfish;

struct redfish_ask {
	const char *method, *path; /* decoded */
	const char *token, *basic; /* the headers X-Auth-Token and Authorization; or NULL */
	const char *if_match, *if_none_match;
	const char *select; /* of the query; or NULL */
	const char *filter; /* the same */
	bool unknown_query; /* some other part of it begins with '$' */
	const char *body;
	size_t len;
};

struct redfish_answer {
	unsigned status;
	char *body; /* malloc'ed; or NULL */
	const char *type;
	char etag[48], location[256], token[40];
	const char *allow; /* or NULL */
	unsigned retry_s;  /* or 0 */
	bool stream;       /* 200, and from now on every event until one of both ends it */
};

/* All are borrowed; secret may go once this returns. random fills with what nobody can guess. */
int redfish_new(struct redfish **ret, struct machine *m, struct tree *t, const char *user,
	const char *secret, void (*random)(void *to, size_t len), struct err *e);
void redfish_free(struct redfish *rf); /* takes NULL */

void redfish_answer(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *ret);
void redfish_answer_fini(struct redfish_answer *a);

/* Who carries an event to a subscriber, or, where `to` is NULL, to all who read the stream; all are
 * borrowed for the call. Without one, none goes. */
void redfish_push(struct redfish *rf,
	void (*push)(void *ctx, const char *to, const char *id, const char *body), void *ctx);

/* Ends every session, as a BMC that has restarted. */
void redfish_sessions_drop(struct redfish *rf);
/* Does what is due by machine->now. Returns the ms to what is due next; -1: nothing is. */
long redfish_turn(struct redfish *rf);
