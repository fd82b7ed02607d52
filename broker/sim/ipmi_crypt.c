/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cipher suites 3 and 17, from nettle: see ipmi_crypt.h. */
#include "sim/ipmi_crypt.h"

#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/hmac.h>
#include <string.h>

static void hmac_sha1(
	uint8_t to[HASH_MAX], const void *key, size_t key_len, const void *bytes, size_t len)
{
	struct hmac_sha1_ctx c;
	hmac_sha1_set_key(&c, key_len, key);
	hmac_sha1_update(&c, len, bytes);
	hmac_sha1_digest(&c, SHA1_DIGEST_SIZE, to);
}

static void hmac_sha256(
	uint8_t to[HASH_MAX], const void *key, size_t key_len, const void *bytes, size_t len)
{
	struct hmac_sha256_ctx c;
	hmac_sha256_set_key(&c, key_len, key);
	hmac_sha256_update(&c, len, bytes);
	hmac_sha256_digest(&c, SHA256_DIGEST_SIZE, to);
}

static const struct suite all[] = {
	{ 3, 0x01, 0x01, 0x01, SHA1_DIGEST_SIZE, 12, hmac_sha1 },
	{ 17, 0x03, 0x04, 0x01, SHA256_DIGEST_SIZE, 16, hmac_sha256 },
};

const struct suite *suites(size_t *n)
{
	*n = sizeof all / sizeof all[0];
	return all;
}

const struct suite *suite_of(int auth, int integrity, int secrecy)
{
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if ((auth < 0 || auth == all[i].auth) &&
			(integrity < 0 || integrity == all[i].integrity) &&
			(secrecy < 0 || secrecy == all[i].secrecy))
			return &all[i];
	return NULL;
}

size_t aes_seal(void *to, size_t size, const uint8_t key[AES_BLOCK], const uint8_t iv[AES_BLOCK],
	const void *bytes, size_t len)
{
	struct CBC_CTX(struct aes128_ctx, AES_BLOCK) c;
	size_t pad = (AES_BLOCK - (len + 1) % AES_BLOCK) % AES_BLOCK, whole = len + pad + 1;
	uint8_t *out = to;
	if (AES_BLOCK + whole > size)
		return 0;
	memcpy(out, iv, AES_BLOCK);
	memcpy(out + AES_BLOCK, bytes, len);
	for (size_t i = 0; i < pad; i++)
		out[AES_BLOCK + len + i] = (uint8_t)(i + 1);
	out[AES_BLOCK + len + pad] = (uint8_t)pad;
	aes128_set_encrypt_key(&c.ctx, key);
	CBC_SET_IV(&c, iv);
	CBC_ENCRYPT(&c, aes128_encrypt, whole, out + AES_BLOCK, out + AES_BLOCK);
	return AES_BLOCK + whole;
}

size_t aes_open(void *to, size_t size, const uint8_t key[AES_BLOCK], const void *bytes, size_t len)
{
	struct CBC_CTX(struct aes128_ctx, AES_BLOCK) c;
	const uint8_t *in = bytes;
	uint8_t *out = to;
	if (len < (size_t)2 * AES_BLOCK || len % AES_BLOCK || len - AES_BLOCK > size)
		return 0;
	aes128_set_decrypt_key(&c.ctx, key);
	CBC_SET_IV(&c, in);
	CBC_DECRYPT(&c, aes128_decrypt, len - AES_BLOCK, out, in + AES_BLOCK);
	len -= AES_BLOCK;
	size_t pad = out[len - 1];
	if (pad + 1 > len || pad >= AES_BLOCK)
		return 0;
	for (size_t i = 0; i < pad; i++)
		if (out[len - 1 - pad + i] != i + 1)
			return 0;
	return len - pad - 1;
}
