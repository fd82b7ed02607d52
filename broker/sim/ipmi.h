/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IPMI 2.0 side of a simulated BMC: packets in, packets out, and no socket is near. Cipher
 * suites 3 (HMAC-SHA1, AES-CBC-128) and 17 (HMAC-SHA256, AES-CBC-128). */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "sim/machine.h"

struct ipmi;

/* All are borrowed but user and secret. -EINVAL: the wire cannot carry them. */
int ipmi_new(struct ipmi **ret, struct machine *m, const char *user, const char *secret,
	void (*random)(void *to, size_t len), struct err *e);
void ipmi_free(struct ipmi *i); /* takes NULL */

/* The answer's length; 0: there is none. */
size_t ipmi_answer(struct ipmi *i, const void *bytes, size_t len, void *to, size_t size);
void ipmi_sessions_drop(struct ipmi *i);
