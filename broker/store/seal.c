/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing and opening: see seal.h. A sealed value is a byte that names its form, the nonce, and
 * what AES-SIV makes of the rest: its tag and the cipher text. */
#include "store/seal.h"

#include <assert.h>
#include <errno.h>
#include <nettle/siv-cmac.h>
#include <string.h>
#include <sys/random.h>

enum { FORM = 1, NONCE = 16, PLACE_LEN = 200 };

_Static_assert(SEAL_KEY == SIV_CMAC_AES128_KEY_SIZE, "a key is what nettle takes");
_Static_assert(SEAL_MORE == 1 + NONCE + SIV_DIGEST_SIZE, "form, nonce and tag");

/* Form, table, owner and field, each with its NUL: no two places give the same bytes. */
static size_t place_put(uint8_t to[PLACE_LEN], const struct seal_at *at)
{
	const char *const word[] = { at->table, at->owner, at->field };
	size_t n = 0;
	to[n++] = FORM;
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(word[i]) + 1;
		assert(n + len <= PLACE_LEN);
		memcpy(to + n, word[i], len);
		n += len;
	}
	return n;
}

int seal_make(uint8_t *ret, const uint8_t key[SEAL_KEY], const struct seal_at *at,
	const void *clear, size_t len, struct err *e)
{
	struct siv_cmac_aes128_ctx ctx;
	uint8_t place[PLACE_LEN], *nonce = ret + 1;
	if (getrandom(nonce, NONCE, 0) != NONCE)
		return err_set(e, errno, "random bytes to seal %s of %s", at->field, at->owner);
	ret[0] = FORM;
	siv_cmac_aes128_set_key(&ctx, key);
	siv_cmac_aes128_encrypt_message(&ctx, NONCE, nonce, place_put(place, at), place,
		len + SIV_DIGEST_SIZE, nonce + NONCE, clear);
	explicit_bzero(&ctx, sizeof ctx);
	return 0;
}

bool seal_open(void *ret, const uint8_t key[SEAL_KEY], const struct seal_at *at, const void *sealed,
	size_t len)
{
	struct siv_cmac_aes128_ctx ctx;
	uint8_t place[PLACE_LEN];
	const uint8_t *form = sealed, *nonce = form + 1;
	if (len < SEAL_MORE || *form != FORM)
		return false;
	siv_cmac_aes128_set_key(&ctx, key);
	bool good = siv_cmac_aes128_decrypt_message(&ctx, NONCE, nonce, place_put(place, at), place,
		len - SEAL_MORE, ret, nonce + NONCE);
	explicit_bzero(&ctx, sizeof ctx);
	if (!good)
		explicit_bzero(ret, len - SEAL_MORE);
	return good;
}
