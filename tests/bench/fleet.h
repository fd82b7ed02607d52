/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fleet of every figure about DHCP: machine i has MAC 02:00:00:00:00:00 + i and the address
 * 10.64.0.0 + i, on a network 10.0.0.0/8 that the server is 10.0.0.1 on and a relay 10.0.0.2. A
 * stranger has a MAC of another beginning, and an address of the pool or none. */
#pragma once
#include <stdint.h>

#include "base/ids.h"

enum {
	FLEET_SERVER = 0x0a000001,
	FLEET_RELAY = 0x0a000002,
	FLEET_ADDR = 0x0a400000,
	FLEET_POOL = 0x0a800001,
	FLEET_MAX = 1000000, /* below the pool, and room for it */
	FLEET_KNOWN = 0x02,  /* first byte of a MAC */
	FLEET_STRANGER = 0x06,
	FLEET_LEASE_S = 3600,
};

static inline struct mac fleet_mac(uint8_t first, uint32_t i)
{
	return (struct mac){ { first, 0, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8),
		(uint8_t)i } };
}

static inline uint32_t fleet_addr(uint32_t i)
{
	return FLEET_ADDR + i;
}
