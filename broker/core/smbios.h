/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a machine comes to say a persona's UUID and serial in its SMBIOS, and why not
 * (docs/design/0030). Pure; broker/smbios.c does it. */
#pragma once
#include "core/model.h"

/* What its BMC has told of it. */
struct smbios_bmc {
	struct uuid uuid;            /* zero: it does not tell */
	char serial[SERIAL_LEN + 1]; /* "": the same */
	bool uuid_settable, serial_settable;
};

struct smbios_choice {
	enum smbios_by uuid, serial;
	const char *uuid_why, *serial_why; /* where PRESENTED: why not carried; else "" */
	char own_serial[SERIAL_LEN + 1];   /* the machine's, as its BMC shows it before; "": not */
};

/* Of this persona by this machine. What it carries already it goes on carrying in the same way.
 * board_pack: there is a tool-pack for boards. */
void smbios_choose(struct smbios_choice *ret, const struct machine *m, const struct persona *p,
	enum taking taking, const struct smbios_bmc *bmc, bool board_pack);

/* What the persona's own loader tells its kernel; everything is borrowed. */
struct smbios_line {
	const char *unknown;       /* why that is not known; NULL: it is */
	const char *uuid, *serial; /* the values of baton.uuid= and baton.serial=; "": not there */
	bool grub;                 /* it is GRUB's to say, else a loader entry's */
};
