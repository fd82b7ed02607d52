/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands as help, and as a part of baton(1). */
#pragma once
#include <stdio.h>

#include "cli/command.h"

void help_all(FILE *to);                              /* every word, options, exit codes */
void help_group(FILE *to, const char *word);          /* the words after `baton network` */
void help_command(FILE *to, const struct command *c); /* one, whole */
void help_usage(FILE *to, const struct command *c);   /* its one line of use */
void help_mdoc_options(FILE *to); /* those of every command, as a list of mdoc(7) */
void help_mdoc_commands(FILE *to);
void help_mdoc_exits(FILE *to);
