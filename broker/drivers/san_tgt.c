/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tgtd of this host as a target that Baton administers. How tgtd keeps its accounts decides the
 * order of things here (docs/design/0005-hands.md): an account that is unbound leaves a hole where
 * it stood, behind which accounts are not found, and a list of targets that meets a hole is the end
 * of tgtd. So accounts go from the last to the first and come again, while the target is offline
 * and lets nobody in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "drivers/san.h"
#include "drivers/san_tgt_talk.h"
#include "drivers/wait.h"

enum { LOOK_AGAIN_MS = 2, LOOK_AGAIN_MAX_MS = 250, SIDS = 65536 };

struct fence {
	struct tgt_talk talk;
	const struct san_fence *f;
	struct tgt_target target; /* in the text of targets */
	struct tgt_said targets, accounts;
	int failed; /* of is_target(), which can say no more than yes or no */
	struct err *e;
	bool own_known; /* tgtd has Baton's own account */
	struct san_fenced done;
	uint8_t dropped[SIDS / 8]; /* sessions that were counted */
};

static void fence_drop(struct fence **f)
{
	tgt_said_fini(&(*f)->targets);
	tgt_said_fini(&(*f)->accounts);
}

/* A name of tgtd's as our own text; "" where it is longer than any that we can ask for. */
struct word {
	char text[TGT_REQUEST_MAX];
};

static struct word word_of(const struct tgt_name *n)
{
	struct word w = { "" };
	if (n->len < sizeof w.text)
		memcpy(w.text, n->at, n->len);
	return w;
}

/* What was to go has gone already, or may be left out. */
static bool is_fine(enum tgt_word word, uint32_t error)
{
	if (word == TGT_UNBIND || word == TGT_ACCOUNT_DELETE)
		return error == TGT_NO_USER;
	if (word == TGT_DROP)
		return error == TGT_NO_SESSION || error == TGT_NO_CONNECTION;
	if (word == TGT_NOP_COUNT || word == TGT_NOP_INTERVAL)
		return error == TGT_NOT_UNDERSTOOD;
	return false;
}

/* Tells tgtd to do something to the target. */
static int tell(struct fence *fc, const struct tgt_request *ask, const char *doing)
{
	struct tgt_request r = *ask;
	struct tgt_said said;
	r.tid = fc->target.tid;
	int rc = tgt_talk(&said, &fc->talk, &r, doing, fc->e);
	if (rc < 0)
		return rc;
	tgt_said_fini(&said);
	if (said.error == TGT_OK || is_fine(r.word, said.error))
		return 0;
	if (said.error == TGT_NO_TARGET)
		return err_say(fc->e, ENOENT, "target %s: tgtd has it no more", fc->f->target);
	return err_say(fc->e, EIO, "target %s: tgtd was told %s %s, and says: %s", fc->f->target,
		doing, r.user ? r.user : "", tgt_error_text(said.error));
}

static int tell_account(struct fence *fc, enum tgt_word word, const char *user, bool outgoing)
{
	static const char *const doing[] = {
		[TGT_ACCOUNT_DELETE] = "to delete account",
		[TGT_BIND] = "to bind account",
		[TGT_UNBIND] = "to unbind account",
	};
	return tell(fc, &(struct tgt_request){ .word = word, .user = user, .outgoing = outgoing },
		doing[word]);
}

static int account_make(struct fence *fc, const char *user, const char *secret, bool outgoing)
{
	int r = tell(fc,
		&(struct tgt_request){ .word = TGT_ACCOUNT_NEW, .user = user, .password = secret },
		"to make account");
	return r ? r : tell_account(fc, TGT_BIND, user, outgoing);
}

static int list(
	struct fence *fc, struct tgt_said *ret, const struct tgt_request *r, const char *doing)
{
	tgt_said_fini(ret);
	int rc = tgt_talk(ret, &fc->talk, r, doing, fc->e);
	if (rc < 0 || ret->error == TGT_OK)
		return rc;
	if (ret->error == TGT_NO_TARGET)
		return err_say(fc->e, ENOENT, "target %s: tgtd has it no more", fc->f->target);
	return err_say(fc->e, EIO, "target %s: tgtd was asked %s, and says: %s", fc->f->target,
		doing, tgt_error_text(ret->error));
}

static bool is_target(void *ctx, uint32_t tid)
{
	struct fence *fc = ctx;
	struct tgt_said said;
	const struct tgt_request r = { .word = TGT_CONNECTIONS, .tid = tid };
	fc->failed = tgt_talk(&said, &fc->talk, &r, "about a target", fc->e);
	if (fc->failed < 0)
		return true;
	tgt_said_fini(&said);
	return said.error != TGT_NO_TARGET;
}

static int target_read(struct fence *fc)
{
	const char *name = fc->f->target;
	int r = list(fc, &fc->targets, &(struct tgt_request){ .word = TGT_TARGETS },
		"to list its targets");
	if (r < 0)
		return r;
	fc->failed = 0;
	r = tgt_target_find(&fc->target, fc->targets.text, fc->targets.len, name, is_target, fc);
	if (fc->failed < 0)
		return fc->failed;
	if (r == -ENOENT)
		return err_say(fc->e, ENOENT, "target %s: this tgtd has no such target", name);
	if (r == -E2BIG)
		return err_say(fc->e, E2BIG, "target %s: more than %d accounts are bound to it",
			name, TGT_ACCOUNTS_MAX);
	if (r < 0)
		return err_say(fc->e, EPROTO,
			"target %s: tgtd's list of targets cannot be read; does an initiator have "
			"a "
			"line break in its name?",
			name);
	if (!fc->target.iscsi)
		return err_say(fc->e, ENOTSUP,
			"target %s: tgtd serves it, but not by iSCSI over TCP", name);
	return 0;
}

static bool is(const struct tgt_name *n, const char *word)
{
	return word && *word && tgt_name_is(n, word);
}

/* Nothing is changed before this has looked at every account that there is. */
static int accounts_check(struct fence *fc)
{
	const struct san_fence *f = fc->f;
	struct tgt_name n;
	uint32_t generation;
	int r = list(fc, &fc->accounts, &(struct tgt_request){ .word = TGT_ACCOUNTS },
		"to list its accounts");
	if (r < 0)
		return r;
	for (size_t at = 0; tgt_account_next(&n, &at, fc->accounts.text, fc->accounts.len);) {
		bool ours = is(&n, f->user) || is(&n, f->mutual_user);
		struct word w = word_of(&n);
		fc->own_known |= is(&n, f->own_user);
		if (san_account_of(&generation, n.at, n.len, f->persona) &&
			generation > f->generation)
			return err_say(fc->e, ESTALE,
				"target %s: account %.100s is of a later generation than %u; "
				"nothing "
				"was changed",
				f->target, w.text, f->generation);
		if (ours &&
			tgt_bound_elsewhere(&fc->target, fc->targets.text, fc->targets.len, w.text))
			return err_say(fc->e, EBUSY,
				"target %s: account %s is bound to another target, too; unbind it "
				"there",
				f->target, w.text);
	}
	for (unsigned i = 0; i < fc->target.accounts; i++)
		if (!*word_of(&fc->target.account[i]).text)
			return err_say(fc->e, EPROTO,
				"target %s: an account's name is too long; unbind it by hand",
				f->target);
	return 0;
}

static int accounts_unbind(struct fence *fc)
{
	const struct tgt_target *t = &fc->target;
	int r = 0;
	for (unsigned i = t->accounts; r == 0 && i-- > 0;) {
		const struct tgt_name *n = &t->account[i];
		r = tell_account(fc, TGT_UNBIND, word_of(n).text, false);
		fc->done.accounts_removed +=
			r == 0 && !is(n, fc->f->user) && !is(n, fc->f->own_user);
	}
	if (r == 0 && t->outgoing.len)
		r = tell_account(fc, TGT_UNBIND, word_of(&t->outgoing).text, true);
	return r;
}

/* Those that Baton has made, and this fence's own of an earlier try. To delete one that is bound
 * to another target would leave a hole there. */
static int accounts_delete(struct fence *fc)
{
	const struct san_fence *f = fc->f;
	struct tgt_name n;
	uint32_t generation;
	int r = 0;
	for (size_t at = 0;
		r == 0 && tgt_account_next(&n, &at, fc->accounts.text, fc->accounts.len);) {
		struct word w = word_of(&n);
		bool made = san_account_of(&generation, n.at, n.len, f->persona);
		if (is(&n, f->own_user) || (!made && !is(&n, f->mutual_user)))
			continue;
		if (!tgt_bound_elsewhere(&fc->target, fc->targets.text, fc->targets.len, w.text))
			r = tell_account(fc, TGT_ACCOUNT_DELETE, w.text, false);
	}
	return r;
}

/* While nobody is let in. */
static int accounts_replace(struct fence *fc)
{
	const struct san_fence *f = fc->f;
	int r = accounts_unbind(fc);
	r = r ? r : accounts_delete(fc);
	if (r == 0 && fc->own_known)
		r = tell_account(fc, TGT_BIND, f->own_user, false);
	r = r ? r : account_make(fc, f->user, f->secret, false);
	if (r == 0 && f->mutual_user)
		r = account_make(fc, f->mutual_user, f->mutual_secret, true);
	return r;
}

/* What tgtd shows now is what was wanted. */
static int accounts_proved(struct fence *fc)
{
	const struct tgt_target *t = &fc->target;
	const struct san_fence *f = fc->f;
	int r = target_read(fc);
	if (r < 0)
		return r;
	unsigned own = fc->own_known;
	bool right = t->accounts == own + 1 && is(&t->account[own], f->user) &&
		     (!own || is(&t->account[0], f->own_user)) &&
		     (f->mutual_user ? is(&t->outgoing, f->mutual_user) : !t->outgoing.len);
	return right ? 0
		     : err_say(fc->e, EIO,
			       "target %s: tgtd does not show the accounts that it was told; does "
			       "somebody else administer it?",
			       f->target);
}

/* Of sessions that begin from here on: the one of a body that is gone without a word goes too. A
 * tgtd that knows no such thing is fenced all the same. */
static int probes_set(struct fence *fc)
{
	static const enum tgt_word words[] = { TGT_NOP_COUNT, TGT_NOP_INTERVAL };
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT(words); i++)
		r = tell(
			fc, &(struct tgt_request){ .word = words[i] }, "to notice dead initiators");
	return r;
}

static int accounts_set(struct fence *fc)
{
	static const struct tgt_request offline = { .word = TGT_OFFLINE },
					ready = { .word = TGT_READY };
	int r = tell(fc, &offline, "to let nobody in");
	if (r < 0)
		return r;
	r = accounts_replace(fc);
	r = r ? r : accounts_proved(fc);
	r = r ? r : probes_set(fc);
	r = r ? r : tell(fc, &ready, "to let its accounts in");
	if (r < 0)
		return err_in(fc->e, r, "it stays offline until it is fenced again");
	return 0;
}

static bool first_time(struct fence *fc, uint32_t sid)
{
	uint8_t bit = (uint8_t)(1 << (sid % 8)), *byte = &fc->dropped[sid % SIDS / 8];
	bool first = !(*byte & bit);
	*byte |= bit;
	return first;
}

static int still_there(struct fence *fc, const struct tgt_said *said)
{
	struct tgt_connection c = { .initiator = { "", 0 } };
	unsigned n = 0;
	for (size_t at = 0; tgt_connection_next(&c, &at, said->text, said->len);)
		n++;
	struct word w = word_of(&c.initiator);
	for (char *x = w.text; *x; x++)
		if (*x < ' ' || *x > '~')
			*x = '?';
	return err_say(fc->e, ETIMEDOUT,
		"target %s: after %u ms %u of its sessions %s still there: initiator %.100s",
		fc->f->target, fc->talk.timeout_ms, n, n == 1 ? "is" : "are", w.text);
}

/* tgtd closes a connection some time after it has said yes, and keeps a session in its list until
 * the last of its commands has come back from the disk. */
static int sessions_drop(struct fence *fc)
{
	const struct tgt_request ask = { .word = TGT_CONNECTIONS, .tid = fc->target.tid };
	struct tgt_said said = { .text = NULL };
	struct tgt_connection c;
	int r;
	for (int64_t wait = LOOK_AGAIN_MS;; wait = wait < LOOK_AGAIN_MAX_MS ? wait * 2 : wait) {
		r = list(fc, &said, &ask, "to list the target's connections");
		if (r < 0 || said.len == 0)
			break;
		for (size_t at = 0; r == 0 && tgt_connection_next(&c, &at, said.text, said.len);) {
			fc->done.sessions_dropped += first_time(fc, c.sid);
			r = tell(fc,
				&(struct tgt_request){
					.word = TGT_DROP, .sid = c.sid, .cid = c.cid },
				"to drop a connection");
		}
		int64_t again = wait_now_ms() + wait;
		if (r == 0 && again >= fc->talk.deadline)
			r = still_there(fc, &said);
		if (r < 0)
			break;
		wait_until_ms(again);
	}
	tgt_said_fini(&said);
	return r;
}

static int tgt_fence(
	struct san_fenced *ret, const struct san_fence *f, unsigned timeout_ms, struct err *e)
{
	struct err nobody = { 0 };
	struct fence fence = { .f = f,
		.e = e ? e : &nobody,
		.talk = { .target = f->target,
			.deadline = wait_now_ms() + timeout_ms,
			.timeout_ms = timeout_ms } };
	OWN(fence) struct fence *fc = &fence;
	int r = san_fence_check(f, e);
	r = r ? r : tgt_talk_open(&fc->talk, e);
	r = r ? r : target_read(fc);
	r = r ? r : accounts_check(fc);
	if (r == 0 && f->user)
		r = accounts_set(fc);
	r = r ? r : sessions_drop(fc);
	if (r == 0)
		*ret = fc->done;
	return r;
}

/* tgtd does not say with which account a session was begun. */
static unsigned sessions_count(const struct tgt_said *said, const char *own_initiator)
{
	struct tgt_connection c;
	unsigned n = 0;
	uint32_t last = 0;
	for (size_t at = 0; tgt_connection_next(&c, &at, said->text, said->len);) {
		n += (!n || c.sid != last) && !is(&c.initiator, own_initiator);
		last = c.sid;
	}
	return n;
}

static int tgt_sessions(
	unsigned *ret, const struct san_account *a, unsigned timeout_ms, struct err *e)
{
	const struct san_fence f = { .target = a->target };
	struct err nobody = { 0 };
	struct fence seen = { .f = &f,
		.e = e ? e : &nobody,
		.talk = { .target = a->target,
			.deadline = wait_now_ms() + timeout_ms,
			.timeout_ms = timeout_ms } };
	OWN(fence) struct fence *fc = &seen;
	char account[NAME_LEN + 16];
	bool bound = false;
	struct tgt_said said = { .text = NULL };
	snprintf(account, sizeof account, "%s.%u", a->persona, a->generation);
	int r = tgt_talk_open(&fc->talk, e);
	r = r ? r : target_read(fc);
	for (unsigned i = 0; r == 0 && i < fc->target.accounts; i++)
		bound |= is(&fc->target.account[i], account);
	if (r == 0 && bound)
		r = list(fc, &said,
			&(struct tgt_request){ .word = TGT_CONNECTIONS, .tid = fc->target.tid },
			"to list the target's connections");
	if (r == 0)
		*ret = bound ? sessions_count(&said, a->own_initiator) : 0;
	tgt_said_fini(&said);
	return r;
}

const struct san_ops san_tgt = { .kind = "tgt",
	.look = san_iscsi_look,
	.fence = tgt_fence,
	.reservations_clear = san_iscsi_reservations_clear,
	.sessions = tgt_sessions };
