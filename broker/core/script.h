/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a plan to the text that the machine runs. Templates are the files of ipxe-scripts/.
 * A template knows two things: {{word}} is replaced by its value, and a line that begins with
 * {{?word}} stands only where the value is not empty. No decision is taken in a template. */
#pragma once
#include <stddef.h>

#include "base/err.h"
#include "core/boot.h"

/* Which of them a plan leads to once iPXE asks for it. */
enum script script_of(const struct table *t, const struct boot_plan *plan);
extern const char *const script_file[SCRIPTS]; /* "entry.ipxe", ... */

/* Checks that every {{word}} of a template is known; -EINVAL with file, line and word. */
int script_check(const char *file, const char *template, struct err *e);

/* Renders one script for a machine. `token` is the token of the NIC that asks. On success *ret is
 * malloc'ed and the caller's, NUL-terminated. -ENOSPC when it would pass 16 KiB. */
int script_render(char **ret, enum script which, const struct table *t,
	const struct boot_plan *plan, const char *token, struct err *e);

/* The shim's work order, one `key value...` a line (see docs/design/0006-the-shim.md):
 *   deed identity|restore
 *   machine NAME / persona NAME / generation N
 *   takes handover                                  where the machine does
 *   nic PCI-or-- FACTORY-MAC-or-- WANTED-MAC-or-- carries|keeps
 *   hba PCI-or-- FACTORY-WWPN WANTED-WWPN-or-- WANTED-WWNN-or-- carries|keeps
 *   fc-target N WWPN LUN                            what the N-th hba line boots from, in order
 * For a restore the wanted addresses are the factory's, and nothing is booted from. Ownership as
 * above. */
int job_render(char **ret, const struct table *t, const struct boot_plan *plan, struct err *e);
