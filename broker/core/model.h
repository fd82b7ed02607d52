/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton knows: networks, machines, personas and which machine carries which persona.
 * Plain values of fixed size: they can be copied, printed, compared and written down in a test.
 * The store keeps them, the API shows them, table_build() turns them into the boot table. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "core/card.h"
#include "core/traits.h"

enum {
	NICS_MAX = 8,  /* of one machine or persona */
	HBAS_MAX = 4,  /* likewise */
	PATHS_MAX = 4, /* portals of one LUN */
	HOST_LEN = 127,
	QUIRKS_LEN = 63,
	KIND_LEN = 15,  /* of a driver */
	CARD_TEXT = 10, /* PCI vendor and device, with its NUL */
	PORT_LEN = 127, /* of a switch port's address */
	RELAYS_MAX = 4,
	SERVERS_MAX = 3, /* name servers, time servers */
	DOMAIN_LEN = 127,
	ROUTES_MAX = 8,
	MTU_MIN = 576, /* RFC 2132, 5.1 has 68; no machine boots with less than this */
	MTU_MAX = 9216,
	DRIVER_LEN = 31,
	MODALIAS_LEN = 159,
};

/* What a network does with a MAC that belongs to no machine. */
enum unknown { UNKNOWN_SILENCE, UNKNOWN_LEASE };

/* Who gives the addresses of a network: Baton, or a DHCP server that was there before and beside
 * which Baton says only what to boot (proxyDHCP, PXE 2.1). */
enum dhcp_mode { DHCP_MODE_SERVE, DHCP_MODE_PROXY };

struct network {
	char name[NAME_LEN + 1];
	char interface[16]; /* ours, on that network, IFNAMSIZ with its NUL; "": reached by relays
			     */
	uint32_t addr; /* ours on it, host byte order; reached by relays: the network's number */
	unsigned prefix;
	uint32_t gateway, dns;       /* 0: none */
	uint32_t pool_from, pool_to; /* addresses Baton may give; 0: none */
	enum unknown unknown;
	enum dhcp_mode mode;
	char link[NAME_LEN + 1]; /* another network on the same wire (a shared network); "": none */
	bool isolated;           /* no way to the others, by the operator's word: for rehearsals */
	unsigned relays;
	uint32_t relay[RELAYS_MAX]; /* giaddrs outside of any network that may speak for this one */
};

struct nic {
	char pci[PCI_TEXT];   /* "" until the shim has reported it */
	char card[CARD_TEXT]; /* what it is: "8086:100e"; "" until the shim has reported it */
	struct mac factory;   /* what the maker burned in; the MAC that a restore writes back */
	bool journaled;       /* the shim has read it from the card before any write */
	bool carries;         /* takes a persona's MAC; a management NIC keeps its own */
	char network[NAME_LEN + 1];
	uint32_t addr;                /* what the machine gets under its own MAC, host byte order */
	struct relay_port relay_port; /* where its questions come in; no circuit: not known */
	char port[PORT_LEN + 1]; /* the switch port it is plugged into: core/port.h; "": unknown */
	/* As the shim found the card: the kernel's words for what drives it (core/drivers.h) */
	char driver[DRIVER_LEN + 1], modalias[MODALIAS_LEN + 1];
};

/* A port of a Fibre Channel card. */
struct hba {
	char pci[PCI_TEXT];      /* "" until the shim has reported it */
	char card[CARD_TEXT];    /* "10df:f100"; "" until the shim has reported it */
	struct wwn wwpn, wwnn;   /* what the maker burned in; what a restore writes back */
	bool journaled;          /* the shim has reported the card before any write */
	bool carries;            /* takes a persona's names */
	char port[PORT_LEN + 1]; /* its port of the FC switch: core/port.h; "": unknown */
	char driver[DRIVER_LEN + 1], modalias[MODALIAS_LEN + 1]; /* as of a NIC */
};

/* What a machine without a persona does when it asks. */
enum idle { IDLE_PARK, IDLE_LOCAL };

struct bmc_at {
	char kind[KIND_LEN + 1]; /* "redfish", "ipmi", "fake" */
	char host[HOST_LEN + 1];
	uint16_t port;
	char user[SECRET_LEN + 1];
	char secret[NAME_LEN + 1];   /* the name of a file in secrets_dir, never the secret */
	unsigned cipher;             /* IPMI 2.0 cipher suite */
	char quirks[QUIRKS_LEN + 1]; /* words with blanks between: core/bmc.h */
	char pin[PIN_TEXT];          /* of its certificate; "": the first that it shows */
};

/* How a machine takes an identity: core/taking.h. */
enum taking {
	TAKING_SHIM,      /* the shim writes the cards, then the machine restarts */
	TAKING_HANDOVER,  /* it starts the persona's own kernel in its place, where that is sound */
	TAKING_PRESTAGED, /* its cards hold the addresses since before the order */
	TAKING_BMC,       /* the BMC sets what the cards go by, while the machine is off */
	TAKING_AUTO,      /* a wish alone: the best that is sound on any hardware */
};

/* Who makes a machine say a persona's UUID or serial in place of its own, in its SMBIOS:
 * docs/design/0030. PRESENTED: nobody; the persona's kernel is told. */
enum smbios_by { SMBIOS_PRESENTED, SMBIOS_BMC, SMBIOS_TOOL };

struct machine {
	char name[NAME_LEN + 1];
	struct uuid uuid; /* zero: not known */
	struct bmc_at bmc;
	enum idle idle;
	enum taking taking; /* how it shall: TAKING_AUTO, _HANDOVER or _SHIM */
	char loader[NAME_LEN +
		    1]; /* a file in boot_dir in place of the default one; "" = default */
	unsigned nics;
	struct nic nic[NICS_MAX];
	char pool[NAME_LEN + 1]; /* the machines that it may be chosen from; "": only by its name */
	struct traits is;        /* as the operator wrote, else as the shim found last */
	enum taking taken;       /* of what it carries, or left with; else how it took the last */
	char serial[SERIAL_LEN + 1]; /* its own, from before it was told another; "": not known */
	/* What it may say in place of its own, from before it is told until its own was read back;
	 * zero, "": nothing. */
	struct uuid carried_uuid;
	char carried_serial[SERIAL_LEN + 1];
	enum smbios_by uuid_by, serial_by; /* of that; else as chosen last */
	unsigned hbas;
	struct hba hba[HBAS_MAX];
};

struct static_route {
	uint32_t to, via; /* host byte order */
	unsigned prefix;
};

struct persona_nic {
	struct mac mac;
	char network[NAME_LEN + 1];
	uint32_t addr;
	uint16_t mtu; /* 0: not said */
	unsigned routes;
	struct static_route route[ROUTES_MAX];
};

/* What a HBA goes by, and what it boots from; without a target it only reaches what it is let to.
 */
struct persona_hba {
	struct wwn wwpn, wwnn;
	unsigned targets;
	struct fc_target target[FC_TARGETS_MAX];
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
	bool mutual; /* the target shows a secret in turn, where Baton makes them */
	uint32_t dns[SERVERS_MAX], ntp[SERVERS_MAX]; /* 0 ends; no dns: the network's */
	char domain[DOMAIN_LEN + 1];
	unsigned nics;
	struct persona_nic nic[NICS_MAX];
	uint32_t generation;      /* of its newest binding; only grows, 0 = never bound */
	struct traits wants;      /* of its machine, where that is chosen from a pool */
	char apart[NAME_LEN + 1]; /* a group whose personas shall not share a rack; "": none */
	struct uuid uuid;         /* what its OS shall see of SMBIOS; zero: none */
	char serial[SERIAL_LEN + 1];
	unsigned hbas;
	struct persona_hba hba[HBAS_MAX];
};

/* What Baton does by itself about a persona that fails, or that powers itself off. */
enum care { CARE_REPORT, CARE_FAILOVER, CARE_RESTART };
enum { CHECK_TEXT = 12 };
enum check_by { CHECK_BY_NOTHING, CHECK_BY_PING, CHECK_BY_TCP };

struct policy {
	enum care on_failure;      /* CARE_REPORT or CARE_FAILOVER */
	enum care on_power_off;    /* any of them */
	char spares[NAME_LEN + 1]; /* the pool that a failover chooses from */
	enum check_by check;       /* what its first address is asked */
	uint16_t port;             /* CHECK_BY_TCP */
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
	bool fenced;   /* nobody else can write to the disk: its secret may be given out */
	bool isolated; /* a stale machine, being restored where nobody hears it (0023) */
};

/* The CHAP secrets of one generation: Baton makes them, and the target knows no others. */
struct chap {
	uint32_t generation;
	char user[SECRET_LEN + 1], secret[SECRET_LEN + 1];
	char mutual_user[SECRET_LEN + 1], mutual_secret[SECRET_LEN + 1]; /* "": none */
};

/* What shows that an old body does no harm: its disk is shut to it, or it is silent. */
enum proof_kind {
	PROOF_STORAGE,  /* the target has dropped its sessions and lists none */
	PROOF_POWER,    /* off in two reads of its BMC */
	PROOF_PORT,     /* its switch says that the port is down */
	PROOF_ATTESTED, /* a person has signed for it */
};

const char *taking_word(enum taking t); /* "shim", "handover", "prestaged", "bmc", "auto" */
bool taking_parse(enum taking *ret, const char *word);
/* Of what an operator can wish. */
bool taking_wish_parse(enum taking *ret, const char *word);
const char *smbios_by_word(enum smbios_by by); /* "presented", "bmc", "tool" */
bool smbios_by_parse(enum smbios_by *ret, const char *word);
const char *phase_word(enum phase p); /* "identity", "persona", "restore" */
bool phase_parse(enum phase *ret, const char *word);
const char *care_word(enum care c); /* "report", "failover", "restart" */
bool care_parse(enum care *ret, const char *word);
/* "", "ping", "tcp:22"; the text has room for CHECK_TEXT. */
const char *check_text(char *to, const struct policy *p);
bool check_parse(struct policy *ret, const char *text);
const char *unknown_word(enum unknown u); /* "silence", "lease" */
bool unknown_parse(enum unknown *ret, const char *word);
const char *dhcp_mode_word(enum dhcp_mode m); /* "serve", "proxy" */
bool dhcp_mode_parse(enum dhcp_mode *ret, const char *word);
const char *idle_word(enum idle i); /* "park", "local" */
bool idle_parse(enum idle *ret, const char *word);
const char *proof_word(enum proof_kind k); /* "storage", "power", "port", "attested" */
bool proof_parse(enum proof_kind *ret, const char *word);

/* Its disk lies at a target that Baton administers: others can be shut out there. */
bool persona_is_fenced(const struct persona *p);
/* Its disk is reached by Fibre Channel, and its HBAs' own boot code starts it. */
bool persona_boots_by_fc(const struct persona *p);

/* Which NIC of the machine takes the n-th NIC of the persona: carrying NICs in order, on the
 * network the persona wants. -1 where there is none. */
int nic_for(const struct machine *m, const struct persona *p, unsigned n);
/* Likewise of HBAs: the n-th that carries, so that each stays in its fabric. */
int hba_for(const struct machine *m, const struct persona *p, unsigned n);

/* Whether boot_decide() would know `was`, which had the persona and may hold its MACs, from `now`,
 * which has it: by what is on record of both, whichever way their questions come. */
bool bodies_differ(const struct machine *was, const struct machine *now, const struct persona *p);
