/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers questions of one kind, N times, from a table of a fleet, with no socket: what
 * instructions.sh counts.  cost FOLDER KIND N, where FOLDER holds the boot table of `fleet table
 * 2000 FOLDER`. Fails when an answer is not what that kind of question deserves. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/list.h"
#include "engine/asked.h"
#include "engine/engine.h"
#include "host/follow.h"
#include "tests/bench/fleet.h"

enum { QUESTION = 400, AT_MAC = 28, BLOCK = 512, OP_DATA = 3, OP_ACK = 4 };

/* What a client says beside what it wants; each string is a run of options. */
#define OPTIONS(s) s, sizeof s - 1
static const struct kind {
	const char *word;
	uint8_t first; /* of its MAC */
	const char *options;
	size_t len;
} kinds[] = {
	{ "os", FLEET_KNOWN, OPTIONS("\x37\x04\x01\x03\x06\x0f") },
	{ "firmware", FLEET_KNOWN,
		OPTIONS("\x3c\x20PXEClient:Arch:00007:UNDI:003016"
			"\x5d\x02\x00\x07\x5e\x03\x01\x03\x10\x39\x02\x05\xc0"
			"\x37\x0c\x01\x02\x03\x06\x0c\x0f\x2b\x3c\x42\x43\x80\x81") },
	{ "ipxe", FLEET_KNOWN,
		OPTIONS("\x3c\x20PXEClient:Arch:00007:UNDI:003010"
			"\x4d\x04iPXE\x5d\x02\x00\x07\x5e\x03\x01\x03\x0a\x39\x02\x05\xc0"
			"\x37\x0c\x01\x03\x06\x07\x0c\x0f\x11\x2b\x3c\x42\x43\xaf"
			"\xaf\x06\x13\x01\x01\x15\x01\x01") },
	{ "stranger", FLEET_STRANGER, OPTIONS("\x37\x04\x01\x03\x06\x0f") },
};

static size_t make(uint8_t *b, const struct kind *k, uint32_t i, uint8_t type)
{
	struct mac mac = fleet_mac(k->first, i);
	struct writer w = writer_of(memset(b, 0, QUESTION), QUESTION);
	write_bytes(&w, (uint8_t[]){ 1, 1, 6, 0 }, 4);
	write_be32(&w, i);
	w.at = b + AT_MAC;
	write_bytes(&w, mac.b, sizeof mac.b);
	w.at = b + DHCP_HEAD;
	write_be32(&w, 0x63825363);
	write_bytes(&w, (uint8_t[]){ 53, 1, type }, 3);
	write_bytes(&w, k->options, k->len);
	if (type == DHCP_REQUEST) {
		write_be16(&w, 50 << 8 | 4);
		write_be32(&w, fleet_addr(i));
		write_be16(&w, 54 << 8 | 4);
		write_be32(&w, FLEET_SERVER);
	}
	write_u8(&w, 255);
	return writer_used(&w);
}

static bool as_deserved(const struct engine_answer *a, const struct kind *k, uint32_t i)
{
	if (k->first == FLEET_STRANGER)
		return a->to == TO_NOBODY && a->why;
	return a->to == TO_MAC && a->given == fleet_addr(i) &&
	       (strcmp(k->word, "os") == 0) == !*a->file;
}

static int play(const struct kind *k, uint32_t machines, unsigned long n)
{
	static struct engine_answer answer;
	static uint8_t bytes[QUESTION];
	for (unsigned long at = 0; at < n; at++) {
		uint32_t i = (uint32_t)(at / 2 % machines);
		struct engine_ask ask = { .bytes = bytes,
			.interface = "s0",
			.interface_index = 2,
			.here = FLEET_SERVER,
			.from_port = PORT_CLIENT,
			.now_s = 1000000,
			.unix_s = 1795300000 };
		ask.len = make(bytes, k, i, at % 2 ? DHCP_REQUEST : DHCP_DISCOVER);
		engine_answer(&answer, &ask);
		if (!as_deserved(&answer, k, i)) {
			fprintf(stderr, "cost: question %lu of %s was answered wrongly\n", at,
				k->word);
			return 1;
		}
	}
	return 0;
}

/* One end on loopback; the other's address goes to *at. */
static int open_end(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;
	socklen_t len = sizeof *at;
	*at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) < 0 ||
		bind(fd, (struct sockaddr *)at, sizeof *at) < 0 ||
		getsockname(fd, (struct sockaddr *)at, &len) < 0)
		return -1;
	return fd;
}

static int fetch(int folder, unsigned long n)
{
	static const char ask[] = "\0\1loader\0octet";
	struct sockaddr_in server, client;
	uint8_t got[BLOCK + 4], ack[4];
	int here = open_end(&server), there = open_end(&client);
	engine_tftp_open(folder, 1500);
	engine_interface(1, "lo");
	if (here < 0 || there < 0 ||
		connect(there, (struct sockaddr *)&server, sizeof server) < 0 ||
		send(there, ask, sizeof ask, 0) < 0)
		return 1;
	for (unsigned long block = 1; block <= n; block++) {
		engine_tftp_read(here, 1000000, NULL, NULL);
		engine_tftp_work(1000000, NULL, NULL);
		ssize_t len = recv(there, got, sizeof got, MSG_DONTWAIT);
		if (len != sizeof got || got[1] != OP_DATA ||
			(got[2] << 8 | got[3]) != (int)(block & 0xffff)) {
			fprintf(stderr, "cost: block %lu did not come\n", block);
			return 1;
		}
		memcpy(ack, (uint8_t[]){ 0, OP_ACK, got[2], got[3] }, sizeof ack);
		if (send(there, ack, sizeof ack, 0) < 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct follow follow = { .name = TABLE_FILE, .len_max = TABLE_LEN_MAX };
	struct table table;
	struct err e = { 0 };
	const void *bytes;
	size_t len;
	if (argc != 4) {
		fprintf(stderr, "usage: cost FOLDER os|firmware|ipxe|stranger|tftp N\n");
		return 2;
	}
	follow.folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (follow_look(&follow, &bytes, &len, &e) != 1 ||
		table_check(&table, bytes, len, &e) < 0 || engine_open(&e) < 0 ||
		engine_table(&table, &e) < 0) {
		fprintf(stderr, "cost: %s\n", e.text);
		return 1;
	}
	if (strcmp(argv[2], "tftp") == 0)
		return fetch(follow.folder, strtoul(argv[3], NULL, 10));
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(argv[2], kinds[i].word) == 0)
			return play(&kinds[i], table.header->machines, strtoul(argv[3], NULL, 10));
	return 2;
}
