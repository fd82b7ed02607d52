/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Foreign DHCP servers on our networks: asked for now and then, heard at any time, told of. */
#pragma once
#include "core/table.h"
#include "edge/port.h"
#include "wire/foreign.h"

enum { FOREIGN_MAX = 32 };

struct foreign_told {
	int interface; /* index; 0: free */
	uint32_t server;
	uint64_t at_s;
};

/* Zeroed it begins with a probe. */
struct foreign_watch {
	uint64_t due_s;
	unsigned probes;
	uint32_t xid;
	struct foreign_told told[FOREIGN_MAX];
};

/* Asks on every heard.IF when it is time, and gives how long poll() may wait for the next time:
 * -1, for ever, where there is none. */
int foreign_ask(struct foreign_watch *w, const struct ports *ports, uint64_t now_s);

/* Takes our own probes out of n questions, which two interfaces of ours on one wire hear of each
 * other; gives how many are left. */
unsigned foreign_without_probes(const struct foreign_watch *w, const struct ports *ports,
	struct engine_ask ask[], unsigned n);

/* Reads what waits at a heard.IF, and tells of servers that are not ourselves. */
void foreign_serve(struct foreign_watch *w, const struct ports *ports, const struct port *p,
	const struct table *t, int events, uint64_t now_s);

/* Tells of one, unless it was told of on that interface a short while ago. What is 0 in *f, but
 * the server, is not known and not told. */
void foreign_tell(struct foreign_watch *w, const struct port *p, const struct table *t,
	const struct foreign *f, int events, uint64_t now_s);

/* Looks at a question and what became of it: one that names a server that is not us tells of it. */
void foreign_chosen(struct foreign_watch *w, const struct port *p, const struct table *t,
	const struct engine_answer *a, int events, uint64_t now_s);
