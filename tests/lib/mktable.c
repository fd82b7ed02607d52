/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a boot table for tests and prints, as shell assignments, the tokens that prove its
 * machines now:  mktable FOLDER [phase [generation-of-binding [generation-of-table]]]
 * The site is tests/unit/world.h's. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "core/token.h"
#include "tests/unit/world.h"

static void say(const struct world *w, const char *name, const char *mac, unsigned generation,
	int64_t windows_ago)
{
	struct token t = { world_mac(mac), generation,
		(uint64_t)(time(NULL) / TOKEN_WINDOW_S - windows_ago) };
	char text[TOKEN_TEXT];
	printf("%s=%s\n", name, token_text(text, &t, &w->table.key));
}

int main(int argc, char **argv)
{
	struct world w;
	struct err e = { 0 };
	enum phase phase = PHASE_IDENTITY;
	if (argc < 2 || (argc > 2 && !phase_parse(&phase, argv[2]))) {
		fprintf(stderr, "usage: mktable FOLDER [identity|persona|restore [N [N]]]\n");
		return 2;
	}
	world_init(&w, phase);
	if (argc > 3)
		w.binding[0].generation = (uint32_t)atoi(argv[3]);
	if (argc > 4)
		w.source.generation = (uint64_t)atoll(argv[4]);
	if (world_build(&w, &e) < 0) {
		fprintf(stderr, "mktable: %s\n", e.text);
		return 1;
	}
	char path[512], fresh[520];
	snprintf(path, sizeof path, "%s/%s", argv[1], TABLE_FILE);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, w.bytes, w.len) != (ssize_t)w.len || close(fd) < 0 ||
		rename(fresh, path) < 0) {
		perror(path);
		return 1;
	}
	unsigned g = w.binding[0].generation;
	say(&w, "blade_a", "52:54:00:aa:00:01", g, 0);
	say(&w, "web_01", "02:ba:70:00:00:01", g, 0);
	say(&w, "blade_b", "52:54:00:bb:00:01", 0, 0);
	say(&w, "loose", "02:ba:70:00:00:02", 0, 0);
	say(&w, "stale", "52:54:00:aa:00:01", g - 1, 0);
	say(&w, "expired", "52:54:00:aa:00:01", g, 2);
	world_fini(&w);
	return 0;
}
