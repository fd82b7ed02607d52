/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last words of a process that reads strangers' bytes. What it works on stands in a piece of
 * memory that the warden has, too: when those bytes end the process, they are still there
 * (docs/design/0003-between-processes.md). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BOX_BYTES = 2048, BOX_WORD = 16 };

struct box {
	uint32_t magic;
	uint32_t len;  /* of bytes; 0: nobody's are being worked on */
	uint32_t sent; /* what there was; bytes holds no more than its beginning */
	uint32_t from; /* who sent it, host byte order; 0: has no IPv4 address */
	uint16_t port;
	char kind[BOX_WORD], interface[BOX_WORD]; /* "dhcp", "mgmt0"; "" where not known */
	uint8_t bytes[BOX_BYTES];
};

/* The child's side. box_open() takes the descriptor "box"; where none was given, as in a test of
 * the program alone, the words go nowhere. */
int box_open(struct err *e);
/* Before the work on len bytes begins. Costs a copy of them. */
void box_put(const char *kind, const char *interface, uint32_t from, uint16_t port,
	const void *bytes, size_t len);
/* The work is done, and whatever happens next is nobody's doing. */
void box_clear(void);

/* The warden's side: memory of a size that nobody can change any more. */
int box_make(int *ret, struct err *e);
/* A copy, then the box is empty. False when it was empty, or holds what box_put() never writes:
 * its owner was a stranger by then. Texts end, and len is at most BOX_BYTES; nothing else is sure.
 */
bool box_take(struct box *ret, int fd);
/* A row of hexadecimal digits that is longer than a MAC becomes as many `x`: the part of a token
 * that proves it (core/token.h) is such a row. */
void box_blank(struct box *b);
