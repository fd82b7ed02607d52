/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body's life, from power to its OS: see body.h. What it says on the wire is in wire.c. */
#include "tests/harness/body.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/target.h"
#include "tests/harness/wire.h"

#define MS 1000000ll

enum {
	STATE_LEN = 64,
	DHCP_AGAIN_MS = 4000,
	ASK_AGAIN_MS = 250,
	ASK_MOST_MS = 10000,
	PARK_MS = 20000,
	FIRMWARE_MS = 20000,
	RENEW_MS = 600000
};

struct asked {
	struct body *body;
	unsigned boot;
	bool own; /* nobody waits for the answer of one that is said twice */
};

struct body *body_of(struct site *s, const char *name)
{
	for (int i = 0; i < BODIES; i++)
		if (strcmp(s->body[i]->name, name) == 0)
			return s->body[i];
	bail("no body %s", name);
}

static void later(struct body *b, int64_t ms)
{
	b->next_ns = site_now_ns(b->site) + ms * MS;
}

static void go(struct body *b, enum body_at at)
{
	b->at = at;
	b->wait_ms = ASK_AGAIN_MS;
	b->site->moved = true;
	later(b, 0);
}

/* The machine's own hand on its state, as bmc_fake has it. */
static void state_change(struct body *b, const char *power, const char *next, bool boots)
{
	char text[STATE_LEN + 1] = "", p[8] = "off", n[8] = "default", booted[8] = "default";
	if (flock(b->bmc, LOCK_EX) < 0 || pread(b->bmc, text, STATE_LEN, 0) < 0)
		bail("%s: its state: %s", b->name, strerror(errno));
	sscanf(text, "power=%7s next=%7s booted=%7s", p, n, booted);
	if (boots) {
		memcpy(booted, next ? next : n, strlen(next ? next : n) + 1);
		strcpy(n, "default");
	} else if (next) {
		snprintf(n, sizeof n, "%s", next);
	}
	int len = snprintf(text, sizeof text, "power=%s next=%s booted=%s bounce=0",
		power ? power : p, n, booted);
	memset(text + len, ' ', (size_t)(STATE_LEN - len));
	text[STATE_LEN - 1] = '\n';
	if (pwrite(b->bmc, text, STATE_LEN, 0) != STATE_LEN)
		bail("%s: its state: %s", b->name, strerror(errno));
	flock(b->bmc, LOCK_UN);
}

static void state_read(const struct body *b, bool *on, bool *network)
{
	char text[STATE_LEN + 1] = "";
	if (pread(b->bmc, text, STATE_LEN, 0) < 0)
		bail("%s: its state: %s", b->name, strerror(errno));
	*on = strncmp(text, "power=on", 8) == 0;
	*network = strstr(text, "booted=network") != NULL;
}

static void dies(struct body *b)
{
	if (b->session)
		target_logout(b->site, b->copy, b->session);
	b->session = b->runs = 0;
	b->on = b->os = b->busy = false;
	b->boot++;
	go(b, BODY_OFF);
}

static void boots(struct body *b)
{
	bool on, network;
	dies(b);
	state_read(b, &on, &network);
	b->on = true;
	go(b, network ? BODY_ASK : BODY_IDLE);
	later(b, FIRMWARE_MS);
}

void body_power(struct body *b, bool on, bool network)
{
	state_change(b, on ? "on" : "off", on ? (network ? "network" : "default") : NULL, on);
	if (on)
		boots(b);
	else
		dies(b);
}

void body_wake(struct body *b)
{
	state_change(b, "on", NULL, false);
	dies(b);
	b->on = true;
	b->runs = b->known;
	go(b, b->known ? BODY_OS : BODY_IDLE);
}

void body_forget_next(struct body *b)
{
	state_change(b, NULL, "default", false);
}

bool body_factory(const struct body *b)
{
	for (int i = 0; i < WIRES; i++)
		if (!mac_equal(&b->card[i].factory, &b->card[i].mac))
			return false;
	return true;
}

unsigned body_wire(const struct body *b)
{
	unsigned i = 0;
	while (b->os && i < WIRES - 1 && mac_equal(&b->card[i].factory, &b->card[i].mac))
		i++;
	return i;
}

bool body_writes(const struct body *b, unsigned generation)
{
	return b->on && b->at == BODY_OS && b->session && b->runs == generation;
}

static void make(
	struct body *b, struct site *s, const char *name, const char *mac, const char *uuid)
{
	char path[PATH_MAX];
	if (b->site) {
		close(b->bmc);
		close(b->bmc_log);
	}
	*b = (struct body){ .site = s };
	snprintf(b->name, sizeof b->name, "%s", name);
	if (!mac_parse(&b->card[0].factory, mac) || !uuid_parse(&b->uuid, uuid))
		bail("%s: its addresses", name);
	b->card[1].factory = b->card[0].factory;
	b->card[1].factory.b[5]++;
	for (int i = 0; i < WIRES; i++)
		b->card[i].mac = b->card[i].factory;
	snprintf(path, sizeof path, "%s/fake/%s.bmc", s->dir, name);
	b->bmc = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	snprintf(path, sizeof path, "%s/fake/%s.log", s->dir, name);
	b->bmc_log = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (b->bmc < 0 || b->bmc_log < 0 || fchmod(b->bmc, 0666) < 0 ||
		fchmod(b->bmc_log, 0666) < 0)
		bail("%s: %s", path, strerror(errno));
	state_change(b, "off", "default", false);
	go(b, BODY_OFF);
}

void bodies_make(struct site *s)
{
	static struct body bodies[BODIES];
	for (int i = 0; i < BODIES; i++)
		s->body[i] = &bodies[i];
	make(&bodies[0], s, "blade-a", "52:54:00:aa:00:01", UUID_A);
	make(&bodies[1], s, "blade-b", "52:54:00:bb:00:01", UUID_B);
}

/* What its BMC did to it: each change of power is a line of its log, and a hand that was killed
 * before that line has left the state alone. */
static void power_follow(struct body *b)
{
	char text[512];
	bool on, network;
	ssize_t n = pread(b->bmc_log, text, sizeof text - 1, b->log_at);
	text[n > 0 ? n : 0] = '\0';
	char *end = strrchr(text, '\n');
	if (end) {
		end[1] = '\0';
		b->log_at += end + 1 - text;
		if ((strstr(text, "power off\n") || strstr(text, "soft off\n")) && b->on)
			dies(b);
	}
	state_read(b, &on, &network);
	if (on && !b->on)
		boots(b);
	else if (!on && b->on)
		dies(b);
}

static void answered(void *ctx, int status, const char *answer);

/* One request of this boot. */
static void fetch(struct body *b, const char *method, const char *path, const char *text)
{
	char host[64], whole[URL_LEN + 128];
	struct asked *a = malloc(sizeof *a);
	if (!a)
		bail("no memory");
	*a = (struct asked){ b, b->boot, true };
	const char *slash = strchr(b->base + 7, '/');
	snprintf(host, sizeof host, "%.*s", (int)(slash - (b->base + 7)), b->base + 7);
	snprintf(whole, sizeof whole, "%s%s", slash, path);
	b->busy = true;
	enum body_fault fault = b->times ? b->http : BODY_WELL;
	b->times -= fault != BODY_WELL;
	if (fault == BODY_UNHEARD) {
		answered(a, 0, "");
		return;
	}
	if (fault == BODY_UNANSWERED)
		a->own = false;
	site_ask(b->site, host, method, whole, text, answered, a);
	if (fault == BODY_UNANSWERED) {
		a = malloc(sizeof *a);
		if (!a)
			bail("no memory");
		*a = (struct asked){ b, b->boot, true };
		answered(a, 0, "");
	}
	if (fault == BODY_TWICE && (a = malloc(sizeof *a))) {
		*a = (struct asked){ b, b->boot, false };
		site_ask(b->site, host, method, whole, text, answered, a);
	}
}

static void report(struct body *b, const char *stage, const char *nic)
{
	char text[REPORT_LEN];
	if (b->late && *b->last) {
		struct asked *a = malloc(sizeof *a);
		char host[64];
		if (!a)
			bail("no memory");
		*a = (struct asked){ b, b->boot, false };
		const char *slash = strchr(b->last_path + 7, '/');
		snprintf(host, sizeof host, "%.*s", (int)(slash - (b->last_path + 7)),
			b->last_path + 7);
		b->late = false;
		site_ask(b->site, host, "POST", slash, b->last, answered, a);
	}
	snprintf(text, sizeof text,
		"{\"stage\":\"%s\",\"deed\":\"%s\",\"machine\":\"%s\",\"generation\":%u,%s}", stage,
		b->deed, b->name, b->generation, nic);
	snprintf(b->last, sizeof b->last, "%s", text);
	snprintf(b->last_path, sizeof b->last_path, "%.*s/report", URL_LEN - 1, b->base);
	fetch(b, "POST", "/report", text);
}

static void do_script(struct body *b)
{
	char path[128], uuid[UUID_TEXT];
	snprintf(path, sizeof path, "/next.ipxe?uuid=%s", uuid_text(uuid, &b->uuid));
	fetch(b, "GET", path, NULL);
}

/* A line for each card: what the text says of it once, or twice where it has room for that. */
static void cards_say(char *to, size_t size, const struct body *b, bool found)
{
	size_t at = (size_t)snprintf(to, size, "\"nics\":[");
	for (int i = 0; i < WIRES; i++) {
		char mac[MAC_TEXT];
		mac_text(mac, &b->card[i].mac);
		at += (size_t)snprintf(
			to + at, size - at, "%s{\"pci\":\"0000:00:0%d.0\",", i ? "," : "", 3 + i);
		at += (size_t)(found ? snprintf(to + at, size - at,
					       "\"permanent\":\"%s\",\"current\":\"%s\","
					       "\"driver\":\"virtio_net\"}",
					       mac, mac)
				     : snprintf(to + at, size - at,
					       "\"read_back\":\"%s\",\"tool\":\"lab\"}", mac));
	}
	snprintf(to + at, size - at, "]");
}

static void do_found(struct body *b)
{
	char nics[600];
	cards_say(nics, sizeof nics, b, true);
	report(b, "found", nics);
}

static void do_written(struct body *b)
{
	char nics[600];
	cards_say(nics, sizeof nics, b, false);
	report(b, "written", nics);
}

static void word_after(char *to, size_t size, const char *text, const char *word)
{
	const char *at = strstr(text, word);
	at = at ? at + strlen(word) : "";
	snprintf(to, size, "%.*s", (int)strcspn(at, " \n"), at);
}

static void script_read(struct body *b, const char *text)
{
	char generation[16];
	word_after(generation, sizeof generation, text, "generation ");
	if (strstr(text, "/shim/vmlinuz")) {
		go(b, BODY_JOB);
	} else if (strstr(text, "set step persona-sanboot")) {
		b->known = (unsigned)atoi(generation);
		word_after(b->user, sizeof b->user, text, "\nset username ");
		word_after(b->secret, sizeof b->secret, text, "\nset password ");
		b->copy = strstr(text, TARGET ":drill") != NULL;
		b->session = target_login(b->site, b->copy, b->user, b->secret);
		if (b->session) {
			b->os = true;
			go(b, BODY_ASK);
		} else {
			later(b, b->wait_ms = b->wait_ms < 8000 ? b->wait_ms * 2 : 16000);
		}
	} else if (strstr(text, "carries no persona and waits")) {
		later(b, PARK_MS);
	} else {
		go(b, BODY_IDLE);
	}
}

static void job_read(struct body *b, const char *text)
{
	char generation[16], nic[128];
	word_after(b->deed, sizeof b->deed, text, "deed ");
	word_after(generation, sizeof generation, text, "generation ");
	b->generation = (unsigned)atoi(generation);
	const char *at = text;
	for (int i = 0; i < WIRES; i++) {
		struct card *c = &b->card[i];
		at = strstr(at, "\nnic ");
		if (!at || sscanf(at, "\nnic %*s %127s %17s", nic, c->want) != 2)
			bail("%s: the work order does not name its cards: %s", b->name, text);
		at += 5;
	}
	go(b, BODY_FOUND);
}

static void good_answer(struct body *b, const char *text)
{
	switch (b->at) {
	case BODY_SCRIPT:
		script_read(b, text);
		break;
	case BODY_JOB:
		job_read(b, text);
		break;
	case BODY_FOUND:
		for (int i = 0; i < WIRES; i++)
			if (strcmp(b->card[i].want, "-") != 0 &&
				!mac_parse(&b->card[i].mac, b->card[i].want))
				bail("%s: the work order wants the address \"%s\"", b->name,
					b->card[i].want);
		go(b, BODY_WRITTEN);
		break;
	case BODY_WRITTEN:
		if (strcmp(b->deed, "restore") == 0) {
			state_change(b, "off", NULL, false);
			dies(b);
		} else {
			state_change(b, NULL, NULL, true);
			boots(b);
		}
		break;
	default:
		break;
	}
}

static void answered(void *ctx, int status, const char *answer)
{
	struct asked a = *(struct asked *)ctx;
	struct body *b = a.body;
	free(ctx);
	if (!a.own || a.boot != b->boot)
		return;
	b->busy = false;
	if (status == 200) {
		good_answer(b, answer);
	} else if (status == 410 || status == 403 || (status == 409 && b->at == BODY_SCRIPT)) {
		go(b, BODY_ASK);
		later(b, 1000);
	} else if (status == 0 || status >= 500) {
		later(b, b->wait_ms);
		b->wait_ms = b->wait_ms * 2 < ASK_MOST_MS ? b->wait_ms * 2 : ASK_MOST_MS;
		/* iPXE fetches a fresh URL after some tries; so does the shim when its URL runs
		 * out. */
		if (b->at == BODY_SCRIPT && b->wait_ms == ASK_MOST_MS)
			go(b, BODY_ASK);
	} else {
		go(b, BODY_IDLE);
	}
}

/* Its address came: iPXE has a URL, the OS is up. */
void body_bound(struct body *b, uint32_t addr, const char *file)
{
	b->addr = addr;
	const char *end = strstr(file, "/entry.ipxe");
	if (b->os) {
		b->runs = b->known;
		go(b, BODY_OS);
		later(b, RENEW_MS);
	} else if (strncmp(file, "http://", 7) == 0 && end) {
		snprintf(b->base, sizeof b->base, "%.*s", (int)(end - file), file);
		go(b, BODY_SCRIPT);
	} else {
		go(b, BODY_ASK);
		later(b, 1000);
	}
}

/* One more in its sector; without a session it tries its secret again, as an initiator does. */
static void do_write(struct body *b)
{
	if (!b->session)
		b->session = target_login(b->site, b->copy, b->user, b->secret);
	if (b->session && !target_write(b->site, b->copy, b->session, b->runs))
		b->session = 0;
	target_judge(b->site);
}

static void turn(struct body *b)
{
	switch (b->at) {
	case BODY_ASK:
		b->xid = (uint32_t)random();
		wire_say(b, false);
		later(b, DHCP_AGAIN_MS);
		break;
	case BODY_REQUEST:
		go(b, BODY_ASK);
		break;
	case BODY_SCRIPT:
		do_script(b);
		break;
	case BODY_JOB:
		fetch(b, "GET", "/job", NULL);
		break;
	case BODY_FOUND:
		do_found(b);
		break;
	case BODY_WRITTEN:
		do_written(b);
		break;
	default:
		break;
	}
}

int64_t bodies_turn(struct site *s)
{
	int64_t next = INT64_MAX;
	for (int i = 0; i < BODIES; i++) {
		struct body *b = s->body[i];
		power_follow(b);
		if (!b->on)
			continue;
		if (b->at == BODY_OS) {
			do_write(b);
			if (b->next_ns <= site_now_ns(s)) {
				wire_renew(b);
				later(b, RENEW_MS);
			}
		}
		if (b->at == BODY_IDLE || b->busy)
			continue;
		if (b->at != BODY_OS && b->next_ns <= site_now_ns(s)) {
			s->moved = true;
			turn(b);
		}
		if (!b->busy && b->next_ns < next)
			next = b->next_ns;
	}
	return next;
}
