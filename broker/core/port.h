/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton asks of a switch port that a machine's NIC is plugged into. core owns this interface;
 * each file drivers/port_KIND.c is one way to do it, and tests/unit/port_contract_test.c holds all
 * of them to what stands here. */
#pragma once
#include <stdbool.h>

#include "base/err.h"
#include "core/model.h"

/* The state that is wanted, never the gesture. */
enum port_state {
	PORT_OPEN,     /* as the operator has set it up */
	PORT_SHUT,     /* nothing goes in or out */
	PORT_ISOLATED, /* it reaches Baton's boot network; no other port sees a frame of it */
};

/* KIND://HOST/NAME taken apart: "fake://switch-1/7". NAME may hold more slashes. */
struct port_addr {
	char kind[KIND_LEN + 1];
	char host[HOST_LEN + 1]; /* with its own port behind ':', where it needs one */
	char name[PORT_LEN + 1];
};

struct port {
	const struct port_ops *ops;
};

/* Every call may block for seconds: they run in a baton-hand, never in a loop. Every call is safe
 * to repeat. "Already so" is success, and tells the switch nothing. */
struct port_ops {
	const char *kind; /* the word an operator writes: "fake" */
	/* *addr is borrowed for the call. */
	int (*open)(struct port **ret, const struct port_addr *addr, struct err *e);
	int (*read)(struct port *port, enum port_state *ret, struct err *e);
	/* Returns once the state is read back; -EIO when the switch took the order and says
	 * another state, -ENOTSUP where it has no such state. */
	int (*set)(struct port *port, enum port_state want, unsigned timeout_ms, struct err *e);
	void (*close)(struct port *port); /* takes NULL */
};

const char *port_state_word(enum port_state s); /* "open", "shut", "isolated" */
bool port_state_parse(enum port_state *ret, const char *word);
/* False leaves *ret alone. */
bool port_parse(struct port_addr *ret, const char *text);
