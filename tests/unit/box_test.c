/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process that died was at, as the one that holds the other end of its box reads it; also
 * when the process was somebody else's by then. */
#include "host/box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static struct err e;
static int fd;

static void die_at_work(void)
{
	box_put("dhcp", "mgmt0", 0x0a4d0009, 68, "\1\1\6\0", 4);
	abort();
}

static void die_at_rest(void)
{
	box_put("dhcp", "mgmt0", 0x0a4d0009, 68, "\1\1\6\0", 4);
	box_clear();
	abort();
}

static void die_of_much(void)
{
	static uint8_t much[9000];
	memset(much, 7, sizeof much);
	box_put("http", "a-name-that-is-too-long", 0, 0, much, sizeof much);
	abort();
}

/* Whoever has taken a process over writes into its box what he likes. */
static struct box lie;
static void die_lying(void)
{
	if (pwrite(fd, &lie, sizeof lie, 0) != (ssize_t)sizeof lie)
		_exit(1);
	abort();
}

static void resize(void)
{
	_exit(ftruncate(fd, 1) == 0 || ftruncate(fd, 1 << 20) == 0);
}

/* The deed in a process that was given the box as batond gives it; its wait status. */
static int in_child(void (*deed)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		fd = dup(dup2(fd, 3)); /* box_open() closes what it was given */
		setenv("BATON_FDS", "box", 1);
		if (box_open(&e) < 0)
			_exit(99);
		deed();
	}
	waitpid(pid, &status, 0);
	return status;
}

static void what_a_process_died_of_is_read_once(void)
{
	struct box b;
	CHECK_INT(box_make(&fd, &e), 0);
	CHECK(!box_take(&b, fd));
	CHECK_INT(WTERMSIG(in_child(die_at_work)), SIGABRT);
	CHECK(box_take(&b, fd));
	CHECK_INT(b.len, 4);
	CHECK_INT(b.sent, 4);
	CHECK(memcmp(b.bytes, "\1\1\6\0", 4) == 0);
	CHECK_TEXT(b.kind, "dhcp");
	CHECK_TEXT(b.interface, "mgmt0");
	CHECK_INT(b.from, 0x0a4d0009);
	CHECK_INT(b.port, 68);
	CHECK(!box_take(&b, fd));
	CHECK_INT(WTERMSIG(in_child(die_at_rest)), SIGABRT);
	CHECK(!box_take(&b, fd));
	close(fd);
}

static void of_much_the_beginning_is_kept(void)
{
	struct box b;
	CHECK_INT(box_make(&fd, &e), 0);
	in_child(die_of_much);
	CHECK(box_take(&b, fd));
	CHECK_INT(b.len, BOX_BYTES);
	CHECK_INT(b.sent, 9000);
	CHECK_INT(b.bytes[BOX_BYTES - 1], 7);
	CHECK_TEXT(b.interface, "a-name-that-is-");
	close(fd);
}

static void a_box_that_lies_is_no_larger_than_it_is(void)
{
	struct box b, good;
	CHECK_INT(box_make(&fd, &e), 0);
	in_child(die_at_work);
	CHECK_INT(pread(fd, &good, sizeof good, 0), (long long)sizeof good);
	CHECK(box_take(&b, fd));
	const uint32_t lens[] = { BOX_BYTES + 1, UINT32_MAX };
	for (size_t i = 0; i < 2; i++) {
		lie = good;
		lie.len = lens[i];
		CHECK_INT(WTERMSIG(in_child(die_lying)), SIGABRT);
		CHECK(!box_take(&b, fd));
	}
	lie = good;
	lie.magic++;
	in_child(die_lying);
	CHECK(!box_take(&b, fd));
	lie = good;
	memset(lie.kind, 'k', sizeof lie.kind);
	memset(lie.interface, 'i', sizeof lie.interface);
	in_child(die_lying);
	CHECK(box_take(&b, fd));
	CHECK_INT(strlen(b.kind), BOX_WORD - 1);
	CHECK_INT(strlen(b.interface), BOX_WORD - 1);
	CHECK_INT(in_child(resize), 0);
	close(fd);
}

static void what_proves_a_token_is_blanked(void)
{
	static const struct {
		const char *bytes, *want;
	} rows[] = {
		{ "GET /b/525400aa0001-4-1958323-0123456789abcdef0123456789ABCDEF/job",
			"GET /b/525400aa0001-4-1958323-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/job" },
		{ "uuid=11111111-2222-3333-4444-555555555555",
			"uuid=11111111-2222-3333-4444-555555555555" },
		{ "a piece ends in 0123456789abc", "a piece ends in xxxxxxxxxxxxx" },
		{ "0123456789abcd begins", "xxxxxxxxxxxxxx begins" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct box b = { .len = (uint32_t)strlen(rows[i].bytes) };
		memcpy(b.bytes, rows[i].bytes, b.len + 1);
		box_blank(&b);
		CHECK_TEXT((const char *)b.bytes, rows[i].want);
	}
	struct box full = { .len = BOX_BYTES };
	memset(full.bytes, 'f', sizeof full.bytes);
	box_blank(&full);
	CHECK_INT(full.bytes[BOX_BYTES - 1], 'x');
}

/* A packet in and out: printed, and far below what an answer costs on any machine. */
static void a_packet_costs_next_to_nothing(void)
{
	enum { TIMES = 200000 };
	static uint8_t packet[590];
	struct timespec from, to;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < TIMES; i++) {
		packet[4] = (uint8_t)i;
		box_put("dhcp", "mgmt0", 0x0a4d0009, 68, packet, sizeof packet);
		box_clear();
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	double ns =
		((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) /
		TIMES;
	printf("# %.0f ns for a packet of %zu bytes\n", ns, sizeof packet);
	CHECK(ns < 5000);
}

TESTS(T(what_a_process_died_of_is_read_once), T(of_much_the_beginning_is_kept),
	T(a_box_that_lies_is_no_larger_than_it_is), T(what_proves_a_token_is_blanked),
	T(a_packet_costs_next_to_nothing))
