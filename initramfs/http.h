/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request by HTTP to an address in digits, one answer; plain sockets. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { HTTP_BODY_MAX = 16384, HTTP_PATH_LEN = 255 };

struct http_url {
	uint32_t addr; /* host byte order */
	uint16_t port;
	char path[HTTP_PATH_LEN + 1]; /* with its first '/', without a last one */
};

struct http_answer {
	unsigned status;
	char body[HTTP_BODY_MAX + 1]; /* NUL behind its last byte */
};

/* "http://10.0.0.1:8080/b/TOKEN"; false for anything else. */
bool http_url_parse(struct http_url *ret, const char *text);

/* Reads a whole answer of len bytes. -EBADMSG with words when it is none or is cut short. */
int http_answer_parse(struct http_answer *ret, const char *bytes, size_t len, struct err *e);

/* Asks for base's path with `rest` behind it; a body makes it a POST of JSON. 0 means that an
 * answer came, of whatever status; -errno with words that none did within timeout_ms. */
int http_ask(struct http_answer *ret, const struct http_url *base, const char *rest,
	const char *body, unsigned timeout_ms, struct err *e);
