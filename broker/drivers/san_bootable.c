/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bootable disk looks like: see drivers/san.h. */
#include <string.h>

#include "drivers/san.h"

enum {
	MBR_CODE_LEN = 440, /* boot code; then the disk's mark and the table of partitions */
	MBR_MARK_AT = 510,
	MBR_LEN = 512,
};

bool san_bootable(const uint8_t *blocks, size_t len, uint32_t block_len)
{
	static const uint8_t gpt_mark[8] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };
	if (len >= block_len + sizeof gpt_mark &&
		memcmp(blocks + block_len, gpt_mark, sizeof gpt_mark) == 0)
		return true;
	if (len < MBR_LEN || blocks[MBR_MARK_AT] != 0x55 || blocks[MBR_MARK_AT + 1] != 0xaa)
		return false;
	for (size_t i = 0; i < MBR_CODE_LEN; i++)
		if (blocks[i])
			return true;
	return false;
}
