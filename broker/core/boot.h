/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one decision Baton exists for: who is asking, and what shall it boot.
 * An ask is plain values, a plan borrows from the table; DHCP, TFTP, HTTP, `baton explain`
 * and the tests all call boot_decide(). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "core/table.h"

enum boot_stage {
	STAGE_FIRMWARE, /* PXE firmware: option 60 begins with PXEClient */
	STAGE_HTTP,     /* UEFI HTTP boot: option 60 begins with HTTPClient */
	STAGE_IPXE,     /* iPXE asks DHCP: option 77 or 175 */
	STAGE_SCRIPT,   /* iPXE or the shim fetches by HTTP */
	STAGE_OS,       /* any other DHCP client */
};

struct boot_ask {
	struct mac mac;
	struct uuid uuid; /* zero: not said */
	bool has_arch;
	uint16_t arch; /* option 93, RFC 4578 and IANA's list */
	enum boot_stage stage;
	/* Host byte order. `via` says which network it is: the relay's word for it (82.5), the
	 * relay's address, or ours where the question came in. */
	uint32_t via;
	uint32_t relay;         /* giaddr; 0: none */
	uint32_t here;          /* ours where the question came in; 0: not known */
	struct relay_port port; /* what the relay says of itself; none where it says nothing */
};

/* What the machine will do in the end, whatever stage it is at now. */
enum boot_deed {
	DEED_IDENTITY, /* boot the shim and take the persona's addresses */
	DEED_PERSONA,  /* boot the persona's LUN */
	DEED_RESTORE,  /* boot the shim and take the factory addresses back */
	DEED_PARK,     /* wait, ask again */
	DEED_LOCAL,    /* leave the network boot, go on to the disk */
	DEED_LEASE,    /* an unknown machine on a network that serves it an address and no more */
};

struct boot_plan {
	enum boot_deed deed;
	const struct table_network *network;
	const struct table_machine *machine; /* NULL for DEED_LEASE */
	const struct table_nic *nic;         /* the one that asked; NULL for DEED_LEASE */
	struct mac asked;                    /* the MAC that asked */
	bool is_persona_mac;                 /* it asked with the persona's MAC */
	bool by_uuid;              /* the MAC is nobody's, the machine was known by its UUID */
	bool other_port;           /* the NIC's relay port on record is another one */
	uint32_t addr;             /* host byte order; 0: any from the pool */
	uint32_t server;           /* the address of ours that it is to talk to */
	char loader[NAME_LEN + 1]; /* STAGE_FIRMWARE, STAGE_HTTP: the file; else "" */
};

/* Why there is no answer: see boot.def. */
enum silence {
#define SILENCE(name, word, text) SILENCE_##name,
#include "core/boot.def"
#undef SILENCE
};

/* True with *ret, or false with *why: a dashed word from boot.def that names the silence. */
bool boot_decide(
	struct boot_plan *ret, const char **why, const struct table *t, const struct boot_ask *ask);

/* The MAC under which the table knows the NIC that asked: what a token is made for. */
const struct mac *plan_mac(const struct boot_plan *plan);

const char *deed_word(enum boot_deed d);   /* "identity", "persona", ... */
const char *stage_word(enum boot_stage s); /* "firmware", "http", ... */
const char *silence_word(enum silence s);  /* "unknown-machine", ... */
/* A sentence for a person: what the silence means and what to do. NULL for an unknown word. */
const char *silence_text(const char *why);
