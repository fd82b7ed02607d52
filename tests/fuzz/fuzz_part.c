/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as the fields that ask for a part of a file: four lines, Range, If-Range, If-Match and
 * If-None-Match; an empty line is a field that is not there. What comes of it is inside the file.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/http_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line, ended; NULL where it is empty or there is none. */
static const char *line_of(char **at)
{
	char *line = *at, *end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return *line ? line : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char etag[] = "\"1-2-3\"";
	static const uint64_t lens[] = { 0, 1, 1000, UINT64_MAX };
	char *text = malloc(size + 1), *at = text;
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	struct http_wish wish = { 0 };
	wish.range = line_of(&at);
	wish.if_range = line_of(&at);
	wish.if_match = line_of(&at);
	wish.if_none_match = line_of(&at);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct http_part p;
		unsigned status = http_part(&p, &wish, lens[i], etag);
		assert(status == 200 || status == 206 || status == 304 || status == 412 ||
			status == 416);
		if (status == 200)
			assert(p.first == 0 && p.len == lens[i]);
		if (status == 206)
			assert(p.len > 0 && p.first < lens[i] && p.len <= lens[i] - p.first);
	}
	free(text);
	return 0;
}
