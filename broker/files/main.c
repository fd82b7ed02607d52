/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-files: gives machines their scripts and files by HTTP, from the boot table alone. Started
 * by batond with every descriptor it needs; jailed before the first request. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/list.h"
#include "files/files.h"
#include "host/box.h"
#include "host/given.h"
#include "host/jail.h"
#include "host/tell.h"

void files_follow(struct files *f)
{
	const void *bytes;
	size_t len;
	struct err e = { 0 };
	struct table now;
	int r = follow_look(&f->follow, &bytes, &len, &e);
	/* Before the broker's first table there is none, and that is no event. */
	if (r == 0 || (r == -ENOENT && !f->has_table))
		return;
	if (r < 0 || table_check(&now, bytes, len, &e) < 0) {
		follow_refuse(&f->follow);
		tell_one(f->events, EV_table_refused, "why", e.text);
		return;
	}
	follow_take(&f->follow);
	f->table = now;
	f->has_table = true;
	char generation[24];
	snprintf(generation, sizeof generation, "%llu", (unsigned long long)now.header->generation);
	tell_one(f->events, EV_table_taken, "generation", generation);
}

struct opening {
	struct files *files;
	struct err *e;
	int result;
};

static void open_listener(void *ctx, int fd, const char *interface)
{
	struct opening *o = ctx;
	struct files *f = o->files;
	if (o->result < 0)
		return;
	if (f->listeners == COUNT(f->listener)) {
		o->result = err_say(o->e, EINVAL, "more than %d interfaces", LISTENERS_MAX);
		return;
	}
	struct listener *l = &f->listener[f->listeners];
	l->files = f;
	snprintf(l->interface, sizeof l->interface, "%s", interface);
	struct http_setup setup = { .loop = f->loop,
		.fd = fd,
		.body_max = REPORT_LEN,
		.connections_max = CONNECTIONS,
		.per_peer_max = PEER_CONNECTIONS,
		.handle = serve,
		.ctx = l };
	o->result = http_server_new(&l->server, &setup, o->e);
	if (o->result == 0)
		f->listeners++;
}

static int take_given(struct files *f, struct err *e)
{
	const struct {
		const char *name;
		int *to;
	} wanted[] = {
		{ "table", &f->follow.folder },
		{ "boot", &f->boot },
		{ "packs", &f->packs },
		{ "events", &f->events },
	};
	for (size_t i = 0; i < COUNT(wanted); i++) {
		*wanted[i].to = given_fd(wanted[i].name, e);
		if (*wanted[i].to < 0)
			return *wanted[i].to;
	}
	struct opening o = { .files = f, .e = e };
	given_each("http.", open_listener, &o);
	if (o.result == 0 && f->listeners == 0)
		return err_say(e, ENOENT, "no descriptor \"http.INTERFACE\" was given");
	return o.result;
}

static int enter(const struct files *f, struct err *e)
{
	static const char *const calls[] = { "epoll_ctl", "epoll_wait", "epoll_pwait", "accept4",
		"recvfrom", "sendto", "sendmsg", "sendfile", "pread64", "shutdown", "getsockname",
		"getpeername", NULL };
	const int folders[] = { f->follow.folder, f->boot, f->packs };
	struct jail j = { .folders = folders, .folder_count = COUNT(folders), .calls = calls };
	return jail_enter(&j, e);
}

/* Each connection may hold a file open beside itself. */
static void descriptors_raise(void)
{
	struct rlimit most;
	if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
		most.rlim_cur = most.rlim_max;
		setrlimit(RLIMIT_NOFILE, &most);
	}
}

/* Before the loop waits. */
static void on_quiet(uv_prepare_t *p)
{
	(void)p;
	box_clear();
}

static void on_stop(uv_signal_t *s, int number)
{
	(void)number;
	uv_stop(s->loop);
}

static int run(struct files *f, struct err *e)
{
	uv_signal_t term;
	uv_prepare_t quiet;
	uv_signal_init(f->loop, &term);
	uv_prepare_init(f->loop, &quiet);
	descriptors_raise();
	int r = take_given(f, e);
	r = r ? r : reports_open(f, e);
	r = r ? r : box_open(e);
	if (r < 0)
		return r;
	uv_prepare_start(&quiet, on_quiet);
	uv_signal_start(&term, on_stop, SIGTERM);
	r = enter(f, e);
	if (r < 0)
		return r;
	log_event(EV_started, "pid=%d jail=%s listeners=%u", getpid(), jail_word(), f->listeners);
	files_follow(f);
	uv_run(f->loop, UV_RUN_DEFAULT);

	uv_close((uv_handle_t *)&term, NULL);
	uv_close((uv_handle_t *)&quiet, NULL);
	reports_close(f);
	for (unsigned i = 0; i < f->listeners; i++)
		http_server_free(f->listener[i].server);
	uv_run(f->loop, UV_RUN_DEFAULT);
	kept_fini(&f->kept);
	follow_fini(&f->follow);
	return 0;
}

int main(void)
{
	struct err e = { 0 };
	static uv_loop_t loop;
	static struct files f = { .follow = { .name = TABLE_FILE, .len_max = TABLE_LEN_MAX } };
	log_open("baton-files");
	if (uv_loop_init(&loop) < 0)
		return EXIT_FAILURE;
	f.loop = &loop;
	if (run(&f, &e) < 0) {
		fprintf(stderr, "<3>baton-files: %s\n", e.text);
		return EXIT_FAILURE;
	}
	uv_loop_close(&loop);
	return EXIT_SUCCESS;
}
