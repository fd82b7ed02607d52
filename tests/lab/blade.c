/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A blade of the lab: one QEMU machine that keeps its identity in an NVRAM file, is powered and
 * told what to boot over a unix socket as a management controller would, and starts again at its
 * guest's reset with what the NVRAM then says. `blade FILE.blade DIR`; see docs/lab.md. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lab/body.h"
#include "tests/lab/port.h"

enum { CLIENTS = 8, LINE_LEN = 1024 };

/* Bytes that gather until a newline ends them. */
struct text {
	size_t len;
	char b[LINE_LEN];
};

/* A serial line: what the guest says goes to the log and to each client, what a client says goes
 * to the guest. */
struct serial {
	int listen, log;
	int client[CLIENTS];
};

static struct {
	const char *dir;
	struct body body;
	struct nvram nvram;
	struct body_run run;
	bool net_boot; /* the one-shot override, consumed at the next start */
	bool is_reset; /* QEMU has said that its guest asks for a reset */
	bool stop;
	enum manner manner;
	struct text qmp, port;
	struct serial console, agent;
	int control, signals;
} blade = { .run.line = { -1, -1, -1, -1 } };

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	struct timespec t;
	va_list ap;
	clock_gettime(CLOCK_REALTIME, &t);
	printf("%lld.%03ld %s ", (long long)t.tv_sec, t.tv_nsec / 1000000, blade.body.name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* A socket that cannot take it now loses it, as a real line does. */
static void send_all(int fd, const char *bytes, size_t len)
{
	if (fd >= 0 && send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

static void __attribute__((format(printf, 2, 3))) reply(int fd, const char *fmt, ...)
{
	char line[LINE_LEN];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	size_t len = (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
	line[len++] = '\n';
	send_all(fd, line, len);
}

static void power_on(const char *why)
{
	struct err e = { 0 };
	bool net_boot = blade.net_boot;
	blade.net_boot = false;
	blade.is_reset = false;
	blade.qmp.len = blade.port.len = 0;
	if (body_start(&blade.run, &blade.body, &blade.nvram, blade.dir, net_boot, &e) < 0) {
		say("start-failed why=\"%s\"", e.text);
		return;
	}
	static const char greet[] = "{\"execute\":\"qmp_capabilities\"}\n";
	send_all(blade.run.line[BODY_QMP], greet, sizeof greet - 1);
	say("firmware-start why=%s boot=%s", why, net_boot ? "network" : "disk");
}

static void power_off(const char *why)
{
	if (blade.run.pid == 0)
		return;
	body_stop(&blade.run);
	say("power-off why=%s", why);
}

/* The vendor tool's side: one line from the guest, one answer. */
static void port_line(char *line)
{
	char text[PORT_ANSWER];
	bool writes = port_answer(text, &blade.nvram, blade.manner, line);
	send_all(blade.run.line[BODY_NVRAM], text, strlen(text));
	if (writes)
		say("nvram-write line=\"%s\" manner=%d", line, (int)blade.manner);
}

static void qmp_line(char *line)
{
	if (strstr(line, "\"SHUTDOWN\""))
		blade.is_reset = strstr(line, "\"guest-reset\"") != NULL;
}

/* Reads what is there and hands on whole lines. False at the far end's close. */
static bool lines_read(int fd, struct text *t, void (*take)(char *line))
{
	char chunk[LINE_LEN];
	ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	for (ssize_t i = 0; i < n; i++) {
		if (chunk[i] == '\n') {
			t->b[t->len] = '\0';
			t->len = 0;
			take(t->b);
		} else if (t->len < sizeof t->b - 1 && chunk[i] != '\r') {
			t->b[t->len++] = chunk[i];
		}
	}
	return true;
}

static void nvram_show(int to)
{
	char text[NVRAM_TEXT];
	nvram_text(text, &blade.nvram);
	send_all(to, text, strlen(text));
}

static const char *power_word(void)
{
	return blade.run.pid > 0 ? "on" : "off";
}

static const char *boot_word(void)
{
	return blade.net_boot ? "pxe" : "default";
}

/* What a person or the management controller may say; one row each. */
static void cmd_on(int to)
{
	if (blade.run.pid == 0) {
		say("power-on");
		power_on("power");
	}
	reply(to, "ok");
}

static void cmd_off(int to)
{
	power_off("controller");
	reply(to, "ok");
}

static void cmd_reset(int to)
{
	if (blade.run.pid > 0) {
		power_off("reset");
		power_on("reset");
	}
	reply(to, "ok");
}

static void cmd_soft(int to)
{
	static const char ask[] = "{\"execute\":\"system_powerdown\"}\n";
	send_all(blade.run.line[BODY_QMP], ask, sizeof ask - 1);
	say("power-button");
	reply(to, "ok");
}

static void cmd_status(int to)
{
	reply(to, "power %s", power_word());
}

static void cmd_boot_get(int to)
{
	reply(to, "boot %s", boot_word());
}

static void cmd_boot_pxe(int to)
{
	blade.net_boot = true;
	say("boot-override next=network");
	reply(to, "ok");
}

static void cmd_boot_default(int to)
{
	blade.net_boot = false;
	reply(to, "ok");
}

static void cmd_honest(int to)
{
	blade.manner = HONEST;
	reply(to, "ok");
}

static void cmd_lie(int to)
{
	blade.manner = LIES;
	reply(to, "ok");
}

static void cmd_fail(int to)
{
	blade.manner = FAILS;
	reply(to, "ok");
}

static void cmd_quit(int to)
{
	blade.stop = true;
	reply(to, "ok");
}

static const struct {
	const char *words;
	void (*run)(int to);
} commands[] = {
	{ "power on", cmd_on },
	{ "power off", cmd_off },
	{ "power reset", cmd_reset },
	{ "power soft", cmd_soft },
	{ "power status", cmd_status },
	{ "boot get", cmd_boot_get },
	{ "boot pxe", cmd_boot_pxe },
	{ "boot default", cmd_boot_default },
	{ "nvram show", nvram_show },
	{ "lie on", cmd_lie },
	{ "lie off", cmd_honest },
	{ "fail on", cmd_fail },
	{ "fail off", cmd_honest },
	{ "quit", cmd_quit },
};

/* A management controller sets an address: `nvram write PCI MAC`. It holds from the next start. */
static bool nvram_set(int to, const char *line)
{
	char pci[PCI_TEXT], mac[MAC_TEXT];
	struct err e = { 0 };
	if (sscanf(line, "nvram write %15s %17s", pci, mac) != 2)
		return false;
	if (nvram_write(&blade.nvram, pci, mac, &e) < 0)
		reply(to, "error %s", e.text);
	else
		reply(to, "ok");
	say("nvram-set port=%s mac=%s", pci, mac);
	return true;
}

/* One command a connection; the near end is on this machine and quick, or it is dropped. */
static void control_take(void)
{
	int fd = accept4(blade.control, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct timeval soon = { .tv_usec = 200000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
	char line[64];
	ssize_t n = recv(fd, line, sizeof line - 1, 0);
	if (n > 0) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		size_t i = 0, count = sizeof commands / sizeof commands[0];
		while (i < count && strcmp(commands[i].words, line) != 0)
			i++;
		if (i < count)
			commands[i].run(fd);
		else if (!nvram_set(fd, line))
			reply(fd, "error no command `%s`", line);
	}
	close(fd);
}

static void serial_accept(struct serial *s)
{
	int fd = accept4(s->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	for (int i = 0; fd >= 0 && i < CLIENTS; i++) {
		if (s->client[i] < 0) {
			s->client[i] = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static void serial_from_guest(struct serial *s, int *line)
{
	char chunk[4096];
	ssize_t n = recv(*line, chunk, sizeof chunk, MSG_DONTWAIT);
	if (n == 0) {
		close(*line);
		*line = -1;
	}
	if (n <= 0)
		return;
	if (write(s->log, chunk, (size_t)n) < 0)
		say("log-failed why=\"%s\"", strerror(errno));
	for (int i = 0; i < CLIENTS; i++)
		send_all(s->client[i], chunk, (size_t)n);
}

static void serial_from_client(int *client, int line)
{
	char chunk[1024];
	ssize_t n = recv(*client, chunk, sizeof chunk, MSG_DONTWAIT);
	if (n > 0) {
		send_all(line, chunk, (size_t)n);
	} else if (n == 0 || errno != EAGAIN) {
		close(*client);
		*client = -1;
	}
}

static int listen_at(const char *name, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	if (snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", blade.dir, name) >=
		(int)sizeof at.sun_path)
		return err_say(
			e, ENAMETOOLONG, "blade: %s/%s is too long for a socket", blade.dir, name);
	unlink(at.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 16) < 0)
		return err_set(e, errno, "blade: listen at %s", at.sun_path);
	return fd;
}

static int serial_open(struct serial *s, const char *name, struct err *e)
{
	char log[300];
	snprintf(log, sizeof log, "%s/%s.log", blade.dir, name);
	for (int i = 0; i < CLIENTS; i++)
		s->client[i] = -1;
	s->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->log < 0)
		return err_set(e, errno, "blade: open %s", log);
	s->listen = listen_at(name, e);
	return s->listen < 0 ? s->listen : 0;
}

static int blade_open(const char *file, const char *dir, struct err *e)
{
	int r = body_read(&blade.body, file, e);
	if (r < 0)
		return r;
	blade.dir = dir;
	struct nvram *n = &blade.nvram;
	if (snprintf(n->path, sizeof n->path, "%s/nvram", dir) >= (int)sizeof n->path)
		return err_say(e, ENAMETOOLONG, "blade: %s is too long a path", dir);
	n->nics = blade.body.nics;
	for (unsigned i = 0; i < n->nics; i++) {
		memcpy(n->nic[i].pci, blade.body.nic[i].pci, sizeof n->nic[i].pci);
		n->nic[i].mac = blade.body.nic[i].factory;
	}
	n->hbas = blade.body.hbas;
	for (unsigned i = 0; i < n->hbas; i++)
		n->hba[i] = blade.body.hba[i];
	memcpy(n->own_uuid, blade.body.uuid, sizeof n->own_uuid);
	memcpy(n->own_serial, blade.body.serial, sizeof n->own_serial);
	memcpy(n->uuid, n->own_uuid, sizeof n->uuid);
	memcpy(n->serial, n->own_serial, sizeof n->serial);
	if ((r = nvram_load(n, e)) < 0 || (r = serial_open(&blade.console, "console", e)) < 0 ||
		(r = serial_open(&blade.agent, "agent", e)) < 0)
		return r;
	if ((blade.control = listen_at("control", e)) < 0)
		return blade.control;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	blade.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return blade.signals < 0 ? err_set(e, errno, "blade: signalfd") : 0;
}

/* QEMU has ended by itself: its guest's reset, its guest's power-off, or a mishap. */
static void body_ended(void)
{
	int status;
	if (blade.run.pid == 0 || waitpid(blade.run.pid, &status, WNOHANG) != blade.run.pid)
		return;
	blade.run.pid = 0;
	/* Its last words may still lie in the sockets. */
	while (blade.run.line[BODY_QMP] >= 0 && !blade.is_reset &&
		recv(blade.run.line[BODY_QMP], (char[1]){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		lines_read(blade.run.line[BODY_QMP], &blade.qmp, qmp_line);
	for (int left = 4; left > 0 && blade.run.line[BODY_CONSOLE] >= 0; left--)
		serial_from_guest(&blade.console, &blade.run.line[BODY_CONSOLE]);
	bool again = blade.is_reset;
	body_stop(&blade.run);
	if (again) {
		say("guest-reset");
		power_on("reset");
	} else {
		say("power-off why=guest status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
}

static void signal_take(void)
{
	struct signalfd_siginfo s;
	while (read(blade.signals, &s, sizeof s) == (ssize_t)sizeof s)
		if (s.ssi_signo != SIGCHLD)
			blade.stop = true;
	body_ended();
}

static bool line_or_close(int at, struct text *t, void (*take)(char *line))
{
	int *fd = &blade.run.line[at];
	if (lines_read(*fd, t, take))
		return true;
	close(*fd);
	*fd = -1;
	return false;
}

static void turn(void)
{
	enum { FIXED = 4 + BODY_LINES };
	struct serial *s[] = { &blade.console, &blade.agent };
	int *line[] = { &blade.run.line[BODY_CONSOLE], &blade.run.line[BODY_AGENT] };
	struct pollfd p[FIXED + 2 * CLIENTS] = {
		{ blade.signals, POLLIN, 0 },
		{ blade.control, POLLIN, 0 },
		{ blade.console.listen, POLLIN, 0 },
		{ blade.agent.listen, POLLIN, 0 },
	};
	for (int i = 0; i < BODY_LINES; i++)
		p[4 + i] = (struct pollfd){ blade.run.line[i], POLLIN, 0 };
	for (int i = 0; i < 2 * CLIENTS; i++)
		p[FIXED + i] = (struct pollfd){ s[i / CLIENTS]->client[i % CLIENTS], POLLIN, 0 };
	if (poll(p, sizeof p / sizeof p[0], -1) < 0)
		return;
	if (p[4 + BODY_QMP].revents)
		line_or_close(BODY_QMP, &blade.qmp, qmp_line);
	if (p[4 + BODY_NVRAM].revents)
		line_or_close(BODY_NVRAM, &blade.port, port_line);
	for (int i = 0; i < 2; i++)
		if (p[4 + BODY_CONSOLE + i].revents)
			serial_from_guest(s[i], line[i]);
	for (int i = 0; i < 2 * CLIENTS; i++)
		if (p[FIXED + i].revents)
			serial_from_client(
				&s[i / CLIENTS]->client[i % CLIENTS], *line[i / CLIENTS]);
	for (int i = 0; i < 2; i++)
		if (p[2 + i].revents)
			serial_accept(s[i]);
	/* Last: these change which lines there are. */
	if (p[0].revents)
		signal_take();
	if (p[1].revents)
		control_take();
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc != 3) {
		fprintf(stderr, "usage: blade FILE.blade DIR\n");
		return 64;
	}
	if (blade_open(argv[1], argv[2], &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	say("ready");
	while (!blade.stop)
		turn();
	power_off("end");
	return 0;
}
