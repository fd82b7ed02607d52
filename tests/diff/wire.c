/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cursor.h"
#include "wire/frame.h"

enum { DHCP_LEAST = 240, AT_GIADDR = 24, AT_CHADDR = 28, UDP = 17, FROM_A_RELAY = 0xfe };

int wire_open(struct wire *w, const char *text, struct err *e)
{
	char addr[IP4_TEXT], mac[MAC_TEXT];
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	if (sscanf(text, "%15[^=]=%15[0-9.]@%17s", w->interface, addr, mac) != 3 ||
		!ip4_parse(&w->server, addr) || !mac_parse(&w->server_mac, mac))
		return err_say(e, EINVAL, "%s: want INTERFACE=ADDRESS@MAC of the server", text);
	at.sll_ifindex = (int)if_nametoindex(w->interface);
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&at, sizeof at) < 0)
		return err_set(e, errno, "packets on %s", w->interface);
	return 0;
}

static bool has_relay(const struct engine_ask *ask)
{
	static const uint8_t none[4];
	const uint8_t *bytes = ask->bytes;
	return ask->len >= AT_CHADDR && memcmp(bytes + AT_GIADDR, none, sizeof none) != 0;
}

int wire_send(const struct wire *w, const struct engine_ask *ask, struct err *e)
{
	uint8_t bytes[FRAME_MAX];
	const uint8_t *dhcp = ask->bytes;
	bool relayed = has_relay(ask), unicast = ask->unicast || relayed;
	struct frame f = {
		.from = { { 2, 0, 0, 0, 0, FROM_A_RELAY } },
		.to = { { 255, 255, 255, 255, 255, 255 } },
		.source = ask->from,
		.dest = unicast ? ask->here : INADDR_BROADCAST,
		.source_port = relayed ? 67 : 68,
		.dest_port = ask->pxe ? 4011 : 67,
	};
	if (unicast)
		f.to = w->server_mac;
	if (!relayed && ask->len >= AT_CHADDR + sizeof f.from)
		memcpy(&f.from, dhcp + AT_CHADDR, sizeof f.from);
	if (relayed) {
		struct reader r = reader_of(dhcp + AT_GIADDR, 4);
		f.source = read_be32(&r);
	}
	size_t len = frame_make(bytes, &f, dhcp, ask->len);
	if (len == 0)
		return err_say(e, EMSGSIZE, "the question is too long for a frame");
	return send(w->fd, bytes, len, 0) < 0 ? err_set(e, errno, "%s", w->interface) : 0;
}

/* What the server sent, if it is UDP and long enough for DHCP. */
static bool read_frame(const struct wire *w, struct heard *h, size_t len)
{
	struct reader r = reader_of(h->frame, len);
	struct mac from;
	read_copy(&r, h->to_mac.b, 6);
	read_copy(&r, from.b, 6);
	if (read_be16(&r) != ETH_P_IP || !mac_equal(&from, &w->server_mac))
		return false;
	unsigned head = (read_u8(&r) & 15u) * 4;
	read_bytes(&r, 8);
	if (read_u8(&r) != UDP || head < 20)
		return false;
	read_bytes(&r, 2);
	h->from = read_be32(&r);
	h->to = read_be32(&r);
	read_bytes(&r, head - 20);
	h->from_port = read_be16(&r);
	h->to_port = read_be16(&r);
	uint16_t udp_len = read_be16(&r);
	read_bytes(&r, 2);
	if (r.bad || udp_len < 8u + DHCP_LEAST)
		return false;
	h->len = udp_len - 8u;
	h->dhcp = read_bytes(&r, h->len);
	return h->dhcp != NULL;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool wire_hear(const struct wire *w, struct heard *ret, unsigned wait_ms)
{
	const int64_t until = now_ms() + wait_ms;
	struct pollfd p = { .fd = w->fd, .events = POLLIN };
	for (int64_t left = wait_ms; left >= 0; left = until - now_ms()) {
		if (poll(&p, 1, (int)left) != 1)
			continue;
		ssize_t n = recv(w->fd, ret->frame, sizeof ret->frame, 0);
		if (n > 0 && read_frame(w, ret, (size_t)n))
			return true;
	}
	return false;
}
