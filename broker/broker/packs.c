/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See packs.h. An image is a cpio archive of the kind newc, as host/cpio.h writes it. */
#include "broker/packs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/own.h"
#include "host/fd.h"

enum { HEAD_LEN = 110, SIZE_AT = 54, NAME_AT = 94, MANIFEST_MAX = 16384, ENTRY_NAME = 1024 };

static void dir_drop(DIR **d)
{
	if (*d)
		closedir(*d);
}

static size_t field(const char *head, size_t at)
{
	char text[9];
	memcpy(text, head + at, 8);
	text[8] = '\0';
	return strtoul(text, NULL, 16);
}

static off_t round_4(off_t n)
{
	return (n + 3) & ~(off_t)3;
}

/* The file of that name in the archive; false: there is none, or the archive is damaged. */
static bool file_find(char ret[MANIFEST_MAX + 1], int fd, const char *want)
{
	char head[HEAD_LEN], name[ENTRY_NAME];
	off_t at = 0;
	while (pread(fd, head, sizeof head, at) == HEAD_LEN && memcmp(head, "070701", 6) == 0) {
		size_t len = field(head, SIZE_AT), name_len = field(head, NAME_AT);
		off_t body = round_4(at + HEAD_LEN + (off_t)name_len);
		if (name_len == 0 || name_len > sizeof name ||
			pread(fd, name, name_len, at + HEAD_LEN) != (ssize_t)name_len ||
			name[name_len - 1])
			return false;
		if (strcmp(name, want) == 0) {
			if (len > MANIFEST_MAX || pread(fd, ret, len, body) != (ssize_t)len)
				return false;
			ret[len] = '\0';
			return true;
		}
		at = round_4(body + (off_t)len);
	}
	return false;
}

/* The value of the next line `KEY = ...` from *at on, which goes behind that line; NULL: none. */
static const char *value_next(const char **at, const char *key)
{
	size_t len = strlen(key);
	while (**at) {
		const char *line = *at + strspn(*at, " \t");
		*at += strcspn(*at, "\n");
		*at += **at == '\n';
		if (strncmp(line, key, len) != 0)
			continue;
		line += len + strspn(line + len, " \t");
		if (*line == '=')
			return line + 1 + strspn(line + 1, " \t");
	}
	return NULL;
}

/* Adds the values of its lines `pci = ...`. */
static void cards_add(void *ctx, const char *manifest)
{
	char *to = ctx;
	for (const char *value; (value = value_next(&manifest, "pci"));) {
		size_t len = strcspn(value, "\n"), has = strlen(to);
		if (has + len + 2 <= PACKS_CARDS)
			snprintf(to + has, PACKS_CARDS - has, "%s%.*s", has ? " " : "", (int)len,
				value);
	}
	for (char *c = to; *c; c++)
		if (*c == '\t' || *c == '\r')
			*c = ' ';
}

static void board_see(void *ctx, const char *manifest)
{
	static const char board[] = "board";
	for (const char *value; (value = value_next(&manifest, "kind"));)
		if (strcspn(value, " \t\r\n") == sizeof board - 1 &&
			memcmp(value, board, sizeof board - 1) == 0)
			*(bool *)ctx = true;
}

/* Every manifest of the folder's images. */
static int manifests_each(
	int folder, void (*each)(void *ctx, const char *manifest), void *ctx, struct err *e)
{
	char manifest[MANIFEST_MAX + 1];
	OWN(fd) int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OWN(dir) DIR *d = again < 0 ? NULL : fdopendir(again);
	if (!d)
		return err_set(e, errno, "packs: read the folder");
	again = -1; /* the DIR has it */
	for (const struct dirent *x = readdir(d); x; x = readdir(d)) {
		char want[NAME_LEN + 32];
		size_t len = strlen(x->d_name);
		if (len < 5 || len - 4 > NAME_LEN || strcmp(x->d_name + len - 4, ".img") != 0)
			continue;
		snprintf(want, sizeof want, "packs/%.*s/manifest", (int)(len - 4), x->d_name);
		OWN(fd) int fd = openat(folder, x->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 && file_find(manifest, fd, want))
			each(ctx, manifest);
	}
	return 0;
}

int packs_cards(char ret[PACKS_CARDS], int folder, struct err *e)
{
	ret[0] = '\0';
	return manifests_each(folder, cards_add, ret, e);
}

bool packs_board(int folder)
{
	bool found = false;
	manifests_each(folder, board_see, &found, NULL);
	return found;
}
