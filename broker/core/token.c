/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens in URLs: see token.h. HMAC-SHA256 (RFC 2104, FIPS 180-4) is nettle's. */
#include "core/token.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <string.h>

enum { MAC_BYTES = 16, MAC_DIGITS = 2 * MAC_BYTES };

void token_key_init(struct token_key *ret, const uint8_t key[32])
{
	struct hmac_sha256_ctx ctx = { 0 };
	_Static_assert(sizeof ctx <= sizeof ret->ready, "nettle's state fits");
	hmac_sha256_set_key(&ctx, 32, key);
	*ret = (struct token_key){ { 0 } };
	memcpy(ret->ready, &ctx, sizeof ctx);
}

static void token_sign(uint8_t to[MAC_BYTES], const struct token *t, const struct token_key *key)
{
	uint8_t said[18];
	memcpy(said, t->mac.b, 6);
	for (int i = 0; i < 4; i++)
		said[6 + i] = (uint8_t)(t->generation >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		said[10 + i] = (uint8_t)(t->window >> (56 - 8 * i));
	struct hmac_sha256_ctx ctx;
	memcpy(&ctx, key->ready, sizeof ctx);
	hmac_sha256_update(&ctx, sizeof said, said);
	hmac_sha256_digest(&ctx, MAC_BYTES, to);
}

const char *token_text(char to[TOKEN_TEXT], const struct token *t, const struct token_key *key)
{
	uint8_t mac[MAC_BYTES];
	char hex[MAC_HEX];
	token_sign(mac, t, key);
	int at = snprintf(to, TOKEN_TEXT, "%s-%u-%llu-", mac_hex(hex, &t->mac), t->generation,
		(unsigned long long)t->window);
	hex_text(to + at, mac, sizeof mac);
	return to;
}

/* Decimal digits up to the given mark, no more than max; *at moves behind the mark. */
static bool number_to(uint64_t *ret, const char **at, char mark, uint64_t max)
{
	const char *s = *at;
	uint64_t v = 0;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > max)
			return false;
	}
	if (*s != mark)
		return false;
	*at = s + 1;
	*ret = v;
	return true;
}

static bool token_parse(struct token *ret, char digits[MAC_DIGITS + 1], const char **at)
{
	char hex[MAC_HEX];
	uint64_t generation, window;
	if (strnlen(*at, MAC_HEX) < MAC_HEX || (*at)[MAC_HEX - 1] != '-')
		return false;
	memcpy(hex, *at, MAC_HEX - 1);
	hex[MAC_HEX - 1] = '\0';
	*at += MAC_HEX;
	if (!mac_parse(&ret->mac, hex) || !number_to(&generation, at, '-', UINT32_MAX) ||
		!number_to(&window, at, '-', UINT32_MAX))
		return false;
	ret->generation = (uint32_t)generation;
	ret->window = window;
	if (strspn(*at, "0123456789abcdef") != MAC_DIGITS)
		return false;
	memcpy(digits, *at, MAC_DIGITS);
	digits[MAC_DIGITS] = '\0';
	*at += MAC_DIGITS;
	return **at == '/' || **at == '\0';
}

bool token_read(struct token *ret, const char **rest, const char **why, const char *text,
	const struct token_key *key, uint64_t now_s)
{
	struct token t;
	char digits[MAC_DIGITS + 1], ours[TOKEN_TEXT];
	*why = "bad-token";
	if (!token_parse(&t, digits, &text))
		return false;
	token_text(ours, &t, key);
	/* The comparison takes the same time wherever the first difference stands. */
	if (!memeql_sec(ours + strlen(ours) - MAC_DIGITS, digits, MAC_DIGITS))
		return false;
	uint64_t window = now_s / TOKEN_WINDOW_S;
	if (t.window != window && t.window + 1 != window) {
		*why = "token-expired";
		return false;
	}
	*ret = t;
	*rest = text;
	return true;
}
