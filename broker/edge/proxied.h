/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Firmware that was told what to boot beside a foreign DHCP server (proxyDHCP), and may not listen:
 * many look at the other server's answer alone. One that has taken its address and then asks for
 * nothing of ours is told of, since nobody else would see why it does not boot. */
#pragma once
#include "engine/engine.h"

enum { PROXIED_MAX = 1024, PROXIED_WAIT_S = 20 };

struct proxied_one {
	struct mac mac; /* zero: the place is free */
	uint32_t addr;  /* what it takes from the other server; 0: it has taken none yet */
	uint64_t until_s;
	char machine[NAME_LEN + 1];
};

/* Zeroed it is empty. A machine whose place another one has is not watched. */
struct proxied {
	struct proxied_one one[PROXIED_MAX];
	unsigned count;
};

/* Sees every question and what became of it. */
void proxied_answer(struct proxied *p, const struct engine_answer *a, const struct table *t,
	const struct engine_ask *ask);
/* This address has asked for a file. */
void proxied_fetched(struct proxied *p, uint32_t addr);
/* Tells of those whose time is up. True while one is watched: then call again within seconds. */
bool proxied_look(struct proxied *p, int events, uint64_t now_s);
