/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tgtd is told, byte by byte, and its texts: as they are, cut short, and with what an
 * initiator may write into them by giving itself a name with line breaks. */
#include <errno.h>
#include <stdint.h>

#include "tap.h"
#include "wire/tgtadm.h"

#define SYSTEM "    System information:\n        Driver: iscsi\n        State: ready\n"
#define NEXUS "    I_T nexus information:\n"
#define SESSION(name)                                                                              \
	"        I_T nexus: 3\n            Initiator: " name " alias: none\n"                      \
	"            Connection: 0\n                IP Address: 127.0.0.1\n"
#define LUN "    LUN information:\n        LUN: 0\n            Type: controller\n"
#define ACCOUNTS "    Account information:\n"
#define ACL "    ACL information:\n        ALL\n"
#define WEB "iqn.2026-01.org.example:web-01"
#define DB "iqn.2026-01.org.example:db-01"

static uint32_t u32(const uint8_t *at)
{
	uint32_t n;
	memcpy(&n, at, sizeof n);
	return n;
}

#define DISK(n, path)                                                                              \
	"        LUN: " n "\n            Type: disk\n            Size: 67 MB, Block size: 4096\n"  \
	"            Online: Yes\n            Backing store path: " path "\n"                      \
	"            Backing store flags: \n"

static bool every_tid(void *ctx, uint32_t tid)
{
	(void)ctx, (void)tid;
	return true;
}

static void a_lun_is_read_from_tgtds_own_list_alone(void)
{
	static const char text[] = "Target 1: " WEB "\n" SYSTEM NEXUS SESSION(
		"iqn.x:y\n    LUN information:\n" DISK("1", "/etc/shadow") "    z") LUN
		"            Backing store path: None\n" DISK("1", "/srv/web-01")
			DISK("12", "/srv/other") ACCOUNTS ACL
		"Target 2: " DB "\n" SYSTEM NEXUS LUN DISK("7", "/srv/db-01") ACCOUNTS ACL;
	struct tgt_target t;
	struct tgt_lun lun;
	CHECK_INT(tgt_target_find(&t, text, sizeof text - 1, WEB, every_tid, NULL), 0);
	CHECK(tgt_lun_find(&lun, &t, 1));
	CHECK(tgt_name_is(&lun.path, "/srv/web-01"));
	CHECK_INT(lun.block_len, 4096);
	CHECK(tgt_lun_find(&lun, &t, 12));
	CHECK(tgt_name_is(&lun.path, "/srv/other"));
	CHECK(tgt_lun_find(&lun, &t, 0));
	CHECK_INT(lun.path.len, 0);
	CHECK(!tgt_lun_find(&lun, &t, 2));
	CHECK(!tgt_lun_find(&lun, &t, 7));
}

static void a_target_and_a_lun_are_made_as_tgtd_reads_it(void)
{
	uint8_t b[TGT_REQUEST_MAX];
	struct tgt_request r = { .word = TGT_TARGET_NEW, .tid = 9, .name = WEB };
	CHECK_INT(tgt_request_put(b, &r), 120 + sizeof "targetname=" WEB);
	CHECK_INT(u32(b), 1);
	CHECK_INT(u32(b + 4), 0);
	CHECK_INT(u32(b + 76), 9);
	CHECK_TEXT((char *)b + 120, "targetname=" WEB);
	r = (struct tgt_request){
		.word = TGT_LUN_NEW, .tid = 9, .lun = 1, .name = "/srv/a", .block_len = 512
	};
	CHECK_INT(tgt_request_put(b, &r), 120 + sizeof "path=/srv/a,blocksize=512");
	CHECK_INT(u32(b), 2);
	CHECK_INT(u32(b + 88), 1);
	CHECK_TEXT((char *)b + 120, "path=/srv/a,blocksize=512");
	r.name = "/srv/a,bstype=null";
	CHECK_INT(tgt_request_put(b, &r), 0);
	r.name = NULL;
	CHECK_INT(tgt_request_put(b, &r), 0);
	r = (struct tgt_request){ .word = TGT_TARGET_DELETE, .tid = 9 };
	CHECK_INT(tgt_request_put(b, &r), 120);
	CHECK_INT(u32(b + 4), 1);
}

static void a_request_is_as_tgtd_reads_it(void)
{
	uint8_t b[TGT_REQUEST_MAX];
	struct tgt_request r = { .word = TGT_ACCOUNT_NEW, .user = "web-01.7", .password = "s=1" };
	CHECK_INT(tgt_request_put(b, &r), 120 + sizeof "user=web-01.7,password=s=1");
	CHECK_INT(u32(b), 7);
	CHECK_INT(u32(b + 4), 0);
	CHECK_TEXT((char *)b + 8, "iscsi");
	CHECK_INT(u32(b + 72), 120 + sizeof "user=web-01.7,password=s=1");
	CHECK_TEXT((char *)b + 120, "user=web-01.7,password=s=1");

	r = (struct tgt_request){ .word = TGT_TARGETS, .tid = 5 };
	CHECK_INT(tgt_request_put(b, &r), 120);
	CHECK_INT(u32(b), 1);
	CHECK_INT(u32(b + 4), 2);
	CHECK_INT(u32(b + 76), UINT32_MAX);

	r = (struct tgt_request){ .word = TGT_DROP, .tid = 5, .sid = 65535, .cid = 2 };
	CHECK_INT(tgt_request_put(b, &r), 120);
	CHECK_INT(u32(b), 6);
	CHECK_INT(u32(b + 4), 1);
	CHECK_INT(u32(b + 76), 5);
	CHECK_INT(u32(b + 80), 65535);
	CHECK_INT(u32(b + 96), 2);

	r = (struct tgt_request){ .word = TGT_BIND, .tid = 5, .user = "u", .outgoing = true };
	CHECK_INT(tgt_request_put(b, &r), 120 + sizeof "user=u");
	CHECK_INT(u32(b + 4), 3);
	CHECK_INT(u32(b + 108), 1);

	r = (struct tgt_request){ .word = TGT_OFFLINE, .tid = 5 };
	CHECK_INT(tgt_request_put(b, &r), 120 + sizeof "state=offline");
	CHECK_INT(u32(b + 4), 5);
}

static void a_word_that_tgtd_would_cut_is_refused(void)
{
	uint8_t b[TGT_REQUEST_MAX];
	char long_one[TGT_REQUEST_MAX];
	memset(long_one, 'x', sizeof long_one);
	long_one[sizeof long_one - 1] = '\0';
	const char *const bad[] = { "", "a,password=b", "a\nb", "\x7f", long_one };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct tgt_request r = { .word = TGT_BIND, .user = bad[i] };
		CHECK_INT(tgt_request_put(b, &r), 0);
		r = (struct tgt_request){
			.word = TGT_ACCOUNT_NEW, .user = "u", .password = bad[i]
		};
		CHECK_INT(tgt_request_put(b, &r), 0);
	}
	struct tgt_request r = { .word = TGT_ACCOUNT_NEW, .user = "u" };
	CHECK_INT(tgt_request_put(b, &r), 0);
}

static void an_answer_has_a_length_that_can_be(void)
{
	static const struct {
		uint32_t error, all;
		bool good;
		size_t len;
	} rows[] = {
		{ 0, 8, true, 0 },
		{ 15, 8, true, 0 },
		{ 0, 109, true, 101 },
		{ 0, 7, false, 0 },
		{ 0, 0, false, 0 },
		{ 0, UINT32_MAX, false, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t head[TGT_ANSWER_HEAD];
		uint32_t error = 99;
		size_t len = 99;
		memcpy(head, &rows[i].error, 4);
		memcpy(head + 4, &rows[i].all, 4);
		CHECK_INT(tgt_answer_head(&error, &len, head), rows[i].good);
		if (rows[i].good) {
			CHECK_INT(error, rows[i].error);
			CHECK_INT(len, rows[i].len);
		}
	}
	CHECK_TEXT(tgt_error_text(15), "no such account");
	CHECK_TEXT(tgt_error_text(18), "it shows an account already");
	CHECK_TEXT(tgt_error_text(24), "removal is prevented");
	CHECK_TEXT(tgt_error_text(25), "an error without a name");
}

static unsigned asked;

static bool up_to_nine(void *ctx, uint32_t tid)
{
	(void)ctx;
	asked++;
	return tid <= 9;
}

/* What is found of WEB in a text, as one line: "7 ready: old, new, (shown)"; or the error. */
static const char *found(const char *text)
{
	static char line[512];
	struct tgt_target t;
	asked = 0;
	int r = tgt_target_find(&t, text, strlen(text), WEB, up_to_nine, NULL);
	if (r < 0)
		return r == -ENOENT   ? "ENOENT"
		       : r == -EPROTO ? "EPROTO"
		       : r == -E2BIG  ? "E2BIG"
				      : "?";
	size_t at = (size_t)snprintf(line, sizeof line, "%u %s:", t.tid,
		!t.iscsi  ? "other"
		: t.ready ? "ready"
			  : "offline");
	for (unsigned i = 0; i < t.accounts; i++)
		at += (size_t)snprintf(line + at, sizeof line - at, " %.*s", (int)t.account[i].len,
			t.account[i].at);
	if (t.outgoing.len)
		snprintf(
			line + at, sizeof line - at, " (%.*s)", (int)t.outgoing.len, t.outgoing.at);
	return line;
}

static void a_target_is_found_among_others(void)
{
	CHECK_TEXT(found("Target 7: " WEB "\n" SYSTEM NEXUS LUN ACCOUNTS ACL), "7 ready:");
	CHECK_TEXT(found("Target 1: " DB "\n" SYSTEM NEXUS LUN ACCOUNTS "        u\n" ACL
			 "Target 7: " WEB "\n" SYSTEM NEXUS SESSION("iqn.x:y") LUN ACCOUNTS
			   "        old\n        web-01.3\n        t (outgoing)\n" ACL
			   "Target 9: " WEB "-b\n" SYSTEM NEXUS LUN ACCOUNTS "        v\n" ACL),
		"7 ready: old web-01.3 (t)");
	CHECK_INT(asked, 1);
	CHECK_TEXT(found("Target 7: " WEB "\n    System information:\n        Driver: iscsi\n"
			 "        State: offline\n" NEXUS LUN ACCOUNTS ACL),
		"7 offline:");
	CHECK_TEXT(found("Target 7: " WEB "\n    System information:\n        Driver: iser\n"
			 "        State: ready\n" NEXUS LUN ACCOUNTS ACL),
		"7 other:");
	CHECK_TEXT(found("Target 7: " WEB "-b\n" SYSTEM NEXUS LUN ACCOUNTS ACL), "ENOENT");
	CHECK_TEXT(found(""), "ENOENT");
}

static void a_text_that_was_cut_is_not_believed(void)
{
	static const char whole[] =
		"Target 7: " WEB "\n" SYSTEM NEXUS LUN ACCOUNTS "        old\n        new\n" ACL;
	char cut[sizeof whole];
	size_t acl = (size_t)(strstr(whole, "        ALL") - whole);
	for (size_t len = 1; len < acl; len++) {
		memcpy(cut, whole, len);
		cut[len] = '\0';
		const char *is = found(cut);
		if (strcmp(is, "EPROTO") != 0)
			printf("# cut at %zu: %s\n", len, is);
		CHECK_TEXT(is, "EPROTO");
	}
}

static void more_accounts_than_have_room_are_told(void)
{
	char text[8192];
	size_t at = (size_t)snprintf(
		text, sizeof text, "Target 7: " WEB "\n" SYSTEM NEXUS LUN ACCOUNTS);
	for (int i = 0; i <= TGT_ACCOUNTS_MAX; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "        u%d\n", i);
	snprintf(text + at, sizeof text - at, ACL);
	CHECK_TEXT(found(text), "E2BIG");
}

static void a_name_with_line_breaks_hides_no_account(void)
{
	/* A list of accounts of its own, before tgtd's. */
	CHECK_TEXT(found("Target 7: " WEB "\n" SYSTEM NEXUS SESSION(
			   "iqn.x:y\n    Account information:\n        nobody\n    ACL "
			   "information:\n") LUN ACCOUNTS "        old\n" ACL),
		"7 ready: old");
	/* The head of a target that is not there, so that ours seems to end. */
	CHECK_TEXT(found("Target 7: " WEB "\n" SYSTEM NEXUS SESSION(
			   "iqn.x:y\n    Account information:\n        nobody\n    ACL "
			   "information:\n        ALL\nTarget 99: iqn.z\n") LUN ACCOUNTS
			   "        old\n" ACL),
		"7 ready: old");
	CHECK_INT(asked, 1);
	/* Of one that is there. */
	CHECK_TEXT(found("Target 7: " WEB "\n" SYSTEM NEXUS SESSION(
			   "iqn.x:y\n    Account information:\n    ACL information:\n"
			   "Target 8: " DB "\n") LUN ACCOUNTS "        old\n" ACL "Target 8: " DB
							      "\n" SYSTEM NEXUS LUN ACCOUNTS ACL),
		"EPROTO");
	/* Of ours, in another's session: before it, and with another number. */
	CHECK_TEXT(found("Target 1: " DB "\n" SYSTEM NEXUS SESSION(
			   "x\nTarget 7: " WEB "\n" SYSTEM ACCOUNTS ACL) LUN ACCOUNTS ACL
			   "Target 7: " WEB "\n" SYSTEM NEXUS LUN ACCOUNTS "        old\n" ACL),
		"EPROTO");
	CHECK_TEXT(found("Target 1: " DB "\n" SYSTEM NEXUS SESSION("x\nTarget 2: " WEB "\n")
				   LUN ACCOUNTS ACL "Target 7: " WEB
						    "\n" SYSTEM NEXUS LUN ACCOUNTS ACL),
		"EPROTO");
	/* Heads without end are not all asked for. */
	char text[8192];
	size_t at = (size_t)snprintf(text, sizeof text, "Target 7: " WEB "\n" SYSTEM NEXUS);
	for (int i = 100; i < 200; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "Target %d: x%d\n", i, i);
	snprintf(text + at, sizeof text - at, LUN ACCOUNTS ACL);
	CHECK_TEXT(found(text), "EPROTO");
	CHECK(asked <= 16);
}

static void an_account_that_another_target_has_is_known(void)
{
	static const char text[] =
		"Target 1: " DB "\n" SYSTEM NEXUS LUN ACCOUNTS
		"        both\n        shown (outgoing)\n" ACL "Target 7: " WEB
		"\n" SYSTEM NEXUS LUN ACCOUNTS "        both\n        mine\n" ACL;
	struct tgt_target t;
	CHECK_INT(tgt_target_find(&t, text, strlen(text), WEB, up_to_nine, NULL), 0);
	CHECK(tgt_bound_elsewhere(&t, text, strlen(text), "both"));
	CHECK(tgt_bound_elsewhere(&t, text, strlen(text), "shown"));
	CHECK(!tgt_bound_elsewhere(&t, text, strlen(text), "mine"));
	CHECK(!tgt_bound_elsewhere(&t, text, strlen(text), "bot"));
}

static void accounts_are_listed(void)
{
	static const char text[] = "Account list:\n    web-01.7\n    old\n";
	struct tgt_name n;
	size_t at = 0;
	CHECK(tgt_account_next(&n, &at, text, strlen(text)) && tgt_name_is(&n, "web-01.7"));
	CHECK(tgt_account_next(&n, &at, text, strlen(text)) && tgt_name_is(&n, "old"));
	CHECK(!tgt_account_next(&n, &at, text, strlen(text)));
	at = 0;
	CHECK(!tgt_account_next(&n, &at, "", 0));
}

/* "sid.cid initiator; ..." */
static const char *connections(const char *text)
{
	static char line[512];
	struct tgt_connection c;
	size_t at = 0, len = 0;
	line[0] = '\0';
	while (tgt_connection_next(&c, &at, text, strlen(text)))
		len += (size_t)snprintf(line + len, sizeof line - len, "%u.%u %.*s; ", c.sid, c.cid,
			(int)c.initiator.len, c.initiator.at);
	return line;
}

static void connections_are_listed_and_none_is_hidden(void)
{
	CHECK_TEXT(connections(""), "");
	CHECK_TEXT(connections("Session: 2\n    Connection: 0\n        Initiator: iqn.x:y\n"
			       "        IP Address: 127.0.0.1\nSession: 65535\n    Connection: 1\n"
			       "        Initiator: iqn.x:z\n        IP Address: 127.0.0.1\n"),
		"2.0 iqn.x:y; 65535.1 iqn.x:z; ");
	/* Whatever a name holds, tgtd's own lines are behind it as before it. */
	CHECK_TEXT(connections("Session: 2\n    Connection: 0\n        Initiator: iqn\nSession: x\n"
			       "        IP Address: 127.0.0.1\nSession: 3\n    Connection: 1\n"
			       "        Initiator: iqn.x:z\n        IP Address: 127.0.0.1\n"),
		"2.0 iqn; 3.1 iqn.x:z; ");
	CHECK_TEXT(connections("Session: 2\n    Connection: 0\n        Initiator: a\nSession: 9\n"
			       "    Connection: 9\n        IP Address: 1\n"),
		"2.0 a; 9.9 ; ");
	CHECK_TEXT(connections("Session: 99999999999\n    Connection: 0\n"), "");
	CHECK_TEXT(connections("Session: 2\n    Connection: "), "");
}

TESTS(T(a_request_is_as_tgtd_reads_it), T(a_lun_is_read_from_tgtds_own_list_alone),
	T(a_target_and_a_lun_are_made_as_tgtd_reads_it), T(a_word_that_tgtd_would_cut_is_refused),
	T(an_answer_has_a_length_that_can_be), T(a_target_is_found_among_others),
	T(a_text_that_was_cut_is_not_believed), T(more_accounts_than_have_room_are_told),
	T(a_name_with_line_breaks_hides_no_account), T(an_account_that_another_target_has_is_known),
	T(accounts_are_listed), T(connections_are_listed_and_none_is_hidden))
