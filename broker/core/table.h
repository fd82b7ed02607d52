/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The boot table: for every MAC what that machine gets now, as plain values in one file.
 * The broker builds it whole and renames it into place on tmpfs; baton-edge and baton-files read
 * it whole (host/follow.h) and need nothing else, so machines boot while the broker is down.
 *
 * The file is: header, machines, networks, NICs, paths, routes, HBAs, FC targets, slots of MACs and
 * of UUIDs, text.
 * Every reference is an index or an offset into the text, all of them checked once by
 * table_check(); after that a look-up cannot leave the file. Byte order and layout are this
 * machine's: a table never travels. Numbers stand in host byte order. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "core/model.h"
#include "core/token.h"

enum {
	TABLE_VERSION = 7,
	TABLE_KEY_LEN = 32,
	TABLE_NONE = 0,            /* a text offset that stands for "" */
	TABLE_LEN_MAX = 256 << 20, /* some 800,000 machines; a longer one is not read */
};
#define TABLE_MAGIC "batontbl"
#define TABLE_FILE "boot.table"

/* The scripts that machines run, rendered by core/script.h; templates travel in the table. */
enum script {
	SCRIPT_ENTRY,
	SCRIPT_SHIM,
	SCRIPT_PERSONA,
	SCRIPT_PARK,
	SCRIPT_LOCAL,
	SCRIPT_PERSONA_FC,
	SCRIPTS
};

struct table_header {
	char magic[8];
	uint32_t version, header_len;
	uint64_t generation;        /* of the table itself; only grows */
	uint64_t made_s;            /* unix time */
	uint64_t len;               /* of the whole file */
	uint64_t checksum;          /* XXH3-64 of the whole file with this field zero */
	uint8_t key[TABLE_KEY_LEN]; /* signs the tokens in URLs: core/token.h */
	uint32_t http_port, lease_s;
	uint32_t mac_rate, relay_rate; /* see conf.def; 0: no limit */
	uint32_t networks, machines, nics, paths, routes, hbas, fc_targets;
	uint32_t slots, uuid_slots, text_len;
	uint32_t script[SCRIPTS]; /* text: the templates */
	uint32_t packs;           /* text: tool-pack image names, one a line */
};

struct table_network {
	uint32_t name, interface; /* text */
	uint32_t addr, prefix;    /* an address of it and how much of that is the network's */
	uint32_t ours;            /* Baton's own on it; 0: it is reached through relays alone */
	uint32_t gateway, dns, pool_from, pool_to;
	uint32_t unknown, mode; /* enum unknown, enum dhcp_mode */
	uint32_t link;          /* the same number for all networks on one wire */
	uint32_t isolated;      /* 1: who is on it reaches nobody but Baton and its target */
	uint32_t relay[RELAYS_MAX];
};

struct table_machine {
	uint32_t name, loader;               /* text */
	uint32_t persona;                    /* text; "" while it carries none */
	uint32_t iqn, target;                /* text */
	uint32_t chap_user, chap_secret;     /* text */
	uint32_t mutual_user, mutual_secret; /* text: what the target shows in turn */
	uint32_t phase, idle;                /* enum phase, enum idle */
	uint16_t ready;                      /* 0: its disk must not be given to it yet */
	uint16_t takes;                      /* enum takes */
	uint32_t generation;                 /* of the binding; 0 while it carries none */
	uint8_t uuid_shared;                 /* 1: another machine may say the same UUID */
	uint8_t isolated; /* 1: on an isolated network it may ask with any persona's MAC */
	uint8_t by_bmc;   /* 1: its BMC sets its addresses, and may lose them */
	uint8_t pad;
	uint64_t lun;
	uint32_t nic_at, nics, path_at, paths, hba_at, hbas;
	uint32_t domain_name; /* text; this and the servers are the persona's */
	uint32_t dns[SERVERS_MAX], ntp[SERVERS_MAX];
	struct uuid uuid;
};

enum { TABLE_NOWHERE = 0xffffffff }; /* an index that leads to nothing */

struct table_nic {
	uint32_t machine; /* index; NOWHERE: a MAC of a persona that no machine carries */
	uint32_t network, persona_network; /* index or NOWHERE */
	uint32_t pci;                      /* text */
	uint32_t addr;                     /* under its own MAC */
	uint32_t persona_addr;
	uint32_t route_at;           /* of the persona's routes */
	uint32_t circuit, remote;    /* bytes among the text: its relay port */
	struct mac factory, persona; /* zero: none */
	uint16_t mtu;                /* the persona's; 0: not said */
	uint8_t carries, journaled, routes;
	uint8_t circuit_len, remote_len, pad; /* 0: not on record */
};

struct table_route {
	uint32_t to, prefix, via;
};

struct table_path {
	uint32_t addr;
	uint32_t port;
};

struct table_hba {
	uint32_t pci; /* text */
	uint8_t carries, journaled, pad[2];
	uint32_t target_at, targets;           /* of the persona: what it boots from */
	struct wwn wwpn, wwnn;                 /* the maker's */
	struct wwn persona_wwpn, persona_wwnn; /* zero: no persona's */
};

struct table_fc_target {
	struct wwn wwpn;
	uint64_t lun;
};

/* A table that was checked. All pointers stand inside the file's bytes. */
struct table {
	const struct table_header *header;
	const struct table_network *network;
	const struct table_machine *machine;
	const struct table_nic *nic;
	const struct table_path *path;
	const struct table_route *route;
	const struct table_hba *hba;
	const struct table_fc_target *fc_target;
	/* Open addressing, 0 is empty: NIC index * 2 + is_persona_mac + 1; machine index + 1. */
	const uint32_t *slot, *uuid_slot;
	const char *text;
	struct token_key key; /* the header's, made ready */
};

/* Looks through len bytes, aligned to 8; -EBADMSG with a sentence when they are not a whole,
 * undamaged table of this version. On success *ret borrows the bytes. */
int table_check(struct table *ret, const void *bytes, size_t len, struct err *e);

static inline const char *table_text(const struct table *t, uint32_t at)
{
	return t->text + at;
}

/* The persona that the machine carries boots by Fibre Channel: persona_boots_by_fc(). */
bool table_boots_by_fc(const struct table *t, const struct table_machine *m);
/* Some HBA of the machine takes a persona's names. */
bool table_has_fc(const struct table *t, const struct table_machine *m);

/* Where the NIC's questions come in, as it is on record. */
void table_relay_port(struct relay_port *ret, const struct table *t, const struct table_nic *nic);

/* The NIC that holds this MAC, as its own or as a persona's; NULL when nobody does. */
const struct table_nic *table_find(const struct table *t, const struct mac *m, bool *is_persona);
/* The machine with this UUID, in either byte order; NULL when none has it, or two have. */
const struct table_machine *table_find_uuid(const struct table *t, const struct uuid *u);
/* The network that this address lies in; NULL when none. */
const struct table_network *table_network_of(const struct table *t, uint32_t addr);

/* What table_build() is made of. Everything is borrowed for the call. */
struct table_source {
	uint64_t generation, made_s;
	uint8_t key[TABLE_KEY_LEN];
	uint32_t http_port, lease_s, mac_rate, relay_rate;
	const struct network *network;
	size_t networks;
	const struct machine *machine;
	size_t machines;
	const struct persona *persona;
	size_t personas;
	const struct binding *binding;
	const struct chap *chap; /* of each binding; no user: the persona's own account, if any */
	size_t bindings;
	const char *script[SCRIPTS];
	const char *packs;
};

/* On success *ret is malloc'ed, the caller's, and passes table_check(). -EEXIST with a sentence
 * when two NICs claim one MAC, -ENOENT when a name leads nowhere. */
int table_build(void **ret, size_t *ret_len, const struct table_source *from, struct err *e);
