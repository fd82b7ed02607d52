/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's nf_tables by netlink: questions, and batches that hold whole or not at all. What is
 * said in them is guard_nft.c's affair. */
#pragma once
#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { NFT_MESSAGE_MAX = 32768 };

struct nft {
	struct mnl_socket *socket;
	uint32_t seq;
	char *batch; /* NULL: none is being made */
	size_t len, room;
	uint32_t begun; /* the seq of its first message */
};

int nft_open(struct nft *ret, struct err *e);
void nft_drop(struct nft *n);

/* A message for the buffer, and its answer: every part of it goes to cb. 0 or -errno, with no
 * sentence: -ENOENT is an answer, too. A dump that others changed meanwhile is -EINTR. */
struct nlmsghdr *nft_question(
	struct nft *n, char to[NFT_MESSAGE_MAX], uint16_t type, uint16_t family, uint16_t flags);
int nft_ask(struct nft *n, const struct nlmsghdr *question, mnl_cb_t cb, void *ctx);

/* A batch is begun, gets its messages one by one, each of NFT_MESSAGE_MAX bytes at most, and is
 * sent: nft_message() gives the head of one to be filled in, and takes the one before it for
 * done. NULL: there is no room. */
int nft_batch_begin(struct nft *n, size_t room, struct err *e);
struct nlmsghdr *nft_message(struct nft *n, uint16_t type, uint16_t family, uint16_t flags);
int nft_batch_messages(const struct nft *n); /* how many there are up to now */
/* 0, or -errno of the first message that the kernel refused, whose number in the batch, from 0, is
 * *at; or *at is -1, and it is the whole batch that was refused. Then nothing was changed. */
int nft_batch_send(struct nft *n, int *at);
