/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DHCP, PXE and TFTP as dnsmasq speaks them, answered out of the boot table. engine_answer() is
 * bytes in, bytes out: it touches no socket, no file and no clock. dnsmasq keeps its state in
 * globals, so there is one engine in a process, and one thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/boot.h"
#include "core/table.h"
#include "wire/loanfile.h"

enum {
	ENGINE_PACKET = 1472,  /* what an Ethernet frame carries of UDP */
	ENGINE_LOANS = 131072, /* at most; 176 bytes each when lent, and 3 MiB for their index */
	ENGINE_CHANGES = 4,    /* of one question: a loan ends, another begins */
};

/* Once, before the jail: takes memory and randomness. */
int engine_open(struct err *e);

/* The table to answer from, from now on; borrowed until the next call. -ENOMEM: the one before
 * is still in use. */
int engine_table(const struct table *t, struct err *e);

struct engine_ask {
	const void *bytes;
	size_t len;
	const char *interface;
	int interface_index;
	uint32_t here; /* our address where it came in, host byte order */
	uint32_t from; /* the sender's address and port */
	uint16_t from_port;
	bool unicast;    /* it was sent to us, not to everybody */
	bool pxe;        /* it came to port 4011 */
	uint64_t now_s;  /* a clock that only goes forward, while the host sleeps, too */
	uint64_t unix_s; /* unix time */
};

enum engine_to {
	TO_NOBODY,
	TO_ADDR,      /* by UDP to addr:port */
	TO_MAC,       /* to addr:68 in a frame to mac: the client has no address yet */
	TO_EVERYBODY, /* 255.255.255.255:68 */
};

struct engine_answer {
	enum engine_to to;
	uint32_t addr;
	uint16_t port;
	struct mac mac;
	uint32_t source; /* our address, to send from */
	size_t len;
	uint8_t bytes[ENGINE_PACKET];

	/* What it was about. `heard` false: a stranger's nonsense, of which nothing is known. `why`
	 * is NULL, or the word for the silence; with neither word nor bytes none was due. */
	bool heard;
	const char *why;
	unsigned type;           /* of the question: enum dhcp_type */
	uint32_t wanted, chosen; /* the address that it names, the server that it names; 0: none */
	struct boot_ask ask;
	struct boot_plan plan; /* borrows from the table; plan.network NULL: none */
	uint32_t given;        /* the address in the answer */
	char file[64];         /* the boot file, as an event may name it: no token in it */

	/* What it has changed about loans, in order. An answer that lends promises an address until
	 * a certain time: it may go out only when the promise outlives this process. */
	struct loan_record change[ENGINE_CHANGES];
	unsigned changes;
	bool lends;
};

void engine_answer(struct engine_answer *ret, const struct engine_ask *ask);

size_t engine_loans(void); /* addresses lent to strangers now */
/* The i-th of them, as the one change that would make it; false behind the last. */
bool engine_loan_get(size_t i, uint64_t now_s, struct loan_record *ret);
/* Takes back in what was kept, in the order in which it was made: see lease.h. */
bool engine_loan_restore(const struct loan_record *r, uint64_t until_s);

/* TFTP on sockets that the caller polls: all transfers of one socket go through it. Files come
 * from the folder, by one name, without a slash. */
void engine_tftp_open(int boot_folder, unsigned mtu);
void engine_interface(int index, const char *name);
/* Takes one packet from the socket; it must be there, or the socket must not block. refused(), or
 * NULL, is called when it asks for a file that cannot be given: `why` is "no-file", "not-readable",
 * "no-plain-file", "bad-name" or "not-now", and the name is a stranger's. */
void engine_tftp_read(int fd, uint64_t now_s,
	void (*refused)(void *ctx, uint32_t addr, const char *file, const char *why), void *ctx);
/* Sends what is due; sent() is called for each file that has gone out whole. Gives whether
 * transfers are under way: then call again within a second. */
bool engine_tftp_work(uint64_t now_s,
	void (*sent)(void *ctx, uint32_t addr, const char *file, uint64_t bytes), void *ctx);
