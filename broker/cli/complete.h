/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion for bash. The script (completion.bash) asks this program what fits, so that the words
 * stand in commands.def alone and names come from the broker. */
#pragma once
#include <stdio.h>

/* The script itself, as `baton completion bash` prints it. */
void complete_script(FILE *to);
/* What may stand in place of the last of these words (those after `baton`), one a line. Asks the
 * broker at `socket` for names, for a second at most; without it there are just none. */
void complete_words(FILE *to, int n, char *const word[], const char *socket);
