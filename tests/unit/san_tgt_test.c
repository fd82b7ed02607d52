/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tgt driver tells tgtd, and in which order, against one that is played: what a real one
 * does with it is shown by tests/bats/30-hand.bats. */
#include "drivers/san.h"
#include "drivers/wait.h"
#include "tap.h"
#include "tgtd_play.h"

static struct san_fence wish(void)
{
	return (struct san_fence){ .target = PLAY_TARGET,
		.user = "web-01.7",
		.secret = "secret-of-7",
		.persona = "web-01",
		.generation = 7,
		.own_user = "" };
}

static unsigned timeout_ms = 5000;

static int fence(struct san_fenced *done, const struct san_fence *f, struct err *e)
{
	*e = (struct err){ 0 };
	*done = (struct san_fenced){ 0 };
	int r = san_tgt.fence(done, f, timeout_ms, e);
	CHECK((r == 0) == (e->text[0] == '\0'));
	CHECK(!f->secret || !strstr(e->text, f->secret));
	if (e->text[0])
		printf("# %s\n", e->text);
	return r;
}

static void session_have(unsigned i, unsigned sid, const char *initiator, unsigned stays)
{
	play->session[i].sid = sid;
	play->session[i].stays = stays;
	snprintf(play->session[i].initiator, sizeof play->session[i].initiator, "%s", initiator);
}

static const char *secret_of(const char *user)
{
	unsigned a = play_account(user);
	return a ? play->account[a - 1].secret : "no account";
}

static void the_order_is_offline_out_in_ready_and_then_the_sessions(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_have("old", "o", true);
	play_have("web-01.6", "s", true);
	session_have(0, 3, "iqn.x:old", 1);
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 2);
	CHECK_INT(done.sessions_dropped, 1);
	CHECK_TEXT(play->log,
		"targets, accounts, offline, unbind web-01.6, unbind old, delete web-01.6, "
		"new web-01.7, bind web-01.7, targets, nop_count=3, nop_interval=2, ready, "
		"connections, drop 3, connections, drop 3, connections");
	CHECK_TEXT(play_bound(), "web-01.7");
	CHECK_TEXT(secret_of("web-01.7"), "secret-of-7");
	CHECK_TEXT(secret_of("web-01.6"), "no account");
	CHECK_TEXT(secret_of("old"), "o"); /* a person's own: who knows where else it is used */
	CHECK(!play->offline && !play->was_open);
	play_end();
}

static void batons_own_account_is_back_before_the_new_one(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	f.own_user = "baton";
	play_new();
	play_have("old", "o", true);
	play_have("baton", "b", true);
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 1);
	CHECK_TEXT(play_bound(), "baton web-01.7");
	CHECK_TEXT(secret_of("baton"), "b");
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.accounts_removed, 0);
	CHECK_TEXT(play_bound(), "baton web-01.7");
	play_end();
}

static void a_fence_again_puts_the_later_secret_in_force(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	f.secret = "another-one";
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(secret_of("web-01.7"), "another-one");
	CHECK_TEXT(play_bound(), "web-01.7");
	play_end();
}

static void what_the_target_shows_is_replaced_too(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_have("web-01.6.target", "t", false);
	play->outgoing = 1;
	f.mutual_user = "web-01.7.target";
	f.mutual_secret = "target-secret";
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(play_bound(), "web-01.7 +web-01.7.target");
	CHECK_TEXT(secret_of("web-01.7.target"), "target-secret");
	CHECK_TEXT(secret_of("web-01.6.target"), "no account");
	f.mutual_user = f.mutual_secret = NULL;
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(play_bound(), "web-01.7");
	CHECK_TEXT(secret_of("web-01.7.target"), "no account");
	play_end();
}

/* Cut off at every request there is, done or not done; then repeated. */
static void a_fence_that_was_cut_off_is_finished_by_the_next(void)
{
	unsigned cut = 1;
	for (bool over = false; !over; cut++)
		for (int done_too = 0; done_too < 2; done_too++) {
			struct err e;
			struct san_fenced done;
			struct san_fence f = wish();
			f.own_user = "baton";
			f.mutual_user = "web-01.7.target";
			f.mutual_secret = "target-secret";
			play_new();
			play_have("old", "o", true);
			play_have("baton", "b", true);
			play_have("web-01.6", "s", true);
			play_have("web-01.6.target", "t", false);
			play->outgoing = 4;
			session_have(0, 3, "iqn.x:old", 0);
			play->cut_at = cut;
			play->cut_done = done_too;
			play_start();
			int r = fence(&done, &f, &e);
			over |= r == 0;
			if (!over)
				CHECK_INT(r, -ECONNRESET);
			play->cut_at = 0;
			CHECK_INT(fence(&done, &f, &e), 0);
			CHECK_TEXT(play_bound(), "baton web-01.7 +web-01.7.target");
			CHECK_TEXT(secret_of("web-01.7"), "secret-of-7");
			CHECK_TEXT(secret_of("web-01.6"), "no account");
			CHECK(!play->offline && !play->was_open && !play->died);
			CHECK_INT(play->session[0].sid, 0);
			play_end();
		}
	CHECK(cut > 20);
}

static void an_older_generation_changes_nothing(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_have("web-01.8", "s", true);
	session_have(0, 3, "iqn.x:new", 0);
	play_start();
	CHECK_INT(fence(&done, &f, &e), -ESTALE);
	CHECK(strstr(e.text, "web-01.8 is of a later generation than 7"));
	CHECK_TEXT(play->log, "targets, accounts");
	f.user = f.secret = NULL; /* nor does its second look drop anybody */
	CHECK_INT(fence(&done, &f, &e), -ESTALE);
	CHECK_TEXT(play->log, "targets, accounts, targets, accounts");
	play_end();
}

static void accounts_of_other_personas_are_no_generations_of_this_one(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	static const char *const others[] = { "db-01.9", "web-01", "web-01.", "web-01.x", "web-0.9",
		"web-01-9", "web-01.99999999999" };
	play_new();
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		play_have(others[i], "s", false);
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		CHECK_TEXT(secret_of(others[i]), "s");
	CHECK_TEXT(play_bound(), "web-01.7");
	play_end();
}

static void an_account_of_another_target_stays_there(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_have("web-01.6", "s", true);
	play->account[0].elsewhere = true;
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(play_bound(), "web-01.7");
	CHECK_TEXT(secret_of("web-01.6"), "s");
	play->account[play_account("web-01.7") - 1].elsewhere = true;
	f.secret = "another-one";
	CHECK_INT(fence(&done, &f, &e), -EBUSY);
	CHECK_TEXT(secret_of("web-01.7"), "secret-of-7");
	CHECK(!play->offline);
	play_end();
}

static void a_second_look_drops_sessions_and_touches_no_account(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	f.user = f.secret = NULL;
	play_new();
	play_have("web-01.7", "s", true);
	session_have(0, 3, "iqn.x:old", 2);
	session_have(1, 65535, "iqn.2026-01.baton:broker", 0);
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.sessions_dropped, 2);
	CHECK(!strstr(play->log, "bind") && !strstr(play->log, "offline"));
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_INT(done.sessions_dropped, 0);
	play_end();
}

static void a_session_that_stays_is_named(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	session_have(0, 3, "iqn.x:\x1b[2Jold", 1000000);
	play_start();
	int64_t begun = wait_now_ms();
	timeout_ms = 300;
	CHECK_INT(fence(&done, &f, &e), -ETIMEDOUT);
	timeout_ms = 5000;
	CHECK(wait_now_ms() - begun < 2000);
	CHECK(strstr(
		e.text, "after 300 ms 1 of its sessions is still there: initiator iqn.x:?[2Jold"));
	play_end();
}

static void a_name_with_line_breaks_does_not_save_its_session(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play_have("old", "o", true);
	session_have(0, 3, "x\n    ACL information:\nTarget 99: y", 0);
	session_have(1, 4, "x\nSession: 5\n    Connection: 1", 0);
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(play_bound(), "web-01.7");
	CHECK_INT(play->session[0].sid + play->session[1].sid, 0);
	play_end();
}

static void a_tgtd_that_cannot_be_asked_is_told_apart(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	CHECK_INT(fence(&done, &f, &e), -ENOTCONN);
	CHECK(strstr(e.text, "set tgt_control in baton.conf"));
	play_new();
	play->refuse = ENOENT;
	play->refusals = 1;
	play_start();
	CHECK_INT(fence(&done, &f, &e), -ENOENT);
	CHECK(strstr(e.text, "(tgt_control) /x/socket.0: No such file or directory"));
	play->refuse = EAGAIN; /* its queue is full for a while */
	play->refusals = 3;
	CHECK_INT(fence(&done, &f, &e), 0);
	f.target = PLAY_TARGET "-b";
	CHECK_INT(fence(&done, &f, &e), -ENOENT);
	CHECK(strstr(e.text, "this tgtd has no such target"));
	f.target = PLAY_TARGET;
	timeout_ms = 300;
	play->refusals = 1000000;
	CHECK_INT(fence(&done, &f, &e), -ETIMEDOUT);
	play->refusals = 0;
	play->hang = true;
	int64_t begun = wait_now_ms();
	CHECK_INT(fence(&done, &f, &e), -ETIMEDOUT);
	CHECK(strstr(e.text, "no answer within 300 ms to list its targets; does it hang?"));
	CHECK(wait_now_ms() - begun < 2000);
	timeout_ms = 5000;
	play_end();
}

static void an_account_of_the_wrong_name_is_refused(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	static const char *const wrong[] = { "web-01", "web-01.8", "db-01.7", "web-01.", "" };
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		f.user = wrong[i];
		CHECK_INT(fence(&done, &f, &e), -EINVAL);
	}
	f = wish();
	f.mutual_user = f.user;
	f.mutual_secret = "x";
	CHECK_INT(fence(&done, &f, &e), -EINVAL);
	f = wish();
	f.own_user = f.user;
	CHECK_INT(fence(&done, &f, &e), -EINVAL);
}

static void a_tgtd_without_nops_is_fenced_all_the_same(void)
{
	struct err e;
	struct san_fenced done;
	struct san_fence f = wish();
	play_new();
	play->no_nops = true;
	play_start();
	CHECK_INT(fence(&done, &f, &e), 0);
	CHECK_TEXT(play_bound(), "web-01.7");
	CHECK(!play->offline);
	play_end();
}

static int sessions_of(
	unsigned *ret, const char *persona, uint32_t generation, const char *own, struct err *e)
{
	const struct san_account a = { .target = PLAY_TARGET,
		.persona = persona,
		.generation = generation,
		.own_initiator = own };
	*e = (struct err){ 0 };
	return san_tgt.sessions(ret, &a, timeout_ms, e);
}

static void sessions_are_counted_and_nothing_is_changed(void)
{
	struct err e;
	unsigned n = 9;
	play_new();
	play_have("web-01.7", "s", true);
	session_have(0, 3, "iqn.x:web-01", 1);
	session_have(1, 4, "iqn.x:baton", 1);
	play_start();
	CHECK_INT(sessions_of(&n, "web-01", 7, "iqn.x:baton", &e), 0);
	CHECK_INT(n, 1); /* a look of Baton's own is none of them */
	CHECK_INT(sessions_of(&n, "web-01", 8, "iqn.x:baton", &e), 0);
	CHECK_INT(n, 0); /* the target does not know that account */
	CHECK(strstr(play->log, "drop") == NULL && strstr(play->log, "offline") == NULL);
	play_end();
}

TESTS(T(the_order_is_offline_out_in_ready_and_then_the_sessions),
	T(batons_own_account_is_back_before_the_new_one),
	T(a_fence_again_puts_the_later_secret_in_force), T(what_the_target_shows_is_replaced_too),
	T(a_fence_that_was_cut_off_is_finished_by_the_next), T(an_older_generation_changes_nothing),
	T(accounts_of_other_personas_are_no_generations_of_this_one),
	T(an_account_of_another_target_stays_there),
	T(a_second_look_drops_sessions_and_touches_no_account), T(a_session_that_stays_is_named),
	T(a_name_with_line_breaks_does_not_save_its_session),
	T(a_tgtd_that_cannot_be_asked_is_told_apart), T(an_account_of_the_wrong_name_is_refused),
	T(a_tgtd_without_nops_is_fenced_all_the_same),
	T(sessions_are_counted_and_nothing_is_changed))
