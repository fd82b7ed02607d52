/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands where baton-edge stands, for tests that decide themselves what the edge has seen: each
 * line written to the fifo `says` beside the table's folder goes out as one event.
 *   edge-says                      started by batond
 *   edge-says token FOLDER MAC     prints the token that the table in FOLDER gives this MAC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/table.h"
#include "core/token.h"
#include "host/given.h"

static int token_print(const char *folder, const char *mac)
{
	char path[512], text[TOKEN_TEXT];
	struct err e = { 0 };
	struct table t;
	struct mac m;
	struct stat st;
	snprintf(path, sizeof path, "%s/" TABLE_FILE, folder);
	FILE *f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) < 0 || !mac_parse(&m, mac))
		return 1;
	void *bytes = malloc((size_t)st.st_size);
	if (!bytes || fread(bytes, 1, (size_t)st.st_size, f) != (size_t)st.st_size ||
		table_check(&t, bytes, (size_t)st.st_size, &e) < 0) {
		fprintf(stderr, "%s: %s\n", path, e.text);
		return 1;
	}
	bool persona;
	const struct table_nic *n = table_find(&t, &m, &persona);
	if (!n || n->machine >= t.header->machines)
		return 1;
	struct token token = { .mac = m,
		.generation = t.machine[n->machine].generation,
		.window = (uint64_t)time(NULL) / TOKEN_WINDOW_S };
	puts(token_text(text, &token, t.header->key));
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	char line[1024];
	if (argc == 4 && strcmp(argv[1], "token") == 0)
		return token_print(argv[2], argv[3]);
	int table = given_fd("table", &e), events = given_fd("events", &e);
	/* Both ways, so that it never ends while no writer is there. */
	int fd = table < 0 ? -1 : openat(table, "../says", O_RDWR | O_CLOEXEC);
	FILE *says = fd < 0 ? NULL : fdopen(fd, "r");
	if (events < 0 || !says) {
		fprintf(stderr, "edge-says: %s\n", e.code ? e.text : strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof line, says))
		if (send(events, line, strcspn(line, "\n"), MSG_NOSIGNAL) < 0)
			perror("edge-says");
	return 0;
}
