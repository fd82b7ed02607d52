/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI at a socket: packets in, packets out. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "sim/bmc.h"
#include "sim/ipmi_packet.h"

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	static char room[IPMI_PACKET_MAX + 1];
	(void)h, (void)suggested;
	*buf = uv_buf_init(room, sizeof room);
}

static void on_packet(
	uv_udp_t *u, ssize_t len, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags)
{
	struct sim *s = u->data;
	char answer[IPMI_PACKET_MAX];
	if (len <= 0 || !from || flags & UV_UDP_PARTIAL)
		return;
	sim_before(s);
	size_t n = ipmi_answer(s->ipmi, buf->base, (size_t)len, answer, sizeof answer);
	sim_after(s);
	uv_buf_t out = uv_buf_init(answer, (unsigned)n);
	/* One that the socket does not take now is lost, as any may be. */
	if (n)
		uv_udp_try_send(u, &out, 1, from);
}

int udp_open(struct sim *s, const char *at, struct err *e)
{
	struct sockaddr_in in;
	char address[INET_ADDRSTRLEN];
	int len = sizeof in, r = address_parse(&in, at, e);
	r = r < 0 ? r : ipmi_new(&s->ipmi, &s->machine, s->wants->user, s->secret, random_fill, e);
	if (r < 0)
		return r;
	uv_udp_init(&s->loop, &s->udp);
	s->udp.data = s;
	r = uv_udp_bind(&s->udp, (struct sockaddr *)&in, 0);
	r = r < 0 ? r : uv_udp_getsockname(&s->udp, (struct sockaddr *)&in, &len);
	r = r < 0 ? r : uv_udp_recv_start(&s->udp, on_room, on_packet);
	if (r < 0)
		return err_set(e, -r, "listen at %s", at);
	inet_ntop(AF_INET, &in.sin_addr, address, sizeof address);
	printf("ipmi %s:%u\n", address, ntohs(in.sin_port));
	return 0;
}

void udp_close(struct sim *s)
{
	if (s->ipmi)
		uv_close((uv_handle_t *)&s->udp, NULL);
	ipmi_free(s->ipmi);
	s->ipmi = NULL;
}
