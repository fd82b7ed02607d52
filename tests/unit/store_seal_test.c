/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No secret lies in clear in the store's files, none opens in another's place, and the wrong key
 * changes nothing. Looks behind store.h, at the file's bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "tests/unit/tap.h"

static const uint8_t key[SEAL_KEY] = "the key of the tests: no secret";
static const uint8_t other[SEAL_KEY] = "another one, just as well known";
static const char secret[] = "hush-hush-4711";
static struct err e;

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	printf("Bail out! %s: %s\n", what, e.text);
	exit(1);
}
#define MUST(call) must(call, #call)

/* ------------------------------------------------------------------ one sealed value */

static const struct seal_at at = { "persona", "web-01", "chap_secret" };

static void what_another_program_sealed_by_the_rfc_opens(void)
{
	/* AES-SIV of Python's cryptography: key 00..1f, nonce a0..af. */
	static const uint8_t sealed[] = { 0x01, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
		0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0x97, 0x50, 0xee, 0xc4, 0x71, 0x76,
		0x85, 0x68, 0x97, 0x62, 0x11, 0x4f, 0x55, 0x42, 0xb2, 0x41, 0x7b, 0xb2, 0xeb, 0x41,
		0x13, 0x28, 0xe6, 0x38, 0x73 };
	uint8_t counting[SEAL_KEY];
	char clear[10] = "";
	for (size_t i = 0; i < sizeof counting; i++)
		counting[i] = (uint8_t)i;
	CHECK_INT(sizeof sealed, 9 + SEAL_MORE);
	CHECK(seal_open(clear, counting, &at, sealed, sizeof sealed));
	CHECK_TEXT(clear, "s3cret+/=");
}

static void a_sealed_value_opens_with_its_key_in_its_place_and_whole(void)
{
	static const struct seal_at wrong[] = {
		{ "chap", "web-01", "chap_secret" },
		{ "persona", "web-02", "chap_secret" },
		{ "persona", "web-01", "mutual_secret" },
		{ "personaweb", "-01", "chap_secret" },
		{ "persona", "web-01chap", "_secret" },
	};
	uint8_t sealed[sizeof secret + SEAL_MORE];
	char clear[sizeof secret];
	MUST(seal_make(sealed, key, &at, secret, sizeof secret, &e));
	CHECK(seal_open(clear, key, &at, sealed, sizeof sealed));
	CHECK_TEXT(clear, secret);
	CHECK(!memmem(sealed, sizeof sealed, secret, 4));
	CHECK(!seal_open(clear, other, &at, sealed, sizeof sealed));
	CHECK(memcmp(clear, (char[sizeof clear]){ 0 }, sizeof clear) == 0); /* wiped */
	for (size_t i = 0; i < COUNT(wrong); i++)
		CHECK(!seal_open(clear, key, &wrong[i], sealed, sizeof sealed));
	for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(!seal_open(clear, key, &at, sealed, sizeof sealed));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof sealed; len++)
		CHECK(!seal_open(clear, key, &at, sealed, len));
	CHECK(seal_open(clear, key, &at, sealed, sizeof sealed));
}

static void the_same_secret_never_looks_the_same(void)
{
	uint8_t a[sizeof secret + SEAL_MORE], b[sizeof a];
	MUST(seal_make(a, key, &at, secret, sizeof secret, &e));
	MUST(seal_make(b, key, &at, secret, sizeof secret, &e));
	CHECK(memcmp(a + 1, b + 1, 16) != 0);
	CHECK(memcmp(a + 17, b + 17, sizeof a - 17) != 0);
}

/* ------------------------------------------------------------------ the store's files */

static char folder[64], path[96];

static void folder_make(void)
{
	snprintf(folder, sizeof folder, "/tmp/baton-seal-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof path, "%s/a.db", folder);
}

static const char *const files[] = { "", "-wal", "-shm", "-journal" };

static void folder_rm(void)
{
	char name[128];
	for (size_t i = 0; i < COUNT(files); i++) {
		snprintf(name, sizeof name, "%s%s", path, files[i]);
		unlink(name);
	}
	rmdir(folder);
}

/* Bytes of one of the files, the caller's; *len 0 when it is not there. */
static char *bytes_of(const char *which, size_t *len)
{
	char name[128], *bytes = NULL;
	struct stat st;
	snprintf(name, sizeof name, "%s%s", path, which);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	*len = 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size + 1)) != NULL &&
		read(fd, bytes, (size_t)st.st_size) == st.st_size)
		*len = (size_t)st.st_size;
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* In how many of the files these bytes are to be found. */
static unsigned found(const void *what, size_t n)
{
	unsigned times = 0;
	for (size_t i = 0; i < COUNT(files); i++) {
		size_t len;
		char *bytes = bytes_of(files[i], &len);
		times += len && memmem(bytes, len, what, n) != NULL;
		free(bytes);
	}
	return times;
}

static struct persona persona_of(const char *name)
{
	struct persona p = { .san = "iscsi", .chap_user = "known-user" };
	snprintf(p.name, sizeof p.name, "%s", name);
	snprintf(p.iqn, sizeof p.iqn, "iqn.2026-01.org.example:%s", name);
	snprintf(p.chap_secret, sizeof p.chap_secret, "%s", secret);
	return p;
}

static void no_secret_lies_in_clear_in_the_files(void)
{
	struct store *s = NULL;
	struct persona web = persona_of("web-01"), got;
	struct persona own = { .name = "db-01",
		.iqn = "iqn.2026-01.org.example:db",
		.san = "tgt",
		.target = "iqn.2026-01.org.example:disk",
		.paths = 1,
		.path = { { 0x0a4d0001, 3260 } },
		.mutual = true };
	struct chap c;
	uint8_t token[32], again[32];
	folder_make();
	MUST(store_open(&s, path, key, &e));
	MUST(store_key(s, token, &e));
	MUST(store_persona_add(s, &web, &e));
	MUST(store_persona_add(s, &own, &e));
	MUST(store_chap_renew(s, "db-01", &c, &e));
	CHECK(found("known-user", 10) > 0); /* so that this test can find something */
	CHECK(found(c.user, strlen(c.user)) > 0);
	for (int closed = 0; closed < 2; closed++) {
		CHECK_INT(found(secret, sizeof secret - 1), 0);
		CHECK_INT(found(c.secret, strlen(c.secret)), 0);
		CHECK_INT(found(c.mutual_secret, strlen(c.mutual_secret)), 0);
		CHECK_INT(found(token, sizeof token), 0);
		CHECK_INT(found(key, sizeof key), 0);
		if (!closed)
			store_close(s);
	}
	MUST(store_open(&s, path, key, &e));
	MUST(store_persona(s, "web-01", &got, &e));
	CHECK_TEXT(got.chap_secret, secret);
	MUST(store_key(s, again, &e));
	CHECK(memcmp(token, again, sizeof token) == 0);
	store_close(s);
	folder_rm();
}

static void the_wrong_key_is_one_sentence_and_changes_nothing(void)
{
	struct store *s = NULL;
	struct persona web = persona_of("web-01");
	size_t len, now_len;
	char words[320];
	folder_make();
	MUST(store_open(&s, path, key, &e));
	MUST(store_persona_add(s, &web, &e));
	store_close(s);
	s = NULL;
	char *was = bytes_of("", &len);
	CHECK_INT(store_open(&s, path, other, &e), -EKEYREJECTED);
	snprintf(words, sizeof words,
		"store %s: sealed with another key, nothing was changed; put the right one back "
		"from the backup",
		path);
	CHECK_TEXT(e.text, words);
	CHECK(!s);
	char *now = bytes_of("", &now_len);
	CHECK(len && now_len == len && memcmp(was, now, len) == 0);
	free(was);
	free(now);
	MUST(store_open(&s, path, key, &e));
	MUST(RUN(s, &e, "DELETE FROM secret WHERE name = 'key-check'"));
	store_close(s);
	s = NULL;
	CHECK_INT(store_open(&s, path, other, &e), -EBADMSG);
	CHECK(strstr(e.text, "damaged (no check value of its key); restore a backup") != NULL);
	folder_rm();
}

static void a_secret_in_anothers_row_does_not_open(void)
{
	OWN(store) struct store *s = NULL;
	struct persona web = persona_of("web-01"), spy = persona_of("spy"), got;
	struct persona *all = NULL;
	size_t n = 0;
	static const char words[] =
		"store in memory: chap_secret of spy does not open: it was sealed with another "
		"key_file, or for another row; put the right key back, or restore a backup";
	MUST(store_open(&s, "", key, &e));
	MUST(store_persona_add(s, &web, &e));
	MUST(store_persona_add(s, &spy, &e));
	MUST(RUN(s, &e,
		"UPDATE persona SET chap_secret = (SELECT chap_secret FROM persona"
		" WHERE name = 'web-01') WHERE name = 'spy'"));
	CHECK_INT(store_persona(s, "spy", &got, &e), -EBADMSG);
	CHECK_TEXT(e.text, words);
	CHECK_INT(store_personas(s, &all, &n, &e), -EBADMSG);
	CHECK_TEXT(e.text, words);
	MUST(store_persona(s, "web-01", &got, &e));
	/* Nor is taken what somebody wrote there in clear, or what is cut off. */
	MUST(RUN(s, &e, "UPDATE persona SET chap_secret = 'known' WHERE name = 'spy'"));
	CHECK_INT(store_persona(s, "spy", &got, &e), -EBADMSG);
	MUST(RUN(s, &e, "UPDATE persona SET chap_secret = x'01' WHERE name = 'spy'"));
	CHECK_INT(store_persona(s, "spy", &got, &e), -EBADMSG);
	MUST(RUN(s, &e, "UPDATE persona SET chap_secret = zeroblob(500) WHERE name = 'spy'"));
	CHECK_INT(store_persona(s, "spy", &got, &e), -EBADMSG);
	MUST(RUN(s, &e, "UPDATE persona SET chap_secret = x'' WHERE name = 'spy'"));
	MUST(store_persona(s, "spy", &got, &e));
	CHECK_TEXT(got.chap_secret, "");
	uint8_t token[32];
	MUST(store_key(s, token, &e));
	MUST(RUN(s, &e, "UPDATE secret SET value = zeroblob(65) WHERE name = 'token-key'"));
	CHECK_INT(store_key(s, token, &e), -EBADMSG);
}

/* ------------------------------------------------------------------ files of before */

static const char *const site_of_version_2[] = {
	"INSERT INTO persona VALUES ('web-01', 'iqn.2026-01.org.example:w', '', 'iscsi', 0, 'u',"
	"  'hush-hush-4711', 7, '')",
	"INSERT INTO persona VALUES ('plain', 'iqn.2026-01.org.example:p', '', 'iscsi', 0, '', '',"
	"  0, '')",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 200)"
	" INSERT INTO persona SELECT 'gone-' || i, 'iqn.2026-01.org.example:g' || i, '', 'iscsi', "
	"0,"
	"  'u', 'hush-hush-4711-removed', 0, '' FROM n",
	"DELETE FROM persona WHERE name GLOB 'gone-*'", /* whole pages that keep their bytes */
	"INSERT INTO secret VALUES ('token-key', CAST('hush-hush-4711-token-key-of-old!' AS BLOB))",
};

static struct store *bare(void)
{
	struct store *s = calloc(1, sizeof *s);
	if (!s || sqlite3_open(path, &s->db))
		abort();
	snprintf(s->path, sizeof s->path, "test.db");
	memcpy(s->key, key, sizeof key);
	return s;
}

/* Done by a process that is killed then: its WAL stays. */
static void killed_after(void (*work)(struct store *s))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		work(bare());
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK_INT(status, 0);
}

static void version_2_fill(struct store *s)
{
	MUST(RUN(s, &e, "PRAGMA secure_delete = OFF"));
	MUST(RUN(s, &e, "PRAGMA journal_mode = WAL"));
	MUST(schema_bring(s, schema, 2, &e));
	for (size_t i = 0; i < COUNT(site_of_version_2); i++)
		MUST(RUN(s, &e, site_of_version_2[i]));
	MUST(RUN(s, &e, "PRAGMA wal_checkpoint(PASSIVE)"));
}

static void version_2_make(void)
{
	killed_after(version_2_fill);
	CHECK_INT(found(secret, sizeof secret - 1), 2); /* in the file and in its WAL */
	CHECK(found("-removed", 8) > 0);
}

static void bring(struct store *s)
{
	MUST(RUN(s, &e, "PRAGMA secure_delete = ON"));
	MUST(schema_bring(s, schema, schema_version, &e));
}

static void comes_forward_without_clear_text(void)
{
	struct store *s = NULL;
	struct persona p;
	uint8_t token[32];
	MUST(store_open(&s, path, key, &e));
	CHECK_INT(found(secret, sizeof secret - 1), 0); /* at once, while it is open */
	MUST(store_persona(s, "web-01", &p, &e));
	CHECK_TEXT(p.chap_secret, secret);
	CHECK_INT(p.generation, 7);
	CHECK(!p.mutual);
	MUST(store_persona(s, "plain", &p, &e));
	CHECK_TEXT(p.chap_secret, "");
	MUST(store_key(s, token, &e));
	CHECK(memcmp(token, "hush-hush-4711-token-key-of-old!", sizeof token) == 0);
	store_close(s);
	CHECK_INT(found(secret, sizeof secret - 1), 0);
	s = NULL;
	CHECK_INT(store_open(&s, path, other, &e), -EKEYREJECTED);
}

static void a_site_in_clear_is_sealed_and_its_clear_text_gone(void)
{
	folder_make();
	version_2_make();
	comes_forward_without_clear_text();
	folder_rm();
}

static void and_also_when_it_was_killed_in_between(void)
{
	folder_make();
	version_2_make();
	killed_after(bring); /* sealed, but the WAL and what was free keep the bytes of before */
	CHECK_INT(found(secret, sizeof secret - 1), 2);
	comes_forward_without_clear_text();
	folder_rm();
}

TESTS(T(what_another_program_sealed_by_the_rfc_opens),
	T(a_sealed_value_opens_with_its_key_in_its_place_and_whole),
	T(the_same_secret_never_looks_the_same), T(no_secret_lies_in_clear_in_the_files),
	T(the_wrong_key_is_one_sentence_and_changes_nothing),
	T(a_secret_in_anothers_row_does_not_open),
	T(a_site_in_clear_is_sealed_and_its_clear_text_gone),
	T(and_also_when_it_was_killed_in_between))
