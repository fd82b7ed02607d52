/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A closed loop of DHCP clients that all hold one MAC: each asks DISCOVER, waits for the OFFER,
 * asks REQUEST, waits for the ACK, and begins again. dhcp-load INTERFACE MAC SECONDS OUTSTANDING
 * prints: exchanges a second, median and 99th percentile of one exchange in us, exchanges lost. */
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

enum { CLIENTS_MAX = 256, SAMPLES = 1 << 21, LOST_AFTER_US = 1000000, HEAD = 240, AT_XID = 4 };
enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5 };

struct client {
	uint32_t xid;
	int64_t began_us;
	int waits_for; /* OFFER or ACK */
};

static struct client client[CLIENTS_MAX];
static uint32_t sample[SAMPLES];
static unsigned clients, samples, lost;
static struct mac mac;
static int fd;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void ask(const struct client *c, uint8_t type, uint32_t wanted, uint32_t server)
{
	static const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = 0x4300, /* 67 */
		.sin_addr.s_addr = 0xffffffff };
	uint8_t bytes[300] = { 1, 1, 6, 0 };
	struct writer w = writer_of(bytes, sizeof bytes);
	w.at += AT_XID;
	write_be32(&w, c->xid);
	write_be32(&w, 0x8000); /* no seconds; answer by broadcast */
	w.at = bytes + 28;
	write_bytes(&w, mac.b, sizeof mac.b);
	w.at = bytes + HEAD - 4;
	write_be32(&w, 0x63825363);
	write_bytes(&w, (uint8_t[]){ 53, 1, type, 55, 3, 1, 3, 6 }, 8);
	if (wanted) {
		write_be16(&w, 50 << 8 | 4);
		write_be32(&w, wanted);
		write_be16(&w, 54 << 8 | 4);
		write_be32(&w, server);
	}
	write_u8(&w, 255);
	if (sendto(fd, bytes, sizeof bytes, 0, (const struct sockaddr *)&to, sizeof to) < 0) {
		perror("dhcp-load: send");
		exit(1);
	}
}

static void begin(unsigned i)
{
	client[i].xid += CLIENTS_MAX;
	client[i].began_us = now_us();
	client[i].waits_for = OFFER;
	ask(&client[i], DISCOVER, 0, 0);
}

/* The kind of an answer and who gave it; 0 for what is none. */
static int kind_of(const uint8_t *bytes, size_t len, uint32_t *server)
{
	int kind = 0;
	struct reader r = reader_of(bytes + HEAD, len - HEAD);
	while (reader_left(&r) > 2) {
		uint8_t code = read_u8(&r), n = read_u8(&r);
		const uint8_t *value = read_bytes(&r, n);
		if (code == 53 && value && n == 1)
			kind = value[0];
		else if (code == 54 && value && n == 4)
			*server = (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 |
				  (uint32_t)value[2] << 8 | value[3];
	}
	return kind;
}

static void hear(const uint8_t *bytes, size_t len)
{
	uint32_t server = 0;
	if (len < HEAD)
		return;
	struct reader r = reader_of(bytes + AT_XID, 16);
	uint32_t xid = read_be32(&r);
	read_bytes(&r, 8);
	uint32_t given = read_be32(&r);
	unsigned i = xid % CLIENTS_MAX;
	int kind = kind_of(bytes, len, &server);
	if (i >= clients || client[i].xid != xid || client[i].waits_for != kind)
		return;
	if (kind == OFFER) {
		client[i].waits_for = ACK;
		ask(&client[i], REQUEST, given, server);
		return;
	}
	if (samples < SAMPLES)
		sample[samples++] = (uint32_t)(now_us() - client[i].began_us);
	begin(i);
}

static void begin_lost_again(void)
{
	int64_t now = now_us();
	for (unsigned i = 0; i < clients; i++)
		if (now - client[i].began_us > LOST_AFTER_US) {
			lost++;
			begin(i);
		}
}

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(68) };
	int yes = 1, room = 1 << 20;
	if (argc != 5 || !mac_parse(&mac, argv[2]) || (clients = (unsigned)atoi(argv[4])) == 0 ||
		clients > CLIENTS_MAX) {
		fprintf(stderr, "usage: dhcp-load INTERFACE MAC SECONDS OUTSTANDING\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[1], (socklen_t)strlen(argv[1])) <
			0 ||
		bind(fd, (struct sockaddr *)&here, sizeof here) < 0) {
		perror("dhcp-load");
		return 1;
	}
	int64_t began = now_us(), end = began + atoi(argv[3]) * (int64_t)1000000;
	for (unsigned i = 0; i < clients; i++) {
		client[i].xid = i;
		begin(i);
	}
	while (now_us() < end) {
		uint8_t bytes[1500];
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;
		if (poll(&p, 1, 100) < 0)
			return 1;
		while ((n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0)
			hear(bytes, (size_t)n);
		begin_lost_again();
	}
	qsort(sample, samples, sizeof *sample, order);
	printf("%.0f %u %u %u\n", samples * 1e6 / (double)(now_us() - began),
		samples ? sample[samples / 2] : 0, samples ? sample[samples * 99 / 100] : 0, lost);
	return samples == 0;
}
