/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The archives that an initramfs is made of: cpio as the kernel reads it ("newc", one behind the
 * other, zeros between them). Bytes are pushed in as they come; none are kept but a name. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEWC_HEAD = 110, NEWC_NAME = 255 };

enum newc_state {
	NEWC_BETWEEN, /* archives: zeros, the next head, or what is no cpio */
	NEWC_IN_HEAD,
	NEWC_IN_NAME,
	NEWC_IN_DATA,
	NEWC_FOREIGN, /* what comes next is no cpio: the rest is compressed */
	NEWC_BAD,     /* damaged */
};

struct newc_sink {
	/* A member begins: is what it holds wanted? A name that is too long is not told of. */
	bool (*file)(void *of, const char *name, uint32_t mode);
	void (*bytes)(void *of, const uint8_t *bytes, size_t n);
	void (*end)(void *of); /* of a wanted member */
	void *of;
};

struct newc {
	struct newc_sink to;
	enum newc_state state;
	bool wanted, last; /* last: the trailer of an archive */
	uint32_t mode, name_len;
	uint64_t left; /* of what the state is about, with its padding */
	uint32_t pad;  /* of the data */
	size_t have;
	uint8_t head[NEWC_HEAD];
	char name[NEWC_NAME + 1];
};

/* How many of the n bytes were taken: all of them, unless the state is NEWC_FOREIGN (the first that
 * was not taken is foreign) or NEWC_BAD. */
size_t newc_feed(struct newc *w, const uint8_t *bytes, size_t n);

/* The input is at its end: was that between two archives? */
bool newc_is_whole(const struct newc *w);
