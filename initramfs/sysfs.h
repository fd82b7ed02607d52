/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words out of the kernel's sysfs. What cannot be read is empty or 0. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

/* The first line of a file. */
const char *sysfs_word(char *to, size_t len, const char *path);
/* "0x8086" in a folder's file. */
uint32_t sysfs_hex(const char *dir, const char *file);
/* The driver that a device's folder links to. */
void sysfs_driver(char to[32], const char *device);
