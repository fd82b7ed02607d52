/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small words over arrays and embedded structs, used everywhere. */
#pragma once
#include <stddef.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
