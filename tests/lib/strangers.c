/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many DHCP clients at one interface, and what they were told, as seen from their side:
 *   strangers INTERFACE come FIRST COUNT SECONDS   each asks for any address: DISCOVER, REQUEST
 *   strangers INTERFACE keep FILE SECONDS [TIMES]  each line "MAC ADDR" of FILE asks to keep ADDR
 * Each ACK is a line "MAC ADDR" on stdout, written at once; a NAK is "MAC nak". Who is not answered
 * asks again after a second. Ends with 0 when all were answered, with 1 after SECONDS. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/ids.h"

enum { CLIENTS_MAX = 200000, AT_ONCE = 64, HEAD = 240, AGAIN_US = 1000000 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6 };

static struct client {
	struct mac mac;
	uint32_t addr, server; /* addr without server: it asks to keep it */
	int waits_for;         /* OFFER, ACK; 0: not begun, or answered */
	unsigned left;         /* times to ask still */
	int64_t asked_us;
} * client;
static unsigned clients, next, waiting, answered;
static int fd;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void ask(struct client *c)
{
	static const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = 0x4300, /* 67 */
		.sin_addr.s_addr = 0xffffffff };
	uint8_t bytes[300] = { 1, 1, 6, 0 };
	struct writer w = writer_of(bytes, sizeof bytes);
	w.at += 4;
	write_be32(&w, (uint32_t)(c - client));
	write_be32(&w, 0x8000); /* no seconds; answer by broadcast */
	w.at = bytes + 28;
	write_bytes(&w, c->mac.b, sizeof c->mac.b);
	w.at = bytes + HEAD - 4;
	write_be32(&w, 0x63825363);
	write_bytes(&w, (uint8_t[]){ 53, 1, c->waits_for == OFFER ? DISCOVER : REQUEST }, 3);
	if (c->waits_for == ACK) {
		write_be16(&w, 50 << 8 | 4);
		write_be32(&w, c->addr);
	}
	if (c->waits_for == ACK && c->server) {
		write_be16(&w, 54 << 8 | 4);
		write_be32(&w, c->server);
	}
	write_u8(&w, 255);
	c->asked_us = now_us();
	/* What the wire does not take is asked again like what is lost. */
	if (sendto(fd, bytes, sizeof bytes, 0, (const struct sockaddr *)&to, sizeof to) < 0)
		return;
}

static void begin(void)
{
	for (; waiting < AT_ONCE && answered + waiting < clients; next = (next + 1) % clients) {
		struct client *c = &client[next];
		if (c->waits_for || c->left == 0)
			continue;
		c->waits_for = c->addr ? ACK : OFFER;
		waiting++;
		ask(c);
	}
}

static int kind_of(const uint8_t *bytes, size_t len, uint32_t *server)
{
	int kind = 0;
	struct reader r = reader_of(bytes + HEAD, len - HEAD);
	while (reader_left(&r) > 2) {
		uint8_t code = read_u8(&r), n = read_u8(&r);
		struct reader value = reader_of(r.at, n <= reader_left(&r) ? n : 0);
		read_bytes(&r, n);
		if (code == 53)
			kind = read_u8(&value);
		else if (code == 54)
			*server = read_be32(&value);
	}
	return kind;
}

static void say(const struct client *c, const char *what)
{
	char line[64], mac[MAC_TEXT];
	int n = snprintf(line, sizeof line, "%s %s\n", mac_text(mac, &c->mac), what);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		exit(2);
}

static void hear(const uint8_t *bytes, size_t len)
{
	char text[IP4_TEXT];
	uint32_t server = 0;
	if (len < HEAD)
		return;
	struct reader r = reader_of(bytes + 4, 16);
	uint32_t xid = read_be32(&r);
	read_bytes(&r, 8);
	uint32_t given = read_be32(&r);
	int kind = kind_of(bytes, len, &server);
	if (xid >= clients)
		return;
	struct client *c = &client[xid];
	if (memcmp(bytes + 28, c->mac.b, sizeof c->mac.b) != 0 || !c->waits_for)
		return;
	if (kind == OFFER && c->waits_for == OFFER) {
		*c = (struct client){ c->mac, given, server, ACK, c->left, 0 };
		ask(c);
	} else if ((kind == ACK || kind == NAK) && c->waits_for == ACK) {
		say(c, kind == ACK ? ip4_text(text, given) : "nak");
		c->waits_for = 0;
		waiting--;
		c->left--;
		/* Two were offered the same: the one that was refused asks anew. */
		if (kind == NAK && c->server)
			*c = (struct client){ .mac = c->mac, .left = 1 };
		answered += c->left == 0;
	}
}

static void begin_again(void)
{
	int64_t now = now_us();
	for (unsigned i = 0; i < clients; i++)
		if (client[i].waits_for && now - client[i].asked_us > AGAIN_US)
			ask(&client[i]);
}

static bool read_file(const char *path, unsigned times)
{
	char mac[32], addr[32];
	FILE *f = fopen(path, "re");
	for (; f && clients < CLIENTS_MAX && fscanf(f, "%31s %31s", mac, addr) == 2; clients++) {
		struct client *c = &client[clients];
		c->left = times;
		if (!mac_parse(&c->mac, mac) || !ip4_parse(&c->addr, addr))
			return false;
	}
	return f && clients > 0;
}

static bool make_clients(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[2], "come") == 0) {
		unsigned first = (unsigned)atoi(argv[3]);
		clients = (unsigned)atoi(argv[4]);
		if (clients == 0 || clients > CLIENTS_MAX)
			return false;
		for (unsigned i = 0; i < clients; i++) {
			uint32_t n = htonl(first + i);
			client[i].mac = (struct mac){ { 2, 0x57 } };
			memcpy(client[i].mac.b + 2, &n, sizeof n);
			client[i].left = 1;
		}
		return true;
	}
	return argc >= 5 && argc <= 6 && strcmp(argv[2], "keep") == 0 &&
	       read_file(argv[3], argc == 6 ? (unsigned)atoi(argv[5]) : 1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(68) };
	int yes = 1, room = 1 << 20;
	client = calloc(CLIENTS_MAX, sizeof *client);
	if (!client || argc < 2 || !make_clients(argc, argv)) {
		fprintf(stderr, "usage: strangers INTERFACE come FIRST COUNT SECONDS\n"
				"       strangers INTERFACE keep FILE SECONDS [TIMES]\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[1], (socklen_t)strlen(argv[1])) <
			0 ||
		bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
		perror("strangers");
		return 2;
	}
	int seconds = atoi(argv[2][0] == 'c' ? argv[5] : argv[4]);
	int64_t end = now_us() + seconds * (int64_t)1000000;
	int64_t look = 0;
	while (answered < clients && now_us() < end) {
		uint8_t bytes[1500];
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;
		begin();
		if (poll(&p, 1, 100) < 0)
			return 2;
		while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0)
			hear(bytes, (size_t)n);
		if (now_us() - look < 100000)
			continue;
		look = now_us();
		begin_again();
	}
	return answered < clients;
}
