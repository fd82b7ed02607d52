/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The broker's side of a hand that watches, with the test in the places of the warden and of the
 * hand. The clock can be put forward: nobody waits for the ten quiet seconds. */
#include "broker/hands.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static long forward_s;

/* In libc's place, for libuv too. */
int clock_gettime(clockid_t id, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, id, t);
	t->tv_sec += forward_s;
	return (int)r;
}

struct site {
	uv_loop_t loop;
	struct hands *hands;
	int control[2], talk;
	uint64_t id;
	char asked[256]; /* what the warden was asked, a line each */
	char heard[4096];
	unsigned lines, ends;
	char why[320];
	bool forget; /* at the next line */
};

static struct err e;

static void turn(struct site *s)
{
	for (int i = 0; i < 4; i++)
		uv_run(&s->loop, UV_RUN_NOWAIT);
}

static void on_line(void *ctx, const json_t *line)
{
	struct site *s = ctx;
	char *text = json_dumps(line, JSON_COMPACT);
	size_t at = strlen(s->heard);
	snprintf(s->heard + at, sizeof s->heard - at, "%s\n", text);
	free(text);
	s->lines++;
	if (s->forget)
		hand_forget(s->hands, s->id);
}

static void on_end(void *ctx, const struct hand_result *r)
{
	struct site *s = ctx;
	CHECK(!r->ok);
	snprintf(s->why, sizeof s->why, "%s", r->why);
	s->ends++;
}

/* What came for the warden, and the descriptor with it. */
static void warden_hears(struct site *s)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} room;
	struct iovec part = { s->asked, sizeof s->asked - 1 };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	ssize_t n = recvmsg(s->control[1], &m, MSG_DONTWAIT);
	s->asked[n > 0 ? n : 0] = '\0';
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c)
		memcpy(&s->talk, CMSG_DATA(c), sizeof s->talk);
}

static json_t *deed_of(const char *san_kind)
{
	return json_pack("{s:s,s:i,s:[],s:[{s:s,s:{s:s}}]}", "deed", "watch", "every_ms", 100,
		"power", "sessions", "persona", "web-01", "san", "kind", san_kind);
}

static void site_open(struct site *s, const char *san_kind)
{
	*s = (struct site){ .talk = -1 };
	uv_loop_init(&s->loop);
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s->control), 0);
	CHECK_INT(
		hands_open(&s->hands, &s->loop, s->control[0], &(struct hands_calls){ 0 }, &e), 0);
	json_t *deed = deed_of(san_kind);
	CHECK_INT(hand_watch(&s->id, s->hands, deed, on_line, on_end, s, &e), 0);
	json_decref(deed);
	warden_hears(s);
}

static void site_close(struct site *s)
{
	hands_close(s->hands);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	close(s->control[0]);
	close(s->control[1]);
	if (s->talk >= 0)
		close(s->talk);
}

static void hand_says(struct site *s, const char *text)
{
	CHECK_INT(send(s->talk, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn(s);
}

static void warden_says_ended(struct site *s, const char *how)
{
	char line[128];
	int n = snprintf(
		line, sizeof line, "hand-ended id=%llu %s\n", (unsigned long long)s->id, how);
	CHECK_INT(send(s->control[1], line, (size_t)n, 0), n);
	turn(s);
}

static bool killed(struct site *s)
{
	char want[64];
	warden_hears(s);
	snprintf(want, sizeof want, "hand-kill id=%llu\n", (unsigned long long)s->id);
	return strcmp(s->asked, want) == 0;
}

static void a_watch_is_asked_for_without_a_deadline(void)
{
	struct site s;
	char want[64], deed[512];
	site_open(&s, "iscsi");
	snprintf(want, sizeof want, "hand id=%llu watch=1\n", (unsigned long long)s.id);
	CHECK_TEXT(s.asked, want);
	ssize_t n = recv(s.talk, deed, sizeof deed - 1, 0);
	deed[n > 0 ? n : 0] = '\0';
	CHECK(strncmp(deed, "{\"deed\":\"watch\",\"every_ms\":100,", 31) == 0);
	CHECK(n > 0 && deed[n - 1] == '\n');
	site_close(&s);
	site_open(&s, "tgt");
	snprintf(want, sizeof want, "hand id=%llu watch=1 tgt=1\n", (unsigned long long)s.id);
	CHECK_TEXT(s.asked, want);
	site_close(&s);
}

static void every_line_comes_once_however_it_was_cut(void)
{
	struct site s;
	site_open(&s, "iscsi");
	hand_says(&s, "{\"round\":1}\n{\"round\":2}\n{\"rou");
	CHECK_TEXT(s.heard, "{\"round\":1}\n{\"round\":2}\n");
	hand_says(&s, "nd\":3");
	CHECK_INT(s.lines, 2);
	hand_says(&s, "}\n");
	CHECK_TEXT(s.heard, "{\"round\":1}\n{\"round\":2}\n{\"round\":3}\n");
	CHECK_INT(s.ends, 0);
	site_close(&s);
	CHECK_INT(s.ends, 0);
}

static void a_watch_that_says_nothing_is_ended(void)
{
	struct site s;
	site_open(&s, "iscsi");
	forward_s += 10;
	hand_says(&s, "{\"round\":1}\n");
	forward_s += 10; /* 10.3 s are too long, and these count from the last line */
	turn(&s);
	CHECK_INT(s.ends, 0);
	forward_s += 1;
	turn(&s);
	CHECK_INT(s.ends, 1);
	CHECK_TEXT(s.why, "the hand that watches said nothing for 10 s");
	CHECK(killed(&s));
	warden_says_ended(&s, "how=signal status=9");
	CHECK_INT(s.ends, 1);
	site_close(&s);
}

static void the_end_of_a_watch_comes_once_with_how_it_ended(void)
{
	static const struct {
		const char *how, *why;
	} ends[] = {
		{ "how=signal status=11", "the hand that watches ended (signal 11)" },
		{ "how=exit status=0", "the hand that watches ended (exit 0)" },
		{ "how=refused status=11",
			"batond could start no hand: Resource temporarily unavailable; its log "
			"says more" },
	};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		for (int first = 0; first < 2; first++) {
			struct site s;
			site_open(&s, "iscsi");
			if (first)
				warden_says_ended(&s, ends[i].how);
			close(s.talk);
			s.talk = -1;
			turn(&s);
			if (!first)
				warden_says_ended(&s, ends[i].how);
			CHECK_INT(s.ends, 1);
			CHECK_TEXT(s.why, ends[i].why);
			site_close(&s);
			CHECK_INT(s.ends, 1);
		}
}

static void a_watch_that_is_refused_says_why(void)
{
	struct site s;
	site_open(&s, "iscsi");
	hand_says(&s, "{\"ok\":false,\"errno\":\"EINVAL\",\"why\":\"power: bmc is missing\"}\n");
	CHECK_INT(s.lines, 0);
	CHECK_INT(s.ends, 1);
	CHECK_TEXT(s.why, "power: bmc is missing");
	CHECK(killed(&s));
	site_close(&s);
}

static void nonsense_ends_a_watch(void)
{
	static char flood[65536];
	struct site s;
	site_open(&s, "iscsi");
	hand_says(&s, "{\"round\":1}\nnonsense\n{\"round\":2}\n");
	CHECK_INT(s.lines, 1);
	CHECK_INT(s.ends, 1);
	CHECK(strstr(s.why, "cannot be read"));
	CHECK(killed(&s));
	site_close(&s);
	site_open(&s, "iscsi");
	memset(flood, 'x', sizeof flood);
	CHECK_INT(send(s.talk, flood, sizeof flood, 0), sizeof flood);
	turn(&s);
	CHECK_INT(s.ends, 1);
	CHECK(killed(&s));
	site_close(&s);
}

static void a_watch_that_is_forgotten_says_no_more(void)
{
	struct site s;
	site_open(&s, "iscsi");
	s.forget = true; /* from within the callback */
	hand_says(&s, "{\"round\":1}\n{\"round\":2}\n");
	CHECK_INT(s.lines, 1);
	CHECK_INT(s.ends, 0);
	CHECK(killed(&s));
	site_close(&s);
	CHECK_INT(s.ends, 0);
}

static void a_list_is_as_long_as_it_may_be_and_no_longer(void)
{
	struct site s;
	uint64_t id;
	site_open(&s, "iscsi");
	char *word = calloc(1, DEED_LEN + 1), *room = malloc(DEED_LEN + 1);
	json_t *deed = json_pack("{s:s,s:i,s:s}", "deed", "watch", "every_ms", 100, "power", "");
	char *empty = json_dumps(deed, JSON_COMPACT);
	memset(word, 'x', DEED_LEN - strlen(empty));
	json_object_set_new(deed, "power", json_string(word));
	CHECK_INT(hand_watch(&id, s.hands, deed, on_line, on_end, &s, &e), 0);
	close(s.talk);
	warden_hears(&s);
	CHECK_INT(recv(s.talk, room, DEED_LEN + 1, MSG_WAITALL), DEED_LEN + 1);
	word[strlen(word)] = 'x';
	json_object_set_new(deed, "power", json_string(word));
	CHECK_INT(hand_watch(&id, s.hands, deed, on_line, on_end, &s, &e), -E2BIG);
	json_object_set_new(deed, "every_ms", json_integer(0));
	CHECK_INT(hand_watch(&id, s.hands, deed, on_line, on_end, &s, &e), -EINVAL);
	json_decref(deed);
	free(empty);
	free(word);
	free(room);
	site_close(&s);
}

TESTS(T(a_watch_is_asked_for_without_a_deadline), T(every_line_comes_once_however_it_was_cut),
	T(a_watch_that_says_nothing_is_ended), T(the_end_of_a_watch_comes_once_with_how_it_ended),
	T(a_watch_that_is_refused_says_why), T(nonsense_ends_a_watch),
	T(a_watch_that_is_forgotten_says_no_more), T(a_list_is_as_long_as_it_may_be_and_no_longer))
