/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DHCP as firmware with iPXE and an OS say it, in whole frames: see wire.h. */
#include "tests/harness/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"

enum { FRAME_MAX = 2048, BOOTP_LEN = 236, COOKIE = 0x63825363, ETHER = 14, IP = 20, UDP = 8 };

void wire_make(int *wire, const char *interface, const char *addr)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(addr) };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*wire = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	strcpy(r.ifr_name, "lo");
	bool bad = sock < 0 || *wire < 0;
	r.ifr_flags = IFF_UP;
	bad = bad || ioctl(sock, SIOCSIFFLAGS, &r) < 0;
	strcpy(r.ifr_name, interface);
	r.ifr_flags = IFF_TAP | IFF_NO_PI;
	bad = bad || ioctl(*wire, TUNSETIFF, &r) < 0;
	memcpy(&r.ifr_addr, &a, sizeof a);
	bad = bad || ioctl(sock, SIOCSIFADDR, &r) < 0;
	a.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&r.ifr_netmask, &a, sizeof a);
	bad = bad || ioctl(sock, SIOCSIFNETMASK, &r) < 0;
	r.ifr_flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST;
	bad = bad || ioctl(sock, SIOCSIFFLAGS, &r) < 0;
	if (bad)
		bail("the wire: %s", strerror(errno));
	close(sock);
}

static void option(struct writer *w, uint8_t code, const void *bytes, size_t len)
{
	write_u8(w, code);
	write_u8(w, (uint8_t)len);
	write_bytes(w, bytes, len);
}

static void option_be32(struct writer *w, uint8_t code, uint32_t v)
{
	write_u8(w, code);
	write_u8(w, 4);
	write_be32(w, v);
}

static void options(struct writer *w, const struct body *b, bool request)
{
	static const uint8_t list[] = { 1, 3, 6, 12, 15, 43, 60, 66, 67, 175 };
	uint8_t uuid[17] = { 0 }, client[7] = { 1 };
	write_be32(w, COOKIE);
	option(w, 53, request ? "\3" : "\1", 1);
	memcpy(client + 1, b->card[body_wire(b)].mac.b, 6);
	option(w, 61, client, sizeof client);
	option(w, 55, list, sizeof list);
	option(w, 57, "\5\300", 2);
	if (b->os) {
		option(w, 60, "udhcp 1.35.0", 12);
	} else {
		memcpy(uuid + 1, b->uuid.b, 16);
		option(w, 60, "PXEClient:Arch:00000:UNDI:003016", 32);
		option(w, 77, "iPXE", 4);
		option(w, 93, "\0\0", 2);
		option(w, 97, uuid, sizeof uuid);
	}
	if (request) {
		option_be32(w, 50, b->addr);
		option_be32(w, 54, b->server);
	}
	write_u8(w, 255);
}

static void frame(struct writer *w, const struct body *b, bool request)
{
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	uint8_t zero[BOOTP_LEN] = { 0 };
	write_bytes(w, all, 6);
	write_bytes(w, b->card[body_wire(b)].mac.b, 6);
	write_be16(w, 0x0800);
	uint8_t *ip = w->at;
	write_u8(w, 0x45);
	write_u8(w, 0);
	write_be16(w, 0); /* the length, below */
	write_be32(w, 0);
	write_u8(w, 64);
	write_u8(w, 17);
	write_be16(w, 0);
	write_be32(w, 0);
	write_be32(w, 0xffffffff);
	uint8_t *udp = w->at;
	write_be16(w, 68);
	write_be16(w, 67);
	write_be16(w, 0);
	write_be16(w, 0); /* no checksum */
	write_u8(w, 1);
	write_u8(w, 1);
	write_u8(w, 6);
	write_u8(w, 0);
	write_be32(w, b->xid);
	write_be16(w, 0);
	write_be16(w, 0x8000); /* its answer by broadcast */
	write_bytes(w, zero, 16);
	write_bytes(w, b->card[body_wire(b)].mac.b, 6);
	write_bytes(w, zero, BOOTP_LEN - 34);
	options(w, b, request);
	size_t len = (size_t)(w->at - ip);
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	udp[4] = (uint8_t)((len - IP) >> 8);
	udp[5] = (uint8_t)(len - IP);
	uint32_t sum = 0;
	for (int i = 0; i < IP; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

void wire_say(struct body *b, bool request)
{
	uint8_t bytes[FRAME_MAX];
	struct writer w = writer_of(bytes, sizeof bytes);
	enum body_fault fault = b->times ? b->dhcp : BODY_WELL;
	b->times -= fault != BODY_WELL;
	frame(&w, b, request);
	if (fault == BODY_UNHEARD)
		return;
	for (int i = 0; i < (fault == BODY_TWICE ? 2 : 1); i++)
		if (write(b->site->wire[body_wire(b)], bytes, writer_used(&w)) < 0)
			bail("the wire: %s", strerror(errno));
	/* Its answer is lost: it is to another question. */
	if (fault == BODY_UNANSWERED)
		b->xid++;
	b->site->moved = true;
}

void wire_renew(struct body *b)
{
	b->xid = (uint32_t)random();
	wire_say(b, true);
}

static void reply(struct body *b, struct reader r, uint32_t yours, const uint8_t *file)
{
	char name[URL_LEN];
	uint8_t kind = 0, code;
	snprintf(name, sizeof name, "%.127s", (const char *)file);
	while (!r.bad && (code = read_u8(&r)) != 255) {
		if (code == 0)
			continue;
		uint8_t len = read_u8(&r);
		const uint8_t *value = read_bytes(&r, len);
		if (!value)
			return;
		if (code == 53 && len == 1)
			kind = *value;
		else if (code == 54 && len == 4)
			b->server = (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 |
				    (uint32_t)value[2] << 8 | value[3];
		else if (code == 67)
			snprintf(name, sizeof name, "%.*s", len, (const char *)value);
	}
	b->site->moved = true;
	if (kind == 2 && b->at == BODY_ASK) {
		b->addr = yours;
		b->at = BODY_REQUEST;
		b->next_ns = site_now_ns(b->site) + 4 * SECOND_NS;
		wire_say(b, true);
	} else if (kind == 5 && b->at == BODY_REQUEST) {
		body_bound(b, yours, name);
	}
}

static void heard(struct site *s, unsigned wire, const uint8_t *bytes, size_t len)
{
	struct reader r = reader_of(bytes, len);
	read_bytes(&r, 12);
	uint16_t type = read_be16(&r);
	uint8_t first = read_u8(&r);
	if (r.bad || type != 0x0800 || first >> 4 != 4 || len < ETHER + IP ||
		bytes[ETHER + 9] != 17)
		return;
	read_bytes(&r, (size_t)(first & 15) * 4 - 1);
	if (read_be16(&r) != 67 || read_be16(&r) != 68)
		return;
	read_bytes(&r, 4);
	const uint8_t *bootp = read_bytes(&r, BOOTP_LEN);
	if (!bootp || read_be32(&r) != COOKIE)
		return;
	struct reader at = reader_of(bootp + 4, 4), yours = reader_of(bootp + 16, 4);
	uint32_t xid = read_be32(&at);
	for (int i = 0; i < BODIES; i++) {
		struct body *b = s->body[i];
		if (b->on && body_wire(b) == wire && b->xid == xid &&
			(b->at == BODY_ASK || b->at == BODY_REQUEST) &&
			memcmp(bootp + 28, b->card[body_wire(b)].mac.b, 6) == 0)
			reply(b, r, read_be32(&yours), bootp + 108);
	}
}

void bodies_take(struct site *s)
{
	uint8_t bytes[FRAME_MAX];
	ssize_t n;
	for (unsigned i = 0; i < WIRES; i++)
		while ((n = read(s->wire[i], bytes, sizeof bytes)) > 0)
			heard(s, i, bytes, (size_t)n);
}
