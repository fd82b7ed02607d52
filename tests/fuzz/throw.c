/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sends a corpus to running programs as its target would take it (input.h);
 * tests/bats/24-replay.bats. throw dhcp MGMT STRANGERS FILE...   each of the two:
 * INTERFACE=ADDRESS@MAC of the server throw tftp ADDRESS FILE... throw url|http ADDRESS:PORT
 * FILE... a path to ask for; a whole request throw table FILE                    prints it with its
 * checksum set right */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "core/table_layout.h"
#include "tests/diff/wire.h"
#include "tests/fuzz/input.h"
#include "wire/frame.h"

enum { INPUT_MAX = 1 << 20, SENDER = 0x0a4d0063, PORT_TFTP = 69, PATIENCE_MS = 300 };

struct input {
	uint8_t *bytes;
	size_t len;
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "throw: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct input read_input(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *f = fopen(path, "rbe");
	if (!f)
		die(path);
	struct input in = { bytes, fread(bytes, 1, sizeof bytes, f) };
	fclose(f);
	return in;
}

static void throw_dhcp(const struct wire wire[2], const struct input *in)
{
	struct err e = { 0 };
	if (in->len == 0)
		return;
	uint8_t how = in->bytes[0];
	size_t len = in->len - 1, most = FRAME_MAX - FRAME_HEAD;
	const struct wire *w = &wire[how & AMONG_STRANGERS ? 1 : 0];
	struct engine_ask ask = { .bytes = in->bytes + 1,
		.len = len < most ? len : most,
		.here = w->server,
		.from = how & WITH_SENDER ? SENDER : 0,
		.unicast = how & UNICAST,
		.pxe = how & ON_4011 };
	if (wire_send(w, &ask, &e) < 0) {
		fprintf(stderr, "throw: %s\n", e.text);
		exit(1);
	}
}

static int connected(int type, const char *address, unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || fd < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die(address);
	return fd;
}

static void throw_tftp(const char *address, const struct input *in)
{
	int fd[2] = { connected(SOCK_DGRAM, address, PORT_TFTP),
		connected(SOCK_DGRAM, address, PORT_TFTP) };
	for (size_t at = 0; at < in->len;) {
		uint8_t head = in->bytes[at++];
		size_t len = head & (OTHER_PORT - 1), left = in->len - at;
		len = len < left ? len : left;
		if (send(fd[head & OTHER_PORT ? 1 : 0], in->bytes + at, len, 0) < 0)
			die("tftp");
		at += len;
	}
	close(fd[0]);
	close(fd[1]);
}

/* Until the server has no more to say. One that waits for more of us is told that there is none. */
static void hear_out(int fd)
{
	char room[4096];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool told = false;
	for (;;) {
		if (poll(&p, 1, PATIENCE_MS) == 0) {
			if (told)
				return;
			shutdown(fd, SHUT_WR);
			told = true;
		} else if (recv(fd, room, sizeof room, 0) <= 0) {
			return;
		}
	}
}

static void send_text(int fd, const void *bytes, size_t len)
{
	/* The server may hang up on us in the middle. */
	if (send(fd, bytes, len, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		die("http");
}

static void throw_http(char *where, const struct input *in, bool whole)
{
	static const char get[] = "GET ",
			  rest[] = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	char address[IP4_TEXT];
	unsigned port;
	if (sscanf(where, "%15[0-9.]:%u", address, &port) != 2)
		die(where);
	int fd = connected(SOCK_STREAM, address, port);
	if (!whole)
		send_text(fd, get, sizeof get - 1);
	send_text(fd, in->bytes, in->len);
	if (!whole)
		send_text(fd, rest, sizeof rest - 1);
	hear_out(fd);
	close(fd);
}

/* As fuzz_table.c does it: a checksum is no defence. */
static void print_table(const struct input *in)
{
	struct table_header h;
	if (in->len >= sizeof h) {
		memcpy(&h, in->bytes, sizeof h);
		h.checksum = table_checksum(in->bytes, in->len);
		memcpy(in->bytes, &h, sizeof h);
	}
	fwrite(in->bytes, 1, in->len, stdout);
}

static void open_wires(struct wire wire[2], char **text)
{
	struct err e;
	for (int i = 0; i < 2; i++)
		if (wire_open(&wire[i], text[i], &e) < 0) {
			fprintf(stderr, "throw: %s\n", e.text);
			exit(2);
		}
}

int main(int argc, char **argv)
{
	struct wire wire[2];
	const char *kind = argc > 2 ? argv[1] : "";
	bool dhcp = strcmp(kind, "dhcp") == 0, tftp = strcmp(kind, "tftp") == 0;
	bool url = strcmp(kind, "url") == 0, http = strcmp(kind, "http") == 0;
	bool table = strcmp(kind, "table") == 0;
	int first = dhcp ? 4 : table ? 2 : 3;
	if (argc <= first || !(dhcp || tftp || url || http || table)) {
		fprintf(stderr, "usage: throw dhcp WIRE WIRE FILE... | tftp ADDRESS FILE... | "
				"url|http ADDRESS:PORT FILE... | table FILE\n");
		return 2;
	}
	if (dhcp)
		open_wires(wire, argv + 2);
	for (int i = first; i < argc; i++) {
		struct input in = read_input(argv[i]);
		if (dhcp)
			throw_dhcp(wire, &in);
		else if (tftp)
			throw_tftp(argv[2], &in);
		else if (table)
			print_table(&in);
		else
			throw_http(argv[2], &in, http);
	}
	return 0;
}
