/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three programs that always run: started, missed, started again. See warden.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "host/log.h"
#include "warden/warden.h"

/* One death is made good at once; of one that comes soon after another, a restart is no cure. */
enum { WAIT_SECOND_MS = 100, WAIT_MAX_MS = 10000, LIVED_MS = 30000 };

static const char *const programs[CHILDREN] = {
	[EDGE] = "baton-edge",
	[FILES] = "baton-files",
	[BROKER] = "baton-broker",
};

void children_init(struct warden *w)
{
	for (int i = 0; i < CHILDREN; i++) {
		w->child[i] = (struct child){ .warden = w, .program = programs[i] };
		uv_timer_init(w->loop, &w->child[i].timer);
		w->child[i].timer.data = &w->child[i];
	}
}

/* What a child may know of our environment. */
static void env_make(const char *env[SPAWN_ENV], char text[][256], size_t room)
{
	static const char *const keep[] = { "BATON_DEBUG", "BATON_JAIL", "ASAN_OPTIONS", "TZ" };
	size_t n = 0;
	env[n++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	for (size_t i = 0; i < COUNT(keep) && i < room; i++) {
		const char *value = getenv(keep[i]);
		if (!value)
			continue;
		snprintf(text[i], sizeof text[i], "%s=%s", keep[i], value);
		env[n++] = text[i];
	}
	env[n] = NULL;
}

struct wanted {
	struct spawn_fd fd[SPAWN_FDS];
	size_t fds;
};

static void give(struct wanted *to, const char *name, int fd)
{
	to->fd[to->fds++] = (struct spawn_fd){ name, fd };
}

static void give_all(struct wanted *to, const struct spawn_fd *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		give(to, fds[i].name, fds[i].fd);
}

static int start(struct child *c, struct err *e)
{
	struct warden *w = c->warden;
	const struct site *s = &w->site;
	long which = c - w->child;
	char path[PATH_MAX + 32], text[4][256];
	const char *env[SPAWN_ENV], *args[] = { "-c", s->conf_path, NULL };
	struct wanted to = { .fds = 0 };
	struct user user = which == EDGE ? s->edge : which == FILES ? s->files : s->broker;
	int control = -1;

	give(&to, "alive", w->alive);
	give(&to, "table", w->table);
	if (which != BROKER)
		give(&to, "box", w->box[which]);
	if (which == EDGE) {
		give(&to, "boot", w->boot);
		give(&to, "events", w->edge_events[0]);
		if (w->leases[0] >= 0) {
			give(&to, "leases.0", w->leases[0]);
			give(&to, "leases.1", w->leases[1]);
		}
		give_all(&to, w->sockets.edge, w->sockets.edges);
	} else if (which == FILES) {
		give(&to, "boot", w->boot);
		give(&to, "packs", w->packs);
		give(&to, "events", w->files_events[0]);
		give_all(&to, w->sockets.files, w->sockets.filess);
	} else {
		int r = hands_open(w, &control, e);
		if (r < 0)
			return r;
		give(&to, "packs", w->packs);
		give(&to, "edge-events", w->edge_events[1]);
		give(&to, "files-events", w->files_events[1]);
		give(&to, "api", w->sockets.api);
		give(&to, "control", control);
	}
	snprintf(path, sizeof path, "%s/%s", s->programs, c->program);
	env_make(env, text, COUNT(text));
	struct spawn spawn = { .path = path,
		.args = which == BROKER ? args : NULL,
		.env = env,
		.uid = user.uid,
		.gid = user.gid,
		/* The table's folder belongs to this group. */
		.groups = &s->edge.gid,
		.group_count = which == FILES,
		.fds = to.fd,
		.fd_count = to.fds,
		.talk = -1 };
	int r = spawn_start(&c->pid, &spawn, e);
	if (control >= 0)
		close(control);
	if (r < 0) {
		c->pid = 0;
		if (which == BROKER)
			hands_close(w);
		return r;
	}
	c->begun_ms = uv_now(w->loop);
	c->due = false;
	log_event(EV_child_started, "program=%s pid=%d", c->program, c->pid);
	return 0;
}

static void on_due(uv_timer_t *t);

static void start_later(struct child *c)
{
	c->wait_ms = c->deaths == 0 ? 0 : c->deaths == 1 ? WAIT_SECOND_MS : c->wait_ms * 2;
	if (c->wait_ms > WAIT_MAX_MS)
		c->wait_ms = WAIT_MAX_MS;
	c->deaths++;
	uv_timer_start(&c->timer, on_due, c->wait_ms, 0);
}

/* A broker starts only when every hand of the one before it is dead and reaped. */
static void start_when_allowed(struct child *c)
{
	struct err e = { 0 };
	c->due = true;
	if (c == &c->warden->child[BROKER] && c->warden->hands)
		return;
	if (start(c, &e) < 0) {
		/* It cannot be started: that mends itself seldom, and never at once. */
		c->deaths += c->deaths == 0;
		log_event(EV_child_died, "program=%s why=\"%s\"", c->program, e.text);
		start_later(c);
	}
}

static void on_due(uv_timer_t *t)
{
	struct child *c = t->data;
	if (!c->warden->stopping)
		start_when_allowed(c);
}

bool children_start(struct warden *w)
{
	for (int i = 0; i < CHILDREN; i++) {
		struct err e = { 0 };
		if (start(&w->child[i], &e) < 0) {
			fprintf(stderr, "<3>batond: %s\n", e.text);
			return false;
		}
	}
	return true;
}

bool child_ended(struct warden *w, pid_t pid, int status)
{
	struct child *c = w->child;
	while (c < w->child + CHILDREN && c->pid != pid)
		c++;
	if (c == w->child + CHILDREN)
		return false;
	c->pid = 0;
	c->due = false;
	if (c == &w->child[BROKER])
		hands_close(w);
	if (w->stopping)
		return true;
	uv_update_time(w->loop);
	if (uv_now(w->loop) - c->begun_ms >= LIVED_MS)
		c->deaths = 0;
	crash_note(c, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	start_later(c);
	log_event(EV_child_died, "program=%s pid=%d how=%s status=%d again_ms=%u", c->program, pid,
		WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), c->wait_ms);
	return true;
}

void children_hands_gone(struct warden *w)
{
	struct child *c = &w->child[BROKER];
	if (c->due && !c->pid && !w->stopping)
		start_when_allowed(c);
}

void children_signal(struct warden *w, int number)
{
	for (int i = 0; i < CHILDREN; i++)
		if (w->child[i].pid > 0)
			kill(w->child[i].pid, number);
}

unsigned children_running(const struct warden *w)
{
	unsigned n = 0;
	for (int i = 0; i < CHILDREN; i++)
		n += w->child[i].pid > 0;
	return n;
}

void children_fini(struct warden *w)
{
	for (int i = 0; i < CHILDREN; i++)
		uv_close((uv_handle_t *)&w->child[i].timer, NULL);
}
