/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a BMC sees of a machine's network cards, and what identity it shall give them: values that
 * core/bmc.h and the hands' deeds carry. One struct is one function of a card, as the OS sees one
 * interface. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"

enum {
	CARDS_MAX = 64, /* functions of one machine */
	FC_TARGETS_MAX = 4,
	CARD_LABEL_LEN = 63,
	IDENTITIES_MAX = 16, /* of one machine at once */
};

enum card_kind { CARD_ETHERNET, CARD_FC };
enum card_link { LINK_UNKNOWN, LINK_UP, LINK_DOWN };

struct card {
	enum card_kind kind;
	char pci[PCI_TEXT]; /* "" where the BMC does not tell */
	/* What the BMC calls it, for people: some BMCs number anew at each start of theirs. */
	char label[CARD_LABEL_LEN + 1];
	char model[CARD_LABEL_LEN + 1];
	struct mac permanent_mac, mac; /* of CARD_ETHERNET; zero: it does not tell */
	struct wwn permanent_wwpn, wwpn, permanent_wwnn, wwnn; /* of CARD_FC; the same */
	enum card_link link;
	bool settable; /* nothing that it shows says no; only setting it tells */
};

struct fc_target {
	struct wwn wwpn;
	uint64_t lun;
};

/* What a card's own firmware boots from by iSCSI, in place of iPXE. */
struct iscsi_boot {
	char initiator[IQN_LEN + 1], target[IQN_LEN + 1]; /* target "": nothing */
	uint32_t addr, mask, gateway;                     /* host byte order; addr 0: by DHCP */
	uint32_t portal;
	uint16_t port;
	uint64_t lun;
	char user[SECRET_LEN + 1], secret[SECRET_LEN + 1]; /* CHAP; "": none */
};

/* Wanted of the function whose maker burned in permanent_mac or permanent_wwpn: never of what the
 * BMC calls it, since that changes. */
struct identity {
	struct mac permanent_mac;
	struct wwn permanent_wwpn; /* one of the two */
	bool restore;              /* it shall have its permanent addresses and no boot targets */
	struct mac mac;
	struct wwn wwpn, wwnn; /* wwnn zero: not said */
	bool fc_boot;          /* the boot targets are said, even if there are none */
	unsigned fc_targets;
	struct fc_target fc_target[FC_TARGETS_MAX];
	bool iscsi_boot; /* what to boot from by iSCSI is said, even if it is nothing */
	struct iscsi_boot iscsi;
};

enum identity_state {
	IDENTITY_ALREADY, /* it had it */
	IDENTITY_APPLIED, /* it has it now, read back twice */
	IDENTITY_STAGED, /* the BMC keeps it for the next start, read back there: read again then */
};
