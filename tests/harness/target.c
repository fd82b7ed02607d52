/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See target.h. */
#include "tests/harness/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GENERATIONS = 16384, SAN_MAX = 8192, NEAR = 16 };

/* What the judge has seen last. */
static uint64_t seen[GENERATIONS], count[GENERATIONS];
static unsigned newest, sessions;

/* "san"; of the copy that a drill makes ":drill.san". */
static void path_of(char to[PATH_MAX], const struct site *s, const char *end)
{
	snprintf(to, PATH_MAX, "%s/fake/" TARGET "%s%s", s->dir, *end == ':' ? "" : ".", end);
}

static const char *sessions_of(bool copy)
{
	return copy ? ":drill.sessions" : "sessions";
}

bool target_copy_is(const struct site *s)
{
	char path[PATH_MAX];
	path_of(path, s, ":drill.san");
	return access(path, F_OK) == 0;
}

static int lock(const struct site *s, bool copy)
{
	char path[PATH_MAX];
	path_of(path, s, copy ? ":drill.lock" : "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		bail("%s: %s", path, strerror(errno));
	return fd;
}

static size_t text_get(char *to, size_t size, const struct site *s, const char *end)
{
	char path[PATH_MAX];
	path_of(path, s, end);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);
	if (fd >= 0)
		close(fd);
	n = n > 0 ? n : 0;
	to[n] = '\0';
	return (size_t)n;
}

static void text_put(const struct site *s, const char *end, const char *text, int how)
{
	char path[PATH_MAX];
	path_of(path, s, end);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("%s: %s", path, strerror(errno));
	fchmod(fd, 0666);
	close(fd);
}

void target_make(struct site *s)
{
	memset(seen, 0, sizeof seen);
	newest = 0;
	text_put(s, "san", "lun=1 bytes=1073741824 block_len=512 bootable=1\n", O_TRUNC);
	text_put(s, "sessions", "", O_TRUNC);
	text_put(s, "lock", "", O_TRUNC);
	text_put(s, "lun", "", O_TRUNC);
}

static unsigned session_add(struct site *s, bool copy)
{
	char line[IQN_ROOM];
	snprintf(line, sizeof line, "iqn.2026-01.org.example:web-01 %u\n", ++sessions);
	text_put(s, sessions_of(copy), line, O_APPEND);
	s->moved = true;
	return sessions;
}

unsigned target_login(struct site *s, bool copy, const char *user, const char *secret)
{
	char san[SAN_MAX], line[256];
	unsigned session = 0;
	int held = lock(s, copy);
	text_get(san, sizeof san, s, copy ? ":drill.san" : "san");
	snprintf(line, sizeof line, "\naccount=%s %s\n", user, secret);
	if (strstr(san, line) && !strstr(san, "\ndead="))
		session = session_add(s, copy);
	close(held);
	return session;
}

/* In the list of sessions, or among those that a lying target says have gone. */
static bool stands(const struct site *s, bool copy, unsigned session)
{
	char text[4096], line[IQN_ROOM];
	snprintf(line, sizeof line, "iqn.2026-01.org.example:web-01 %u\n", session);
	text_get(text, sizeof text, s, sessions_of(copy));
	if (copy || strstr(text, line))
		return strstr(text, line) != NULL;
	text_get(text, sizeof text, s, "kept");
	return strstr(text, line) != NULL;
}

bool target_write(struct site *s, bool copy, unsigned session, unsigned generation)
{
	char path[PATH_MAX];
	uint64_t n = 0;
	bool may;
	int held = lock(s, copy);
	path_of(path, s, "lun");
	/* What is written to a copy is nobody's. */
	if ((may = stands(s, copy, session)) && !copy) {
		int fd = open(path, O_RDWR | O_CLOEXEC);
		off_t at = (off_t)generation * SECTOR;
		bool bad = fd < 0 || generation >= GENERATIONS || pread(fd, &n, sizeof n, at) < 0;
		n++;
		if (bad || pwrite(fd, &n, sizeof n, at) != (ssize_t)sizeof n)
			bail("%s: %s", path, strerror(errno));
		close(fd);
	}
	close(held);
	return may;
}

static void lines_rm(struct site *s, const char *end, const char *begins)
{
	char text[SAN_MAX], kept[SAN_MAX] = "";
	text_get(text, sizeof text, s, end);
	for (char *rest = text, *one; (one = strsep(&rest, "\n"));)
		if (*one && strncmp(one, begins, strlen(begins)) != 0)
			strcat(strcat(kept, one), "\n");
	text_put(s, end, kept, O_TRUNC);
}

void target_logout(struct site *s, bool copy, unsigned session)
{
	char line[IQN_ROOM];
	int held = lock(s, copy);
	snprintf(line, sizeof line, "iqn.2026-01.org.example:web-01 %u", session);
	if (stands(s, copy, session))
		lines_rm(s, sessions_of(copy), line);
	close(held);
}

void target_line_add(struct site *s, const char *line)
{
	int held = lock(s, false);
	text_put(s, "san", line, O_APPEND);
	close(held);
	held = lock(s, true);
	if (target_copy_is(s))
		text_put(s, ":drill.san", line, O_APPEND);
	close(held);
}

void target_line_rm(struct site *s, const char *begins)
{
	int held = lock(s, false);
	lines_rm(s, "san", begins);
	close(held);
	held = lock(s, true);
	if (target_copy_is(s))
		lines_rm(s, ":drill.san", begins);
	close(held);
}

bool target_has(const struct site *s, const char *line)
{
	char text[SAN_MAX];
	text_get(text, sizeof text, s, "san");
	for (char *rest = text, *one; (one = strsep(&rest, "\n"));)
		if (strncmp(one, line, strlen(line)) == 0)
			return true;
	return false;
}

void target_first_session(const struct site *s, char *to, size_t size)
{
	char text[4096];
	text_get(text, sizeof text, s, "sessions");
	snprintf(to, size, "%.*s", (int)strcspn(text, "\n"), text);
}

unsigned target_sessions(const struct site *s)
{
	char text[4096];
	unsigned n = 0;
	text_get(text, sizeof text, s, "sessions");
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	return n;
}

unsigned target_accounts(const struct site *s, unsigned generation, bool *is)
{
	char text[SAN_MAX], own[64];
	unsigned n = 0;
	text_get(text, sizeof text, s, "san");
	snprintf(own, sizeof own, "\naccount=" PERSONA ".%u ", generation);
	*is = strstr(text, own) != NULL;
	for (const char *at = text; (at = strstr(at, "\naccount=")); at++)
		n++;
	return n;
}

/* The sectors from..to. */
static void count_read(const struct site *s, unsigned from, unsigned to)
{
	static unsigned char lun[GENERATIONS * SECTOR];
	char path[PATH_MAX];
	path_of(path, s, "lun");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = (size_t)(to - from) * SECTOR;
	memset(lun, 0, len);
	if (fd < 0 || pread(fd, lun, len, (off_t)from * SECTOR) < 0)
		bail("%s: %s", path, strerror(errno));
	close(fd);
	for (unsigned g = from; g < to; g++)
		memcpy(&count[g], lun + (size_t)(g - from) * SECTOR, sizeof *count);
}

static void judge(struct site *s, unsigned from, unsigned to)
{
	count_read(s, from, to);
	for (unsigned g = from; g < to; g++) {
		if (count[g] != seen[g] && newest > g)
			site_wrong(s,
				"two writers: the sector of generation %u went from %llu to %llu "
				"when "
				"generation %u had written",
				g, (unsigned long long)seen[g], (unsigned long long)count[g],
				newest);
		seen[g] = count[g];
	}
	for (unsigned g = from; g < to; g++)
		if (count[g] && g > newest)
			newest = g;
}

void target_judge(struct site *s)
{
	judge(s, newest > NEAR ? newest - NEAR : 0,
		newest + NEAR < GENERATIONS ? newest + NEAR : GENERATIONS);
}

void target_judge_all(struct site *s)
{
	judge(s, 0, GENERATIONS);
}

uint64_t target_count(const struct site *s, unsigned generation)
{
	if (generation >= GENERATIONS)
		return 0;
	count_read(s, generation, generation + 1);
	return count[generation];
}
