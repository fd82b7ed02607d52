/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions and answers as frames on an interface, so that a client may have any address or none,
 * and an answer is heard wherever it goes. */
#pragma once
#include "base/err.h"
#include "engine/engine.h"

enum { WIRE_MAX = 1514 };

struct wire {
	char interface[16];
	uint32_t server; /* whose address a question is for, and its MAC */
	struct mac server_mac;
	int fd;
};

/* An answer, and how it came. `dhcp` points into `frame`. */
struct heard {
	struct mac to_mac;
	uint32_t from, to;
	uint16_t from_port, to_port;
	const uint8_t *dhcp;
	size_t len;
	uint8_t frame[WIRE_MAX];
};

/* Opens "c0=10.77.0.1@02:00:00:00:00:01": interface, the server's address and MAC behind it. */
int wire_open(struct wire *w, const char *text, struct err *e);
/* Sends what packet_make() has made: as broadcast, or by unicast where it says so or has a relay.
 */
int wire_send(const struct wire *w, const struct engine_ask *ask, struct err *e);
/* Waits for the server's next DHCP message. False when there was none until the deadline. */
bool wire_hear(const struct wire *w, struct heard *ret, unsigned wait_ms);
