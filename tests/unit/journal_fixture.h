/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of the edge's loans: the real engine with world.h's site, two files without a name in
 * the place of the warden's, and strangers that ask. */
#pragma once
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cursor.h"
#include "edge/journal.h"
#include "tests/unit/tap.h"
#include "tests/unit/world.h"

enum { FILES_AT = 3, ADDRS = 100, TERM = 3600 };
#define POOL_FROM 0x0a580064u /* world.h: 10.88.0.100 to 10.88.0.199 */

static struct journal journal;
static struct world world;
static uint64_t now_s = 2000000;

static void site_open(void)
{
	world_init(&world, PHASE_PERSONA);
	if (world_build(&world, NULL) < 0 || engine_open(NULL) < 0 ||
		engine_table(&world.table, NULL) < 0)
		abort();
}

/* Two empty files, as the warden would give them. */
static void files_open(void)
{
	for (int i = 0; i < 2; i++) {
		int fd = memfd_create("leases", 0);
		if (fd < 0 || dup2(fd, FILES_AT + i) < 0 || (fd != FILES_AT + i && close(fd) < 0))
			abort();
	}
	setenv("BATON_FDS", "leases.0 leases.1", 1);
}

static inline int open_journal(struct journal_found *found)
{
	struct err e = { 0 };
	return journal_open(&journal, now_s, found, &e);
}

enum { REQUEST = 3, DECLINE = 4, RELEASE = 7 };

/* A stranger's question; a MAC is its last byte. */
static struct engine_answer answer_to(
	uint8_t type, uint8_t mac, uint32_t addr, bool ciaddr, uint64_t unix_s)
{
	static struct engine_answer a;
	uint8_t bytes[300] = { 1, 1, 6, 0 };
	struct writer w = writer_of(bytes, sizeof bytes);
	w.at = bytes + 12;
	write_be32(&w, ciaddr ? addr : 0);
	w.at = bytes + 28;
	write_bytes(&w, (uint8_t[]){ 2, 0, 0, 0, 0, mac }, 6);
	w.at = bytes + 236;
	write_be32(&w, 0x63825363);
	write_bytes(&w, (uint8_t[]){ 53, 1, type, 54, 4, 10, 88, 0, 1 }, 9);
	if (!ciaddr) {
		write_be16(&w, 50 << 8 | 4);
		write_be32(&w, addr);
	}
	write_u8(&w, 255);
	struct engine_ask ask = { .bytes = bytes,
		.len = sizeof bytes,
		.interface = "other0",
		.interface_index = 2,
		.here = 0x0a580001,
		.from_port = 68,
		.now_s = now_s,
		.unix_s = unix_s };
	engine_answer(&a, &ask);
	return a;
}

/* In a process of its own, since the engine and its loans are one a process. */
static int in_child(int (*run)(unsigned n), unsigned n)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		site_open();
		files_open();
		status = run(n);
		fflush(stdout);
		_exit(status);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}
