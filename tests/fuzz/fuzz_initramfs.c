/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the archives of an initramfs, walked for some drivers: once whole, once in pieces
 * whose length the first byte says. Both see the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "wire/modules.h"
#include "wire/newc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const wanted[] = { "e1000", "virtio_net",
	"pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00", "virtio:d00000001v00001AF4" };

static bool file(void *of, const char *name, uint32_t mode)
{
	return modules_file(of, name, mode);
}

static void bytes(void *of, const uint8_t *b, size_t n)
{
	modules_bytes(of, b, n);
}

static void end(void *of)
{
	modules_end(of);
}

static size_t walk(struct modules *m, struct newc *w, const uint8_t *data, size_t size, size_t step)
{
	size_t at = 0;
	*w = (struct newc){ .to = { file, bytes, end, m } };
	while (at < size) {
		size_t n = step < size - at ? step : size - at, took = newc_feed(w, data + at, n);
		assert(took <= n);
		assert(took == n || w->state == NEWC_FOREIGN || w->state == NEWC_BAD);
		at += took;
		if (took < n)
			break;
	}
	return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	OWN(modules) struct modules *a = modules_new(wanted, COUNT(wanted));
	OWN(modules) struct modules *b = modules_new(wanted, COUNT(wanted));
	struct newc whole, pieces;
	struct modules_seen seen, again;
	if (!a || !b)
		return 0;
	size_t at = walk(a, &whole, data + 1, size - 1, size);
	size_t also = walk(b, &pieces, data + 1, size - 1, 1U + data[0]);
	assert(whole.state == pieces.state && (whole.state == NEWC_BAD || at == also));
	modules_seen(&seen, a);
	modules_seen(&again, b);
	assert(strcmp(seen.version, again.version) == 0 && seen.modules == again.modules);
	for (unsigned i = 0; i < COUNT(wanted); i++) {
		struct module_found f, g;
		modules_found(&f, a, i);
		modules_found(&g, b, i);
		assert(f.is == g.is && strcmp(f.module, g.module) == 0);
		assert(f.is != MODULE_FILE || seen.modules > 0);
	}
	return 0;
}
