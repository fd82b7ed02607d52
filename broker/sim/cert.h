/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate of a simulated BMC: signed by itself and made anew at each start, as many BMCs
 * are found that nobody has given one. */
#pragma once
#include "base/err.h"

enum { FINGERPRINT_TEXT = 65 };

struct cert {
	char *key, *pem;                    /* PEM both; malloc'ed */
	char fingerprint[FINGERPRINT_TEXT]; /* SHA-256 of the certificate, in hex */
};

/* For that address and name. */
int cert_make(struct cert *ret, const char *address, const char *name, struct err *e);
void cert_fini(struct cert *c);
