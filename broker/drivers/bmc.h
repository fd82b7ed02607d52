/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of BMC that Baton can talk to, in one list, and what their drivers share. The contract
 * of a driver is core/bmc.h. */
#pragma once
#include <stddef.h>

#include "core/bmc.h"

extern const struct bmc_ops bmc_redfish, bmc_ipmi, bmc_fake;

/* The driver of that kind, or NULL with a sentence that names the kinds there are. */
const struct bmc_ops *bmc_of(const char *kind, struct err *e);

/* How a driver reads the power and gives one order to change it, without waiting. */
struct bmc_power {
	int (*read)(struct bmc *bmc, enum power *ret, struct err *e);
	int (*tell)(struct bmc *bmc, enum power want, struct err *e);
};

/* power_set() of every driver: reads, tells where the state is another, tells again every few
 * seconds, and returns only once the state is there as core/bmc.h wants it proved. */
int bmc_power_reach(struct bmc *bmc, const struct bmc_power *how, enum power want,
	unsigned timeout_ms, struct err *e);

/* The power, from the first two bytes of IPMI's answer to Get Chassis Status. */
void ipmi_power_of(struct bmc_facts *ret, const uint8_t status[2]);

const char *power_word(enum power p);       /* "off", "on" */
const char *boot_dev_word(enum boot_dev d); /* "default", "network" */
