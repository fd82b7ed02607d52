/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What core/san.h promises, asked of one driver: the fake, or a target that the environment names
 * (BATON_TEST_SAN="KIND PORTAL DEAD-PORTAL TARGET USER SECRET"). Either has LUN 1, 64 MiB with boot
 * code in an MBR; LUN 2, 1 MiB of nothing; LUN 3, 8 MiB in blocks of 4096 with a GPT; no LUN 4.
 * Somebody else is logged in with that account and has reserved LUN 1 if BATON_TEST_RESERVED says
 * so. The fences come last: behind them the account is no good any more. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/san.h"
#include "drivers/wait.h"
#include "tap.h"

static char kind[16] = "fake", portal[64] = "10.0.0.1:3260", dead[64] = "10.0.0.2:3260";
static char target[IQN_LEN + 1] = "iqn.2026-01.org.example:disk";
static char user[32] = "web-01", secret[32] = "right-secret";
static char folder[] = "/tmp/baton-san-XXXXXX", file[300], sessions[310], silent[64];

static void folder_gone(void)
{
	unlink(file);
	unlink(sessions);
	rmdir(folder);
}

/* A listening socket on loopback, and its address as text. */
static int listener(char to[64])
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 8) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	snprintf(to, 64, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static void ready(void)
{
	const char *given = getenv("BATON_TEST_SAN");
	if (silent[0])
		return;
	listener(silent); /* takes connections and never says a word */
	if (given) {
		CHECK_INT(sscanf(given, "%15s %63s %63s %223s %31s %31s", kind, portal, dead,
				  target, user, secret),
			6);
		return;
	}
	CHECK(mkdtemp(folder) != NULL);
	atexit(folder_gone);
	setenv("BATON_FAKE_DIR", folder, 1);
	snprintf(file, sizeof file, "%s/%s.san", folder, target);
	snprintf(sessions, sizeof sessions, "%s/%s.sessions", folder, target);
	FILE *f = fopen(file, "w");
	CHECK(f != NULL);
	if (!f)
		exit(1);
	fprintf(f,
		"lun=1 bytes=67108864 block_len=512 bootable=1\n"
		"lun=2 bytes=1048576 block_len=512 bootable=0\n"
		"lun=3 bytes=8388608 block_len=4096 bootable=1\n"
		"account=%s %s\ndead=%s\nhang=%s\n",
		user, secret, dead, silent);
	fclose(f);
}

static struct san_login login_right(void)
{
	ready();
	return (struct san_login){ .portal = portal,
		.target = target,
		.initiator = "iqn.2026-01.baton:contract-test",
		.user = user,
		.secret = secret };
}

static int look(struct san_facts *f, const struct san_login *l, uint64_t lun, unsigned timeout_ms,
	struct err *e)
{
	const struct san_ops *ops = san_of(kind, e);
	CHECK(ops != NULL);
	e->text[0] = '\0';
	int r = ops ? ops->look(f, l, lun, timeout_ms, e) : -EINVAL;
	CHECK((r == 0) == (e->text[0] == '\0'));
	CHECK(!strstr(e->text, l->secret ? l->secret : "?no secret?"));
	if (e->text[0])
		printf("# %s\n", e->text);
	return r;
}

static void a_disk_tells_its_size_and_that_it_boots(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	CHECK_INT(look(&f, &l, 1, 5000, &e), 0);
	CHECK_INT(f.bytes, 64 << 20);
	CHECK_INT(f.block_len, 512);
	CHECK(f.bootable);
	CHECK(f.vendor[0] && f.product[0]);
}

static void a_blank_disk_does_not_boot(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	CHECK_INT(look(&f, &l, 2, 5000, &e), 0);
	CHECK_INT(f.bytes, 1 << 20);
	CHECK(!f.bootable);
}

static void large_blocks_are_understood(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	CHECK_INT(look(&f, &l, 3, 5000, &e), 0);
	CHECK_INT(f.bytes, 8 << 20);
	CHECK_INT(f.block_len, 4096);
	CHECK(f.bootable);
}

static void a_lun_that_is_not_there_is_told_apart(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	CHECK_INT(look(&f, &l, 4, 5000, &e), -ENXIO);
	CHECK(strstr(e.text, "has no LUN 4") != NULL);
	CHECK_INT(look(&f, &l, 4004, 5000, &e), -ENXIO);
}

static void a_target_that_is_not_there_is_told_apart(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	l.target = "iqn.2026-01.org.example:nobody-made-it";
	CHECK_INT(look(&f, &l, 1, 5000, &e), -ENOENT);
	CHECK(strstr(e.text, l.target) != NULL);
}

static void wrong_chap_is_refused(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	l.secret = "wrong-secret";
	CHECK_INT(look(&f, &l, 1, 5000, &e), -EACCES);
	CHECK(strstr(e.text, user) != NULL);
	l = login_right();
	l.user = "nobody";
	CHECK_INT(look(&f, &l, 1, 5000, &e), -EACCES);
	l.user = l.secret = NULL;
	CHECK_INT(look(&f, &l, 1, 5000, &e), -EACCES);
}

static void a_dead_portal_says_so_at_once(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	int64_t begun = wait_now_ms();
	l.portal = dead;
	CHECK_INT(look(&f, &l, 1, 5000, &e), -ECONNREFUSED);
	CHECK(strstr(e.text, dead) != NULL);
	CHECK(wait_now_ms() - begun < 1000);
}

static void a_silent_portal_costs_the_timeout(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	int64_t begun = wait_now_ms();
	l.portal = silent;
	CHECK_INT(look(&f, &l, 1, 400, &e), -ETIMEDOUT);
	CHECK(wait_now_ms() - begun >= 400 && wait_now_ms() - begun < 2000);
}

static void a_look_can_be_repeated(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	for (int i = 0; i < 20; i++)
		CHECK_INT(look(&f, &l, 1, 5000, &e), 0);
}

/* A target of our own that answers every login with one PDU: RFC 7143, 11.13. Its process is ended
 * by the caller. */
static pid_t target_that_says(int fd, const void *pdu, size_t len)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid != 0) {
		close(fd);
		return pid;
	}
	alarm(30);
	for (;;) {
		uint8_t ask[2048];
		int c = accept(fd, NULL, NULL);
		ssize_t n = recv(c, ask, sizeof ask, 0);
		uint8_t answer[256];
		memcpy(answer, pdu, len);
		if (n >= 48 && len >= 48) {
			memcpy(answer + 8, ask + 8, 6);   /* ISID */
			memcpy(answer + 16, ask + 16, 4); /* task tag */
		}
		if (n < 0 || send(c, answer, len, MSG_NOSIGNAL) < 0)
			_exit(1);
		while (recv(c, ask, sizeof ask, 0) > 0)
			;
		close(c);
	}
}

static void target_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A login response with that status and one key; gives its length. */
static size_t login_response(uint8_t to[256], uint8_t status_class, uint8_t detail, const char *key)
{
	size_t len = strlen(key) + 1;
	memset(to, 0, 256);
	to[0] = 0x23;
	to[7] = (uint8_t)len;
	to[36] = status_class;
	to[37] = detail;
	memcpy(to + 48, key, len);
	return 48 + (len + 3) / 4 * 4;
}

static int look_at(const char *at, unsigned timeout_ms, struct err *e)
{
	struct san_facts f;
	struct san_login l = login_right();
	l.portal = at;
	e->text[0] = '\0';
	int r = san_iscsi.look(&f, &l, 1, timeout_ms, e);
	CHECK(e->text[0]);
	printf("# %s\n", e->text);
	return r;
}

static void iscsi_follows_a_redirection_but_not_for_ever(void)
{
	struct err e = { 0 };
	uint8_t pdu[256];
	char at[64], gone[64], key[128];
	close(listener(gone));
	snprintf(key, sizeof key, "TargetAddress=%s,1", gone);
	int fd = listener(at);
	pid_t pid = target_that_says(fd, pdu, login_response(pdu, 1, 1, key));
	CHECK_INT(look_at(at, 5000, &e), -ECONNREFUSED);
	CHECK(strstr(e.text, gone) != NULL);
	target_end(pid);

	fd = listener(at);
	snprintf(key, sizeof key, "TargetAddress=%s,1", at);
	pid = target_that_says(fd, pdu, login_response(pdu, 1, 1, key));
	CHECK_INT(look_at(at, 5000, &e), -ELOOP);
	target_end(pid);
}

static void iscsi_survives_a_target_that_talks_nonsense(void)
{
	static const struct {
		uint8_t status_class, detail;
		const char *key;
		size_t cut; /* send only so much */
		int want;   /* 0: any failure */
	} said[] = {
		{ 3, 1, "", 0, -EIO },
		{ 2, 2, "", 0, -EACCES },
		{ 2, 3, "", 0, -ENOENT },
		{ 9, 9, "CHAP_C=0xzz", 0, 0 },
		{ 1, 1, "TargetAddress=", 0, 0 },
		{ 1, 1, "Nothing", 0, 0 },
		{ 0, 0, "AuthMethod=Kerberos", 0, 0 },
		{ 0, 0, "AuthMethod", 20, -ETIMEDOUT },
	};
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
		struct err e = { 0 };
		uint8_t pdu[256];
		char at[64];
		size_t len = login_response(pdu, said[i].status_class, said[i].detail, said[i].key);
		int fd = listener(at);
		pid_t pid = target_that_says(fd, pdu, said[i].cut ? said[i].cut : len);
		int r = look_at(at, 700, &e);
		CHECK(r < 0);
		if (said[i].want)
			CHECK_INT(r, said[i].want);
		target_end(pid);
	}
}

/* The account and the target's own, of a generation. */
static struct san_fence fence_of(unsigned generation)
{
	static char name[32], shown[40];
	ready();
	snprintf(name, sizeof name, "web-01.%u", generation);
	snprintf(shown, sizeof shown, "%s.target", name);
	return (struct san_fence){ .target = target,
		.user = name,
		.secret = "secret-of-this",
		.mutual_user = shown,
		.mutual_secret = "what-it-shows",
		.persona = "web-01",
		.generation = generation,
		.own_user = "" };
}

/* False where the driver cannot: then there is nothing to be promised. */
static bool fences(void)
{
	struct err e = { 0 };
	ready();
	const struct san_ops *ops = san_of(kind, &e);
	return ops && ops->fence;
}

static int fence(struct san_fenced *done, const struct san_fence *f, struct err *e)
{
	*e = (struct err){ 0 };
	*done = (struct san_fenced){ 0 };
	int r = san_of(kind, e)->fence(done, f, 5000, e);
	CHECK((r == 0) == (e->text[0] == '\0'));
	CHECK(!f->secret || (!strstr(e->text, f->secret) && !strstr(e->text, "what-it-shows")));
	if (e->text[0])
		printf("# %s\n", e->text);
	return r;
}

static int look_with(const char *as, const char *word)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	l.user = as;
	l.secret = word;
	return look(&f, &l, 1, 5000, &e);
}

static void reservations_are_cleared(void)
{
	struct err e = { 0 };
	struct san_login l = login_right();
	unsigned n = 99, want = getenv("BATON_TEST_RESERVED") ? 1 : 0;
	const struct san_ops *ops = san_of(kind, &e);
	if (ops == &san_fake) {
		FILE *f = fopen(file, "a");
		CHECK(f && fputs("registration=0x77\n", f) >= 0 && fclose(f) == 0);
		want = 1;
	}
	CHECK_INT(ops->reservations_clear(&n, &l, 1, 5000, &e), 0);
	CHECK_INT(n, want);
	CHECK_INT(ops->reservations_clear(&n, &l, 1, 5000, &e), 0);
	CHECK_INT(n, 0);
	CHECK_TEXT(e.text, "");
	l.secret = "wrong-secret";
	CHECK_INT(ops->reservations_clear(&n, &l, 1, 5000, &e), -EACCES);
	l = login_right();
	l.portal = dead;
	CHECK_INT(ops->reservations_clear(&n, &l, 1, 5000, &e), -ECONNREFUSED);
}

static void a_target_that_shows_no_account_is_not_believed(void)
{
	struct err e = { 0 };
	struct san_facts f;
	struct san_login l = login_right();
	l.target_user = "shown";
	l.target_secret = "what-it-shows";
	CHECK_INT(look(&f, &l, 1, 5000, &e), -EACCES);
}

static void a_fence_lets_the_new_account_in_and_no_other(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(7);
	if (!fences())
		return;
	CHECK_INT(look_with(user, secret), 0);
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 1);
	CHECK_INT(look_with(f.user, f.secret), 0);
	CHECK_INT(look_with(user, secret), -EACCES);
	CHECK_INT(look_with(NULL, NULL), -EACCES);
}

static void a_fence_can_be_repeated_and_the_last_secret_counts(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(7);
	if (!fences())
		return;
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 0);
	CHECK_INT(look_with(f.user, f.secret), 0);
	f.secret = "another-secret";
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(look_with(f.user, "another-secret"), 0);
	CHECK_INT(look_with(f.user, "secret-of-this"), -EACCES);
}

static void an_older_generation_is_refused_and_changes_nothing(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(6);
	if (!fences())
		return;
	CHECK_INT(fence(&done, &f, &e), -ESTALE);
	CHECK(strstr(e.text, "web-01.7") != NULL);
	f.user = f.secret = f.mutual_user = f.mutual_secret = NULL;
	CHECK_INT(fence(&done, &f, &e), -ESTALE);
	CHECK_INT(look_with("web-01.7", "another-secret"), 0);
	CHECK_INT(look_with("web-01.6", "secret-of-this"), -EACCES);
}

static void the_target_shows_its_own_account_in_turn(void)
{
	struct err e;
	struct san_fenced done;
	struct san_facts facts;
	struct san_fence f = fence_of(8);
	struct san_login l = login_right();
	if (!fences())
		return;
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 1);
	l.user = f.user;
	l.secret = f.secret;
	l.target_user = f.mutual_user;
	l.target_secret = f.mutual_secret;
	CHECK_INT(look(&facts, &l, 1, 5000, &e), 0);
	l.target_secret = "what-it-shows-not";
	CHECK_INT(look(&facts, &l, 1, 5000, &e), -EACCES);
	l.target_user = l.target_secret = NULL;
	CHECK_INT(look(&facts, &l, 1, 5000, &e), 0);
	f.mutual_user = f.mutual_secret = NULL;
	CHECK_INT(fence(&done, &f, &e), 0);
	l.target_user = "web-01.8.target";
	l.target_secret = "what-it-shows";
	CHECK_INT(look(&facts, &l, 1, 5000, &e), -EACCES);
}

static void a_second_look_leaves_the_accounts_as_they_are(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(8);
	if (!fences())
		return;
	f.user = f.secret = f.mutual_user = f.mutual_secret = NULL;
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 0);
	CHECK_INT(done.sessions_dropped, 0);
	CHECK_INT(look_with("web-01.8", "secret-of-this"), 0);
}

static void a_fence_of_no_target_says_so(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(9);
	if (!fences())
		return;
	f.target = "iqn.2026-01.org.example:nobody-made-it";
	CHECK_INT(fence(&done, &f, &e), -ENOENT);
	CHECK(strstr(e.text, f.target) != NULL);
}

static void fake_say(const char *line, const char *to)
{
	FILE *f = fopen(to, "a");
	CHECK(f && fprintf(f, "%s\n", line) > 0 && fclose(f) == 0);
}

static void the_fake_drops_sessions_and_has_faults(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = fence_of(9);
	if (san_of(kind, &e) != &san_fake)
		return;
	fake_say("iqn.x:old", sessions);
	fake_say("iqn.x:older", sessions);
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.sessions_dropped, 2);
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.sessions_dropped, 0);
	f.own_user = "baton";
	fake_say("account=baton own-secret", file);
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 0);
	CHECK_INT(look_with("baton", "own-secret"), 0);

	fake_say("iqn.x:stuck", sessions);
	fake_say("stays=iqn.x:stuck", file);
	int64_t begun = wait_now_ms();
	CHECK_INT(san_fake.fence(&done, &f, 300, &e), -ETIMEDOUT);
	CHECK(strstr(e.text, "after 300 ms a session is still there: initiator iqn.x:stuck"));
	fake_say("fence=hang", file);
	CHECK_INT(san_fake.fence(&done, &f, 300, &e), -ETIMEDOUT);
	CHECK(wait_now_ms() - begun >= 550 && wait_now_ms() - begun < 3000);
	CHECK_INT(look_with("web-01.9", "secret-of-this"), 0);
}

static void an_unknown_kind_is_answered_with_the_known_ones(void)
{
	struct err e = { 0 };
	CHECK(san_of("floppy", &e) == NULL);
	CHECK_TEXT(e.text, "no SAN kind \"floppy\": want one of iscsi, tgt, fake");
	CHECK(san_iscsi.fence == NULL);
	CHECK_INT(san_iscsi.copies, SAN_COPIES_NONE);
}

static void bootable_is_boot_code_with_its_mark_or_a_gpt(void)
{
	uint8_t disk[8192] = { 0 };
	CHECK(!san_bootable(disk, 1024, 512));
	disk[510] = 0x55;
	disk[511] = 0xaa;
	CHECK(!san_bootable(disk, 1024, 512)); /* a table of partitions, and no code */
	disk[446] = 0x80;
	CHECK(!san_bootable(disk, 1024, 512));
	disk[0] = 0xeb;
	CHECK(san_bootable(disk, 1024, 512));
	CHECK(san_bootable(disk, 512, 512));
	CHECK(!san_bootable(disk, 511, 512));
	memset(disk, 0, sizeof disk);
	memcpy(disk + 512, "EFI PART", 8);
	CHECK(san_bootable(disk, 1024, 512));
	CHECK(!san_bootable(disk, sizeof disk, 4096));
	CHECK(!san_bootable(disk, 519, 512));
	memcpy(disk + 4096, "EFI PART", 8);
	CHECK(san_bootable(disk, sizeof disk, 4096));
}

TESTS(T(a_disk_tells_its_size_and_that_it_boots), T(a_blank_disk_does_not_boot),
	T(large_blocks_are_understood), T(a_lun_that_is_not_there_is_told_apart),
	T(a_target_that_is_not_there_is_told_apart), T(wrong_chap_is_refused),
	T(a_dead_portal_says_so_at_once), T(a_silent_portal_costs_the_timeout),
	T(a_look_can_be_repeated), T(iscsi_follows_a_redirection_but_not_for_ever),
	T(iscsi_survives_a_target_that_talks_nonsense),
	T(an_unknown_kind_is_answered_with_the_known_ones),
	T(bootable_is_boot_code_with_its_mark_or_a_gpt), T(reservations_are_cleared),
	T(a_target_that_shows_no_account_is_not_believed),
	T(a_fence_lets_the_new_account_in_and_no_other),
	T(a_fence_can_be_repeated_and_the_last_secret_counts),
	T(an_older_generation_is_refused_and_changes_nothing),
	T(the_target_shows_its_own_account_in_turn),
	T(a_second_look_leaves_the_accounts_as_they_are), T(a_fence_of_no_target_says_so),
	T(the_fake_drops_sessions_and_has_faults))
