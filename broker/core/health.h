/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a running persona live? Pure: what its signs say and since when, what those of all others
 * say, and a verdict with its reason. What is done about it is broker/health.h's; why it is these
 * rules is in docs/design/0019-watching.md. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "core/model.h"

enum sign {
	SIGN_POWER,   /* its machine's, by the BMC */
	SIGN_SESSION, /* at its disk's target */
	SIGN_CHECK,   /* a ping or a TCP port, where the operator wants one */
	SIGNS,
};

enum says {
	SAYS_NOTHING, /* not asked yet, or it cannot be asked */
	SAYS_WELL,    /* on, there, yes */
	SAYS_OFF,     /* power only: off, and nothing says that it failed */
	SAYS_BAD,     /* power failed; no session; no answer */
	SAYS_SILENT,  /* who was asked gave no answer: the BMC, the target */
};

struct reading {
	enum says says;
	double since_s; /* it has said so */
	bool was_well;  /* it has said well in this generation */
	char why[160];
};

/* How many of all watched personas have such a sign, and for how many it is not well. */
struct crowd {
	unsigned asked[SIGNS], bad[SIGNS];
};

enum health {
	HEALTH_UNKNOWN, /* no sign has spoken */
	HEALTH_WELL,
	HEALTH_ILL,    /* something is bad, too little to act upon */
	HEALTH_OFF,    /* it has powered itself off */
	HEALTH_FAILED, /* enough signs agree that it is dead */
};

struct health_rules {
	double bad_s;    /* how long a sign must be bad to count */
	unsigned quorum; /* how many must */
};

struct health_verdict {
	enum health health;
	bool agreed;    /* as many signs as the quorum wants say so */
	double first_s; /* when the first sign that counts went bad; 0 where none does */
	char why[480];
};

void crowd_add(struct crowd *c, const struct reading reading[SIGNS]);
/* A new word of one sign; `why` may be "". */
void reading_take(struct reading *r, enum says says, const char *why, double now_s);
/* A sign that is bad for most of those that have it says something about the network, and nothing
 * about this one. A session that stands at the target is proof of life. */
void health_judge(struct health_verdict *ret, const struct reading reading[SIGNS],
	const struct crowd *crowd, const struct health_rules *rules, double now_s);

const char *health_word(enum health h); /* "unknown", "well", "ill", "off", "failed" */
const char *sign_word(enum sign s);     /* "power", "session", "check" */
bool sign_parse(enum sign *ret, const char *word);
/* What a hand says of a sign: on, off, fault, silent; there, none, unknown; yes, no. */
bool says_parse(enum says *ret, enum sign s, const char *word);
const char *says_word(enum sign s, enum says says); /* "" for nothing */
