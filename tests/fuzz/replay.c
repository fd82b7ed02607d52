/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds a fuzz target what is in its corpus, without a fuzzer: what was found once is tried for
 * ever, by `make check`. The program's name says which corpus: replay_dhcp, tests/fuzz/corpus/dhcp.
 * Or a folder, or one file (docs/hacking.md): replay_dhcp FILE. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int plain(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX);
	if (!f || !bytes) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	size_t n = fread(bytes, 1, INPUT_MAX, f);
	fclose(f);
	/* As long as the input and no longer, so that a sanitizer sees a step beyond it. */
	uint8_t *fit = realloc(bytes, n ? n : 1);
	LLVMFuzzerTestOneInput(fit, n);
	free(fit);
	return 1;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '_');
	char folder[200], path[500];
	struct dirent **entry;
	snprintf(folder, sizeof folder, "%s%s", argc > 1 ? "" : "tests/fuzz/corpus/",
		argc > 1 ? argv[1]
		: name   ? name + 1
			 : "");
	int n = scandir(folder, &entry, plain, alphasort);
	if (n < 0 && errno == ENOTDIR) {
		replay(folder);
		printf("1..1\nok 1 - %s\n", folder);
		return 0;
	}
	if (n <= 0) {
		printf("Bail out! %s: no inputs\n", folder);
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
		replay(path);
		printf("ok %d - %s\n", i + 1, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return 0;
}
