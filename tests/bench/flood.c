/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flood: COUNT DISCOVERs, each of another random MAC, as fast as they can be sent, through the
 * relay of fleet.h or (-b) by broadcast, heeding no answer.  flood [-b] COUNT INTERFACE
 * Prints packets a second. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/bench/fleet.h"

enum { BATCH = 64, QUESTION = 300, AT_XID = 4, AT_FLAGS = 10, AT_GIADDR = 24, AT_MAC = 28 };

static uint64_t next(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* Another sender than dhcp-load's, whose port 67 is taken on this side. */
static int open_socket(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			(socklen_t)strlen(interface)) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[BATCH][QUESTION];
	static struct mmsghdr m[BATCH];
	static struct iovec iov[BATCH];
	bool broadcast = argc == 4 && strcmp(argv[1], "-b") == 0;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(67) };
	struct timespec from, till;
	uint32_t relay = htonl(FLEET_RELAY);
	if (argc != 3 + broadcast)
		return fprintf(stderr, "usage: flood [-b] COUNT INTERFACE\n") ? 2 : 2;
	unsigned long count = strtoul(argv[1 + broadcast], NULL, 10);
	int fd = open_socket(argv[2 + broadcast]);
	to.sin_addr.s_addr = htonl(broadcast ? INADDR_BROADCAST : FLEET_SERVER);
	for (int i = 0; i < BATCH; i++) {
		uint8_t *b = bytes[i];
		memcpy(b, (uint8_t[]){ 1, 1, 6, !broadcast }, 4);
		memcpy(b + AT_FLAGS, (uint8_t[]){ broadcast ? 0x80 : 0, 0 }, 2);
		if (!broadcast)
			memcpy(b + AT_GIADDR, &relay, sizeof relay);
		memcpy(b + 236, (uint8_t[]){ 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255 }, 8);
		iov[i] = (struct iovec){ b, QUESTION };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &to,
			.msg_namelen = sizeof to,
			.msg_iov = &iov[i],
			.msg_iovlen = 1 };
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned long sent = 0; sent < count; sent += BATCH) {
		for (int i = 0; i < BATCH; i++) {
			uint64_t r = next();
			memcpy(bytes[i] + AT_XID, &r, 4);
			r = next();
			memcpy(bytes[i] + AT_MAC, &r, 6);
			bytes[i][AT_MAC] = FLEET_STRANGER;
		}
		if (fd < 0 || sendmmsg(fd, m, BATCH, 0) < 0) {
			perror("flood");
			return 1;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &till);
	printf("%.0f\n", (double)count / ((double)(till.tv_sec - from.tv_sec) +
						 (double)(till.tv_nsec - from.tv_nsec) / 1e9));
	return 0;
}
