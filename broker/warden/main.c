/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batond, the warden: opens what needs rights, starts the programs that have none, starts again
 * what dies, and ends them all. It reads no byte that a stranger sent. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "host/landlock.h"
#include "host/log.h"
#include "warden/key.h"
#include "warden/packs.h"
#include "warden/warden.h"

enum {
	EXIT_WRONG = 2, /* settings or arguments; nothing was started */
	STOP_MS = 5000,
	LOCK_TRIES = 200,
	LOCK_TRIES_ALIVE = 20,
	LOCK_AGAIN_MS = 50,
};

struct signals {
	struct warden *warden;
	uv_signal_t child, term, interrupt, hup;
	uv_timer_t watchdog, kill;
};

static int open_folder(int *ret, const char *in, const char *name, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s%s", in, name);
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret < 0 ? err_set(e, errno, "open folder %s", path) : 0;
}

/* Does the batond that wrote its pid into the lock still run? Of one that has died there is no more
 * than a pid. */
static pid_t warden_alive(int lock)
{
	char pid[16] = "", path[48], exe[PATH_MAX];
	if (pread(lock, pid, sizeof pid - 1, 0) <= 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%.15s/exe", pid);
	ssize_t n = readlink(path, exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	const char *name = strrchr(exe, '/');
	return name && strncmp(name, "/batond", 7) == 0 ? (pid_t)atoi(pid) : 0;
}

/* Held by this process and, through the same open file, by all it starts: so it is ours only when
 * every process of an earlier warden has gone. The kernel is ending those right now. */
static int take_lock(struct warden *w, struct err *e)
{
	char path[PATH_MAX], pid[16];
	snprintf(path, sizeof path, "%s/batond.lock", w->site.conf.run_dir);
	/* For reading: those that it is handed to have nothing to write there. */
	w->alive = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (w->alive < 0)
		return err_set(e, errno, "%s", path);
	for (int i = 0; flock(w->alive, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			return err_set(e, errno, "%s", path);
		pid_t other = i >= LOCK_TRIES_ALIVE ? warden_alive(w->alive) : 0;
		if (other)
			return err_say(e, EBUSY,
				"run_dir %s: another batond runs; end it first: kill %d",
				w->site.conf.run_dir, (int)other);
		if (i == LOCK_TRIES)
			return err_say(e, EBUSY,
				"run_dir %s: what an earlier batond started has not ended; `fuser "
				"%s` "
				"names it",
				w->site.conf.run_dir, path);
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_AGAIN_MS * 1000000L }, NULL);
	}
	int n = snprintf(pid, sizeof pid, "%d", getpid());
	OWN(fd) int to = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	if (to < 0 || write(to, pid, (size_t)n) != n)
		return err_set(e, errno, "%s", path);
	return 0;
}

static int pair(int ends[2], struct err *e)
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
	return socketpair(AF_UNIX, type, 0, ends) < 0 ? err_set(e, errno, "events channel") : 0;
}

/* Machines that Baton knows boot without them. */
static void open_leases(struct warden *w)
{
	struct err e = { 0 };
	if (site_open_leases(w->leases, &w->site, &e) < 0)
		fprintf(stderr, "<4>batond: %s; unknown machines will get no address\n", e.text);
}

static int prepare(struct warden *w, struct err *e)
{
	const struct conf *c = &w->site.conf;
	w->control = -1;
	int r = site_make_run_dir(&w->site, e);
	r = r ? r : take_lock(w, e);
	r = r ? r : site_make_folders(&w->site, e);
	r = r ? r : key_make(&w->site, e);
	r = r ? r : sockets_open(&w->sockets, &w->site, e);
	r = r ? r : sockets_open_api(&w->sockets, &w->site, e);
	r = r ? r : open_folder(&w->table, c->run_dir, "/table", e);
	r = r ? r : open_folder(&w->packs, c->run_dir, "/packs", e);
	r = r ? r : open_folder(&w->boot, c->boot_dir, "", e);
	r = r ? r : pair(w->edge_events, e);
	r = r ? r : pair(w->files_events, e);
	r = r ? r : crash_open(w, e);
	if (r < 0)
		return r;
	packs_make(&w->site, stderr);
	open_leases(w);
	return 0;
}

static void stop_if_all_gone(struct signals *s)
{
	struct warden *w = s->warden;
	if (w->stopping && !children_running(w) && !w->hands)
		uv_stop(w->loop);
}

static void on_child(uv_signal_t *sig, int number)
{
	(void)number;
	struct signals *s = sig->data;
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!child_ended(s->warden, pid, status))
			hand_ended(s->warden, pid, status);
	stop_if_all_gone(s);
}

static void on_too_slow(uv_timer_t *t)
{
	struct signals *s = t->data;
	children_signal(s->warden, SIGKILL);
}

static void on_stop(uv_signal_t *sig, int number)
{
	struct signals *s = sig->data;
	struct warden *w = s->warden;
	if (w->stopping)
		return;
	w->stopping = true;
	log_event(EV_stopping, "signal=%d", number);
	sd_notify(0, "STOPPING=1\nSTATUS=ending what was started");
	children_signal(w, SIGTERM);
	uv_timer_start(&s->kill, on_too_slow, STOP_MS, 0);
	stop_if_all_gone(s);
}

static void say_status(struct warden *w)
{
	sd_notifyf(0, "READY=1\nSTATUS=%u of %d programs run, %u interfaces", children_running(w),
		CHILDREN, w->site.interfaces);
}

static void on_reload(uv_signal_t *sig, int number)
{
	(void)number;
	struct signals *s = sig->data;
	if (s->warden->stopping)
		return;
	sd_notify(0, "STATUS=packing tool-packs");
	packs_make(&s->warden->site, stderr);
	control_say(s->warden, "reload\n");
	say_status(s->warden);
}

static void on_watchdog(uv_timer_t *t)
{
	(void)t;
	sd_notify(0, "WATCHDOG=1");
}

static void signals_open(struct signals *s, struct warden *w)
{
	struct {
		uv_signal_t *at;
		uv_signal_cb call;
		int number;
	} all[] = {
		{ &s->child, on_child, SIGCHLD },
		{ &s->term, on_stop, SIGTERM },
		{ &s->interrupt, on_stop, SIGINT },
		{ &s->hup, on_reload, SIGHUP },
	};
	uint64_t watchdog_us;
	s->warden = w;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < COUNT(all); i++) {
		uv_signal_init(w->loop, all[i].at);
		all[i].at->data = s;
		uv_signal_start(all[i].at, all[i].call, all[i].number);
	}
	uv_timer_init(w->loop, &s->kill);
	uv_timer_init(w->loop, &s->watchdog);
	s->kill.data = s;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		uv_timer_start(&s->watchdog, on_watchdog, 0, watchdog_us / 2000);
}

static void signals_close(struct signals *s)
{
	uv_handle_t *all[] = { (uv_handle_t *)&s->child, (uv_handle_t *)&s->term,
		(uv_handle_t *)&s->interrupt, (uv_handle_t *)&s->hup, (uv_handle_t *)&s->kill,
		(uv_handle_t *)&s->watchdog };
	for (size_t i = 0; i < COUNT(all); i++)
		uv_close(all[i], NULL);
}

static int serve(struct warden *w)
{
	uv_loop_t loop;
	struct signals signals;
	struct err e = { 0 };
	char api[PATH_MAX];
	if (prepare(w, &e) < 0) {
		fprintf(stderr, "<3>batond: %s\n", e.text);
		return EXIT_FAILURE;
	}
	uv_loop_init(&loop);
	w->loop = &loop;
	children_init(w);
	signals_open(&signals, w);
	bool started = children_start(w);
	if (started) {
		log_event(EV_started, "pid=%d interfaces=%u", getpid(), w->site.interfaces);
		if (landlock_version() < 1)
			fprintf(stderr,
				"<4>batond: this kernel has no Landlock, or was started without "
				"it (lsm=): baton-edge and baton-files may read what every user "
				"of this computer may\n");
		say_status(w);
		uv_run(&loop, UV_RUN_DEFAULT);
	} else {
		/* Those that did start die with this process; what is left is their socket. */
		children_signal(w, SIGKILL);
	}
	hands_close(w);
	children_fini(w);
	signals_close(&signals);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	snprintf(api, sizeof api, "%s/api.sock", w->site.conf.run_dir);
	unlink(api);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void usage(FILE *to)
{
	fprintf(to, "usage: batond [-c FILE] [--check]\n"
		    "       batond --help-conf\n"
		    "  -c FILE      settings, in place of /etc/baton/baton.conf\n"
		    "  --check      looks at settings and machine, starts nothing\n"
		    "  --help-conf  lists every setting\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ "help-conf", no_argument, NULL, 'H' },
		{ 0 },
	};
	static struct warden w = { .site.conf_path = "/etc/baton/baton.conf" };
	static char path[PATH_MAX];
	bool check = false;
	struct err e = { 0 };
	for (int o; (o = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		switch (o) {
		case 'c':
			w.site.conf_path = optarg;
			break;
		case 'k':
			check = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		case 'H':
			conf_help(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_WRONG;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_WRONG;
	}
	log_open("batond");
	conf_defaults(&w.site.conf);
	bool good = conf_read(&w.site.conf, w.site.conf_path, stderr, &e) == 0;
	if (!good)
		fprintf(stderr, "batond: %s\n", e.text);
	good = good && site_check(&w.site, stderr);
	if (!good)
		return EXIT_WRONG;
	if (realpath(w.site.conf_path, path))
		w.site.conf_path = path;
	if (check) {
		printf("%s: good\n", w.site.conf_path);
		return EXIT_SUCCESS;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "batond: want to be root: it opens ports that need it and starts "
				"programs as other users\n");
		return EXIT_FAILURE;
	}
	return serve(&w);
}
