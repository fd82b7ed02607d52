/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The edge's loop: see edge.h. One thread; whatever wakes it, it first looks for a newer table. */
#include "edge/edge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "edge/notice.h"
#include "edge/v6.h"
#include "host/box.h"
#include "host/given.h"
#include "host/tell.h"

enum {
	WATCHED = IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE,
	LOOK_MS = 1000, /* where the folder cannot be watched */
	TFTP_MS = 500,  /* dnsmasq's retransmissions count whole seconds */
	TFTP_AT_ONCE = 64,
	REFUSALS_AT_ONCE = 50,
	REFUSALS_PER_S = 2,
	CLOCK_AHEAD_S = 1 << 20, /* dnsmasq's leases take 0 and 1 for "never" and "long ago" */
};

static uint64_t seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec;
}

/* A new table then wakes the loop; without it the loop looks once a second. */
static int watch_folder(int folder)
{
	char path[40];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
	if (fd >= 0 && inotify_add_watch(fd, path, WATCHED) >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The host's clock: it counts on while the host sleeps, and nobody can set it. */
static uint64_t now_s(void)
{
	return seconds(CLOCK_BOOTTIME) + CLOCK_AHEAD_S;
}

/* Loans that cannot be kept are no reason to leave machines unanswered that need none. */
static void take_loans(struct edge *d)
{
	struct journal_found found;
	struct err e = { 0 };
	if (journal_open(&d->journal, now_s(), &found, &e) < 0)
		notice_not_kept(d->events, &e, now_s());
	else
		notice_loans(d->events, &found);
}

int edge_open(struct edge *d, struct err *e)
{
	static const char *const folders[] = { "table", "boot" };
	*d = (struct edge){ .watch = -1, .limit = limit_new() };
	if (!d->limit)
		return err_set(e, ENOMEM, "edge: limits");
	for (size_t i = 0; i < COUNT(folders); i++) {
		d->folders[i] = given_fd(folders[i], e);
		if (d->folders[i] < 0)
			return d->folders[i];
	}
	d->events = given_fd("events", e);
	if (d->events < 0)
		return d->events;
	int r = box_open(e);
	r = r < 0 ? r : ports_open(&d->ports, e);
	r = r < 0 ? r : engine_open(e);
	if (r < 0)
		return r;
	take_loans(d);
	engine_tftp_open(d->folders[1], d->ports.mtu);
	for (unsigned i = 0; i < d->ports.n; i++)
		engine_interface(d->ports.port[i].index, d->ports.port[i].interface);
	d->follow = (struct follow){
		.folder = d->folders[0], .name = TABLE_FILE, .len_max = TABLE_LEN_MAX
	};
	d->watch = watch_folder(d->folders[0]);
	return 0;
}

void edge_look(struct edge *d)
{
	const void *bytes;
	size_t len;
	char text[24];
	struct err e = { 0 };
	int r = follow_look(&d->follow, &bytes, &len, &e);
	if (r == 0)
		return;
	struct table *trial = &d->table[!d->in_use];
	if (r > 0)
		r = table_check(trial, bytes, len, &e);
	if (r >= 0)
		r = engine_table(trial, &e);
	if (r < 0) {
		follow_refuse(&d->follow);
		/* Before the broker has published for the first time there is none. */
		if (r != -ENOENT || d->have_table)
			tell_one(d->events, EV_table_refused, "why", e.text);
		return;
	}
	follow_take(&d->follow);
	d->in_use = !d->in_use;
	d->have_table = true;
	snprintf(text, sizeof text, "%llu", (unsigned long long)trial->header->generation);
	tell_one(d->events, EV_table_taken, "generation", text);
}

/* Our address where a question came in. A broadcast has none of its own: then it is the one that
 * the table has for the interface. */
static uint32_t here_of(const struct table *t, const struct engine_ask *ask)
{
	if (table_network_of(t, ask->here))
		return ask->here;
	for (uint32_t i = 0; i < t->header->networks; i++)
		if (strcmp(table_text(t, t->network[i].interface), ask->interface) == 0)
			return t->network[i].ours;
	return ask->here;
}

/* What lends an address goes out when that is on the disk. */
static void send_lent(
	struct edge *d, const struct port *p, struct engine_answer *answer, unsigned n)
{
	struct err e = { 0 };
	if (journal_keep(&d->journal, d->now_s, &e) < 0) {
		for (unsigned i = 0; i < n; i++)
			if (answer[i].lends) {
				answer[i].to = TO_NOBODY;
				answer[i].why = silence_word(SILENCE_lease_not_durable);
			}
		notice_not_kept(d->events, &e, d->now_s);
	}
	for (unsigned at = 0; at < n; at += BATCH)
		port_send(p, answer + at, n - at < BATCH ? n - at : BATCH, true);
}

/* What is there, up to a batch, without what is not to be answered. */
static unsigned read_questions(
	struct edge *d, const struct port *p, struct engine_ask ask[BATCH], bool *more)
{
	const struct table *t = &d->table[d->in_use];
	unsigned got = port_read(p, ask), n = 0;
	*more = got == BATCH;
	if (!d->have_table)
		return 0;
	got = foreign_without_probes(&d->foreign, &d->ports, ask, got);
	for (unsigned i = 0; i < got; i++) {
		ask[i].now_s = d->now_s;
		if (limit_allows(d->limit, t, &ask[i]))
			ask[n++] = ask[i];
	}
	return n;
}

/* All that is there is answered before the disk is waited for, once for all who wait for it. */
static void serve_questions(struct edge *d, const struct port *p)
{
	static struct engine_answer answer[JOURNAL_ANSWERS];
	static struct engine_ask ask[JOURNAL_ANSWERS];
	const struct table *t = &d->table[d->in_use];
	uint64_t unix_s = seconds(CLOCK_REALTIME);
	unsigned n = 0;
	bool more;
	do {
		unsigned got = read_questions(d, p, ask + n, &more);
		for (unsigned i = n; i < n + got; i++) {
			ask[i].unix_s = unix_s;
			ask[i].here = here_of(t, &ask[i]);
			port_heard(p, ask[i].from, ask[i].from_port, ask[i].bytes, ask[i].len);
			engine_answer(&answer[i], &ask[i]);
			journal_note(&d->journal, &answer[i]);
		}
		port_send(p, answer + n, got, false);
		n += got;
	} while (more && d->journal.promised && n + BATCH <= JOURNAL_ANSWERS);
	send_lent(d, p, answer, n);
	/* The bytes of a batch may have given way to the next: better none than another's. */
	if (n > 1)
		box_clear();
	for (unsigned i = 0; i < n; i++) {
		notice_answer(d->events, &ask[i], &answer[i], t);
		proxied_answer(&d->proxied, &answer[i], t, &ask[i]);
		foreign_chosen(&d->foreign, p, t, &answer[i], d->events, d->now_s);
	}
}

static void loader_sent(void *ctx, uint32_t addr, const char *file, uint64_t bytes)
{
	struct edge *d = ctx;
	struct tell said;
	char text[IP4_TEXT];
	proxied_fetched(&d->proxied, addr);
	tell_begin(&said, EV_loader_sent);
	tell_add(&said, "addr", "%s", ip4_text(text, addr));
	tell_add(&said, "file", "%s", file);
	tell_add(&said, "bytes", "%llu", (unsigned long long)bytes);
	tell_send(&said, d->events);
}

/* A loader that is missing stops every boot that wants it, so it is told of; strangers may ask for
 * anything, so seldom. */
static void loader_refused(void *ctx, uint32_t addr, const char *file, const char *why)
{
	struct edge *d = ctx;
	struct tell said;
	char text[IP4_TEXT];
	proxied_fetched(&d->proxied, addr);
	if (!pace_allows(&d->refusals, REFUSALS_AT_ONCE, REFUSALS_PER_S, d->now_s))
		return;
	tell_begin(&said, EV_loader_refused);
	tell_add(&said, "addr", "%s", ip4_text(text, addr));
	tell_add(&said, "why", "%s", why);
	tell_add(&said, "file", "%s", file);
	tell_send(&said, d->events);
}

static void serve_tftp(struct edge *d, const struct port *p)
{
	uint8_t bytes[BOX_BYTES];
	for (int i = 0; i < TFTP_AT_ONCE; i++) {
		struct sockaddr_in from = { 0 };
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(p->fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len);
		if (n < 0)
			return;
		port_heard(p, ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), bytes, (size_t)n);
		engine_tftp_read(p->fd, d->now_s, loader_refused, d);
	}
}

/* For how long nothing is to be done unless a packet or a table comes in. */
static int wait_ms(struct edge *d, bool sending, bool watching)
{
	int until_probe = d->have_table ? foreign_ask(&d->foreign, &d->ports, d->now_s) : -1;
	return sending ? TFTP_MS : d->watch < 0 || watching ? LOOK_MS : until_probe;
}

static void serve(struct edge *d, const struct port *p)
{
	const struct table *t = d->have_table ? &d->table[d->in_use] : NULL;
	if (p->kind == PORT_TFTP)
		serve_tftp(d, p);
	else if (p->kind == PORT_V6)
		v6_serve(p, t, d->events, d->now_s);
	else if (p->kind == PORT_HEARD)
		foreign_serve(&d->foreign, &d->ports, p, t, d->events, d->now_s);
	else
		serve_questions(d, p);
}

/* Whether the table's folder has to be looked at: the kernel queues its word with the rename, so
 * that a question that was sent behind it finds the new table. */
static bool may_be_new(const struct edge *d)
{
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool changed = false;
	while (d->watch >= 0 && read(d->watch, room, sizeof room) > 0)
		changed = true;
	return changed || d->watch < 0 || d->follow.trouble != 0;
}

int edge_serve(struct edge *d, struct err *e)
{
	struct pollfd fds[PORTS_MAX + 1];
	bool sending = false, watching = false;
	for (unsigned i = 0; i < d->ports.n; i++)
		fds[i] = (struct pollfd){ .fd = d->ports.port[i].fd, .events = POLLIN };
	fds[d->ports.n] = (struct pollfd){ .fd = d->watch, .events = POLLIN };
	d->now_s = now_s();
	for (;;) {
		if (poll(fds, d->ports.n + 1, wait_ms(d, sending, watching)) < 0 && errno != EINTR)
			return err_set(e, errno, "edge: poll");
		d->now_s = now_s();
		if (may_be_new(d))
			edge_look(d);
		for (unsigned i = 0; i < d->ports.n; i++) {
			if (fds[i].revents & (POLLIN | POLLERR))
				serve(d, &d->ports.port[i]);
		}
		sending = engine_tftp_work(d->now_s, loader_sent, d);
		watching = proxied_look(&d->proxied, d->events, d->now_s);
		limit_tell(d->limit, d->events, d->now_s);
		box_clear();
	}
}
