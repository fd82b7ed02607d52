/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See fat.h. Linked lists of clusters in one table; folders are files of entries of 32 bytes. */
#include "wire/fat.h"

#include <string.h>

enum {
	BOOT_LEN = 512,
	SECTOR_MIN = 512,
	SECTOR_MAX = 4096,
	FAT12_LESS = 4085, /* clusters: fewer, and links are of 12 bits */
	FAT16_LESS = 65525,
	FAT32_LESS = 0x0ffffff5,
	ENTRY_LEN = 32,
	ENTRIES_SOME = 64, /* that are read at once */
	FOLDER_MOST = 65536 * ENTRY_LEN,
	LONG_PARTS = 20,
	LONG_PART = 13,
};

enum { ATTR_LABEL = 0x08, ATTR_FOLDER = 0x10, ATTR_LONG = 0x0f, ATTR_MASK = 0x3f };

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p + 2) << 16 | le16(p);
}

static int damaged(const struct fat *f, const char *what, struct err *e)
{
	return err_say(
		e, EBADMSG, "partition %u: its FAT file system is damaged: %s", f->part.n, what);
}

static int bytes_read(const struct fat *f, uint64_t at, void *to, size_t len, struct err *e)
{
	if (at > f->part.bytes || len > f->part.bytes - at)
		return damaged(f, "it goes on behind the partition", e);
	return f->disk->read(f->disk->of, f->part.first + at, to, len, e);
}

/* ------------------------------------------------------------------ where what begins */

/* Of Linux' way and the specification's: both agree on every file system that mkfs makes. */
static int bits_of(struct fat *f, bool is_32, struct err *e)
{
	f->bits = is_32 ? 32 : f->clusters < FAT12_LESS ? 12 : 16;
	uint32_t less = is_32 ? FAT32_LESS : FAT16_LESS;
	uint64_t links = f->table_len * 8 / f->bits;
	if (f->clusters >= less || links < 3)
		return damaged(f, "no table is of that size", e);
	if (f->clusters > links - 2)
		f->clusters = (uint32_t)(links - 2);
	return 0;
}

static int layout(struct fat *f, const uint8_t *boot, struct err *e)
{
	uint32_t sector = le16(boot + 11), each = boot[13], before = le16(boot + 14);
	uint32_t tables = boot[16], names = le16(boot + 17), flags = le16(boot + 40);
	uint64_t all = le16(boot + 19) ? le16(boot + 19) : le32(boot + 32);
	bool is_32 = le16(boot + 22) == 0;
	uint64_t table = is_32 ? le32(boot + 36) : le16(boot + 22);
	if (boot[510] != 0x55 || boot[511] != 0xaa)
		return damaged(f, "its first sector has no mark", e);
	if (sector < SECTOR_MIN || sector > SECTOR_MAX || (sector & (sector - 1)) || !each ||
		(each & (each - 1)) || !before || !tables || !table)
		return damaged(f, "its first sector says what cannot be", e);
	uint64_t root = before + tables * table;
	uint64_t data = root + (is_32 ? 0 : ((uint64_t)names * ENTRY_LEN + sector - 1) / sector);
	if (all <= data || all > f->part.bytes / sector)
		return damaged(f, "it is not as large as it says", e);
	f->cluster = sector * each;
	if ((all - data) / each >= FAT32_LESS)
		return damaged(f, "it has more clusters than can be numbered", e);
	f->clusters = (uint32_t)((all - data) / each);
	f->table_len = table * sector;
	f->table = (uint64_t)before * sector;
	/* One of several tables may be the one that is kept up. */
	if (is_32 && (flags & 0x80) && (flags & 0x0f) < tables)
		f->table += (flags & 0x0f) * f->table_len;
	f->root = root * sector;
	f->root_bytes = is_32 ? 0 : names * ENTRY_LEN;
	f->root_cluster = is_32 ? le32(boot + 44) : 0;
	f->data = data * sector;
	return bits_of(f, is_32, e);
}

int fat_open(struct fat *ret, const struct disk *d, const struct part *p, struct err *e)
{
	uint8_t boot[BOOT_LEN];
	*ret = (struct fat){ .disk = d, .part = *p };
	int r = bytes_read(ret, 0, boot, sizeof boot, e);
	return r ? r : layout(ret, boot, e);
}

/* ------------------------------------------------------------------ the table */

static int table_byte(struct fat *f, uint64_t at, uint8_t *ret, struct err *e)
{
	uint64_t begin = at - at % FAT_WINDOW, left = f->table_len - begin;
	if (!f->window_len || f->window_at != begin) {
		size_t len = left < FAT_WINDOW ? (size_t)left : FAT_WINDOW;
		f->window_len = 0;
		int r = bytes_read(f, f->table + begin, f->window, len, e);
		if (r < 0)
			return r;
		f->window_at = begin;
		f->window_len = len;
	}
	*ret = f->window[at - begin];
	return 0;
}

static bool cluster_is(const struct fat *f, uint32_t n)
{
	return n >= 2 && n - 2 < f->clusters;
}

/* The cluster behind one; 0 behind the last. */
static int link_of(struct fat *f, uint32_t cluster, uint32_t *ret, struct err *e)
{
	uint8_t b[4] = { 0 };
	uint64_t at = (uint64_t)cluster * f->bits / 8;
	int r = 0;
	for (unsigned i = 0; r == 0 && i < (f->bits + 7) / 8; i++)
		r = table_byte(f, at + i, &b[i], e);
	if (r < 0)
		return r;
	uint32_t n = le32(b) & 0x0fffffff, last = 0x0ffffff8;
	if (f->bits == 12)
		n = cluster & 1 ? n >> 4 : n & 0xfff;
	if (f->bits < 32)
		last &= (1U << f->bits) - 1;
	*ret = n >= last ? 0 : n;
	if (*ret && !cluster_is(f, *ret))
		return damaged(f, "a chain of clusters leads outside", e);
	return n == 0 ? damaged(f, "a chain of clusters leads to a free one", e) : 0;
}

/* ------------------------------------------------------------------ reading */

/* What lies in one piece from where x is on, up to want bytes; 0: a folder's chain is over. */
static int run_next(struct fat *f, struct fat_file *x, uint32_t want, uint64_t *at, struct err *e)
{
	uint32_t next, got;
	if (!x->folder && x->bytes > (uint64_t)f->clusters * f->cluster)
		return damaged(f, "a file is larger than all of it", e);
	if (!cluster_is(f, x->cluster))
		return damaged(f, "a chain of clusters begins outside", e);
	if (x->skip == f->cluster) {
		int r = link_of(f, x->cluster, &next, e);
		if (r < 0)
			return r;
		if (!next && !x->folder)
			return damaged(f, "a file is shorter than it says", e);
		if (!next)
			return 0;
		x->cluster = next;
		x->skip = 0;
	}
	*at = f->data + (uint64_t)(x->cluster - 2) * f->cluster + x->skip;
	for (got = f->cluster - x->skip; got < want; got += f->cluster) {
		int r = link_of(f, x->cluster, &next, e);
		if (r < 0)
			return r;
		if (next != x->cluster + 1)
			break;
		x->cluster = next;
	}
	x->skip = f->cluster;
	if (got > want)
		x->skip -= got - want;
	return (int)(got < want ? got : want);
}

int fat_next(struct fat *f, struct fat_file *x, void *to, unsigned len, struct err *e)
{
	unsigned got = 0;
	len = len < INT32_MAX / 2 ? len : INT32_MAX / 2;
	while (got < len && x->left) {
		uint32_t want = len - got;
		uint64_t at = f->root + f->root_bytes - x->left;
		want = want < x->left ? want : (uint32_t)x->left;
		int n = x->chain ? run_next(f, x, want, &at, e) : (int)want;
		if (n <= 0) {
			x->left = 0;
			return n < 0 ? n : (int)got;
		}
		int r = bytes_read(f, at, (uint8_t *)to + got, (size_t)n, e);
		if (r < 0)
			return r;
		got += (unsigned)n;
		x->left -= (unsigned)n;
	}
	return (int)got;
}

static struct fat_file chain_of(bool folder, uint32_t cluster, uint64_t bytes)
{
	return (struct fat_file){
		.folder = folder, .chain = true, .cluster = cluster, .left = bytes
	};
}

static struct fat_file root_of(const struct fat *f)
{
	return f->bits == 32 ? chain_of(true, f->root_cluster, FOLDER_MOST)
			     : (struct fat_file){ .folder = true, .left = f->root_bytes };
}

/* ------------------------------------------------------------------ folders */

/* A name in parts, the last one first. */
struct long_name {
	unsigned due; /* the part that must come next; 0: all are there */
	bool any;
	uint8_t sum; /* of the short name that it is for */
	char text[LONG_PARTS * LONG_PART + 1];
};

static char letter(uint32_t code)
{
	return code >= ' ' && code <= '~' ? (char)code : code ? '?' : '\0';
}

static void long_take(struct long_name *l, const uint8_t *b)
{
	static const uint8_t places[LONG_PART] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	unsigned n = b[0] & 0x3f;
	if (b[0] & 0x40) {
		*l = (struct long_name){ .due = n, .any = true, .sum = b[13] };
		l->any = n > 0 && n <= LONG_PARTS;
	}
	if (!l->any || n == 0 || n != l->due || b[13] != l->sum) {
		l->any = false;
		return;
	}
	char *to = l->text + (size_t)(n - 1) * LONG_PART;
	for (unsigned i = 0; i < LONG_PART; i++)
		to[i] = letter(le16(b + places[i]));
	l->due--;
}

static uint8_t sum_of(const uint8_t *b)
{
	uint8_t sum = 0;
	for (int i = 0; i < 11; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + b[i]);
	return sum;
}

static size_t part_put(char *to, const uint8_t *from, size_t len, bool small)
{
	while (len && from[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < len; i++) {
		char c = from[i] ? letter(from[i]) : '?';
		to[i] = small && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return len;
}

/* "INITRD.IMG"; Windows NT and Linux keep in a byte which half was written in small letters. */
static void short_put(char to[13], const uint8_t *b)
{
	size_t n = part_put(to, b, 8, b[12] & 0x08);
	to[n] = '.';
	size_t more = part_put(to + n + 1, b + 8, 3, b[12] & 0x10);
	to[more ? n + 1 + more : n] = '\0';
}

/* False: this is none that is a file or a folder. */
static bool entry_take(
	struct fat_entry *ret, struct long_name *l, const struct fat *f, const uint8_t *b)
{
	if (b[0] != 0xe5 && (b[11] & ATTR_MASK) == ATTR_LONG) {
		long_take(l, b);
		return false;
	}
	bool named = l->any && l->due == 0 && l->sum == sum_of(b) && strlen(l->text) <= FAT_NAME;
	l->any = false;
	if (b[0] == 0xe5 || b[0] == '.' || (b[11] & ATTR_LABEL))
		return false;
	bool folder = b[11] & ATTR_FOLDER;
	uint32_t cluster = (f->bits == 32 ? le16(b + 20) << 16 : 0) | le16(b + 26);
	*ret = (struct fat_entry){ .file = chain_of(
					   folder, cluster, folder ? FOLDER_MOST : le32(b + 28)) };
	ret->file.bytes = folder ? 0 : le32(b + 28);
	short_put(ret->alias, b);
	const char *name = named ? l->text : ret->alias;
	memcpy(ret->name, name, strlen(name) + 1);
	return true;
}

int fat_list(struct fat *f, const struct fat_file *folder,
	bool (*each)(void *of, const struct fat_entry *entry), void *of, struct err *e)
{
	uint8_t some[ENTRIES_SOME * ENTRY_LEN];
	struct fat_file at = *folder;
	struct long_name l = { .any = false };
	struct fat_entry entry;
	for (;;) {
		int n = fat_next(f, &at, some, sizeof some, e);
		for (int i = 0; i + ENTRY_LEN <= n; i += ENTRY_LEN) {
			if (some[i] == 0 ||
				(entry_take(&entry, &l, f, some + i) && !each(of, &entry)))
				return 0;
		}
		if (n <= 0)
			return n;
		if (at.chain && at.left == 0 && n == sizeof some)
			return damaged(f, "a folder has no end", e);
	}
}

struct search {
	const char *name;
	size_t len;
	struct fat_file found;
	bool any;
};

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool same(const char *name, const char *want, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (want[i] == '?' || folded(name[i]) != folded(want[i]))
			return false;
	return name[len] == '\0';
}

static bool search_one(void *of, const struct fat_entry *entry)
{
	struct search *s = of;
	s->any = same(entry->name, s->name, s->len) || same(entry->alias, s->name, s->len);
	if (s->any)
		s->found = entry->file;
	return !s->any;
}

int fat_find(struct fat_file *ret, struct fat *f, const char *path, struct err *e)
{
	struct search s = { .name = path };
	int r = 0;
	s.found = root_of(f);
	while (r == 0 && *(s.name += strspn(s.name, "/\\"))) {
		struct fat_file in = s.found;
		s.len = strcspn(s.name, "/\\");
		s.any = false;
		if (in.folder)
			r = fat_list(f, &in, search_one, &s, e);
		if (r == 0 && !s.any)
			return err_say(e, ENOENT, "partition %u: no %s", f->part.n, path);
		s.name += s.len;
	}
	*ret = s.found;
	return r;
}
