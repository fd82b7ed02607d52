/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop and its channels: see server.h. */
#include "broker/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/api.h"
#include "broker/batch.h"
#include "broker/events.h"
#include "broker/guard.h"
#include "broker/hands.h"
#include "broker/health.h"
#include "broker/inventory.h"
#include "broker/key.h"
#include "broker/pins.h"
#include "broker/plan.h"
#include "broker/publish.h"
#include "broker/reports.h"
#include "broker/runner.h"
#include "broker/strangers.h"
#include "broker/woken.h"
#include "host/given.h"
#include "host/wipe.h"

enum {
	MESSAGE_LEN = 16384,
	AT_A_TIME = 64, /* messages of one channel before the others have their turn */
	BODY_MAX = 65536,
	API_CONNECTIONS = 256,
};

struct channel {
	uv_poll_t poll;
	struct server *s;
	int fd;
};

struct server {
	struct broker b;
	uv_loop_t loop;
	uv_signal_t term, interrupt;
	struct channel edge, files;
	struct http_server *http;
};

static bool hung_up(int fd)
{
	struct pollfd p = { .fd = fd };
	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

static void message_take(struct server *s, const char *bytes, size_t len)
{
	static const char report[] = "report ";
	if (len > sizeof report && memcmp(bytes, report, sizeof report - 1) == 0)
		reports_take(s->b.reports, bytes, len);
	else
		events_take(s->b.events, bytes, len);
}

/* A message is looked at, acted on, and only then taken off the queue: what a killed broker had
 * not finished with, the next one finds there again. */
static void channel_readable(uv_poll_t *p, int status, int what)
{
	static char bytes[MESSAGE_LEN];
	struct channel *c = p->data;
	(void)what;
	for (int i = 0; i < AT_A_TIME && status >= 0; i++) {
		ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0 || (n == 0 && hung_up(c->fd)))
			break;
		if (n > 0 && n <= (ssize_t)sizeof bytes)
			message_take(c->s, bytes, (size_t)n);
		if (recv(c->fd, bytes, 1, MSG_DONTWAIT) < 0)
			return;
	}
	if (status < 0 || hung_up(c->fd))
		uv_poll_stop(&c->poll); /* the warden has gone, and control says so */
}

static int channel_open(struct channel *c, struct server *s, const char *name, struct err *e)
{
	c->fd = given_fd(name, e);
	if (c->fd < 0)
		return c->fd;
	int r = uv_poll_init(&s->loop, &c->poll, c->fd);
	if (r < 0)
		return err_say(e, -r, "%s: %s", name, uv_strerror(r));
	c->s = s;
	c->poll.data = c;
	return 0;
}

static void on_heard(void *ctx, enum event ev, const struct event_row *row)
{
	struct server *s = ctx;
	runner_heard(s->b.runner, ev, row);
	woken_heard(s->b.woken, ev, row);
	strangers_heard(s->b.strangers, ev, row);
}

static void on_reload(void *ctx)
{
	struct server *s = ctx;
	struct err e = { 0 };
	if (publisher_reload(s->b.publisher, &e) < 0)
		event_say(s->b.events, EV_reload_refused, &(struct event_about){ 0 }, "why=%s",
			e.text);
}

static void on_lost(void *ctx)
{
	struct server *s = ctx;
	uv_stop(&s->loop);
}

static void on_trusted(void *ctx, const json_t *bmc)
{
	struct server *s = ctx;
	pin_learn(&s->b, bmc);
}

static void on_signal(uv_signal_t *h, int number)
{
	(void)number;
	uv_stop(h->loop);
}

/* Two brokers over one store would carry out every order twice, each with hands of its own. Held as
 * long as the process lives. */
static int state_dir_lock(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "state_dir: open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	int code = errno;
	close(fd);
	if (code != EWOULDBLOCK)
		return err_set(e, code, "state_dir: lock %s", path);
	return err_say(e, EBUSY,
		"state_dir %s: the broker of another batond works on it; give each its own", path);
}

/* What is on disk, and who may see it: nobody but the broker's user. */
static int store_begin_with(struct server *s, struct err *e)
{
	const struct conf *c = &s->b.conf;
	char path[sizeof c->state_dir + 16];
	uint8_t key[32];
	int r = state_dir_lock(c->state_dir, e);
	if (r == 0)
		r = key_read(key, c->key_file, e);
	if (r < 0)
		return r;
	umask(077);
	snprintf(path, sizeof path, "%s/baton.db", c->state_dir);
	r = store_open(&s->b.store, path, key, e);
	explicit_bzero(key, sizeof key);
	return r == -EKEYREJECTED ? err_in(e, r, "key_file = %s", c->key_file) : r;
}

/* The order matters: events before whoever says them, orders after all they need, the API last. */
static int parts_open(struct server *s, struct err *e)
{
	struct broker *b = &s->b;
	int control = given_fd("control", e), table = control < 0 ? control : given_fd("table", e);
	int packs = table < 0 ? table : given_fd("packs", e);
	int api = packs < 0 ? packs : given_fd("api", e);
	if (api < 0)
		return api;
	int r = channel_open(&s->edge, s, "edge-events", e);
	if (r == 0)
		r = channel_open(&s->files, s, "files-events", e);
	if (r == 0)
		r = store_begin_with(s, e);
	if (r == 0)
		r = events_open(&b->events, b->store, on_heard, s, e);
	if (r == 0)
		r = publisher_open(&b->publisher, b, table, packs, e);
	if (r == 0)
		r = hands_open(&b->hands, b->loop, control,
			&(struct hands_calls){ on_reload, on_lost, on_trusted, s }, e);
	if (r == 0)
		r = reports_open(&b->reports, b, s->files.fd, e);
	if (r == 0)
		r = woken_open(&b->woken, b, e);
	if (r == 0)
		r = strangers_open(&b->strangers, e);
	if (r == 0)
		r = guarding_open(&b->guarding, b, e);
	if (r == 0)
		r = runner_open(&b->runner, b, e);
	if (r == 0)
		r = health_open(&b->health, b, e);
	if (r == 0)
		r = batches_open(&b->batches, b, e);
	if (r == 0)
		r = plans_open(&b->plans, e);
	if (r == 0)
		r = http_server_new(&s->http,
			&(struct http_setup){ .loop = b->loop,
				.fd = api,
				.body_max = BODY_MAX,
				.connections_max = API_CONNECTIONS,
				.idle_s = 120,
				.handle = api_handle,
				.ctx = b },
			e);
	return r;
}

static void close_left(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* Orders stay where they are, journaled; hands end with us. The API goes first: nothing may be
 * asked of what is closed. */
static void parts_close(struct server *s)
{
	http_server_free(s->http);
	health_close(s->b.health);
	s->b.health = NULL;
	plans_close(s->b.plans);
	inspections_close(&s->b);
	batches_close(s->b.batches);
	s->b.batches = NULL;
	runner_close(s->b.runner);
	woken_close(s->b.woken);
	guarding_close(s->b.guarding);
	hands_close(s->b.hands);
	publisher_close(s->b.publisher);
	uv_walk(&s->loop, close_left, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
	reports_close(s->b.reports);
	strangers_close(s->b.strangers);
	events_close(s->b.events);
	store_close(s->b.store);
}

int server_run(const char *conf_path, struct err *e)
{
	static struct server server;
	struct server *s = &server;
	signal(SIGPIPE, SIG_IGN);
	json_set_alloc_funcs(malloc, wipe_free); /* a deed has secrets, and so may a body */
	conf_defaults(&s->b.conf);
	int r = conf_read(&s->b.conf, conf_path, stderr, e);
	r = r < 0 ? r : ways_parse(&s->b.silence, s->b.conf.silence, e);
	if (r < 0)
		return r;
	uv_loop_init(&s->loop);
	s->b.loop = &s->loop;
	r = parts_open(s, e);
	if (r < 0)
		return r;
	uv_signal_init(&s->loop, &s->term);
	uv_signal_init(&s->loop, &s->interrupt);
	uv_signal_start(&s->term, on_signal, SIGTERM);
	uv_signal_start(&s->interrupt, on_signal, SIGINT);
	uv_poll_start(&s->edge.poll, UV_READABLE, channel_readable);
	uv_poll_start(&s->files.poll, UV_READABLE, channel_readable);
	event_say(s->b.events, EV_started, &(struct event_about){ 0 }, "pid=%d", (int)getpid());
	uv_run(&s->loop, UV_RUN_DEFAULT);
	parts_close(s);
	return 0;
}
