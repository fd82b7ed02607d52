/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of some wanted drivers an initramfs carries: told of its files one after the other, it
 * remembers the names of modules and which of them fit what is wanted. Pure; memory is bounded, and
 * names that no module has are passed over. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WANTED_MAX = 32, MODULE_LEN = 63, VERSION_LEN = 63 };

/* Of a kernel or a module: letters, digits and . _ + ~ - */
bool kernel_word_ok(const char *text, size_t len, size_t most);

enum module_is { MODULE_MISSING, MODULE_FILE, MODULE_BUILTIN };

struct module_found {
	enum module_is is;
	char module[MODULE_LEN + 1]; /* that fits; "": none is known that does */
};

struct modules;

/* wanted: a device's modalias ("pci:v00008086d..."), else a module's name. Borrowed. NULL without
 * memory. */
struct modules *modules_new(const char *const wanted[], unsigned n);
void modules_drop(struct modules **m);

/* A file of that path is there; is what it holds wanted? Then its bytes follow, and an end. */
bool modules_file(struct modules *m, const char *path, uint32_t mode);
void modules_bytes(struct modules *m, const uint8_t *bytes, size_t n);
void modules_end(struct modules *m);

struct modules_seen {
	char version[VERSION_LEN + 1]; /* of the kernel that they are for; "": there are none */
	unsigned modules;
	bool builtin, aliases; /* the lists of what is built in, and of what fits which device */
	bool too_many;         /* the answer would be a guess */
};

void modules_seen(struct modules_seen *ret, const struct modules *m);
void modules_found(struct module_found *ret, const struct modules *m, unsigned wanted);

/* Does the text fit a pattern of modules.alias (* ? [a-z])? Never takes longer than both lengths
 * multiplied. */
bool alias_fits(const char *pattern, const char *text);
