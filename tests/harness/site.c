/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A site's making, its programs' lives and deaths, and its turns: see site.h. */
#include "tests/harness/site.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/body.h"
#include "tests/harness/clock.h"
#include "tests/harness/talk.h"
#include "tests/harness/target.h"
#include "tests/harness/wire.h"

enum { GONE_MS = 10000 };

const char *bail_word = "Bail out!";

void bail(const char *fmt, ...)
{
	va_list ap;
	FILE *to = *bail_word == '#' ? stderr : stdout;
	va_start(ap, fmt);
	fprintf(to, "%s ", bail_word);
	vfprintf(to, fmt, ap);
	va_end(ap);
	fprintf(to, "\n");
	fflush(to);
	_exit(1);
}

void site_wrong(struct site *s, const char *fmt, ...)
{
	va_list ap;
	if (*s->wrong)
		return;
	va_start(ap, fmt);
	vsnprintf(s->wrong, sizeof s->wrong, fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 1, 2))) static void sh(const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	int r = system(line);
	if (r != 0)
		bail("%s: %d", line, r);
}

static void text_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("write %s: %s", path, strerror(errno));
	close(fd);
}

void site_fake(const struct site *s, const char *name, const char *end, const char *text)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/fake/%s.%s", s->dir, name, end);
	if (text)
		text_put(path, text);
	else
		unlink(path);
}

/* An /etc of the site's own: the loader finds the clock there, whatever environment a program is
 * given. */
static void clock_make(struct site *s, const char *built)
{
	char from[PATH_MAX];
	if (!realpath(built, from))
		bail("%s: %s", built, strerror(errno));
	sh("cp %s/tests/harness/clock.so %s/bin/clock.so && mkdir %s/own.etc && "
	   "cp /etc/ld.so.cache /etc/passwd /etc/group /etc/nsswitch.conf %s/own.etc/ && "
	   "mount --bind %s/own.etc /etc",
		from, s->dir, s->dir, s->dir, s->dir);
	int fd = open(PAGE_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fchmod(fd, 0666) < 0 || ftruncate(fd, sizeof *s->page) < 0)
		bail("%s: %s", PAGE_PATH, strerror(errno));
	s->page = mmap(NULL, sizeof *s->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (s->page == MAP_FAILED)
		bail("%s: %s", PAGE_PATH, strerror(errno));
}

static void conf_make(const struct site *s)
{
	char text[4096], path[DIR_LEN + 32];
	snprintf(text, sizeof text,
		"interfaces = mgmt0 iso0\nstate_dir = %s/state\nkey_file = %s/etc/store.key\n"
		"run_dir = %s/run\nboot_dir = %s/boot\nscripts_dir = %s/scripts\npacks_dir = "
		"%s/etc/packs\nsecrets_dir = %s/etc/secrets\nuser_broker = 64901\nuser_edge = "
		"64902\nuser_files = 64903\nuser_hand = 64904\ngroup_api = 0\nhealth_every_s = 0\n",
		s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir);
	snprintf(path, sizeof path, "%s/etc/baton.conf", s->dir);
	text_put(path, text);
}

void site_make(struct site *s, const char *in, unsigned number, const char *built)
{
	static const char *const wants[] = { "batond", "baton-broker", "baton-edge", "baton-files",
		"baton-hand", "baton" };
	*s = (struct site){ .number = number, .due_ns = INT64_MAX };
	snprintf(s->dir, sizeof s->dir, "%s/%u", in, number);
	if (mkdir(s->dir, 0755) < 0)
		bail("%s: %s", s->dir, strerror(errno));
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		bail("namespaces: %s; this wants root", strerror(errno));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	sh("cd %s && mkdir -p bin etc/packs etc/secrets state boot/shim fake scripts && chmod 777 "
	   "fake "
	   "&& chown 64904 etc/secrets && chmod 700 etc/secrets && echo kernel >boot/shim/vmlinuz "
	   "&& "
	   "echo initrd >boot/shim/initrd.img && echo loader >boot/snponly.efi && cp "
	   "boot/snponly.efi "
	   "boot/undionly.kpxe",
		s->dir);
	for (size_t i = 0; i < sizeof wants / sizeof *wants; i++)
		sh("cp %s/%s %s/bin/", built, wants[i], s->dir);
	sh("cp ipxe-scripts/*.ipxe %s/scripts/ && chmod -R a+rX %s/bin %s/scripts %s/boot", s->dir,
		s->dir, s->dir, s->dir);
	sh("mount -t tmpfs -o size=96m,mode=755 none %s/state", s->dir);
	conf_make(s);
	wire_make(&s->wire[0], "mgmt0", SITE_ADDR);
	wire_make(&s->wire[1], "iso0", ISO_ADDR);
	clock_make(s, built);
}

void site_part(struct site *s, const char *one, const char *other)
{
	snprintf(s->takes[0], sizeof s->takes[0], "%s", one);
	snprintf(s->takes[1], sizeof s->takes[1], "%s", other);
	s->stale_asked = false;
}

/* Its order does with its power what it needs: nobody else may. */
static void woken_judge(struct site *s, const char *line)
{
	char machine[16];
	if (sscanf(line, "baton-broker stale-woke machine=%15s", machine) == 1 && s->stale_asked &&
		(strcmp(machine, s->takes[0]) == 0 || strcmp(machine, s->takes[1]) == 0))
		site_wrong(s,
			"a machine that has a part in an open order was told to switch off: %s",
			line);
}

static void line_take(struct site *s, const char *line)
{
	unsigned long long order;
	snprintf(s->line[s->lines++ % LINES], LINE_SIZE, "%.*s", LINE_SIZE - 1, line);
	const char *is = strchr(line, '>');
	is = is ? is + 1 : line;
	s->moved = true;
	if (strncmp(is, "baton-broker started", 20) == 0)
		s->brokers++;
	else if (sscanf(is, "baton-broker order-begun order=%llu", &order) == 1)
		s->begun = order;
	else if (sscanf(is, "baton-broker order-done order=%llu", &order) == 1 ||
		 sscanf(is, "baton-broker order-stopped order=%llu", &order) == 1)
		s->ended = true;
	else if (sscanf(is, "baton-broker step-failed order=%llu", &order) == 1)
		s->failed = order;
	else if (strncmp(is, "baton-edge dhcp-silent", 22) == 0 && strstr(is, "why=stale-body"))
		s->stale_asked = true;
	else if (strncmp(is, "baton-broker stale-woke", 23) == 0)
		woken_judge(s, is);
	else if (strncmp(is, "batond child-died", 17) == 0 && strstr(is, "how=signal") &&
		 !strstr(is, "status=9 "))
		site_wrong(s, "a program crashed: %s", is);
}

static void log_take(struct site *s)
{
	ssize_t n;
	while ((n = read(s->log, s->part + s->part_len, sizeof s->part - 1 - s->part_len)) > 0) {
		char *at = s->part, *end;
		s->part_len += (size_t)n;
		s->part[s->part_len] = '\0';
		for (; (end = strchr(at, '\n')); at = end + 1) {
			*end = '\0';
			line_take(s, at);
		}
		s->part_len -= (size_t)(at - s->part);
		memmove(s->part, at, s->part_len);
		if (s->part_len == sizeof s->part - 1)
			s->part_len = 0;
	}
}

static void warden_start(struct site *s)
{
	int ends[2];
	char fake[DIR_LEN + 32], program[DIR_LEN + 32], conf[DIR_LEN + 32];
	snprintf(fake, sizeof fake, "BATON_FAKE_DIR=%s/fake", s->dir);
	snprintf(program, sizeof program, "%s/bin/batond", s->dir);
	snprintf(conf, sizeof conf, "%s/etc/baton.conf", s->dir);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		bail("pipe: %s", strerror(errno));
	fcntl(ends[1], F_SETFL, 0);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		int preload = open("/etc/ld.so.preload", O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (dprintf(preload, "%s/bin/clock.so\n", s->dir) < 0)
			_exit(1);
		dup2(ends[1], STDERR_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		char *argv[] = { program, (char[]){ "-c" }, conf, NULL };
		char *env[] = { fake, (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL };
		execve(program, argv, env);
		_exit(127);
	}
	close(ends[1]);
	s->log = ends[0];
	s->part_len = 0;
	s->warden = pid;
}

static bool anybody(const struct site *s)
{
	for (int i = 0; i < SLOTS; i++)
		if (s->page->slot[i].pid)
			return true;
	return false;
}

/* On the computer's clock: who was ended is not waited for on the site's. */
static void all_gone(struct site *s)
{
	pid_t pid;
	for (int i = 0; anybody(s); i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			clock_forget(s, pid);
		clock_tend(s);
		if (i == GONE_MS)
			bail("what batond had started does not end");
		usleep(1000);
	}
}

static void warden_kill(struct site *s)
{
	if (!s->warden)
		return;
	kill(s->warden, SIGKILL);
	waitpid(s->warden, NULL, 0);
	clock_forget(s, s->warden);
	s->warden = 0;
	all_gone(s);
	log_take(s);
	close(s->log);
	s->page->gate = GATE_NONE;
}

static pid_t child_of(const struct site *s, const char *program)
{
	char path[64], text[1024] = "", name[32];
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", s->warden, s->warden);
	FILE *f = fopen(path, "re");
	if (f && fgets(text, sizeof text, f) == NULL)
		*text = '\0';
	if (f)
		fclose(f);
	for (char *rest = text, *one; (one = strsep(&rest, " "));) {
		snprintf(path, sizeof path, "/proc/%.10s/comm", one);
		f = *one ? fopen(path, "re") : NULL;
		bool it = f && fgets(name, sizeof name, f) &&
			  strncmp(name, program, strlen(program)) == 0;
		if (f)
			fclose(f);
		if (it)
			return atoi(one);
	}
	return 0;
}

bool site_kill(struct site *s, const char *program)
{
	s->moved = true;
	if (strcmp(program, "batond") == 0) {
		warden_kill(s);
		warden_start(s);
		return true;
	}
	pid_t pid = child_of(s, program);
	if (!pid)
		return false;
	kill(pid, SIGKILL);
	if (strcmp(program, "baton-broker") == 0)
		s->page->gate = GATE_NONE;
	return true;
}

bool site_hand_works(struct site *s)
{
	return child_of(s, "baton-hand") != 0;
}

void site_gate(struct site *s, uint64_t order, const char *step)
{
	char number[24] = "";
	s->page->gate = GATE_NONE;
	if (order)
		snprintf(number, sizeof number, "%llu ", (unsigned long long)order);
	snprintf(s->page->gate_word, GATE_TEXT, "baton-broker step-begun order=%s", number);
	snprintf(s->page->gate_step, GATE_TEXT, " step=%s ", step);
	s->page->gate = GATE_ARMED;
}

bool site_gate_reached(const struct site *s)
{
	return s->page->gate == GATE_REACHED;
}

void site_gate_open(struct site *s)
{
	uint32_t reached = GATE_REACHED;
	if (!atomic_compare_exchange_strong(&s->page->gate, &reached, GATE_OPENED))
		s->page->gate = GATE_NONE;
}

void site_turn(struct site *s)
{
	struct pollfd p[TALKS + 1 + WIRES] = { { .fd = s->log, .events = POLLIN },
		{ .fd = s->wire[0], .events = POLLIN }, { .fd = s->wire[1], .events = POLLIN } };
	nfds_t n = 1 + WIRES;
	for (int i = 0; i < TALKS; i++)
		if (s->talk[i].fd)
			p[n++] = (struct pollfd){ .fd = s->talk[i].fd, .events = POLLIN };
	if (s->at_gate && site_gate_reached(s)) {
		void (*at_gate)(void *) = s->at_gate;
		s->at_gate = NULL;
		at_gate(s->at_gate_ctx);
		return;
	}
	int ready = poll(p, n, s->moved ? 0 : 1);
	s->moved = ready > 0;
	log_take(s);
	bodies_take(s);
	talks_turn(s);
	int64_t due = bodies_turn(s);
	pid_t pid;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		clock_forget(s, pid);
		if (pid != s->warden)
			continue;
		site_wrong(s, "batond ended by itself: %s", s->line[(s->lines - 1) % LINES]);
		s->warden = 0;
		all_gone(s);
		warden_start(s);
	}
	clock_tend(s);
	if (s->moved || site_gate_reached(s) || !clock_all_wait(s))
		return;
	int64_t talks = talks_due(s);
	due = talks < due ? talks : due;
	clock_skip(s, s->due_ns < due ? s->due_ns : due);
	s->moved = true;
}

void site_deadline(struct site *s, unsigned seconds)
{
	s->deadline_s = seconds;
	s->real_end_ns = clock_real_ns() + seconds * SECOND_NS;
}

static void late(struct site *s)
{
	char who[300];
	if (*s->wrong || clock_real_ns() < s->real_end_ns)
		return;
	clock_who_works(who, sizeof who, s);
	site_wrong(s,
		"it hangs: %u s of the computer's time are over; at work: %s; last said: %.120s",
		s->deadline_s, who, s->lines ? s->line[(s->lines - 1) % LINES] : "nothing");
}

bool site_until(struct site *s, bool (*so)(struct site *, void *), void *ctx, unsigned seconds)
{
	int64_t end = site_now_ns(s) + seconds * SECOND_NS, was = s->due_ns;
	bool is;
	s->due_ns = end < was ? end : was;
	while (!(is = so(s, ctx)) && !*s->wrong && site_now_ns(s) < end) {
		site_turn(s);
		late(s);
	}
	s->due_ns = was;
	return is;
}

static bool child_over(struct site *s, void *ctx)
{
	pid_t *pid = ctx;
	(void)s;
	return kill(*pid, 0) < 0;
}

/* The command line, as a person types it. */
static bool baton(struct site *s, const char *words)
{
	char line[1024];
	snprintf(line, sizeof line, "exec %s/bin/baton --socket %s/run/api.sock %s >%s/said 2>&1",
		s->dir, s->dir, words, s->dir);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	s->guest = pid;
	bool over = site_until(s, child_over, &pid, 120);
	s->guest = 0;
	return over;
}

static bool broker_is_up(struct site *s, void *ctx)
{
	return s->brokers > *(unsigned *)ctx;
}

bool site_fill(struct site *s)
{
	static const char *const words[] = {
		"network add mgmt --interface mgmt0 --address " SITE_ADDR "/24 --pool "
		"10.88.0.100-10.88.0.199",
		"network add iso --isolated --interface iso0 --address " ISO_ADDR "/24 --pool "
		"10.89.0.100-10.89.0.199",
		"pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff",
		"pool add iqns --iqn iqn.2026-01.org.example:",
		"machine add blade-a --bmc fake://blade-a --uuid " UUID_A " --nic "
		"mac=52:54:00:aa:00:01,network=mgmt,carries=yes --nic "
		"mac=52:54:00:aa:00:02,network=iso,carries=yes",
		"machine add blade-b --bmc fake://blade-b --uuid " UUID_B " --nic "
		"mac=52:54:00:bb:00:01,network=mgmt,carries=yes --nic "
		"mac=52:54:00:bb:00:02,network=iso,carries=yes",
		"persona add " PERSONA " --san fake --target " TARGET " --lun 1 --portal " SITE_ADDR
		":3260 --nic network=mgmt,address=10.88.0.50",
	};
	unsigned before = s->brokers;
	warden_kill(s);
	talks_drop(s);
	*s->wrong = '\0';
	sh("rm -rf %s/state/* %s/fake/* %s/run", s->dir, s->dir, s->dir);
	bodies_make(s);
	target_make(s);
	s->begun = s->failed = 0;
	warden_start(s);
	if (!site_until(s, broker_is_up, &before, 600))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!baton(s, words[i]))
			return false;
	return true;
}

void site_drop(struct site *s)
{
	warden_kill(s);
	talks_drop(s);
}
