/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* dnsmasq's TFTP on our sockets: see engine.h. All transfers of an interface share its socket
 * (OPT_SINGLE_PORT), so that no socket is made once the jail is entered. */
#include "engine/seams.h"

#include "engine/engine.h"

enum { TRANSFERS_MAX = 4096, READ_REQUEST = 1 };

void engine_tftp_open(int boot_folder, unsigned mtu)
{
	seams_folder(boot_folder);
	daemon->tftp_max = TRANSFERS_MAX;
	daemon->tftp_mtu = (int)mtu;
}

void engine_interface(int index, const char *name)
{
	seams_interface(index, name);
}

static bool same_peer(const struct tftp_transfer *t, const struct sockaddr_in *from)
{
	return t->peer.in.sin_port == from->sin_port &&
	       t->peer.in.sin_addr.s_addr == from->sin_addr.s_addr;
}

/* A client that asks anew from the same port has given up what it had. dnsmasq would forget the
 * file of that transfer and leave it open: a thousand such questions, and no file and no table
 * could be opened any more. So the transfer is ended before dnsmasq sees the question. */
static void end_given_up(const struct sockaddr_in *from)
{
	for (struct tftp_transfer **at = &daemon->tftp_trans; *at; at = &(*at)->next) {
		struct tftp_transfer *t = *at;
		if (!same_peer(t, from))
			continue;
		*at = t->next;
		t->next = daemon->tftp_done_trans;
		daemon->tftp_done_trans = t;
		return;
	}
}

/* True, with its sender, when the packet that comes next asks for a file. */
static bool asks_for_file(struct sockaddr_in *from, int fd)
{
	unsigned char op[2];
	socklen_t len = sizeof *from;
	ssize_t n =
		recvfrom(fd, op, sizeof op, MSG_PEEK | MSG_DONTWAIT, (struct sockaddr *)from, &len);
	return n == sizeof op && op[0] == 0 && op[1] == READ_REQUEST;
}

void engine_tftp_read(int fd, uint64_t now_s,
	void (*refused)(void *ctx, uint32_t addr, const char *file, const char *why), void *ctx)
{
	struct listener socket = {
		.fd = -1, .tcpfd = -1, .tftpfd = fd, .addr.sa.sa_family = AF_INET
	};
	struct sockaddr_in from = { 0 };
	if (asks_for_file(&from, fd))
		end_given_up(&from);
	seams_refused_forget();
	tftp_request(&socket, (time_t)now_s);
	const struct seams_refused *r = seams_refused();
	if (r && refused)
		refused(ctx, ntohl(from.sin_addr.s_addr), r->file, r->why);
}

/* dnsmasq calls a transfer done, too, when the client gave up before it saw a byte, as a firmware
 * does that only wants to know the size. */
static bool whole(const struct tftp_transfer *t)
{
	return t->block > 0 && t->offset + (off_t)t->blocksize > t->file->size;
}

bool engine_tftp_work(uint64_t now_s,
	void (*sent)(void *ctx, uint32_t addr, const char *file, uint64_t bytes), void *ctx)
{
	/* No listener is known to dnsmasq, so this does only what is due by time: an ACK has made
	 * its transfer due now. */
	check_tftp_listeners((time_t)now_s);
	struct tftp_transfer *t;
	while ((t = daemon->tftp_done_trans)) {
		if (sent && whole(t))
			sent(ctx, ntohl(t->peer.in.sin_addr.s_addr),
				t->file->filename + strspn(t->file->filename, "/"),
				(uint64_t)t->file->size);
		do_tftp_script_run();
	}
	return daemon->tftp_trans != NULL;
}
