/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of file systems that can be read, and FAT, which wire/fat.h reads: see volume.h. */
#include "drivers/volume.h"

#include <stdlib.h>

#include "base/list.h"
#include "wire/fat.h"

static const struct volume_ops *const kinds[] = { &volume_ext, &volume_fat };

const struct volume_ops *volume_of(enum part_kind kind)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (kinds[i]->kind == kind)
			return kinds[i];
	return NULL;
}

void volume_drop(struct volume **v)
{
	if (*v)
		(*v)->ops->close(*v);
	*v = NULL;
}

/* ------------------------------------------------------------------ FAT */

struct esp {
	struct volume volume;
	struct fat fat;
	struct fat_file file;
};

static int esp_open(struct volume **ret, const struct disk *d, const struct part *p, struct err *e)
{
	struct esp *x = calloc(1, sizeof *x);
	if (!x)
		return err_set(e, ENOMEM, "FAT");
	int r = fat_open(&x->fat, d, p, e);
	if (r < 0) {
		free(x);
		return r;
	}
	x->volume.ops = &volume_fat;
	*ret = &x->volume;
	return 0;
}

static void esp_close(struct volume *v)
{
	free(v);
}

struct listing {
	bool (*each)(void *of, const char *name);
	void *of;
};

static bool name_tell(void *of, const struct fat_entry *entry)
{
	struct listing *l = of;
	return l->each(l->of, entry->name);
}

static int esp_list(struct volume *v, const char *folder, bool (*each)(void *of, const char *name),
	void *of, struct err *e)
{
	struct esp *x = (struct esp *)v;
	struct listing l = { each, of };
	struct fat_file at;
	int r = fat_find(&at, &x->fat, folder, e);
	if (r == 0 && !at.folder)
		return err_say(e, ENOENT, "partition %u: %s is no folder", x->fat.part.n, folder);
	return r ? r : fat_list(&x->fat, &at, name_tell, &l, e);
}

static int esp_file(struct volume *v, const char *path, uint64_t *bytes, struct err *e)
{
	struct esp *x = (struct esp *)v;
	struct fat_file at;
	int r = fat_find(&at, &x->fat, path, e);
	if (r < 0)
		return r;
	if (at.folder)
		return err_say(e, ENOENT, "partition %u: %s is no plain file", x->fat.part.n, path);
	x->file = at;
	*bytes = at.bytes;
	return 0;
}

static int esp_next(struct volume *v, void *to, unsigned len, struct err *e)
{
	struct esp *x = (struct esp *)v;
	return fat_next(&x->fat, &x->file, to, len, e);
}

const struct volume_ops volume_fat = { .kind = PART_FAT,
	.open = esp_open,
	.close = esp_close,
	.list = esp_list,
	.file = esp_file,
	.next = esp_next };
