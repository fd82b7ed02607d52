/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See booted.h. Two places are looked into, /boot of an ext and the EFI system partition, each by
 * its own rules; booted_find() says which of the two counts. */
#include "drivers/booted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "wire/modules.h"

enum {
	KERNELS_MAX = 64,
	ENTRIES_MAX = 64,
	ENTRY_NAME = 100,
	TEXT_MOST = 8192, /* of a loader's file; they have some hundred bytes */
	GRUB_MOST = 128 * 1024,
};

static int cannot_tell(char why[BOOTED_WHY], const char *text)
{
	snprintf(why, BOOTED_WHY, "%s", text);
	return 1;
}

static void file_add(struct booted *to, const char *path)
{
	snprintf(to->file[to->files++], sizeof to->file[0], "%s", path);
}

/* ------------------------------------------------------------------ kernels by their names */

struct kernels {
	unsigned n;
	char version[KERNELS_MAX][VERSION_LEN + 1];
};

/* Keeps the newest ones. */
static bool kernel_take(void *of, const char *name)
{
	static const char begins[] = "vmlinuz-";
	struct kernels *k = of;
	const char *version = name + sizeof begins - 1;
	if (strncmp(name, begins, sizeof begins - 1) != 0 ||
		!kernel_word_ok(version, strlen(version), VERSION_LEN))
		return true;
	unsigned at = 0;
	while (at < k->n && strverscmp(k->version[at], version) >= 0)
		at++;
	if (at == KERNELS_MAX)
		return true;
	if (k->n < KERNELS_MAX)
		k->n++;
	memmove(k->version[at + 1], k->version[at], (k->n - at - 1) * sizeof k->version[0]);
	snprintf(k->version[at], sizeof k->version[at], "%s", version);
	return true;
}

/* One plain file, if it is there. */
static int file_take(struct booted *ret, struct volume *v, const char *path, struct err *e)
{
	uint64_t bytes;
	int r = v->ops->file(v, path, &bytes, e);
	if (r == 0)
		file_add(ret, path);
	return r;
}

/* Debian's name, Fedora's, SUSE's. */
static int initramfs_of(struct booted *ret, struct volume *v, const char *folder,
	const char *version, struct err *e)
{
	static const struct {
		const char *before, *behind;
	} names[] = { { "initrd.img-", "" }, { "initramfs-", ".img" }, { "initrd-", "" } };
	char path[LOADER_PATH + 1];
	int r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s%s%s", folder, names[i].before, version,
			names[i].behind);
		r = file_take(ret, v, path, e);
	}
	return r;
}

/* The newest kernel's, of those that have one. */
static int kernels_look(struct booted *ret, struct volume *v, const char *folder, struct err *e)
{
	struct kernels k = { 0 };
	int r = v->ops->list(v, *folder ? folder : "/", kernel_take, &k, e);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (unsigned i = 0; r == -ENOENT && i < k.n; i++) {
		r = initramfs_of(ret, v, folder, k.version[i], e);
		if (r == 0)
			snprintf(ret->kernel, sizeof ret->kernel, "%s/vmlinuz-%s", folder,
				k.version[i]);
	}
	return r;
}

/* The words that GRUB has for that kernel; where there are none it is still the one that counts. */
static int grub_look(struct booted *ret, struct volume *v, const char *folder, struct err *e)
{
	static const char *const names[] = { "grub/grub.cfg", "grub2/grub.cfg" };
	OWN(text) char *text = malloc(GRUB_MOST);
	char path[LOADER_PATH + 1];
	uint64_t bytes;
	int r = text ? -ENOENT : err_set(e, ENOMEM, "grub.cfg");
	for (size_t i = 0; r == -ENOENT && i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		r = v->ops->file(v, path, &bytes, e);
	}
	unsigned len = 0;
	for (int n = 1; r == 0 && n > 0 && len<GRUB_MOST; len += n> 0 ? (unsigned)n : 0) {
		n = v->ops->next(v, text + len, GRUB_MOST - len, e);
		r = n < 0 ? n : 0;
	}
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	ret->has_line = loader_grub_line(ret->line, strrchr(ret->kernel, '/') + 1, text, len);
	return 0;
}

/* In /boot or, where that is a partition of its own, at its root; else where a link shows to. */
static int ext_look(struct booted *ret, struct volume *v, struct err *e)
{
	static const char *const links[] = { "/boot/initrd.img", "/initrd.img" };
	static const char *const folders[] = { "/boot", "" };
	int r = -ENOENT;
	for (size_t i = 0; r == -ENOENT && i < COUNT(folders); i++) {
		r = kernels_look(ret, v, folders[i], e);
		if (r == 0)
			return grub_look(ret, v, folders[i], e);
	}
	for (size_t i = 0; r == -ENOENT && i < COUNT(links); i++)
		r = file_take(ret, v, links[i], e);
	return r;
}

/* ------------------------------------------------------------------ entries of a loader */

struct names {
	unsigned n;
	bool kernel_image; /* "a.efi": kernel and initramfs in one */
	bool odd;          /* too many, or one is too long */
	char name[ENTRIES_MAX][ENTRY_NAME + 1];
};

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);
	return len > end_len && strcasecmp(name + len - end_len, end) == 0;
}

static bool name_take(void *of, const char *name)
{
	struct names *n = of;
	n->kernel_image |= ends_in(name, ".efi");
	if (!ends_in(name, ".conf"))
		return true;
	n->odd |= strlen(name) > ENTRY_NAME || n->n == ENTRIES_MAX;
	if (!n->odd)
		snprintf(n->name[n->n++], sizeof n->name[0], "%s", name);
	return true;
}

/* How many bytes of a short text; -ENOENT. */
static int text_read(char to[TEXT_MOST], struct volume *v, const char *path, struct err *e)
{
	uint64_t bytes;
	int r = v->ops->file(v, path, &bytes, e);
	return r ? r : v->ops->next(v, to, TEXT_MOST, e);
}

/* 1: it is one that a loader would offer; an entry without its kernel is not. */
static int entry_read(struct loader_entry *ret, struct volume *v, const char *name, struct err *e)
{
	char text[TEXT_MOST], path[ENTRY_NAME + 32];
	uint64_t bytes;
	snprintf(path, sizeof path, "/loader/entries/%s", name);
	int r = text_read(text, v, path, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	loader_entry_read(ret, name, text, (size_t)r);
	if (!*ret->kernel)
		return ret->odd;
	r = v->ops->file(v, ret->kernel, &bytes, e);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

/* The one that the loader takes by itself: the default, where there is such a one, else the first
 * of its menu. 1: found; 0: there are none. */
static int entry_find(struct loader_entry *ret, bool *is_default, struct volume *v,
	const struct names *names, struct err *e)
{
	char text[TEXT_MOST], pattern[LOADER_PATH + 1] = "";
	struct loader_entry entry;
	int r = text_read(text, v, "/loader/loader.conf", e), found = 0;
	if (r < 0 && r != -ENOENT)
		return r;
	if (r > 0)
		loader_default_read(pattern, text, (size_t)r);
	*is_default = false;
	for (unsigned i = 0; i < names->n; i++) {
		r = entry_read(&entry, v, names->name[i], e);
		if (r < 0)
			return r;
		bool fits = r && loader_default_fits(pattern, &entry);
		if (!r || fits < *is_default)
			continue;
		if (!found || fits > *is_default || loader_entry_compare(&entry, ret) < 0)
			*ret = entry;
		*is_default = fits;
		found = 1;
	}
	return found;
}

/* 0, 1 and why, or -ENOENT. */
static int entries_look(struct booted *ret, char why[BOOTED_WHY], struct volume *v, struct err *e)
{
	struct names images = { 0 }, names = { 0 };
	struct loader_entry entry;
	bool is_default = false;
	int r = v->ops->list(v, "/loader/entries", name_take, &names, e);
	r = r == -ENOENT ? 0 : r;
	r = r ? r : v->ops->list(v, "/EFI/Linux", name_take, &images, e);
	r = r == -ENOENT ? 0 : r;
	r = r ? r : entry_find(&entry, &is_default, v, &names, e);
	if (r < 0)
		return r;
	if (names.odd)
		return cannot_tell(why, "its loader has more entries than are read here");
	if (images.kernel_image && !(r && is_default))
		return cannot_tell(why, "it may boot a unified kernel image (/EFI/Linux), which is "
					"not read here");
	if (r == 0)
		return -ENOENT;
	if (entry.odd || entry.initrds == 0) {
		snprintf(why, BOOTED_WHY, "/loader/entries/%.100s: %s", entry.name,
			entry.odd ? "it has a path that is not understood here"
				  : "it boots a kernel without an initramfs");
		return 1;
	}
	for (unsigned i = 0; i < entry.initrds; i++) {
		r = file_take(ret, v, entry.initrd[i], e);
		if (r == -ENOENT)
			return err_say(e, EBADMSG,
				"/loader/entries/%s: it wants %s, which is not "
				"there",
				entry.name, entry.initrd[i]);
		if (r < 0)
			return r;
	}
	memcpy(ret->kernel, entry.kernel, sizeof ret->kernel);
	memcpy(ret->line, entry.line, sizeof ret->line);
	ret->has_line = !entry.line_odd;
	return 0;
}

/* ------------------------------------------------------------------ the EFI system partition */

/* What a loader's entries say; else kernels that lie at its root or in the folder of Debian's or of
 * syslinux, with their versions in the names or without. */
static int esp_look(struct booted *ret, char why[BOOTED_WHY], struct volume *v, struct err *e)
{
	static const char *const folders[] = { "", "/EFI/debian", "/syslinux" };
	char path[40];
	int r = entries_look(ret, why, v, e);
	for (size_t i = 0; r == -ENOENT && i < COUNT(folders); i++)
		r = kernels_look(ret, v, folders[i], e);
	for (size_t i = 0; r == -ENOENT && i < COUNT(folders); i++) {
		snprintf(path, sizeof path, "%s/initrd.img", folders[i]);
		r = file_take(ret, v, path, e);
	}
	return r;
}

/* ------------------------------------------------------------------ the disk */

/* Of one kind of place: the first, and how many there are. */
struct places {
	unsigned n;
	struct booted first;
};

/* 0, or 1 and why; what else is there goes into other. */
static int part_take(struct places *ext, struct places *esp, char other[80], char why[BOOTED_WHY],
	const struct disk *d, const struct part *p, struct err *e)
{
	OWN(volume) struct volume *v = NULL;
	struct booted at = { .part = *p };
	const char *word;
	size_t n = strlen(other);
	int r = part_look(&at.kind, &word, d, p, e);
	const struct volume_ops *ops = r ? NULL : volume_of(at.kind);
	if (!ops) {
		if (r == 0 && *word)
			snprintf(other + n, 80 - n, "%s%s", n ? ", " : "", word);
		return r;
	}
	r = ops->open(&v, d, p, e);
	if (r == 0)
		r = at.kind == PART_FAT ? esp_look(&at, why, v, e) : ext_look(&at, v, e);
	if (r != 0)
		return r == -ENOENT ? 0 : r;
	struct places *to = at.kind == PART_FAT ? esp : ext;
	if (to->n++ == 0)
		to->first = at;
	return 0;
}

/* An ESP's kernel counts before that of /boot: packages put theirs into /boot on every system, and
 * to the ESP they are copied only where the firmware's loader boots them there. */
int booted_find(struct booted *ret, char why[BOOTED_WHY], const struct disk *d, struct err *e)
{
	struct places ext = { 0 }, esp = { 0 };
	struct parts parts;
	char other[80] = "";
	int r = parts_read(&parts, d, e);
	for (unsigned i = 0; r == 0 && i < parts.n; i++)
		r = part_take(&ext, &esp, other, why, d, &parts.of[i], e);
	if (r != 0)
		return r;
	const struct places *from = esp.n ? &esp : &ext;
	if (from->n > 1)
		return cannot_tell(why, "several partitions hold a kernel, and which one is booted "
					"is not known");
	if (from->n == 0) {
		snprintf(why, BOOTED_WHY,
			"it has no kernel with an initramfs in the /boot of an ext, nor on an EFI "
			"system partition%s%s",
			*other ? "; not read here: " : "", other);
		return 1;
	}
	*ret = from->first;
	return 0;
}
