/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a token: refused, since nobody here has the key, and never read past its end. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct token_key key;
	struct token t;
	const char *rest, *why = NULL;
	static bool ready;
	if (!ready)
		token_key_init(&key, (uint8_t[32]){ 0x5a, 1, 2, 3 });
	ready = true;
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	bool good = token_read(&t, &rest, &why, text, &key, 1795000000);
	assert(good || why);
	free(text);
	return 0;
}
