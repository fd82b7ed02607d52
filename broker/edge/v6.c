/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See v6.h. */
#include "edge/v6.h"

#include <sys/socket.h>

#include "edge/notice.h"
#include "wire/dhcpv6.h"
#include "wire/frame.h"
#include "wire/router.h"

enum { AT_ONCE = 64 };
_Static_assert((int)DHCPV6_ANSWER_MAX >= (int)ROUTER_ANSWER_LEN, "one buffer for both");

void v6_serve(const struct port *p, const struct table *t, int events, uint64_t now_s)
{
	uint8_t in[FRAME_MAX], out[DHCPV6_ANSWER_MAX];
	struct mac asked;
	bool is_persona;
	for (int i = 0; i < AT_ONCE; i++) {
		const char *what = NULL;
		ssize_t n = recv(p->fd, in, sizeof in, MSG_DONTWAIT);
		if (n < 0)
			return;
		port_heard(p, 0, 0, in, (size_t)n);
		size_t len = router_answer(out, &asked, &p->mac, in, (size_t)n);
		if (len == 0)
			len = dhcpv6_answer(out, &asked, &what, &p->mac, in, (size_t)n);
		const struct table_nic *nic = len && t ? table_find(t, &asked, &is_persona) : NULL;
		if (!nic)
			continue;
		/* Of solicitations each start of iPXE sends some: no news. */
		if (what)
			notice_v6(events, &asked, what, nic, t, now_s);
		if (send(p->fd, out, len, MSG_DONTWAIT) < 0)
			return; /* lost, as on any wire: whoever asked asks again */
	}
}
