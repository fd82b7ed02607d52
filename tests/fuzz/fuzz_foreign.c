/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any frame as one that the edge heard from port 67: what a foreign DHCP server said. Whoever is
 * named has a unicast MAC, and our own question is never taken for an answer. */
#include <assert.h>

#include "wire/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct foreign f;
	struct mac mac;
	if (!foreign_read(&f, data, size))
		return 0;
	assert(mac_is_unicast(&f.mac) && size > FRAME_HEAD + 240);
	assert(!foreign_is_probe(&mac, data + FRAME_HEAD, size - FRAME_HEAD, 0) ||
		(data[14] & 15) > 5); /* with options in the IP head the message lies elsewhere */
	return 0;
}
