/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets that need rights to open: made once by the warden, given to whoever serves them, and
 * kept, so that a request waits in the kernel while a child is started again. */
#pragma once
#include "host/spawn.h"
#include "warden/site.h"

enum { KINDS_PER_INTERFACE = 6, SOCKET_NAME = 32 };

struct sockets {
	/* dhcp. pxe. tftp. raw. v6. heard. of each interface; http. of each */
	struct spawn_fd edge[INTERFACES_MAX * KINDS_PER_INTERFACE];
	struct spawn_fd files[INTERFACES_MAX];
	unsigned edges, filess;
	int api;
	char names[INTERFACES_MAX * (KINDS_PER_INTERFACE + 1)][SOCKET_NAME];
	unsigned named;
};

int sockets_open(struct sockets *ret, const struct site *s, struct err *e);

/* run_dir/api.sock, 0660, group_api; one that an earlier warden left is replaced. */
int sockets_open_api(struct sockets *ret, const struct site *s, struct err *e);
