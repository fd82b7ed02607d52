/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-edge: started by batond, which gives it its sockets and folders (host/given.h). It opens
 * nothing else, enters the jail, and answers. */
#include <stdio.h>

#include "edge/edge.h"
#include "host/jail.h"
#include "host/log.h"

static int run(struct edge *d, struct err *e)
{
	/* Beyond the basic ones: packets in batches, loans, packets as dnsmasq's TFTP does it,
	 * which reads files by their offset, asks who it is, and waits a little where a socket is
	 * full. */
	static const char *const calls[] = { "poll", "ppoll", "recvmmsg", "sendmmsg", "recvmsg",
		"sendmsg", "recvfrom", "sendto", "pwrite64", "fdatasync", "lseek", "geteuid",
		"clock_nanosleep", NULL };
	int r = edge_open(d, e);
	if (r < 0)
		return r;
	struct jail jail = { .folders = d->folders, .folder_count = 2, .calls = calls };
	r = jail_enter(&jail, e);
	if (r < 0)
		return r;
	log_event(EV_started, "sockets=%u jail=%s", d->ports.n, jail_word());
	edge_look(d);
	return edge_serve(d, e);
}

int main(void)
{
	static struct edge edge;
	struct err e = { 0 };
	log_open("baton-edge");
	if (run(&edge, &e) == 0)
		return 0;
	fprintf(stderr, "<3>baton-edge: %s\n", e.text);
	return 1;
}
