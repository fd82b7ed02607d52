/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deeds by hands: see hands.h. */
#include "broker/hands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "broker/broker.h"
#include "broker/members.h"
#include "host/wipe.h"

enum {
	ANSWER_LEN = 65536, /* one line of JSON */
	CONTROL_LEN = 256,
	DEED_USUAL = 65536,
	GRACE_MS = 2000,  /* for the warden, past the deadline; and for its word after an EOF */
	WATCH_ROUNDS = 3, /* without a word, and so much more: a watch is over */
	WATCH_QUIET_MS = 10000,
	WATCH_EVERY_MAX_MS = 3600000,
};

struct hand {
	struct hand *next;
	struct hands *all;
	uint64_t id;
	unsigned deadline_ms; /* of a watch: how long it may say nothing */
	hand_done *done;
	hand_line *line; /* of a watch; else NULL */
	void *ctx;
	int fd;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned closing; /* handles that uv has not given back */
	char how[48];     /* what the warden said of its end; "" while it has not */
	bool eof;
	size_t len;
	char answer[ANSWER_LEN];
};

struct hands {
	uv_loop_t *loop;
	int control;
	uv_poll_t poll;
	uint64_t next_id;
	struct hand *hand;
	struct hands_calls calls;
};

static void handle_gone(uv_handle_t *h)
{
	struct hand *hand = h->data;
	if (--hand->closing == 0) {
		close(hand->fd);
		free(hand);
	}
}

static void hand_close(struct hand *hand)
{
	for (struct hand **at = &hand->all->hand; *at; at = &(*at)->next) {
		if (*at == hand) {
			*at = hand->next;
			break;
		}
	}
	hand->closing = 2;
	uv_close((uv_handle_t *)&hand->poll, handle_gone);
	uv_close((uv_handle_t *)&hand->timer, handle_gone);
}

static void hand_kill(struct hands *h, uint64_t id)
{
	char line[64];
	int n = snprintf(line, sizeof line, "hand-kill id=%" PRIu64 "\n", id);
	if (send(h->control, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* its deadline ends it */
}

/* Tells whoever waits, and forgets the hand. */
static void hand_tell(struct hand *hand, const struct hand_result *r)
{
	hand_done *done = hand->done;
	void *ctx = hand->ctx;
	hand_close(hand);
	done(ctx, r);
}

static void hand_silent(struct hand *hand)
{
	struct hand_result r = { .ok = false };
	int code;
	if (hand->line && *hand->how && strncmp(hand->how, "refused", 7) != 0)
		snprintf(r.why, sizeof r.why, "the hand that watches ended (%s)", hand->how);
	else if (hand->line && !hand->eof)
		snprintf(r.why, sizeof r.why, "the hand that watches said nothing for %u s",
			hand->deadline_ms / 1000);
	else if (strcmp(hand->how, "deadline") == 0 || !*hand->how)
		snprintf(r.why, sizeof r.why, "no answer within %u s", hand->deadline_ms / 1000);
	else if (sscanf(hand->how, "refused %d", &code) == 1)
		snprintf(r.why, sizeof r.why, "batond could start no hand: %s; its log says more",
			strerror(code));
	else
		snprintf(r.why, sizeof r.why, "the hand ended without an answer (%s)", hand->how);
	hand_tell(hand, &r);
}

static void hand_answered(struct hand *hand, const char *text, size_t len)
{
	struct hand_result r = { .ok = false };
	OWN(json) json_t *body = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(body, "ok");
	const char *why = json_string_value(json_object_get(body, "why"));
	if (!json_is_boolean(ok)) {
		snprintf(r.why, sizeof r.why,
			"baton-hand's answer cannot be read; are all programs of one version?");
	} else {
		r.ok = json_is_true(ok);
		r.body = body;
		if (json_is_object(json_object_get(body, "trusted")))
			hand->all->calls.trusted(
				hand->all->calls.ctx, json_object_get(body, "trusted"));
		plain_text(r.why, sizeof r.why,
			why    ? why
			: r.ok ? ""
			       : "the hand failed and gave no reason");
	}
	hand_tell(hand, &r);
}

/* A line of a watch. False when the hand is nobody's any more. */
static bool watch_line(struct hand *hand, const char *text, size_t len)
{
	OWN(json) json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(line) || json_object_get(line, "ok")) {
		hand_kill(hand->all, hand->id);
		hand_answered(hand, text, len); /* it says why it does not watch */
		return false;
	}
	uv_timer_start(&hand->timer, hand->timer.timer_cb, hand->deadline_ms, 0);
	hand->line(hand->ctx, line);
	return !hand->closing;
}

/* Whole lines; what is behind the last one waits for its end. */
static void watch_lines(struct hand *hand)
{
	char *at = hand->answer, *end;
	while ((end = memchr(at, '\n', hand->len))) {
		size_t len = (size_t)(end - at);
		hand->len -= len + 1;
		if (!watch_line(hand, at, len))
			return;
		at = end + 1;
	}
	memmove(hand->answer, at, hand->len);
	if (hand->len < sizeof hand->answer)
		return;
	hand_kill(hand->all, hand->id);
	hand_answered(hand, hand->answer, 0);
}

static void hand_readable(uv_poll_t *p, int status, int what)
{
	struct hand *hand = p->data;
	(void)what;
	ssize_t n = status < 0 ? 0
			       : recv(hand->fd, hand->answer + hand->len,
					 sizeof hand->answer - hand->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		char *end = memchr(hand->answer + hand->len, '\n', (size_t)n);
		hand->len += (size_t)n;
		if (hand->line) {
			watch_lines(hand);
			return;
		}
		if (end) {
			hand_answered(hand, hand->answer, (size_t)(end - hand->answer));
			return;
		}
		if (hand->len < sizeof hand->answer)
			return;
		hand_kill(hand->all, hand->id);
	}
	if (hand->len && n <= 0 && !hand->line) {
		hand_answered(hand, hand->answer, hand->len);
		return;
	}
	/* It closed its socket and said nothing: the warden knows how it ended. */
	uv_poll_stop(&hand->poll);
	hand->eof = true;
	if (*hand->how)
		hand_silent(hand);
	else
		uv_timer_start(&hand->timer, hand->timer.timer_cb, GRACE_MS, 0);
}

static void hand_late(uv_timer_t *t)
{
	struct hand *hand = t->data;
	hand_kill(hand->all, hand->id);
	hand_silent(hand);
}

static struct hand *hand_find(const struct hands *h, uint64_t id)
{
	struct hand *hand = h->hand;
	while (hand && hand->id != id)
		hand = hand->next;
	return hand;
}

/* "hand-ended id=N how=exit status=0" */
static void control_take(struct hands *h, const char *line)
{
	uint64_t id;
	char how[16];
	int status = 0;
	if (strncmp(line, "reload", 6) == 0)
		h->calls.reload(h->calls.ctx);
	if (sscanf(line, "hand-ended id=%" SCNu64 " how=%15[a-z] status=%d", &id, how, &status) < 2)
		return;
	struct hand *hand = hand_find(h, id);
	if (!hand)
		return;
	if (strcmp(how, "deadline") == 0)
		snprintf(hand->how, sizeof hand->how, "deadline");
	else
		snprintf(hand->how, sizeof hand->how, "%s %d", how, status);
	if (hand->eof)
		hand_silent(hand);
}

static void control_readable(uv_poll_t *p, int status, int what)
{
	struct hands *h = p->data;
	char line[CONTROL_LEN];
	(void)what;
	ssize_t n = status < 0 ? 0 : recv(h->control, line, sizeof line - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		uv_poll_stop(&h->poll);
		h->calls.lost(h->calls.ctx);
		return;
	}
	line[n] = '\0';
	control_take(h, line);
}

int hands_open(struct hands **ret, uv_loop_t *loop, int control, const struct hands_calls *calls,
	struct err *e)
{
	struct hands *h = calloc(1, sizeof *h);
	if (!h)
		return err_set(e, ENOMEM, "hands");
	int r = uv_poll_init(loop, &h->poll, control);
	if (r < 0) {
		free(h);
		return err_say(e, -r, "control: %s", uv_strerror(r));
	}
	h->poll.data = h;
	uv_poll_start(&h->poll, UV_READABLE, control_readable);
	h->loop = loop;
	h->control = control;
	h->calls = *calls;
	/* Words about the hands of an earlier broker may still be on their way: ids never come
	 * twice. */
	h->next_id = (uint64_t)(now_s() * 1e6);
	*ret = h;
	return 0;
}

static void hands_gone(uv_handle_t *p)
{
	free(p->data);
}

void hands_close(struct hands *h)
{
	if (!h)
		return;
	while (h->hand)
		hand_close(h->hand);
	uv_close((uv_handle_t *)&h->poll, hands_gone);
}

static bool is_of_tgt(const json_t *obj)
{
	const char *kind = json_string_value(json_object_get(json_object_get(obj, "san"), "kind"));
	return kind && strcmp(kind, "tgt") == 0;
}

/* Does the deed ask a tgtd, which only the warden can connect to? */
static bool deed_wants_tgt(const json_t *deed)
{
	const char *word = json_string_value(json_object_get(deed, "deed"));
	const json_t *sessions = json_object_get(deed, "sessions");
	for (size_t i = 0; i < json_array_size(sessions); i++)
		if (is_of_tgt(json_array_get(sessions, i)))
			return true;
	return word && is_of_tgt(deed) &&
	       (strcmp(word, "san-fence") == 0 || strcmp(word, "san-look-again") == 0 ||
		       strncmp(word, "san-clone", 9) == 0);
}

/* What the hand is to be given for this deed, in the warden's words. */
static const char *deed_gift(const json_t *deed)
{
	const char *word = json_string_value(json_object_get(deed, "deed"));
	if (word && strcmp(word, "guard-set") == 0)
		return " guard=1";
	return deed_wants_tgt(deed) ? " tgt=1" : "";
}

/* Asks the warden for a hand whose stdin and stdout is fd. */
static int hand_ask(
	struct hands *h, uint64_t id, const char *how, int fd, const char *gift, struct err *e)
{
	char line[96];
	int n = snprintf(line, sizeof line, "hand id=%" PRIu64 " %s%s\n", id, how, gift);
	struct iovec iov = { .iov_base = line, .iov_len = (size_t)n };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(h->control, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return err_set(e, errno, "the warden was asked for a hand");
	return 0;
}

/* Writes the whole deed at once: the largest one, a guard's, takes twice a socket's usual buffer.
 */
static int deed_write(int fd, const json_t *deed, struct err *e)
{
	OWN(secret) char *text = json_dumps(deed, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	if (!text)
		return err_set(e, ENOMEM, "deed");
	if (len > DEED_LEN)
		return err_say(e, E2BIG, "deed: more than one hand can be told");
	int room = 2 * (int)len;
	if (room > DEED_USUAL)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	text[len] = '\n'; /* in place of the NUL: len + 1 bytes go out */
	ssize_t n = send(fd, text, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n != (ssize_t)(len + 1))
		return err_set(e, n < 0 ? errno : EMSGSIZE, "deed: write to the hand");
	shutdown(fd, SHUT_WR);
	return 0;
}

/* Who waits for a hand, and for how long. */
struct waiter {
	hand_done *done;
	hand_line *line;
	void *ctx;
	unsigned ms;
};

static int hand_begin(uint64_t *ret, struct hands *h, const json_t *deed, const char *how,
	const struct waiter *w, struct err *e)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, errno, "socket pair for a hand");
	uint64_t id = h->next_id++;
	struct hand *hand = calloc(1, sizeof *hand);
	int r = hand ? deed_write(pair[0], deed, e) : err_set(e, ENOMEM, "hand");
	if (r == 0)
		r = hand_ask(h, id, how, pair[1], deed_gift(deed), e);
	close(pair[1]);
	int u = r < 0 ? 0 : uv_poll_init(h->loop, &hand->poll, pair[0]);
	if (u < 0)
		r = err_say(e, -u, "hand: %s", uv_strerror(u));
	if (r < 0) {
		close(pair[0]);
		free(hand);
		return r;
	}
	hand->all = h;
	hand->id = id;
	hand->deadline_ms = w->ms;
	hand->done = w->done;
	hand->line = w->line;
	hand->ctx = w->ctx;
	hand->fd = pair[0];
	hand->poll.data = hand->timer.data = hand;
	uv_timer_init(h->loop, &hand->timer);
	uv_timer_start(&hand->timer, hand_late, (uint64_t)w->ms + (w->line ? 0 : GRACE_MS), 0);
	uv_poll_start(&hand->poll, UV_READABLE, hand_readable);
	hand->next = h->hand;
	h->hand = hand;
	*ret = id;
	return 0;
}

int hand_start(uint64_t *ret, struct hands *h, const json_t *deed, unsigned deadline_ms,
	hand_done *done, void *ctx, struct err *e)
{
	const struct waiter w = { .done = done, .ctx = ctx, .ms = deadline_ms };
	char how[40];
	snprintf(how, sizeof how, "deadline_ms=%u", deadline_ms);
	return hand_begin(ret, h, deed, how, &w, e);
}

int hand_watch(uint64_t *ret, struct hands *h, const json_t *deed, hand_line *line,
	hand_done *ended, void *ctx, struct err *e)
{
	struct waiter w = { .done = ended, .line = line, .ctx = ctx };
	json_int_t every_ms = json_integer_value(json_object_get(deed, "every_ms"));
	if (every_ms < 1 || every_ms > WATCH_EVERY_MAX_MS)
		return err_say(e, EINVAL, "watch: every_ms: want 1 to %d", WATCH_EVERY_MAX_MS);
	w.ms = WATCH_ROUNDS * (unsigned)every_ms + WATCH_QUIET_MS;
	return hand_begin(ret, h, deed, "watch=1", &w, e);
}

void hand_forget(struct hands *h, uint64_t id)
{
	struct hand *hand = hand_find(h, id);
	if (!hand)
		return;
	hand_kill(h, id);
	hand_close(hand);
}
