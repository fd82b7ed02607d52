/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See router.h. */
#include "wire/router.h"

#include "wire/ip6.h"

enum {
	HOPS = 255, /* proves that no router has passed it on */
	SOLICITATION = 133,
	ADVERTISEMENT = 134,
	ADVERTISEMENT_LEN = ROUTER_ANSWER_LEN - IP6_HEAD,
	SOLICITATION_MIN = 8,
};

static bool is_solicitation(const struct ip6 *p)
{
	return p->next == IP6_ICMP && p->hops == HOPS && p->len >= SOLICITATION_MIN &&
	       p->payload[0] == SOLICITATION && p->payload[1] == 0 && ip6_sum(p) == 0;
}

size_t router_answer(uint8_t to[ROUTER_ANSWER_LEN], struct mac *asked, const struct mac *ours,
	const void *frame, size_t len)
{
	struct ip6 in;
	if (!ip6_read(&in, frame, len) || !is_solicitation(&in))
		return 0;
	*asked = in.from;
	/* Type, code, sum; hop limit, flags, lifetime, both timers: all "not said". */
	uint8_t message[ADVERTISEMENT_LEN] = { ADVERTISEMENT };
	struct ip6 out = ip6_back(&in, ours);
	out.payload = message;
	out.len = sizeof message;
	uint16_t sum = ip6_sum(&out);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
	return ip6_write(to, ROUTER_ANSWER_LEN, &out);
}
