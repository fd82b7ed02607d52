/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton knows: networks, machines, personas and which machine carries which persona.
 * Plain values of fixed size: they can be copied, printed, compared and written down in a test.
 * The store keeps them, the API shows them, table_build() turns them into the boot table. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"

enum {
	NICS_MAX = 8,  /* of one machine or persona */
	PATHS_MAX = 4, /* portals of one LUN */
	HOST_LEN = 127,
	QUIRKS_LEN = 63,
	KIND_LEN = 15, /* of a driver */
};

/* What a network does with a MAC that belongs to no machine. */
enum unknown { UNKNOWN_SILENCE, UNKNOWN_LEASE };

struct network {
	char name[NAME_LEN + 1];
	char interface[16]; /* ours, on that network; IFNAMSIZ with its NUL */
	uint32_t addr;      /* ours on it, host byte order */
	unsigned prefix;
	uint32_t gateway, dns;       /* 0: none */
	uint32_t pool_from, pool_to; /* addresses Baton may give; 0: none */
	enum unknown unknown;
};

struct nic {
	char pci[PCI_TEXT]; /* "" until the shim has reported it */
	struct mac factory; /* what the maker burned in; the MAC that a restore writes back */
	bool journaled;     /* the shim has read it from the card before any write */
	bool carries;       /* takes a persona's MAC; a management NIC keeps its own */
	char network[NAME_LEN + 1];
	uint32_t addr; /* what the machine gets under its own MAC, host byte order */
};

/* What a machine without a persona does when it asks. */
enum idle { IDLE_PARK, IDLE_LOCAL };

struct bmc_at {
	char kind[KIND_LEN + 1]; /* "ipmi", "fake" */
	char host[HOST_LEN + 1];
	uint16_t port;
	char user[SECRET_LEN + 1];
	char secret[NAME_LEN + 1];   /* the name of a file in secrets_dir, never the secret */
	unsigned cipher;             /* IPMI 2.0 cipher suite */
	char quirks[QUIRKS_LEN + 1]; /* words with blanks between: core/bmc.h */
};

struct machine {
	char name[NAME_LEN + 1];
	struct uuid uuid; /* zero: not known */
	struct bmc_at bmc;
	enum idle idle;
	char loader[NAME_LEN +
		    1]; /* a file in boot_dir in place of the default one; "" = default */
	unsigned nics;
	struct nic nic[NICS_MAX];
};

struct persona_nic {
	struct mac mac;
	char network[NAME_LEN + 1];
	uint32_t addr;
};

struct path {
	uint32_t addr; /* host byte order */
	uint16_t port;
};

struct persona {
	char name[NAME_LEN + 1];
	char iqn[IQN_LEN + 1];    /* its initiator name */
	char target[IQN_LEN + 1]; /* "" while it has no disk */
	char san[KIND_LEN + 1];   /* the driver that looks at its disk: "iscsi" */
	uint64_t lun;
	unsigned paths;
	struct path path[PATHS_MAX];
	char chap_user[SECRET_LEN + 1], chap_secret[SECRET_LEN + 1]; /* both or none */
	unsigned nics;
	struct persona_nic nic[NICS_MAX];
	uint32_t generation; /* of its newest binding; only grows, 0 = never bound */
};

/* What the next network boot of a bound machine has to do. */
enum phase {
	PHASE_IDENTITY, /* the shim writes the persona's addresses */
	PHASE_PERSONA,  /* the persona's LUN */
	PHASE_RESTORE,  /* the shim writes the factory addresses back */
};

struct binding {
	char persona[NAME_LEN + 1], machine[NAME_LEN + 1];
	uint32_t generation;
	enum phase phase;
};

const char *phase_word(enum phase p); /* "identity", "persona", "restore" */
bool phase_parse(enum phase *ret, const char *word);
const char *unknown_word(enum unknown u); /* "silence", "lease" */
bool unknown_parse(enum unknown *ret, const char *word);
const char *idle_word(enum idle i); /* "park", "local" */
bool idle_parse(enum idle *ret, const char *word);

/* Which NIC of the machine takes the n-th NIC of the persona: carrying NICs in order, on the
 * network the persona wants. -1 where there is none. */
int nic_for(const struct machine *m, const struct persona *p, unsigned n);
