/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of BMC drivers, and the proof of power that they share: see drivers/bmc.h. */
#include "drivers/bmc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "drivers/wait.h"

enum {
	OFF_APART_MS = 500,  /* between the two reads that prove it off */
	POLL_MS = 100,       /* between reads while the state is not there */
	TELL_AGAIN_MS = 5000 /* some BMCs drop an order that comes while they are busy */
};

static const struct bmc_ops *const kinds[] = { &bmc_redfish, &bmc_ipmi, &bmc_fake };

const struct bmc_ops *bmc_of(const char *kind, struct err *e)
{
	char known[80] = "";
	for (size_t i = 0, at = 0; i < COUNT(kinds); i++) {
		if (strcmp(kinds[i]->kind, kind) == 0)
			return kinds[i];
		int n = snprintf(
			known + at, sizeof known - at, "%s%s", i ? ", " : "", kinds[i]->kind);
		at += (size_t)n < sizeof known - at ? (size_t)n : 0;
	}
	err_say(e, EINVAL, "no BMC kind \"%s\": want one of %s", kind, known);
	return NULL;
}

int bmc_power_reach(struct bmc *bmc, const struct bmc_power *how, enum power want,
	unsigned timeout_ms, struct err *e)
{
	int64_t end = wait_now_ms() + timeout_ms;
	int64_t told = -1, off_since = -1;
	for (;;) {
		enum power is;
		int64_t asked = wait_now_ms();
		int r = how->read(bmc, &is, e);
		if (r < 0)
			return r;
		if (is == want && want == POWER_ON)
			return 0;
		int64_t now = wait_now_ms();
		if (is == want) {
			if (off_since < 0)
				off_since = now;
			else if (asked - off_since >= OFF_APART_MS)
				return 0;
			wait_until_ms(off_since + OFF_APART_MS);
			continue;
		}
		if (off_since >= 0)
			told = -1; /* it was off and came back */
		off_since = -1;
		if (now >= end)
			return err_say(e, ETIMEDOUT, "still %s %u ms after it was told to go %s",
				power_word(is), timeout_ms, power_word(want));
		if (told < 0 || now - told >= TELL_AGAIN_MS) {
			r = how->tell(bmc, want, e);
			if (r < 0)
				return r;
			told = now;
		}
		wait_until_ms(wait_now_ms() + POLL_MS);
	}
}

const char *power_word(enum power p)
{
	return p == POWER_ON ? "on" : "off";
}

const char *boot_dev_word(enum boot_dev d)
{
	return d == BOOT_NETWORK ? "network" : "default";
}
