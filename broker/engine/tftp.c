/* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */
/* dnsmasq's TFTP on our sockets: see engine.h. All transfers of an interface share its socket
 * (OPT_SINGLE_PORT), so that no socket is made once the jail is entered. */
#include "engine/seams.h"

#include "engine/engine.h"

enum { TRANSFERS_MAX = 4096 };

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

void engine_tftp_read(int fd, uint64_t now_s)
{
	struct listener socket = {
		.fd = -1, .tcpfd = -1, .tftpfd = fd, .addr.sa.sa_family = AF_INET
	};
	tftp_request(&socket, (time_t)now_s);
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
