/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which part of a file an HTTP request wants, and whether it has the file already: the fields
 * Range, If-Range, If-Match and If-None-Match (RFC 9110, 13 and 14), as strangers write them. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct http_wish { /* the fields as they came; NULL: not there */
	const char *range, *if_range, *if_match, *if_none_match;
};

struct http_part {
	uint64_t first, len;
};

/* The status that answers a GET for a file with this length and entity tag:
 *   200 the whole of it: none was wanted, several were, or nonsense was
 *   206 *ret: never empty, and inside the file
 *   304 the client has it
 *   412 it is not the one that the client means
 *   416 the part begins behind the end
 * For a HEAD leave range NULL. `etag` is strong, with its quotes. */
unsigned http_part(
	struct http_part *ret, const struct http_wish *wish, uint64_t file_len, const char *etag);
