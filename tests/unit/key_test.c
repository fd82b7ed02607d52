/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key of the store: made once, by the warden, and never in place of one that is lost; read by
 * the broker, and only where nobody else can. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "broker/key.h"
#include "store/store.h"
#include "tests/unit/tap.h"
#include "warden/key.h"

static struct err e;
static struct site site;
static char folder[64], begun[256], db[128];

static void site_make(void)
{
	snprintf(folder, sizeof folder, "/tmp/baton-key-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	site = (struct site){ .broker = { getuid(), getgid() } };
	snprintf(site.conf.state_dir, sizeof site.conf.state_dir, "%s", folder);
	snprintf(site.conf.key_file, sizeof site.conf.key_file, "%s/store.key", folder);
	snprintf(begun, sizeof begun, "%s.new", site.conf.key_file);
	snprintf(db, sizeof db, "%s/baton.db", folder);
	e = (struct err){ 0 };
}

static void site_rm(void)
{
	unlink(site.conf.key_file);
	unlink(begun);
	unlink(db);
	rmdir(folder);
}

static void file_put(const char *path, const void *bytes, size_t len, mode_t mode)
{
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	CHECK(fd >= 0 && fchmod(fd, mode) == 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

static void it_is_made_once_for_the_broker_alone(void)
{
	uint8_t key[32] = { 0 }, again[32] = { 0 };
	struct stat st;
	site_make();
	file_put(begun, "half", 4, 0600); /* of a start that was cut short */
	CHECK_INT(key_make(&site, &e), 0);
	CHECK(stat(site.conf.key_file, &st) == 0 && (st.st_mode & 07777) == 0400);
	CHECK(st.st_uid == getuid() && st.st_size == 32);
	CHECK(stat(begun, &st) < 0);
	CHECK_INT(key_read(key, site.conf.key_file, &e), 0);
	CHECK(memcmp(key, (uint8_t[32]){ 0 }, 32) != 0);
	CHECK_INT(key_make(&site, &e), 0); /* the next start: it stays */
	CHECK_INT(key_read(again, site.conf.key_file, &e), 0);
	CHECK(memcmp(key, again, sizeof key) == 0);
	unlink(site.conf.key_file);
	CHECK_INT(key_make(&site, &e), 0);
	CHECK_INT(key_read(again, site.conf.key_file, &e), 0);
	CHECK(memcmp(key, again, sizeof key) != 0);
	site_rm();
}

/* The real store says whether it needs the key. */
static void a_key_that_is_lost_is_not_replaced(void)
{
	uint8_t key[32];
	struct store *s = NULL;
	char words[640];
	struct stat st;
	site_make();
	CHECK_INT(key_make(&site, &e), 0);
	CHECK_INT(key_read(key, site.conf.key_file, &e), 0);
	CHECK_INT(store_open(&s, db, key, &e), 0);
	store_close(s);
	CHECK_INT(key_missing(&site, &e), 0);
	unlink(site.conf.key_file);
	snprintf(words, sizeof words,
		"key_file = %s: it is not there, and the secrets in %s are sealed with it; put it "
		"back from the backup",
		site.conf.key_file, db);
	CHECK_INT(key_missing(&site, &e), -ENOENT);
	CHECK_TEXT(e.text, words);
	e = (struct err){ 0 };
	CHECK_INT(key_make(&site, &e), -ENOENT);
	CHECK_TEXT(e.text, words);
	CHECK(stat(site.conf.key_file, &st) < 0);
	file_put(site.conf.key_file, key, sizeof key, 0400);
	CHECK_INT(key_make(&site, &e), 0);
	CHECK_INT(store_open(&s, db, key, &e), 0);
	store_close(s);
	site_rm();
}

static void a_store_of_before_there_were_keys_gets_one(void)
{
	static const struct {
		uint8_t version[4];
		size_t len;
		int want;
	} rows[] = {
		{ { 0, 0, 0, 0 }, 0, 0 }, /* made, and the power went */
		{ { 0, 0, 0, 0 }, 100, 0 },
		{ { 0, 0, 0, 2 }, 100, 0 },
		{ { 0, 0, 0, 3 }, 100, -ENOENT },
		{ { 0, 0, 1, 0 }, 100, -ENOENT },
		{ { 0, 0, 0, 200 }, 64, -ENOENT },
	};
	site_make();
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t head[100] = { 0 };
		memcpy(head + 60, rows[i].version, 4);
		file_put(db, head, rows[i].len, 0600);
		CHECK_INT(key_make(&site, &e), rows[i].want);
		unlink(site.conf.key_file);
	}
	site_rm();
}

static void one_that_others_may_read_is_refused(void)
{
	static const mode_t bad[] = { 0440, 0404, 0420, 0401, 0644 };
	uint8_t key[32];
	char words[640];
	const char *path = site.conf.key_file;
	site_make();
	snprintf(words, sizeof words,
		"key_file = %s: others than its owner may read it; `chmod 0400 %s`", path, path);
	for (size_t i = 0; i < COUNT(bad); i++) {
		file_put(path, "0123456789abcdef0123456789abcdef", 32, bad[i]);
		CHECK_INT(key_read(key, path, &e), -EPERM);
		CHECK_TEXT(e.text, words);
	}
	site_rm();
}

static void what_is_no_key_is_refused_in_words(void)
{
	static const char text[] = "0123456789abcdef0123456789abcdef";
	uint8_t key[32];
	char words[640];
	const char *path = site.conf.key_file;
	site_make();
	snprintf(words, sizeof words, "key_file = %s: No such file or directory", path);
	CHECK_INT(key_read(key, path, &e), -ENOENT);
	CHECK_TEXT(e.text, words);
	snprintf(words, sizeof words,
		"key_file = %s: want its 32 bytes as batond made them; put it back from the backup",
		path);
	for (size_t len = 0; len <= 33; len++) {
		file_put(path, text, len, 0400);
		CHECK_INT(key_read(key, path, &e), len == 32 ? 0 : -EBADMSG);
		CHECK(len == 32 || strcmp(e.text, words) == 0);
	}
	unlink(path);
	CHECK(symlink("/dev/urandom", path) == 0);
	CHECK_INT(key_read(key, path, &e), -ELOOP);
	unlink(path);
	CHECK(mkfifo(path, 0600) == 0);
	CHECK_INT(key_read(key, path, &e), -EINVAL);
	site_rm();
}

TESTS(T(it_is_made_once_for_the_broker_alone), T(a_key_that_is_lost_is_not_replaced),
	T(a_store_of_before_there_were_keys_gets_one), T(one_that_others_may_read_is_refused),
	T(what_is_no_key_is_refused_in_words))
