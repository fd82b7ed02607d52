/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one BMC needs that another does not, as words: from the table redfish_quirks.def by what the
 * BMC says it is, and from the operator by bmc.quirks. */
#pragma once
#include <stdbool.h>

#include "base/err.h"
#include "core/card.h"

struct rf_quirks {
	bool basic_auth;      /* "basic-auth": no sessions, the account with each question */
	bool http_boot;       /* "http-boot": from the network is by UefiHttp, not by Pxe */
	bool settings_first;  /* "settings-first": a boot override is written to the settings */
	bool no_target_none;  /* "no-target-none" */
	bool dell_attributes; /* "dell-attributes": they are there, also where no link says so */
	bool no_identity; /* "no-identity": the broker does not ask for its cards (core/taking.h) */
	bool media_image_only; /* "media-image-only" */
	bool system_uuid; /* "system-uuid": the system's UUID can be set, though it does not say so
			   */
	bool system_serial;              /* "system-serial": its serial number, the same */
	char system[CARD_LABEL_LEN + 1]; /* "system=ID": which one of several; "": the only one */
};

/* Adds words, with blanks between; NULL adds none. -EINVAL names the one that is unknown. */
int quirks_add(struct rf_quirks *to, const char *words, struct err *e);

/* Whether a row of that maker and model looks at the firmware, so that it has to be read. */
bool quirks_need_firmware(const char *maker, const char *model);
/* Adds the words of the rows that fit. */
void quirks_find(struct rf_quirks *to, const char *maker, const char *model, const char *firmware);
