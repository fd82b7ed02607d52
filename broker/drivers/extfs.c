/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ext2, 3 and 4 by libext2fs; the only file that sees it. The library is given an I/O manager that
 * reads from a disk of ours and refuses every write. */
#include "drivers/volume.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library asks for one block of 4 KiB after the other; a target answers a window as soon. */
enum { WINDOW = 128 * 1024, WINDOWS = 16, NAMES_MOST = 100000 };

struct window {
	uint64_t n; /* from the partition's begin, in windows; 1 more, so that 0 is none */
	uint8_t bytes[WINDOW];
};

struct ext {
	struct volume volume;
	const struct disk *disk;
	struct part part;
	struct window *window;
	ext2_filsys fs;
	ext2_file_t file;
	struct err failed; /* the disk's own; its code is 0 while none did */
};

/* The library's way to open has room for a name only; a hand has one open at a time. */
static struct ext *opening;

static int window_of(struct ext *x, uint64_t n, const struct window **ret)
{
	struct window *w = &x->window[n % WINDOWS];
	*ret = w;
	if (w->n == n + 1)
		return 0;
	uint64_t at = n * WINDOW, left = x->part.bytes - at;
	w->n = 0;
	int r = x->disk->read(x->disk->of, x->part.first + at, w->bytes,
		left < WINDOW ? (size_t)left : WINDOW, &x->failed);
	if (r == 0)
		w->n = n + 1;
	return r;
}

static errcode_t bytes_read(struct ext *x, uint64_t at, uint64_t len, char *to)
{
	if (at > x->part.bytes || len > x->part.bytes - at)
		return EXT2_ET_SHORT_READ;
	while (len) {
		const struct window *w;
		uint64_t skip = at % WINDOW, n = WINDOW - skip;
		if (x->failed.code || window_of(x, at / WINDOW, &w) < 0)
			return EIO;
		n = n < len ? n : len;
		memcpy(to, w->bytes + skip, n);
		at += n;
		to += n;
		len -= n;
	}
	return 0;
}

static struct struct_io_manager disk_manager;

static errcode_t disk_open(const char *name, int flags, io_channel *ret)
{
	if (flags & IO_FLAG_RW)
		return EROFS;
	io_channel c = calloc(1, sizeof *c);
	if (!c)
		return ENOMEM;
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = &disk_manager;
	c->block_size = 1024;
	c->refcount = 1;
	c->private_data = opening;
	c->name = strdup(name);
	*ret = c;
	return 0;
}

static errcode_t disk_close(io_channel c)
{
	if (--c->refcount > 0)
		return 0;
	free(c->name);
	free(c);
	return 0;
}

static errcode_t disk_blksize(io_channel c, int size)
{
	if (size < 1 || size > WINDOW)
		return EINVAL;
	c->block_size = size;
	return 0;
}

/* A count below 0 is of bytes. */
static errcode_t disk_read64(io_channel c, unsigned long long block, int count, void *to)
{
	uint64_t size = (uint64_t)c->block_size;
	uint64_t len = count < 0 ? (uint64_t) - (int64_t)count : (uint64_t)count * size;
	if (block > UINT64_MAX / size)
		return EXT2_ET_SHORT_READ;
	return bytes_read(c->private_data, block * size, len, to);
}

static errcode_t disk_read(io_channel c, unsigned long block, int count, void *to)
{
	return disk_read64(c, block, count, to);
}

static errcode_t disk_write64(io_channel c, unsigned long long block, int count, const void *from)
{
	(void)c;
	(void)block;
	(void)count;
	(void)from;
	return EROFS;
}

static errcode_t disk_write(io_channel c, unsigned long block, int count, const void *from)
{
	return disk_write64(c, block, count, from);
}

static errcode_t disk_flush(io_channel c)
{
	(void)c;
	return 0;
}

static struct struct_io_manager disk_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "a disk that is only read",
	.open = disk_open,
	.close = disk_close,
	.set_blksize = disk_blksize,
	.read_blk = disk_read,
	.write_blk = disk_write,
	.flush = disk_flush,
	.read_blk64 = disk_read64,
	.write_blk64 = disk_write64,
};

/* The disk's own words where it failed, else the library's. */
static int told(struct ext *x, errcode_t code, const char *doing, struct err *e)
{
	if (x->failed.code) {
		if (e)
			*e = x->failed;
		return -x->failed.code;
	}
	if (code == ENOMEM || code == EXT2_ET_NO_MEMORY)
		return err_say(e, EBADMSG, "partition %u: %s wants more memory than it may take",
			x->part.n, doing);
	return err_say(e, EBADMSG, "partition %u: %s: %s", x->part.n, doing, error_message(code));
}

static void ext_close(struct volume *v)
{
	struct ext *x = (struct ext *)v;
	if (x->file)
		ext2fs_file_close(x->file);
	/* Not ext2fs_close(), which would write what is dirty. */
	if (x->fs)
		ext2fs_free(x->fs);
	free(x->window);
	free(x);
}

static int ext_open(struct volume **ret, const struct disk *d, const struct part *p, struct err *e)
{
	static bool words;
	struct ext *x = calloc(1, sizeof *x);
	struct window *all = calloc(WINDOWS, sizeof *all);
	if (!x || !all) {
		free(x);
		free(all);
		return err_set(e, ENOMEM, "ext");
	}
	if (!words)
		initialize_ext2_error_table();
	words = true;
	*x = (struct ext){ .volume = { &volume_ext }, .disk = d, .part = *p, .window = all };
	opening = x;
	errcode_t code = ext2fs_open("disk", EXT2_FLAG_64BITS | EXT2_FLAG_SOFTSUPP_FEATURES, 0, 0,
		&disk_manager, &x->fs);
	opening = NULL;
	if (code) {
		int r = told(x, code, "the file system", e);
		ext_close(&x->volume);
		return r;
	}
	*ret = &x->volume;
	return 0;
}

static int find(struct ext *x, const char *path, ext2_ino_t *ret, struct err *e)
{
	errcode_t code = ext2fs_namei_follow(x->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, ret);
	if (!x->failed.code && (code == EXT2_ET_FILE_NOT_FOUND || code == EXT2_ET_NO_DIRECTORY))
		return err_say(e, ENOENT, "partition %u: no %s", x->part.n, path);
	return code ? told(x, code, path, e) : 0;
}

struct listing {
	bool (*each)(void *of, const char *name);
	void *of;
	unsigned names;
};

static int entry(struct ext2_dir_entry *d, int offset, int block_len, char *block, void *ours)
{
	struct listing *l = ours;
	char name[EXT2_NAME_LEN + 1];
	int len = ext2fs_dirent_name_len(d);
	(void)offset;
	(void)block_len;
	(void)block;
	memcpy(name, d->name, (size_t)len);
	name[len] = '\0';
	if (++l->names > NAMES_MOST)
		return DIRENT_ABORT;
	return l->each(l->of, name) ? 0 : DIRENT_ABORT;
}

static int ext_list(struct volume *v, const char *folder, bool (*each)(void *of, const char *name),
	void *of, struct err *e)
{
	struct ext *x = (struct ext *)v;
	struct listing l = { each, of, 0 };
	ext2_ino_t ino;
	int r = find(x, folder, &ino, e);
	if (r < 0)
		return r;
	errcode_t code = ext2fs_dir_iterate(x->fs, ino, 0, NULL, entry, &l);
	if (code == EXT2_ET_NO_DIRECTORY && !x->failed.code)
		return err_say(e, ENOENT, "partition %u: %s is no folder", x->part.n, folder);
	return code ? told(x, code, folder, e) : 0;
}

static int ext_file(struct volume *v, const char *path, uint64_t *bytes, struct err *e)
{
	struct ext *x = (struct ext *)v;
	struct ext2_inode inode;
	ext2_ino_t ino;
	__u64 size;
	int r = find(x, path, &ino, e);
	if (r < 0)
		return r;
	errcode_t code = ext2fs_read_inode(x->fs, ino, &inode);
	if (code)
		return told(x, code, path, e);
	if (!LINUX_S_ISREG(inode.i_mode))
		return err_say(e, ENOENT, "partition %u: %s is no plain file", x->part.n, path);
	if (x->file)
		ext2fs_file_close(x->file);
	x->file = NULL;
	code = ext2fs_file_open(x->fs, ino, 0, &x->file);
	code = code ? code : ext2fs_file_get_lsize(x->file, &size);
	if (code)
		return told(x, code, path, e);
	*bytes = size;
	return 0;
}

static int ext_next(struct volume *v, void *to, unsigned len, struct err *e)
{
	struct ext *x = (struct ext *)v;
	unsigned got = 0;
	errcode_t code = ext2fs_file_read(x->file, to, len, &got);
	return code ? told(x, code, "the file", e) : (int)got;
}

const struct volume_ops volume_ext = { .kind = PART_EXT,
	.open = ext_open,
	.close = ext_close,
	.list = ext_list,
	.file = ext_file,
	.next = ext_next };
