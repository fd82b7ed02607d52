/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who has asked lately and is nobody's: new servers, for whoever adds machines. Kept in memory
 * alone, since a machine without an answer asks again. Who makes up MACs by the thousand pushes out
 * what was heard once, and not a server that goes on asking. */
#pragma once
#include <stddef.h>

#include "broker/broker.h"
#include "host/log.h"

enum { STRANGERS_MAX = 256 };

struct stranger {
	struct mac mac;
	struct uuid uuid;           /* zero: it did not say one */
	char network[NAME_LEN + 1]; /* "": asked on a network that is none of ours */
	char stage[12];             /* what asked last: "firmware", "http", "ipxe", "os" */
	int arch;                   /* option 93 (RFC 4578); -1: not said */
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT]; /* as the relay says them; "": none */
	double first_s, last_s;                             /* unix time */
	unsigned times; /* as often as the edge told of it, which it does seldom */
};

struct strangers;

int strangers_open(struct strangers **ret, struct err *e);
void strangers_close(struct strangers *s); /* takes NULL */

/* An event of the data path. */
void strangers_heard(struct strangers *s, enum event ev, const struct event_row *row);

/* Those that asked last first; borrowed until the next event. Who has been added since is among
 * them. Returns how many. */
size_t strangers_list(const struct stranger *ret[STRANGERS_MAX], const struct strangers *s);
