/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets in, sockets out: see port.h. */
#include "edge/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/list.h"
#include "engine/asked.h"
#include "host/box.h"
#include "host/given.h"
#include "wire/frame.h"

enum { QUESTION_MAX = 1500 };

struct opening {
	struct ports *ports;
	enum port_kind kind;
	bool full;
};

static void take_port(void *ctx, int fd, const char *interface)
{
	struct opening *o = ctx;
	if (o->ports->n == PORTS_MAX) {
		o->full = true;
		return;
	}
	struct port *p = &o->ports->port[o->ports->n++];
	*p = (struct port){ .kind = o->kind, .fd = fd, .raw = -1 };
	snprintf(p->interface, sizeof p->interface, "%s", interface);
}

static void take_raw(void *ctx, int fd, const char *interface)
{
	struct ports *ports = ctx;
	for (unsigned i = 0; i < ports->n; i++)
		if (strcmp(ports->port[i].interface, interface) == 0)
			ports->port[i].raw = fd;
}

/* What the jail will not let us ask any more. */
static int look_up(struct ports *ports, struct port *p, struct err *e)
{
	struct ifreq ask = { 0 };
	int yes = 1;
	memcpy(ask.ifr_name, p->interface, sizeof ask.ifr_name);
	if (ioctl(p->fd, SIOCGIFINDEX, &ask) < 0)
		return err_set(e, errno, "interface %s", p->interface);
	p->index = ask.ifr_ifindex;
	if (ioctl(p->fd, SIOCGIFHWADDR, &ask) < 0)
		return err_set(e, errno, "interface %s: hardware address", p->interface);
	memcpy(p->mac.b, ask.ifr_hwaddr.sa_data, sizeof p->mac.b);
	if (ioctl(p->fd, SIOCGIFMTU, &ask) < 0)
		return err_set(e, errno, "interface %s: MTU", p->interface);
	if (ports->mtu == 0 || (unsigned)ask.ifr_mtu < ports->mtu)
		ports->mtu = (unsigned)ask.ifr_mtu;
	/* A packet socket knows neither option. */
	if (p->kind < PORT_V6 &&
		(setsockopt(p->fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) < 0 ||
			setsockopt(p->fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) < 0))
		return err_set(e, errno, "socket on %s", p->interface);
	yes = 1;
	if (ioctl(p->fd, FIONBIO, &yes) < 0)
		return err_set(e, errno, "socket on %s", p->interface);
	return 0;
}

int ports_open(struct ports *p, struct err *e)
{
	static const char *const prefix[] = { "dhcp.", "pxe.", "tftp.", "v6.", "heard." };
	*p = (struct ports){ 0 };
	struct opening o = { .ports = p };
	for (size_t i = 0; i < COUNT(prefix); i++) {
		o.kind = (enum port_kind)i;
		given_each(prefix[i], take_port, &o);
	}
	if (o.full)
		return err_say(e, E2BIG, "more than %d sockets were given", PORTS_MAX);
	if (p->n == 0)
		return err_say(e, ENOENT,
			"no dhcp.IF, pxe.IF or tftp.IF was given: this program is started by "
			"batond");
	given_each("raw.", take_raw, p);
	for (unsigned i = 0; i < p->n; i++) {
		if (p->port[i].kind == PORT_DHCP && p->port[i].raw < 0)
			return err_say(e, ENOENT,
				"dhcp.%s was given without raw.%s, which reaches clients that have "
				"no address yet",
				p->port[i].interface, p->port[i].interface);
		int r = look_up(p, &p->port[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Room for what goes with one packet; aligned as the kernel's headers want it. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static const struct in_pktinfo *info_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			return (const struct in_pktinfo *)CMSG_DATA(c);
	return NULL;
}

unsigned port_read(const struct port *p, struct engine_ask ask[BATCH])
{
	static uint8_t bytes[BATCH][QUESTION_MAX + 1];
	static struct mmsghdr in[BATCH];
	static struct sockaddr_in from[BATCH];
	static struct iovec iov[BATCH];
	static union control control[BATCH];
	for (unsigned i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ bytes[i], sizeof bytes[i] };
		in[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
			.msg_namelen = sizeof from[i],
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = &control[i],
			.msg_controllen = sizeof control[i] };
	}
	int n = recvmmsg(p->fd, in, BATCH, MSG_DONTWAIT, NULL);
	unsigned got = 0;
	for (int i = 0; i < n; i++) {
		const struct in_pktinfo *info = info_of(&in[i].msg_hdr);
		if (!info || in[i].msg_len > QUESTION_MAX)
			continue;
		ask[got++] = (struct engine_ask){
			.bytes = bytes[i],
			.len = in[i].msg_len,
			.interface = p->interface,
			.interface_index = p->index,
			.here = ntohl(info->ipi_spec_dst.s_addr),
			.from = ntohl(from[i].sin_addr.s_addr),
			.from_port = ntohs(from[i].sin_port),
			.unicast = info->ipi_addr.s_addr == info->ipi_spec_dst.s_addr,
			.pxe = p->kind == PORT_PXE,
		};
	}
	return got;
}

/* From our own address on that network, out of that interface. */
static void control_for(union control *c, const struct port *p, const struct engine_answer *a)
{
	struct in_pktinfo info = { .ipi_ifindex = p->index,
		.ipi_spec_dst.s_addr = htonl(a->source) };
	/* A relay, and a client that renews past it, may be behind a router on another interface
	 * only if the routes say so: there the kernel chooses. */
	*c = (union control){ .head = { .cmsg_len = CMSG_LEN(sizeof info),
				      .cmsg_level = IPPROTO_IP,
				      .cmsg_type = IP_PKTINFO } };
	memcpy(CMSG_DATA(&c->head), &info, sizeof info);
}

/* Messages on their way, and the answers that they are of. */
struct outbox {
	struct mmsghdr out[BATCH];
	struct iovec iov[BATCH];
	struct engine_answer *of[BATCH];
	unsigned n;
};

static struct msghdr *outbox_add(
	struct outbox *o, struct engine_answer *a, const void *bytes, size_t len)
{
	unsigned i = o->n++;
	o->of[i] = a;
	o->iov[i] = (struct iovec){ (void *)bytes, len };
	o->out[i].msg_hdr = (struct msghdr){ .msg_iov = &o->iov[i], .msg_iovlen = 1 };
	return &o->out[i].msg_hdr;
}

static void not_sent(struct engine_answer *a)
{
	a->to = TO_NOBODY;
	a->why = silence_word(SILENCE_not_sent);
}

/* One message that fails (no route, interface down) must not take those behind it along. */
static void outbox_send(struct outbox *o, int fd)
{
	for (unsigned at = 0; at < o->n;) {
		int sent = sendmmsg(fd, o->out + at, o->n - at, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			not_sent(o->of[at]);
		at += sent > 0 ? (unsigned)sent : 1;
	}
}

static void send_udp(const struct port *p, struct engine_answer *answer, unsigned n, bool lends)
{
	struct outbox o = { .n = 0 };
	struct sockaddr_in to[BATCH];
	union control control[BATCH];
	for (unsigned i = 0; i < n; i++) {
		struct engine_answer *a = &answer[i];
		if (a->lends != lends || (a->to != TO_ADDR && a->to != TO_EVERYBODY))
			continue;
		to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons(a->port),
			.sin_addr.s_addr = htonl(a->addr) };
		control_for(&control[i], p, a);
		struct msghdr *m = outbox_add(&o, a, a->bytes, a->len);
		m->msg_name = &to[i];
		m->msg_namelen = sizeof to[i];
		m->msg_control = &control[i];
		m->msg_controllen = sizeof control[i];
	}
	outbox_send(&o, p->fd);
}

static void send_frames(const struct port *p, struct engine_answer *answer, unsigned n, bool lends)
{
	static uint8_t frame[BATCH][FRAME_MAX];
	struct outbox o = { .n = 0 };
	for (unsigned i = 0; i < n; i++) {
		struct engine_answer *a = &answer[i];
		if (a->lends != lends || a->to != TO_MAC)
			continue;
		struct frame f = { .from = p->mac,
			.to = a->mac,
			.source = a->source,
			.dest = a->addr,
			.source_port = PORT_SERVER,
			.dest_port = a->port };
		size_t len = frame_make(frame[i], &f, a->bytes, a->len);
		if (len > 0)
			outbox_add(&o, a, frame[i], len);
		else
			not_sent(a);
	}
	outbox_send(&o, p->raw);
}

void port_send(const struct port *p, struct engine_answer *answer, unsigned n, bool lends)
{
	send_udp(p, answer, n, lends);
	send_frames(p, answer, n, lends);
}

void port_heard(
	const struct port *p, uint32_t from, uint16_t from_port, const void *bytes, size_t len)
{
	static const char *const kind[] = { [PORT_DHCP] = "dhcp",
		[PORT_PXE] = "pxe",
		[PORT_TFTP] = "tftp",
		[PORT_V6] = "v6",
		[PORT_HEARD] = "heard" };
	box_put(kind[p->kind], p->interface, from, from_port, bytes, len);
}
