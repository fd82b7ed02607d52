/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may reach the portals of personas through the host that Baton runs on. A defence in front of
 * the fence, never a proof: docs/design/0018-guard.md. core says what is wanted and owns the
 * interface of what sets it; each file drivers/guard_KIND.c is one way. */
#pragma once
#include <stddef.h>

#include "base/err.h"
#include "core/model.h"

enum {
	GUARD_INTERFACES_MAX = 16,
	GUARD_PORTALS_MAX = 1024,
	GUARD_PASSES_MAX = 4096,
	GUARD_OF_ONE_MAX = 2 * NICS_MAX * PATHS_MAX, /* of one binding */
	GUARD_INTERFACE = 16,                        /* IFNAMSIZ, with its NUL */
	GUARD_PORTAL_TEXT = IP4_TEXT + 6,
	GUARD_PASS_TEXT = 72,
};

/* What comes in there, from this MAC and address, reaches this portal. */
struct guard_pass {
	char interface[GUARD_INTERFACE];
	struct mac mac;
	uint32_t addr; /* host byte order; 0: any, since a DHCP server that is not Baton gives it */
	struct path portal;
};

/* Each list is in order, and has nothing twice. */
struct guard {
	char interface[GUARD_INTERFACES_MAX][GUARD_INTERFACE]; /* whose traffic is guarded */
	struct path *portal; /* towards these; every other destination is nobody's business here */
	struct guard_pass *pass;
	unsigned interfaces; /* 0: no guard */
	size_t portals, passes;
};

/* Everything is borrowed for the call. */
struct guard_source {
	const char *interfaces; /* the setting guard_interfaces: names with blanks between */
	const struct network *network;
	const struct machine *machine;
	const struct persona *persona;
	const struct binding *binding;
	size_t networks, machines, personas, bindings;
};

/* What one binding lets through. Nothing before its second boot, which is the first that needs the
 * disk. Its persona's NICs; and the machine's other NICs under their own MAC, since a loader that
 * drives no other logs in through the one that it came by. Nothing for a NIC whose network has no
 * interface here. Gives how many. */
unsigned guard_of_one(struct guard_pass ret[GUARD_OF_ONE_MAX], const struct binding *b,
	const struct persona *p, const struct machine *m, const struct network *networks, size_t n);

/* All that is wanted: the portals of every persona, bound or not, and the passes on guarded
 * interfaces. *without: how many personas have their second boot and pass nowhere, on whatever
 * interface. -E2BIG with a sentence. guard_fini() in either case. */
int guard_build(
	struct guard *ret, unsigned *without, const struct guard_source *from, struct err *e);
void guard_fini(struct guard *g);
/* Puts the lists in order, for who has filled them by himself. */
void guard_sort(struct guard *g);

/* "10.77.0.1:3260"; "mgmt0 02:ba:70:00:00:01 10.77.0.50 10.77.0.1:3260", or "any" for the address.
 * A false leaves *ret alone. */
const char *guard_portal_text(char to[GUARD_PORTAL_TEXT], const struct path *portal);
bool guard_portal_parse(struct path *ret, const char *text);
const char *guard_pass_text(char to[GUARD_PASS_TEXT], const struct guard_pass *pass);
bool guard_pass_parse(struct guard_pass *ret, const char *text);
/* 1 to 15 printable characters, none of them a blank, a slash or a star. */
bool guard_interface_ok(const char *name);

struct guard_ops {
	const char *kind; /* "nft", "fake" */
	/* 1: this is in force, and nothing else of Baton's is; 0: it is not. *bridged: for what the
	 * host bridges, too. Changes nothing. */
	int (*holds)(bool *bridged, const struct guard *g, struct err *e);
	/* Takes the place of what Baton has set before, all at once: a packet meets the old guard
	 * or the new one. What fails has changed nothing. Without interfaces the guard is taken
	 * away. What somebody else has made is never touched: -EEXIST where it has our name.
	 * -EPERM: this process may not. -EOPNOTSUPP: the kernel cannot. */
	int (*set)(const struct guard *g, struct err *e);
};
