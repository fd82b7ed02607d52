/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-sim: what Baton works with, in software. The first word says what. */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "sim/bmc.h"

static const struct {
	const char *word, *what;
	int (*run)(int argc, char **argv);
} words[] = {
	{ "bmc", "one machine's BMC, by Redfish and IPMI", bmc_main },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(words); i++)
		if (strcmp(words[i].word, argv[1]) == 0)
			return words[i].run(argc - 1, argv + 1);
	bool asked = argc > 1 && strcmp(argv[1], "--help") == 0;
	FILE *to = asked ? stdout : stderr;
	fprintf(to, "usage: baton-sim WORD ...; baton-sim WORD --help tells more\n");
	for (size_t i = 0; i < COUNT(words); i++)
		fprintf(to, "  %-8s %s\n", words[i].word, words[i].what);
	return asked ? 0 : 64;
}
