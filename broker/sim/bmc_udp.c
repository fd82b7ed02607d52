/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI at a socket. */
#include <errno.h>

#include "sim/bmc.h"

int udp_open(struct sim *s, const char *at, struct err *e)
{
	(void)s;
	return err_say(e, ENOTSUP, "%s: no IPMI", at);
}

void udp_close(struct sim *s)
{
	(void)s;
}
