/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The secret part of a machine's URL, made without state: any process that holds the table can
 * make it and check it, so it outlives restarts and needs no broker.
 *
 *   /b/525400000001-4-1958323-0123456789abcdef0123456789abcdef/entry.ipxe
 *      MAC          |  |       first 16 bytes of HMAC-SHA256(table key, MAC, generation, window)
 *                   |  unix time / 900
 *                   generation of the binding
 * It is good from its window's start to the end of the next one: at least 15 minutes, at most 30.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"

enum { TOKEN_WINDOW_S = 900, TOKEN_TEXT = 80 };

/* The table's key, made ready for use: signing takes half as long then. */
struct token_key {
	_Alignas(16) uint8_t ready[384];
};

void token_key_init(struct token_key *ret, const uint8_t key[32]);

struct token {
	struct mac mac;
	uint32_t generation;
	uint64_t window;
};

const char *token_text(char to[TOKEN_TEXT], const struct token *t, const struct token_key *key);

/* Reads and proves a token; `text` need not end after it: *rest is set to the first byte behind
 * (the '/' of the path). False with *why = "bad-token" or "token-expired". now_s is unix time. */
bool token_read(struct token *ret, const char **rest, const char **why, const char *text,
	const struct token_key *key, uint64_t now_s);
