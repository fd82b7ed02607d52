/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See guard_nft_talk.h. */
#include "drivers/guard_nft_talk.h"

#include <errno.h>
#include <libnftnl/common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_LEN = 65536 };

int nft_open(struct nft *ret, struct err *e)
{
	*ret = (struct nft){ .seq = 1 };
	ret->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!ret->socket)
		return err_set(e, errno, "guard: netlink socket");
	if (mnl_socket_bind(ret->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_set(e, errno, "guard: bind the netlink socket");
	/* An error comes with the head of what was refused, not with all of it. */
	mnl_socket_setsockopt(ret->socket, NETLINK_CAP_ACK, &(int){ 1 }, sizeof(int));
	return 0;
}

void nft_drop(struct nft *n)
{
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n->batch);
	*n = (struct nft){ .socket = NULL };
}

struct nlmsghdr *nft_question(
	struct nft *n, char to[NFT_MESSAGE_MAX], uint16_t type, uint16_t family, uint16_t flags)
{
	/* One that is no dump ends with an answer only where it is asked to. */
	uint16_t end = flags & NLM_F_DUMP ? 0 : NLM_F_ACK;
	return nftnl_nlmsg_build_hdr(to, type, family, flags | end, n->seq++);
}

int nft_ask(struct nft *n, const struct nlmsghdr *question, mnl_cb_t cb, void *ctx)
{
	static char answer[ANSWER_LEN];
	int r = MNL_CB_OK;
	if (mnl_socket_sendto(n->socket, question, question->nlmsg_len) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t len = mnl_socket_recvfrom(n->socket, answer, sizeof answer);
		if (len < 0)
			return -errno;
		r = mnl_cb_run(answer, (size_t)len, question->nlmsg_seq,
			mnl_socket_get_portid(n->socket), cb, ctx);
	}
	return r < 0 ? -errno : 0;
}

int nft_batch_begin(struct nft *n, size_t room, struct err *e)
{
	free(n->batch);
	n->room = room + 2 * NFT_MESSAGE_MAX;
	n->batch = malloc(n->room);
	if (!n->batch)
		return err_set(e, ENOMEM, "guard");
	n->len = 0;
	n->begun = n->seq;
	nftnl_batch_begin(n->batch, n->seq++);
	return 0;
}

/* The head says how long the last message has become. */
static void message_end(struct nft *n)
{
	const struct nlmsghdr *last = (const struct nlmsghdr *)(n->batch + n->len);
	n->len += MNL_ALIGN(last->nlmsg_len);
}

struct nlmsghdr *nft_message(struct nft *n, uint16_t type, uint16_t family, uint16_t flags)
{
	message_end(n);
	if (n->room - n->len < 2 * NFT_MESSAGE_MAX)
		return NULL;
	return nftnl_nlmsg_build_hdr(n->batch + n->len, type, family, flags | NLM_F_ACK, n->seq++);
}

int nft_batch_messages(const struct nft *n)
{
	return (int)(n->seq - n->begun) - 1;
}

/* Every message is answered, and all of that waits once the batch has been taken. */
static int answers_read(struct nft *n, int messages, int *at)
{
	static char answer[ANSWER_LEN];
	for (int seen = 0; seen < messages;) {
		ssize_t len = mnl_socket_recvfrom(n->socket, answer, sizeof answer);
		if (len < 0)
			return -errno;
		int left = (int)len;
		for (struct nlmsghdr *h = (struct nlmsghdr *)answer; mnl_nlmsg_ok(h, left);
			h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *said = mnl_nlmsg_get_payload(h);
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			if (said->error) {
				*at = (int)(h->nlmsg_seq - n->begun) - 1;
				return said->error;
			}
			/* Newer kernels answer the batch's own frame, too, where it asks. */
			seen += h->nlmsg_seq != n->begun;
		}
	}
	return 0;
}

int nft_batch_send(struct nft *n, int *at)
{
	message_end(n);
	int messages = nft_batch_messages(n);
	nftnl_batch_end(n->batch + n->len, n->seq++);
	message_end(n);
	int size = (int)n->len * 2, fd = mnl_socket_get_fd(n->socket);
	*at = -1;
	/* A batch is one datagram. Where this is refused the sending fails, and says so. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	int r = mnl_socket_sendto(n->socket, n->batch, n->len) < 0 ? -errno
								   : answers_read(n, messages, at);
	free(n->batch);
	n->batch = NULL;
	return r;
}
