/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens: good in their window and the next, and never when a character differs. */
#include "core/token.h"

#include "tests/unit/tap.h"
#include "tests/unit/world.h"

static const struct token_key *key_of(uint8_t first)
{
	static struct token_key made;
	token_key_init(&made, (uint8_t[32]){ first, 7, 7 });
	return &made;
}

static struct token a_token(void)
{
	return (struct token){
		.mac = world_mac("52:54:00:00:00:01"), .generation = 4, .window = 100
	};
}

static void a_token_is_good_for_15_to_30_minutes(void)
{
	struct token in = a_token(), out;
	const char *rest = NULL, *why = "";
	char text[TOKEN_TEXT + 16];
	token_text(text, &in, key_of(7));
	strcat(text, "/entry.ipxe");
	CHECK(token_read(&out, &rest, &why, text, key_of(7), 100 * 900));
	CHECK(mac_equal(&out.mac, &in.mac) && out.generation == 4 && out.window == 100);
	CHECK_TEXT(rest, "/entry.ipxe");
	CHECK(token_read(&out, &rest, &why, text, key_of(7), 102 * 900 - 1));
	CHECK(!token_read(&out, &rest, &why, text, key_of(7), 102 * 900));
	CHECK_TEXT(why, "token-expired");
	CHECK(!token_read(&out, &rest, &why, text, key_of(7), 100 * 900 - 1));
	CHECK_TEXT(why, "token-expired");
}

static void another_key_or_any_other_character_is_refused(void)
{
	struct token in = a_token(), out;
	const char *rest, *why = "";
	char text[TOKEN_TEXT];
	token_text(text, &in, key_of(7));
	CHECK(!token_read(&out, &rest, &why, text, key_of(8), 100 * 900));
	CHECK_TEXT(why, "bad-token");
	size_t passed = 0;
	for (size_t i = 0; text[i]; i++) {
		char was = text[i];
		for (int c = 1; c < 256; c++) {
			if (c == was || c == '/')
				continue;
			text[i] = (char)c;
			passed += token_read(&out, &rest, &why, text, key_of(7), 100 * 900);
		}
		text[i] = was;
	}
	/* "5254..." with a capital letter would be the same MAC; there is none in this one */
	CHECK_INT(passed, 0);
}

static void a_token_cut_short_is_refused(void)
{
	struct token in = a_token(), out;
	const char *rest, *why = "";
	char text[TOKEN_TEXT];
	token_text(text, &in, key_of(7));
	for (size_t n = strlen(text); n-- > 0;) {
		text[n] = '\0';
		CHECK(!token_read(&out, &rest, &why, text, key_of(7), 100 * 900));
	}
	CHECK(!token_read(&out, &rest, &why, "52540000000000000000001-4-100-", key_of(7), 90000));
	CHECK(!token_read(
		&out, &rest, &why, "525400000001-99999999999999999999-1-a", key_of(7), 90000));
}

static void the_longest_token_fits(void)
{
	struct token in = { .mac = world_mac("fe:ff:ff:ff:ff:ff"),
		.generation = UINT32_MAX,
		.window = UINT32_MAX },
		     out;
	const char *rest, *why = "";
	char text[TOKEN_TEXT];
	token_text(text, &in, key_of(7));
	CHECK(strlen(text) < TOKEN_TEXT - 1);
	CHECK(token_read(&out, &rest, &why, text, key_of(7), (uint64_t)UINT32_MAX * 900));
}

TESTS(T(a_token_is_good_for_15_to_30_minutes), T(another_key_or_any_other_character_is_refused),
	T(a_token_cut_short_is_refused), T(the_longest_token_fits))
