/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a blade's supervisor answers to the vendor tool of its guest. */
#pragma once
#include "tests/lab/nvram.h"

enum { PORT_ANSWER = 1024 };

/* How the lab's vendor tool behaves: as it should, says ok and writes nothing, or refuses. */
enum manner { HONEST, LIES, FAILS };

/* Does what one line of docs/lab.md's table asks for and gives the answer, whose lines end with a
 * newline each; "" to an empty line. True when the line asked for a write. */
bool port_answer(char to[PORT_ANSWER], struct nvram *n, enum manner m, const char *line);
