/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any frame as one that the edge's IPv6 socket heard: router solicitations and DHCPv6. An answer
 * goes to the one who asked and to nobody else, its checksum is right, and it is never an answer to
 * an answer: two edges on one network do not talk to each other for ever. */
#include <assert.h>
#include <string.h>

#include "wire/dhcpv6.h"
#include "wire/ip6.h"
#include "wire/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mac ours = { { 0x02, 0, 0, 0, 0, 1 } }, other = { { 0x02, 0, 0, 0, 0, 2 } };

static size_t answer(uint8_t to[DHCPV6_ANSWER_MAX], struct mac *asked, const struct mac *from,
	const uint8_t *data, size_t size)
{
	const char *what;
	size_t len = router_answer(to, asked, from, data, size);
	assert(len == 0 || len == ROUTER_ANSWER_LEN);
	return len ? len : dhcpv6_answer(to, asked, &what, from, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t to[DHCPV6_ANSWER_MAX], again[DHCPV6_ANSWER_MAX];
	struct mac asked;
	struct ip6 p;
	size_t len = answer(to, &asked, &ours, data, size);
	if (len == 0)
		return 0;
	assert(len <= sizeof to && mac_is_unicast(&asked));
	assert(ip6_read(&p, to, len) && IP6_HEAD + p.len == len && ip6_sum(&p) == 0);
	assert(mac_equal(&p.to, &asked) && mac_equal(&p.from, &ours));
	assert(memcmp(p.dest, data + 22, sizeof p.dest) == 0);
	assert(answer(again, &asked, &other, to, len) == 0);
	return 0;
}
