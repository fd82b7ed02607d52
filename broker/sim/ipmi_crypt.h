/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two cipher suites: authentication, signature and secrecy of an RMCP+ session (IPMI 2.0,
 * 13.28 to 13.32). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_MAX = 32, AES_BLOCK = 16 };

struct suite {
	uint8_t id, auth, integrity, secrecy; /* as the wire has them */
	size_t hash_len;                      /* of an authentication code */
	size_t signature_len;                 /* of a packet, and of RAKP 4's code */
	void (*hmac)(uint8_t to[HASH_MAX], const void *key, size_t key_len, const void *bytes,
		size_t len);
};

/* Those there are; *n is how many. */
const struct suite *suites(size_t *n);
/* -1: any. NULL: there is no such one. */
const struct suite *suite_of(int auth, int integrity, int secrecy);

/* AES-CBC-128 with IV in front and IPMI's pad behind. The length; 0: it does not fit, or is not
 * what somebody with that key has made. */
size_t aes_seal(void *to, size_t size, const uint8_t key[AES_BLOCK], const uint8_t iv[AES_BLOCK],
	const void *bytes, size_t len);
size_t aes_open(void *to, size_t size, const uint8_t key[AES_BLOCK], const void *bytes, size_t len);
