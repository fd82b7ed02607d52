/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A secret comes from a file, a pipe or a person at the terminal, never from the command line:
 * that can be read by every user of this computer. */
#pragma once

#include "base/err.h"
#include "base/ids.h"

/* The first line of the file; "-" is standard input, asked for without echo on a terminal. */
int secret_read(char to[SECRET_LEN + 1], const char *from, struct err *e);
