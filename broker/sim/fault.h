/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The faults of a simulated machine and its BMC: files MACHINE.NAME that a test makes and takes
 * away, as those of drivers/bmc_fake.c. A file may name the things it holds for, with blanks
 * between; an empty one holds for all. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The first line of MACHINE.name; false when there is no such file. */
bool fault_text(const char *machine, const char *name, char *to, size_t size);
/* Does the fault hold for that thing? thing NULL: is there the file? */
bool fault_is(const char *machine, const char *name, const char *thing);
/* The number in the file, or `otherwise` where it holds none; -1 when there is no such file. */
long fault_number(const char *machine, const char *name, long otherwise);
/* True once for each file: it holds for that thing, and is gone now. */
bool fault_once(const char *machine, const char *name, const char *thing);
