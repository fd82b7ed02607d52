/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificate of a BMC, known by its fingerprint and by nothing else: a BMC's certificate is
 * made by itself, and is valid for a name and a time that nobody ever set. */
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

#include "base/ids.h"

struct pin {
	char want[PIN_TEXT]; /* "": the first that is seen */
	char seen[PIN_TEXT]; /* of the last handshake; "": there was none */
	bool refused;        /* the last handshake ended because seen is not want */
};

enum { PIN_CONNECT_MS = 5000 };

/* Every connection of that handle goes to the address that the operator wrote, within that time,
 * and is ended in its handshake, before a byte of HTTP, unless it shows the wanted certificate. The
 * pin is borrowed until curl is gone. */
CURLcode pin_hold(CURL *curl, struct pin *pin);
