/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where Baton keeps what must not be lost: networks, pools, machines, personas, bindings, orders
 * and their journal, events. A call that returns 0 has its change on stable storage (SQLite, WAL,
 * synchronous FULL); a call that fails has changed nothing and left a sentence. Names are unique
 * within their kind, a MAC, a WWPN and an initiator name within everything; a WWNN is one machine's
 * or persona's.
 *
 * Errors: -ENOENT no such thing, -EEXIST name, MAC or IQN taken (the sentence says by whom),
 * -EBUSY something still uses it, -ESTALE a compare-and-swap lost, -ENOSPC the disk is full,
 * -EDQUOT a pool is used up or there is none, -EPERM what would be needed to prove it is lacking,
 * -EBADMSG the file is damaged, or a secret in it does not open. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/batch.h"
#include "core/model.h"
#include "core/order.h"
#include "core/port.h"

struct store;

/* Opens or makes the file ("" = in memory), brings an older schema forward, refuses a newer one.
 * The secrets in it are sealed with the key. -EKEYREJECTED: with another one; nothing was changed.
 */
int store_open(struct store **ret, const char *path, const uint8_t key[32], struct err *e);
void store_close(struct store *s); /* takes NULL */

/* One transaction around several calls. Pairs nest: an inner rollback takes back what was done
 * since its begin, and all of it is on disk once the outermost commit has returned 0. A commit that
 * fails has rolled back. Without a transaction store_rollback() does nothing. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* The secret that signs tokens: 32 random bytes, made once. */
int store_key(struct store *s, uint8_t ret[32], struct err *e);
/* A number that grows by one a call and never comes twice: table generations. */
int store_next(struct store *s, const char *counter, uint64_t *ret, struct err *e);

/* Lists are malloc'ed arrays, the caller's, in order of name. Empty: *ret NULL, *ret_n 0.
 *
 * No two networks share an address, nor an interface unless they are on one wire: linked to each
 * other. A network, machine or persona that something refers to, and a pool that a persona has
 * something of, is not removed: -EBUSY names the user. */
int store_networks(struct store *s, struct network **ret, size_t *ret_n, struct err *e);
int store_network(struct store *s, const char *name, struct network *ret, struct err *e);
int store_network_add(struct store *s, const struct network *n, struct err *e);
int store_network_rm(struct store *s, const char *name, struct err *e);

enum pool_kind { POOL_MAC, POOL_IQN, POOL_WWN };
struct pool {
	char name[NAME_LEN + 1];
	enum pool_kind kind;
	struct mac from, to;         /* POOL_MAC */
	struct wwn wwn_from, wwn_to; /* POOL_WWN */
	char prefix[IQN_LEN + 1];    /* POOL_IQN */
	uint64_t given, size;        /* filled by store_pools(); size 0: no end */
};
int store_pools(struct store *s, struct pool **ret, size_t *ret_n, struct err *e);
int store_pool_add(struct store *s, struct pool *p, struct err *e); /* fills given and size, too */
int store_pool_rm(struct store *s, const char *name, struct err *e);

int store_machines(struct store *s, struct machine **ret, size_t *ret_n, struct err *e);
int store_machine(struct store *s, const char *name, struct machine *ret, struct err *e);
/* A NIC without an address gets the lowest free one of its network's pool: *m is filled in. A NIC
 * may be on no network (""), and then has no address; on one with a DHCP server of its own it needs
 * none. */
/* How the machine shall take what it carries next; nothing while it carries something or is stale.
 */
int store_taking_set(struct store *s, const char *machine, enum taking t, struct err *e);
int store_machine_add(struct store *s, struct machine *m, struct err *e);
int store_machine_rm(struct store *s, const char *name, struct err *e);
/* What a person changes of a machine. */
enum machine_part {
	PART_POOL = 1,
	PART_UUID = 2,
	PART_IDLE = 4,
	PART_LOADER = 8,
	PART_ARCH = 16,
	PART_FIRMWARE = 32,
	PART_MEMORY = 64,
	PART_CPUS = 128,
	PART_PIN = 256, /* of its BMC's certificate */
	PART_TAKES = 512,
};
enum nic_part { NIC_PORT = 1, NIC_CIRCUIT = 2, NIC_REMOTE = 4 };
struct machine_change {
	unsigned parts;    /* which of them it changes, to what stands in `to` */
	struct machine to; /* its labels are added or get another value; its NICs are known by
			    * their factory MACs, its HBAs by their WWPNs: they get the port */
	unsigned nic_parts[NICS_MAX]; /* what changes of each; "" and no bytes take it off */
	unsigned unlabels;
	char unlabel[LABELS_MAX][LABEL_LEN + 1];
};
/* All or nothing, and nothing else. A trait that is set to nothing is what the shim has found.
 * -EBUSY: the UUID or a relay port while the machine carries a persona, is stale or has a part in
 * an order; another switch port in place of one that is held. */
int store_machine_set(
	struct store *s, const char *name, const struct machine_change *c, struct err *e);
/* Journals what the shim has read from a card, before any write: pci, and the factory address if
 * none was journaled yet (a journaled one is never overwritten). A factory address that belongs
 * to a persona is -EEXIST. nic is the index in m->nic, or m->nics to add one that was unknown. */
int store_nic_journal(struct store *s, const char *machine, unsigned nic, const char *pci,
	const struct mac *factory, struct err *e);
/* The same of an HBA's names, which a person has written: that the shim has found the card. hba is
 * the index in m->hba. */
int store_hba_journal(
	struct store *s, const char *machine, unsigned hba, const char *pci, struct err *e);
int store_hba_card_set(struct store *s, const char *machine, unsigned hba, const char *card,
	const char *driver, const char *modalias, struct err *e);
/* What kind of card the shim has found there: "8086:100e", and the kernel's words for it. */
int store_card_set(struct store *s, const char *machine, unsigned nic, const char *card,
	const char *driver, const char *modalias, struct err *e);
/* What the shim has found there, its labels aside. Where the operator wrote nothing, the machine is
 * as it was found last; what was not said this time stays. */
int store_found_set(
	struct store *s, const char *machine, const struct traits *found, struct err *e);

int store_personas(struct store *s, struct persona **ret, size_t *ret_n, struct err *e);
int store_persona(struct store *s, const char *name, struct persona *ret, struct err *e);
/* An empty iqn, a zero MAC or a zero WWN is taken from the first pool, in order of name, that has
 * one left, never one that was anybody's before, a removed persona's included; a zero address from
 * its network's pool. *p is filled in. A MAC or IQN written out is recorded as given, too; one that
 * a removed persona had may be written out again, so that what was removed by mistake can be put
 * back. A drawn IQN is prefix + name, or prefix + name + "-2" and so on where that was given
 * before.
 * Where persona_is_fenced(), the target is this persona's alone and the secrets are Baton's. */
int store_persona_add(struct store *s, struct persona *p, struct err *e);
int store_persona_rm(struct store *s, const char *name, struct err *e);
/* The names of the personas that shall stay apart in this group. */
int store_group(struct store *s, const char *group, char (**ret)[NAME_LEN + 1], size_t *ret_n,
	struct err *e);

/* What the operator wants done about it; where he said nothing, all is reported. -EINVAL with the
 * reason; -ENOENT where the persona, or a pool to choose from, is not there. */
int store_policy(struct store *s, const char *persona, struct policy *ret, struct err *e);
struct policy_of {
	char persona[NAME_LEN + 1];
	struct policy policy;
};
int store_policies(struct store *s, struct policy_of **ret, size_t *ret_n, struct err *e);
int store_policy_set(struct store *s, const char *persona, const struct policy *p, struct err *e);

int store_bindings(struct store *s, struct binding **ret, size_t *ret_n, struct err *e);
int store_binding(struct store *s, const char *persona, struct binding *ret, struct err *e);
int store_binding_of(struct store *s, const char *machine, struct binding *ret, struct err *e);
/* The claim: one compare-and-swap. Neither side may be bound, else -EBUSY names who is in the
 * way (but to each other: then it is a repeat and gives the binding as it stands); nor may the
 * machine be stale because of another persona. -EPERM where a person has signed for a machine that
 * the persona left, and bodies_differ() does not hold for it and this one (store_told_apart()). The
 * generation is greater than that of any binding or secret there ever was, of whichever persona.
 * Where persona_is_fenced(), a secret of that generation is made with it, and
 * ->fenced waits for store_fenced_set(); else it is true at once. A repeat after
 * store_chap_renew() finds the binding's secret dead: it gets a new generation and a new secret. */
int store_bind(struct store *s, const char *persona, const char *machine, struct binding *ret,
	struct err *e);
/* The claim of a restore: the stale machine carries this persona, in phase restore, without a
 * secret. It is its own once more (-EBUSY while that is on another machine), or one with neither
 * NICs nor a disk, that stands in for it: then the binding is ->isolated. -ENOENT where the machine
 * is not stale. May be repeated. */
int store_bind_restore(struct store *s, const char *persona, const char *machine,
	struct binding *ret, struct err *e);
/* Only if the binding still has this generation, else -ESTALE. */
int store_phase_set(struct store *s, const struct binding *b, enum phase p, struct err *e);
/* Nobody else can write: the secret may be given out. -ESTALE also when it is not the newest. */
int store_fenced_set(struct store *s, const struct binding *b, struct err *e);
/* Before the machine is powered on for this binding: no silence proved up to now counts. */
int store_wake(struct store *s, const struct binding *b, struct err *e);
/* -EPERM without store_silence(), unless the machine was never woken for this binding. */
int store_unbind(struct store *s, const struct binding *b, struct err *e);

/* The newest secrets of a persona; -ENOENT where it never had one. */
int store_chap(struct store *s, const char *persona, struct chap *ret, struct err *e);
/* Makes new ones, for nobody: a binding that there is loses ->fenced. */
int store_chap_renew(struct store *s, const char *persona, struct chap *ret, struct err *e);

struct proof {
	uint64_t id, order;
	char persona[NAME_LEN + 1], machine[NAME_LEN + 1];
	uint32_t generation;
	enum proof_kind kind;
	double at_s;
	char seen[200]; /* "off in two reads, 612 ms apart" */
};
/* Kept for good, also when what it names is removed. Fills id. PROOF_ATTESTED only for a binding
 * that stands, else -ESTALE; -EPERM where the disk cannot be shut to the machine, where it has
 * neither a UUID nor a relay port on record, or where bodies_differ() does not hold for it and the
 * machine that an open order takes the persona to. */
int store_proof_add(struct store *s, struct proof *p, struct err *e);
/* Newest first, `most` at most; "" is any. */
int store_proofs(struct store *s, const char *persona, const char *machine, size_t most,
	struct proof **ret, size_t *ret_n, struct err *e);
/* The newest proof, of any kind but storage, that this binding's machine is silent since it was
 * last woken. -ENOENT says what is wanted. */
int store_silence(struct store *s, const struct binding *b, struct proof *ret, struct err *e);
/* For every binding that has one, in order of persona: the same, or the proof that an order which
 * took the persona from there had its disk shut to the machine, where that has no secret now. */
int store_halts(struct store *s, struct proof **ret, size_t *ret_n, struct err *e);

/* A machine whose cards may hold addresses of a persona that was taken from it. Until it is
 * restored it carries nothing but that persona again, and is stale all the while. It can be
 * removed; its persona cannot, meanwhile. */
struct stale {
	char machine[NAME_LEN + 1], persona[NAME_LEN + 1];
	uint32_t generation;
	double since_s;
};
int store_stales(struct store *s, struct stale **ret, size_t *ret_n, struct err *e);
int store_stale(struct store *s, const char *machine, struct stale *ret, struct err *e);
/* A repeat, for the same persona, keeps since_s. */
int store_stale_add(struct store *s, const char *machine, const char *persona, uint32_t generation,
	double since_s, struct err *e);
int store_stale_rm(struct store *s, const char *machine, struct err *e);
/* The stale machines of the persona that are silent by a person's word alone. */
int store_signed_away(
	struct store *s, const char *persona, struct machine **ret, size_t *ret_n, struct err *e);
/* -EPERM where bodies_differ() does not hold for one of those and `now`: see store_bind(). */
int store_told_apart(
	struct store *s, const struct persona *p, const struct machine *now, struct err *e);

/* A switch port that Baton has told to be other than open. */
struct port_held {
	char port[PORT_LEN + 1], machine[NAME_LEN + 1];
	enum port_state state;
	bool read_back; /* the switch has said so since */
	uint64_t order; /* the one that had it told */
	double since_s;
};
/* Of one machine, or of all for "". */
int store_ports_held(
	struct store *s, const char *machine, struct port_held **ret, size_t *ret_n, struct err *e);
/* Before the switch is told. A port that is held in that state keeps since_s; none of it counts as
 * read back. */
int store_port_hold(struct store *s, const struct port_held *p, struct err *e);
/* The switch says that all ports of the machine that are held are in this state; open: none is held
 * any more. */
int store_ports_seen(struct store *s, const char *machine, enum port_state state, struct err *e);

struct order {
	uint64_t id;
	enum verb verb;
	char persona[NAME_LEN + 1], from[NAME_LEN + 1], to[NAME_LEN + 1]; /* "" where none */
	struct order_at at;
	char why[320];           /* of the last failure */
	double begun_s, ended_s; /* unix time; ended 0 while it runs */
	uint64_t undoes;         /* the order that this one takes back, or 0 */
	bool stays;              /* it never rolls back by itself */
	char cause[200];         /* why Baton itself gave it; "": a person did */
};
struct order_step {
	unsigned step, tries;
	double begun_s, ended_s; /* ended 0: journaled as begun, not known to have ended */
	char why[320];           /* "" when it was done */
};
/* -EBUSY when an order for the same persona or machine is running or stopped: one at a time; the
 * one that o->undoes names does not count, but must not be running. */
int store_order_add(struct store *s, struct order *o, struct err *e); /* fills id, begun_s */
int store_order(struct store *s, uint64_t id, struct order *ret, struct err *e);
/* The newest order that takes this one back; *ret 0 where none does. */
int store_order_undone(struct store *s, uint64_t id, uint64_t *ret, struct err *e);
/* How many orders Baton itself gave since then, roll-backs aside; of all, and of this persona. */
int store_orders_caused(struct store *s, const char *persona, double since_s, unsigned *ret_all,
	unsigned *ret_of, struct err *e);
/* Newest first: the newest `most`, and those that are not done, however old. */
int store_orders(struct store *s, size_t most, struct order **ret, size_t *ret_n, struct err *e);
/* Journals that the order's current step (o->at) begins: on disk before it is done. A step that is
 * begun again gets a row of its own. -ESTALE when the order stands elsewhere. */
int store_step_begin(struct store *s, const struct order *o, double now_s, struct err *e);
/* Journals how it ended and where the order stands now: o->at is the new place, step the old; why
 * is NULL or "" when it was done. Fills o->why and, unless it runs on, o->ended_s. */
int store_step_end(struct store *s, struct order *o, unsigned step, const char *why, double now_s,
	struct err *e);
int store_order_steps(
	struct store *s, uint64_t id, struct order_step **ret, size_t *ret_n, struct err *e);
/* A stopped order that an undo has taken over counts as done. */
int store_order_close(struct store *s, uint64_t id, double now_s, struct err *e);
/* Puts a stopped order back to running, at the place that order_retry() names. */
int store_order_reopen(struct store *s, uint64_t id, struct order_at at, struct err *e);

/* What an order rehearses: o->persona is another persona, made for it. */
struct drill {
	uint64_t order;
	char of[NAME_LEN + 1], network[NAME_LEN + 1];
};
int store_drill_add(struct store *s, const struct drill *d, struct err *e);
int store_drill(struct store *s, uint64_t order, struct drill *ret, struct err *e);
/* Removes the persona that was made for this order (verb_stands_in()), though it is not done yet;
 * one that has gone is fine. -EBUSY while a machine carries it. */
int store_stand_in_rm(struct store *s, const struct order *o, struct err *e);

/* Why the machine of an order was chosen: one text, for people. *ret is malloc'ed and the
 * caller's; NULL: a person has named the machine. */
int store_choice_set(struct store *s, uint64_t order, const char *text, struct err *e);
int store_choice(struct store *s, uint64_t order, char **ret, struct err *e);

/* The newest order that takes this one back; -ENOENT: none does. */
int store_order_undoing(struct store *s, uint64_t id, struct order *ret, struct err *e);

struct batch {
	uint64_t id;
	char what[128]; /* for people: "evacuate rack r1" */
	unsigned who;   /* the user who wanted it */
	struct batch_rule rule;
	enum batch_state state;  /* as it was last said */
	double begun_s, ended_s; /* ended 0: open; it may go on */
};
struct wish {
	unsigned n; /* its place in the batch, from 0 */
	enum verb verb;
	char persona[NAME_LEN + 1];
	char machine[NAME_LEN + 1], pool[NAME_LEN + 1]; /* where to: one of them, or none */
	enum wish_state state; /* as stored: waiting, running, refused or dropped; what became of
				* one that runs is its order's to say */
	uint64_t order;        /* 0: none yet */
	char why[320];
};
/* Batch, wishes and the machines that it empties, all or nothing. Fills id, begun_s and each n. */
int store_batch_add(struct store *s, struct batch *b, struct wish *w, size_t n,
	char (*leaves)[NAME_LEN + 1], size_t leaves_n, struct err *e);
int store_batch(struct store *s, uint64_t id, struct batch *ret, struct err *e);
/* Newest first: the newest `most`, and those that are open, however old. */
int store_batches(struct store *s, size_t most, struct batch **ret, size_t *ret_n, struct err *e);
int store_wishes(struct store *s, uint64_t batch, struct wish **ret, size_t *ret_n, struct err *e);
/* cancelled, state and ended_s. */
int store_batch_set(struct store *s, const struct batch *b, struct err *e);
/* state, order and why. */
int store_wish_set(struct store *s, uint64_t batch, const struct wish *w, struct err *e);
/* The machines that open batches empty, in order of name. */
struct leaving {
	char machine[NAME_LEN + 1];
	uint64_t batch;
};
int store_leaving(struct store *s, struct leaving **ret, size_t *ret_n, struct err *e);

struct event_row {
	uint64_t id, order;
	double at_s;
	int level;
	char word[32], machine[NAME_LEN + 1], persona[NAME_LEN + 1];
	char text[512];
};
/* Events are for reading, not for recovery: they outlive the process, but are written without a
 * sync of their own, so that a power cut may take the last ones; the newest 100,000 are kept. */
int store_event_add(struct store *s, struct event_row *ev, struct err *e); /* fills id */
/* At most `most`, oldest first: the next ones behind the id `since`; those of the newest end. order
 * 0: of all orders and of none. */
int store_events(struct store *s, uint64_t since, uint64_t order, size_t most,
	struct event_row **ret, size_t *ret_n, struct err *e);
int store_events_newest(struct store *s, uint64_t order, size_t most, struct event_row **ret,
	size_t *ret_n, struct err *e);
/* The last one of each word about each machine and about none, oldest first. */
int store_events_last(struct store *s, struct event_row **ret, size_t *ret_n, struct err *e);
