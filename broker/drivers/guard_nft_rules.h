/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the guard looks in nf_tables, as the messages that make it. A table `baton` in the families
 * inet (what this host routes, or is itself the target of) and bridge (what it bridges):
 *
 *    set interfaces  { type ifname }
 *    set portals     { type ipv4_addr . inet_service }
 *    set allowed     { type ifname . ether_addr . ipv4_addr . ipv4_addr . inet_service }
 *    set anywhere    { type ifname . ether_addr . ipv4_addr . inet_service }
 *    chain guard, at prerouting: what is in `allowed` or `anywhere` is accepted, and other chains
 *    go on with it; what comes in by `interfaces` towards `portals` is dropped.
 *
 * No connection is tracked: each packet is looked at, so an open connection ends with its pass. */
#pragma once
#include <libnftnl/rule.h>
#include <libnftnl/set.h>

#include "drivers/guard.h"
#include "drivers/guard_nft_talk.h"

#define GUARD_TABLE "baton"
#define GUARD_CHAIN "guard"
/* Shown by `nft list`; a table of our name that does not say this is somebody else's. */
#define GUARD_MARK "Baton's guard: Baton replaces it"

enum { RULES = 3, ELEMENT_LEN = 64 /* of the longest one, in a message */ };
enum set { SET_INTERFACES, SET_PORTALS, SET_ALLOWED, SET_ANYWHERE, SETS };

enum { INET, BRIDGE, FAMILIES };
extern const struct family {
	uint16_t family;
	int priority;
	uint32_t interface; /* where a packet came in: of a bridge, the bridge and not its port */
} families[FAMILIES];

/* The keys of a set, one behind the other, in order. */
struct keys {
	uint8_t *at;
	size_t n, room, len;
};
struct keys keys_none(enum set set);
struct keys keys_of(const struct guard *g, enum set set);
uint8_t *key_add(struct keys *k); /* room for one more, zeroed */
void keys_sort(struct keys *k);
void keys_drop(struct keys *k);

/* For what questions are about; to be freed. */
struct nftnl_set *set_named(const struct family *f, enum set set);
struct nftnl_rule *rule_in_chain(void);

/* Messages of a batch, which false says has no room: the table, made or deleted; and all of it, in
 * place of what was there. */
bool add_table(struct nft *n, const struct family *f, uint16_t type);
bool add_family(struct nft *n, const struct family *f, const struct guard *g);

/* A few bytes that are not to be had end the process; who waits for a hand is told that it ended.
 */
void *must(void *p);
