/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in the store's file are sealed with a key that lies outside of it: AES-SIV (RFC 5297, as
 * AEAD_AES_SIV_CMAC_256) with a nonce from the kernel. Should a nonce ever come twice, all that
 * shows is that two secrets are equal. What is sealed for one row does not open in another. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	SEAL_KEY = 32,
	SEAL_MORE = 33, /* what sealing adds: form, nonce, tag */
};

/* Where it lies: authenticated, not kept. */
struct seal_at {
	const char *table, *owner, *field;
};

/* Fills len + SEAL_MORE bytes of ret. Fails only where the kernel gives no random bytes. */
int seal_make(uint8_t *ret, const uint8_t key[SEAL_KEY], const struct seal_at *at,
	const void *clear, size_t len, struct err *e);
/* Fills len - SEAL_MORE bytes of ret. False: another key, another place, or not one bit as it was;
 * then ret is wiped. */
bool seal_open(void *ret, const uint8_t key[SEAL_KEY], const struct seal_at *at, const void *sealed,
	size_t len);
