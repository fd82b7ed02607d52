/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Has machines say a persona's UUID and serial, and their own again (docs/design/0030): what a hand
 * is asked, what a shim's report leads to, and what is on record meanwhile. */
#pragma once
#include <jansson.h>

#include "broker/report.h"
#include "broker/steps.h"
#include "core/smbios.h"

/* What a hand's answer to bmc-probe tells. */
void smbios_bmc_read(struct smbios_bmc *ret, const json_t *body);

/* Its BMC has part in it: to set the persona's, or to give the machine's own back. */
bool smbios_by_bmc(const struct machine *m, bool back);
/* For a deed bmc-identity: the object "system", or NULL where nothing is to be set. */
json_t *smbios_deed(const struct machine *m, const struct persona *p, bool back);
/* Writes down that the run's machine may say the persona's, before it is told; and that it does not
 * any more, behind. For step_change(). */
int smbios_carry(struct run *run, struct err *e);
int smbios_carry_no_more(struct run *run, struct err *e);
/* What has come of it. */
void smbios_say(struct run *run, const struct machine *m, const json_t *body);

/* `found`, inside the caller's transaction: the machine's own serial is kept, and it may say the
 * persona's once a tool has written it. */
int smbios_found(struct store *s, const struct machine *m, const struct persona *p,
	const struct report *r, struct err *e);
/* `written`, likewise: what no tool has written, or its own again, it does not carry. */
int smbios_written(struct store *s, const struct machine *m, const struct report *r, struct err *e);
