/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store against the world: a process that is killed in the middle, a disk that is full. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "store/store.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

/* A folder of this test's own; the caller removes it with folder_rm(). */
static void folder_make(char to[64])
{
	snprintf(to, 64, "/tmp/baton-store-XXXXXX");
	if (!mkdtemp(to))
		must_(-1, &(struct err){ .text = "no folder in /tmp" }, "mkdtemp");
}

static void folder_rm(const char *folder)
{
	static const char *const names[] = { "a.db", "a.db-wal", "a.db-shm", "filler" };
	char path[128];
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void a_new_file_is_for_its_owner_alone(void)
{
	char folder[64], path[128];
	struct stat st = { 0 };
	folder_make(folder);
	snprintf(path, sizeof path, "%s/a.db", folder);
	mode_t was = umask(0);
	store_close(world(path));
	umask(was);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	struct store *s = NULL;
	WANT(ENOENT, "store: make /nowhere/at/all.db: No such file or directory",
		store_open(&s, "/nowhere/at/all.db", fixed_key, &e));
	CHECK(!s);
	folder_rm(folder);
}

static void what_was_put_is_there_after_reopening(void)
{
	char folder[64], path[128];
	uint8_t key[32], again[32];
	uint64_t v;
	struct persona p, q;
	struct binding b;
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" };
	folder_make(folder);
	snprintf(path, sizeof path, "%s/a.db", folder);
	struct store *s = peopled(path);
	MUST(store_key(s, key, &e));
	MUST(store_next(s, "table", &v, &e));
	MUST(store_bind(s, "web-01", "blade-a", &b, &e));
	MUST(store_order_add(s, &o, &e));
	MUST(store_persona(s, "web-01", &p, &e));
	store_close(s);

	MUST(store_open(&s, path, fixed_key, &e));
	MUST(store_key(s, again, &e));
	CHECK(memcmp(key, again, sizeof key) == 0);
	CHECK(memcmp(key, (uint8_t[32]){ 0 }, sizeof key) != 0);
	MUST(store_next(s, "table", &v, &e));
	CHECK_INT(v, 2);
	MUST(store_persona(s, "web-01", &q, &e));
	CHECK(memcmp(&p, &q, sizeof p) == 0);
	MUST(store_binding(s, "web-01", &b, &e));
	CHECK_INT(b.generation, 1);
	MUST(store_order(s, o.id, &o, &e));
	CHECK_INT(o.at.state, ORDER_RUNNING);
	store_close(s);
	folder_rm(folder);
}

/* Journals the beginning of a step for ever; one byte for each that was acknowledged. */
static void __attribute__((noreturn)) journal(const char *path, int acks)
{
	struct store *s = NULL;
	struct order o;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (store_open(&s, path, fixed_key, NULL) || store_order(s, 1, &o, NULL))
		_exit(1);
	for (;;)
		if (store_step_begin(s, &o, 1, NULL) || write(acks, "a", 1) != 1)
			_exit(2);
}

static void what_was_acknowledged_outlives_kill_9(void)
{
	char folder[64], path[128], byte;
	size_t acked = 0;
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" };
	folder_make(folder);
	snprintf(path, sizeof path, "%s/a.db", folder);
	struct store *s = peopled(path);
	MUST(store_order_add(s, &o, &e));
	store_close(s);
	for (int round = 0; round < 8; round++) {
		OWN(list) struct order_step *step = NULL;
		size_t n = 0;
		int pipes[2];
		if (pipe(pipes))
			must_(-1, &(struct err){ .text = "no pipe" }, "pipe");
		pid_t child = fork();
		if (child == 0) {
			close(pipes[0]);
			journal(path, pipes[1]);
		}
		close(pipes[1]);
		for (int i = 0; i < 20 + 13 * round && read(pipes[0], &byte, 1) == 1; i++)
			acked++;
		kill(child, SIGKILL);
		while (read(pipes[0], &byte, 1) == 1)
			acked++;
		close(pipes[0]);
		int status = 0;
		waitpid(child, &status, 0);
		CHECK(WIFSIGNALED(status));
		MUST(store_open(&s, path, fixed_key, &e));
		MUST(store_order_steps(s, 1, &step, &n, &e));
		store_close(s);
		CHECK(n >= acked && n <= acked + 1); /* one may be in, not yet acknowledged */
		acked = n;
	}
	CHECK(acked > 500);
	folder_rm(folder);
}

static void text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# %s: cannot be written\n", path);
	if (fd >= 0)
		close(fd);
}

/* A small disk that only this process sees, as root or not. */
static void disk_mount(const char *at)
{
	char map[32];
	uid_t me = geteuid();
	int r = unshare(me ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS);
	if (!r && me) {
		snprintf(map, sizeof map, "0 %u 1", me);
		text_write("/proc/self/uid_map", map);
	}
	if (r || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", at, "tmpfs", 0, "size=2m"))
		must_(-1, &(struct err){ .text = "no tmpfs in a mount namespace of our own" },
			"disk_mount");
}

/* Leaves exactly `pages` of the disk free. */
static void disk_fill(const char *folder, unsigned pages)
{
	static char page[4096];
	char path[128];
	struct statvfs st;
	snprintf(path, sizeof path, "%s/filler", folder);
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && statvfs(folder, &st) == 0 && st.f_bfree > pages)
		if (write(fd, page, sizeof page) != (ssize_t)sizeof page)
			break;
	close(fd);
	CHECK_INT(statvfs(folder, &st), 0);
	CHECK(st.f_bfree == pages);
}

static size_t personas_there(struct store *s)
{
	OWN(list) struct persona *all = NULL;
	size_t n = 0;
	MUST(store_personas(s, &all, &n, &e));
	return n;
}

static struct persona plain_persona(unsigned i)
{
	struct persona p = { .nics = 0 };
	snprintf(p.name, sizeof p.name, "p-%u", i);
	return p;
}

static void a_full_disk_is_one_sentence_and_loses_nothing(void)
{
	char folder[64], path[128], words[256];
	unsigned added = 0, refused = 0;
	folder_make(folder);
	disk_mount(folder);
	snprintf(path, sizeof path, "%s/a.db", folder);
	snprintf(words, sizeof words, "store %s: the disk is full, nothing was changed; make room",
		path);
	struct store *s = world(path);
	for (unsigned pages = 0; pages < 12; pages++) {
		disk_fill(folder, pages);
		for (unsigned i = 0; i < 40; i++) { /* until what is left is used up */
			struct persona p = plain_persona(added);
			struct err why = { 0 };
			int r = store_persona_add(s, &p, &why);
			if (!r) {
				added++;
				continue;
			}
			refused++;
			CHECK_INT(r, -ENOSPC);
			CHECK(strstr(why.text, words) != NULL);
			CHECK_TEXT(p.iqn, "");
			break;
		}
		CHECK_INT(personas_there(s), added);
		/* killed here, it would find the same */
		struct store *second = NULL;
		struct err why = { 0 };
		int r = store_open(&second, path, fixed_key, &why);
		if (!r)
			CHECK_INT(personas_there(second), added);
		else
			CHECK_INT(r, -ENOSPC);
		store_close(second);
	}
	CHECK(added > 0 && refused == 12);

	/* a whole transaction, with room for its beginning only */
	disk_fill(folder, 1);
	int r = store_begin(s, &e);
	for (unsigned i = 0; !r && i < 400; i++) {
		struct persona p = plain_persona(1000 + i);
		r = store_persona_add(s, &p, &e);
	}
	if (!r)
		r = store_commit(s, &e);
	else
		store_rollback(s);
	CHECK_INT(r, -ENOSPC);
	CHECK_INT(personas_there(s), added);

	disk_fill(folder, 200); /* room again: no restart is needed */
	struct persona p = plain_persona(added);
	MUST(store_persona_add(s, &p, &e));
	store_close(s);
	MUST(store_open(&s, path, fixed_key, &e));
	CHECK_INT(personas_there(s), added + 1);
	store_close(s);
	umount(folder);
	folder_rm(folder);
}

static void a_file_that_may_not_grow_is_a_full_disk(void)
{
	char folder[64], path[128];
	struct rlimit was, small;
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" };
	OWN(list) struct order_step *step = NULL;
	size_t n = 0, begun = 0;
	int r = 0;
	folder_make(folder);
	snprintf(path, sizeof path, "%s/a.db", folder);
	struct store *s = peopled(path);
	MUST(store_order_add(s, &o, &e));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small = was;
	small.rlim_cur = 400 << 10;
	setrlimit(RLIMIT_FSIZE, &small);
	while (begun < 1000 && (r = store_step_begin(s, &o, 1, &e)) == 0)
		begun++;
	setrlimit(RLIMIT_FSIZE, &was);
	CHECK(begun > 0);
	CHECK_INT(r, -ENOSPC);
	CHECK(strstr(e.text, "the disk is full, nothing was changed; make room") != NULL);
	MUST(store_step_begin(s, &o, 2, &e));
	MUST(store_order_steps(s, o.id, &step, &n, &e));
	CHECK_INT(n, begun + 1);
	store_close(s);
	folder_rm(folder);
}

TESTS(T(a_new_file_is_for_its_owner_alone), T(what_was_put_is_there_after_reopening),
	T(what_was_acknowledged_outlives_kill_9), T(a_full_disk_is_one_sentence_and_loses_nothing),
	T(a_file_that_may_not_grow_is_a_full_disk))
