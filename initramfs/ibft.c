/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See ibft.h. Numbers are little-endian, addresses are IPv6 ones with IPv4 inside, and what is of
 * no fixed length stands in a heap behind the structures, each with a NUL. */
#include "initramfs/ibft.h"

#include <stdio.h>
#include <string.h>

/* Ids, lengths and places of the structures; each begins with id, version, length, index, flags. */
enum {
	CONTROL = 1,
	CONTROL_AT = 0x30,
	CONTROL_LEN = 18,
	INITIATOR = 2,
	INITIATOR_AT = 0x48,
	INITIATOR_LEN = 74,
	NIC = 3,
	NIC_AT = 0x98,
	NIC_LEN = 102,
	TARGET = 4,
	TARGET_AT = 0x100,
	TARGET_LEN = 54,
	TARGET_STEP = 0x38,
	HEAP_AT = TARGET_AT + IBFT_TARGETS * TARGET_STEP,
	VALID = 1,
	BOOTED = 2,
	ORIGIN_DHCP = 3,
	CHAP_NONE = 0,
	CHAP_ONE_WAY = 1,
	CHAP_MUTUAL = 2,
	LUN_FLAT_FROM = 256,
	LUN_FLAT = 0x4000, /* SAM-5, 4.7.7 */
};

_Static_assert(HEAP_AT + 2 * (IQN_LEN + 1) + NAME_LEN + 1 +
			       IBFT_TARGETS * (IQN_LEN + 1 + 4 * (SECRET_LEN + 1)) <=
		       IBFT_MOST,
	"the longest words fit");

struct ibft {
	uint8_t *b;
	size_t end;
};

static void put_16(uint8_t *to, unsigned v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

static void put_addr(uint8_t *to, uint32_t addr)
{
	to[10] = to[11] = 0xff;
	for (int i = 0; i < 4; i++)
		to[12 + i] = (uint8_t)(addr >> (24 - 8 * i));
}

static void put_text(struct ibft *t, uint8_t *to, const char *text)
{
	size_t len = strlen(text);
	if (!len)
		return;
	put_16(to, (unsigned)len);
	put_16(to + 2, (unsigned)t->end);
	memcpy(t->b + t->end, text, len + 1);
	t->end += len + 1;
}

static uint8_t *structure(struct ibft *t, unsigned at, unsigned id, unsigned len, unsigned flags)
{
	uint8_t *s = t->b + at;
	s[0] = (uint8_t)id;
	s[1] = 1;
	put_16(s + 2, len);
	s[5] = (uint8_t)flags;
	return s;
}

static void put_nic(struct ibft *t, const struct handover *h, const char *pci)
{
	unsigned bus = 0, slot = 0, function = 0;
	uint8_t *s = structure(t, NIC_AT, NIC, NIC_LEN, VALID | BOOTED);
	put_addr(s + 6, h->addr);
	s[22] = (uint8_t)h->prefix;
	s[23] = ORIGIN_DHCP;
	if (h->gateway)
		put_addr(s + 24, h->gateway);
	if (h->dns)
		put_addr(s + 40, h->dns);
	put_addr(s + 72, h->server);
	memcpy(s + 90, h->mac.b, sizeof h->mac.b);
	if (sscanf(pci, "%*4x:%2x:%2x.%1x", &bus, &slot, &function) == 3)
		put_16(s + 96, bus << 8 | slot << 3 | function);
	put_text(t, s + 98, h->persona);
}

static void put_target(struct ibft *t, unsigned n, const struct handover *h, unsigned path)
{
	uint8_t *s = structure(t, TARGET_AT + n * TARGET_STEP, TARGET, TARGET_LEN,
		n == 0 ? VALID | BOOTED : VALID);
	unsigned lun = h->lun < LUN_FLAT_FROM ? h->lun : h->lun | LUN_FLAT;
	s[4] = (uint8_t)n;
	put_addr(s + 6, h->path[path].addr);
	put_16(s + 22, h->path[path].port);
	s[24] = (uint8_t)(lun >> 8);
	s[25] = (uint8_t)lun;
	s[32] = *h->mutual_user ? CHAP_MUTUAL : *h->user ? CHAP_ONE_WAY : CHAP_NONE;
	put_text(t, s + 34, h->target);
	put_text(t, s + 38, h->user);
	put_text(t, s + 42, h->secret);
	put_text(t, s + 46, h->mutual_user);
	put_text(t, s + 50, h->mutual_secret);
}

/* In capitals, as ACPI 6 has it and as Linux takes it from an initramfs; it looks for both. */
static void put_head(struct ibft *t)
{
	uint8_t sum = 0;
	memcpy(t->b, "IBFT", 4);
	put_16(t->b + 4, (unsigned)t->end);
	t->b[8] = 1;
	memcpy(t->b + 10, "BATON BATON   ", 14);
	for (size_t i = 0; i < t->end; i++)
		sum = (uint8_t)(sum + t->b[i]);
	t->b[9] = (uint8_t)-sum;
}

size_t ibft_make(uint8_t to[IBFT_MOST], const struct handover *h, unsigned first, const char *pci)
{
	struct ibft t = { to, HEAP_AT };
	memset(to, 0, IBFT_MOST);
	uint8_t *control = structure(&t, CONTROL_AT, CONTROL, CONTROL_LEN, 0);
	put_16(control + 8, INITIATOR_AT);
	put_16(control + 10, NIC_AT);
	put_text(&t, structure(&t, INITIATOR_AT, INITIATOR, INITIATOR_LEN, VALID | BOOTED) + 70,
		h->initiator);
	put_nic(&t, h, pci);
	for (unsigned n = 0; n < IBFT_TARGETS && n < h->paths; n++) {
		put_16(control + 12 + 4 * n, TARGET_AT + n * TARGET_STEP);
		put_target(&t, n, h, (first + n) % h->paths);
	}
	put_head(&t);
	return t.end;
}
