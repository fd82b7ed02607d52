/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the inputs of a corpus mean, for the target that reads them and for throw.c, which sends
 * them to the running programs. */
#pragma once

/* dhcp: the first byte says how the packet behind it came in. */
enum {
	ON_4011 = 1,
	UNICAST = 2,
	AMONG_STRANGERS = 4, /* on the network that lends addresses */
	WITH_SENDER = 8,     /* from an address of mgmt; else from none */
	LATER = 16,          /* when all loans are over */
};

/* tftp: datagrams, each behind one byte of its length, whose highest bit says which port. */
enum { OTHER_PORT = 0x80 };
