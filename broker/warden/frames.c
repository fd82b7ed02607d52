/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See frames.h. Offsets are those of a frame: 14 bytes of Ethernet, then IP. */
#include "warden/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"

enum { ETHERNET = 14, UDP = 17, ICMP6 = 58, WHOLE = 0xffff };

/* Of a socket: nothing is heard before the filter stands. */
struct hearing {
	const char *what; /* for the sentence */
	uint16_t protocol;
	struct sock_fprog filter;
	uint8_t groups[2][ETH_ALEN]; /* multicast MACs that the card lets through; zero: none */
};

static int join(int fd, int index, const uint8_t group[ETH_ALEN])
{
	struct packet_mreq m = {
		.mr_ifindex = index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = ETH_ALEN
	};
	if (!group[0])
		return 0;
	for (size_t i = 0; i < ETH_ALEN; i++)
		m.mr_address[i] = group[i];
	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof m);
}

static int hear(int fd, int index, const struct hearing *h)
{
	int yes = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &h->filter, sizeof h->filter) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) < 0)
		return -1;
	return join(fd, index, h->groups[0]) < 0 ? -1 : join(fd, index, h->groups[1]);
}

static int open_frames(const char *interface, const struct hearing *h, struct err *e)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(h->protocol),
		.sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = fd >= 0 && at.sll_ifindex && (!h->protocol || hear(fd, at.sll_ifindex, h) == 0) &&
		  bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
	if (ok)
		return fd;
	err_set(e, errno, "%s on %s", h->what, interface);
	if (fd >= 0)
		close(fd);
	return -e->code;
}

int frames_open_raw(const char *interface, struct err *e)
{
	return open_frames(interface, &(struct hearing){ .what = "packets" }, e);
}

int frames_open_v6(const char *interface, struct err *e)
{
	enum { NEXT = ETHERNET + 6, TYPE = ETHERNET + 40, DEST = ETHERNET + 40 + 2 };
	enum { SOLICITATION = 133, DHCP6_SERVER = 547 };
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NEXT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UDP, 0, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, DEST),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP6_SERVER, 3, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOLICITATION, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, WHOLE),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	static const struct hearing v6 = { .what = "IPv6 questions",
		.protocol = ETH_P_IPV6,
		.filter = { COUNT(code), code },
		/* all routers; all DHCPv6 servers and relays: ff02::2, ff02::1:2 */
		.groups = { { 0x33, 0x33, 0, 0, 0, 2 }, { 0x33, 0x33, 0, 1, 0, 2 } } };
	return open_frames(interface, &v6, e);
}

int frames_open_heard(const char *interface, struct err *e)
{
	enum { FRAGMENT = ETHERNET + 6, PROTOCOL = ETHERNET + 9, OFFSET = 0x1fff };
	enum { SERVER = 67, CLIENT = 68 };
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UDP, 0, 8),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, FRAGMENT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, OFFSET, 6, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETHERNET), /* X: the length of IP's head */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETHERNET),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SERVER, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETHERNET + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLIENT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, WHOLE),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	static const struct hearing heard = { .what = "DHCP servers' answers",
		.protocol = ETH_P_IP,
		.filter = { COUNT(code), code } };
	return open_frames(interface, &heard, e);
}
