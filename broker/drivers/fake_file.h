/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the fakes that are made of files read what a test has put beside their state: PATH.WHAT, one
 * short line each. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Its first line, cut where there is no room; false when there is no such file. */
bool fake_file_read(const char *path, const char *what, char *to, size_t size);
/* Is there that file, and does it hold for that call: does it name it among others, or none? */
bool fake_file_holds(const char *path, const char *fault, const char *call);
