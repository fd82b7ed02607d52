/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A DHCP answer as lines "NAME FIELD VALUE", one for each field and option, in a form in which two
 * servers' answers can be compared: no value has a blank in it, a token is TOKEN, and times that
 * are chosen by chance are a range. */
#pragma once
#include <stdio.h>

#include "wire.h"

void answer_print(FILE *to, const char *name, const struct heard *h);
