/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least that could answer the load of dhcp-load.c: takes batches as baton-edge does, turns each
 * question into the answer that is wanted in place, decides nothing, sends. What it reaches is what
 * the path itself allows.  echo INTERFACE */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/fleet.h"

enum { BATCH = 32, ROOM = 1500, AT_YIADDR = 16, AT_MAC = 28, AT_TYPE = 242, ANSWER_LEN = 300 };

/* As dhcp-load writes it: option 53 stands first. 1 becomes 2, 3 becomes 5. */
static void turn(uint8_t *b)
{
	uint32_t addr =
		htonl(fleet_addr((uint32_t)b[AT_MAC + 2] << 24 | (uint32_t)b[AT_MAC + 3] << 16 |
				 (uint32_t)b[AT_MAC + 4] << 8 | b[AT_MAC + 5]));
	uint8_t type = b[AT_TYPE] == 1 ? 2 : 5;
	uint8_t options[] = { 53, 1, type, 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 0, 0,
		0, 255 };
	b[0] = 2;
	memcpy(b + AT_YIADDR, &addr, sizeof addr);
	memcpy(b + AT_TYPE - 2, options, sizeof options);
}

int main(int argc, char **argv)
{
	static uint8_t bytes[BATCH][ROOM];
	static struct mmsghdr m[BATCH];
	static struct sockaddr_in from[BATCH];
	static struct iovec iov[BATCH];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(67) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (argc != 2 ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[1], (socklen_t)strlen(argv[1])) <
			0 ||
		bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		perror("echo INTERFACE");
		return 1;
	}
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], ROOM };
			m[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
				.msg_namelen = sizeof from[i],
				.msg_iov = &iov[i],
				.msg_iovlen = 1 };
		}
		int n = recvmmsg(fd, m, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) {
			turn(bytes[i]);
			iov[i].iov_len = ANSWER_LEN;
		}
		if (n > 0 && sendmmsg(fd, m, (unsigned)n, 0) < 0 && errno != EAGAIN)
			return 1;
	}
}
