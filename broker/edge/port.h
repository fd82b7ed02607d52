/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets that the edge was given, and packets through them in batches. */
#pragma once
#include <net/if.h>
#include <stdbool.h>

#include "engine/engine.h"

enum { PORTS_MAX = 120, BATCH = 32 };

enum port_kind { PORT_DHCP, PORT_PXE, PORT_TFTP, PORT_V6, PORT_HEARD };

struct port {
	enum port_kind kind;
	int fd, raw; /* raw: of the same interface, -1 where none was given */
	int index;
	char interface[IF_NAMESIZE];
	struct mac mac; /* the interface's own */
};

struct ports {
	struct port port[PORTS_MAX];
	unsigned n;
	unsigned mtu; /* the smallest of all interfaces */
};

/* Takes dhcp.IF, pxe.IF, tftp.IF, v6.IF, heard.IF and raw.IF from the environment and looks the
 * interfaces up: before the jail, which asks no interface anything. */
int ports_open(struct ports *p, struct err *e);

/* What came in at once: fills up to BATCH questions without waiting and gives how many. They
 * borrow memory of this module until the next call. Only sender, address and bytes are filled. */
unsigned port_read(const struct port *p, struct engine_ask ask[BATCH]);

/* Sends what is not to nobody: those that lend, or those that do not. What the kernel does not take
 * becomes an answer to nobody, with its reason for silence. */
void port_send(const struct port *p, struct engine_answer *answer, unsigned n, bool lends);

/* Before strangers' bytes are worked on: keeps them for whoever asks what a process died of. */
void port_heard(
	const struct port *p, uint32_t from, uint16_t from_port, const void *bytes, size_t len);
