/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-shim: what the shim's steps call, one word each. Between two steps the work order and what
 * was read back stand as text in /run/baton. Ends with 0, 1 (its sentence is on stderr) or 75: the
 * URL has run out, ask DHCP for another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "initramfs/board.h"
#include "initramfs/cards.h"
#include "initramfs/hba.h"
#include "initramfs/peer.h"
#include "initramfs/take.h"

#define STATE "/run/baton"
#define PACKS "/packs"

enum { EXIT_URL_RAN_OUT = 75, LINK_S = 60 };

static struct http_answer answer;
static struct tools tools;
static struct card card[CARDS_MAX];
static struct hba hba[HBAS_MAX];

static int file_write(const char *path, const char *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	int bad = fd < 0 || write(fd, text, len) != (ssize_t)len ? errno : 0;
	if (fd >= 0)
		close(fd);
	return bad ? err_set(e, bad, "write %s", path) : 0;
}

static int text_read(char *to, size_t len, int fd)
{
	size_t used = 0;
	for (ssize_t n; used < len - 1 && (n = read(fd, to + used, len - 1 - used)) > 0;)
		used += (size_t)n;
	to[used] = '\0';
	return (int)used;
}

static int file_read(char *to, size_t len, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "read %s", path);
	text_read(to, len, fd);
	close(fd);
	return 0;
}

static int base_read(struct http_url *ret, struct err *e)
{
	char text[512];
	int bad = file_read(text, sizeof text, STATE "/base", e);
	if (bad)
		return bad;
	text[strcspn(text, "\n")] = '\0';
	if (!http_url_parse(ret, text))
		return err_say(
			e, EINVAL, "baton.base=%.200s: want http://ADDRESS:PORT/b/TOKEN", text);
	return 0;
}

/* The work order, and the cards and HBAs that it means. Ends with tools_fini(), also where it
 * failed.
 */
static int job_read(struct job *ret, struct found *f, bool ask, struct err *e)
{
	char text[JOB_TEXT_MAX + 1];
	*f = (struct found){ .card = card, .hba = hba };
	tools_load(&tools, PACKS);
	int bad = file_read(text, sizeof text, STATE "/job", e);
	if (!bad)
		bad = job_parse(ret, text, e);
	int n = bad ? bad : cards_find(card, e);
	if (n < 0)
		return n;
	f->cards = (size_t)n;
	n = hbas_find(hba, "/sys", &tools, e);
	if (n < 0)
		return n;
	f->hbas = (size_t)n;
	for (int i = 0; ask && i < n; i++)
		hba_ask(&hba[i], &tools);
	bad = job_match(ret, card, f->cards, e);
	return bad ? bad : job_match_hbas(ret, hba, f->hbas, e);
}

static int job_keep(const struct job *j, struct err *e)
{
	char text[JOB_TEXT_MAX + 1];
	job_text(text, j);
	return file_write(STATE "/job", text, e);
}

static int do_job(char **arg, struct err *e)
{
	struct http_url base;
	struct job j;
	(void)arg;
	int bad = base_read(&base, e);
	if (!bad)
		bad = peer_ask(&answer, &base, "/job", NULL, e);
	if (!bad)
		bad = job_parse(&j, answer.body, e);
	if (!bad)
		bad = file_write(STATE "/job", answer.body, e);
	if (!bad)
		printf("baton: %s, %s %s, generation %u\n", j.machine, job_deed_word(j.deed),
			j.persona, j.generation);
	return bad;
}

static void found_print(const struct found *f)
{
	char text[WWN_TEXT];
	for (const struct card *c = f->card; c < f->card + f->cards; c++)
		printf("baton: card %s %s %s %04x:%04x\n", c->pci, mac_text(text, &c->permanent),
			c->driver, c->vendor, c->device);
	for (const struct hba *h = f->hba; h < f->hba + f->hbas; h++)
		printf("baton: HBA %s %s %s %04x:%04x\n", h->pci,
			wwn_is_zero(&h->wwpn) ? "of no known WWPN" : wwn_text(text, &h->wwpn),
			h->driver, h->vendor, h->device);
	fflush(stdout);
}

static int do_find(char **arg, struct err *e)
{
	struct http_url base;
	struct job j;
	struct facts facts;
	struct found f;
	(void)arg;
	int bad = base_read(&base, e);
	if (!bad)
		bad = job_read(&j, &f, true, e);
	tools_fini(&tools);
	if (bad)
		return bad;
	found_print(&f);
	facts_read(&facts);
	f.facts = &facts;
	OWN(text) char *body = report_found(&j, &f);
	bad = peer_ask(&answer, &base, "/report", body, e);
	return bad ? bad : job_keep(&j, e);
}

static void banner(
	const struct job *j, const struct card *c, const struct mac *old, const struct mac *new)
{
	char a[MAC_TEXT], b[MAC_TEXT];
	printf("\n  ==============================================================\n"
	       "     %s  card %s (%s)\n"
	       "     old address   %s\n"
	       "     NEW ADDRESS   %s   %s%s\n"
	       "  ==============================================================\n\n",
		j->machine, c->pci, c->driver, mac_text(a, old), mac_text(b, new),
		j->deed == JOB_RESTORE ? "its own again" : "of ",
		j->deed == JOB_RESTORE ? "" : j->persona);
	fflush(stdout);
}

static int write_one(const struct job *j, const struct job_nic *n, struct err *e)
{
	const struct card *c = n->card;
	const struct pack *p;
	struct mac old;
	int bad = tool_for(&p, &tools, c, e);
	if (bad && mac_equal(&c->permanent, &n->wanted)) {
		printf("baton: card %s holds the wanted address already, and no pack is needed\n",
			c->pci);
		return 0;
	}
	if (!bad)
		bad = tool_read(&old, p, c, e);
	if (bad)
		return bad;
	if (mac_equal(&old, &n->wanted)) {
		printf("baton: card %s holds the wanted address already\n", c->pci);
		return 0;
	}
	banner(j, c, &old, &n->wanted);
	return tool_write(p, c, &n->wanted, &old, j->deed == JOB_RESTORE, e);
}

static int do_write(char **arg, struct err *e)
{
	struct job j;
	struct found f;
	(void)arg;
	int bad = job_read(&j, &f, false, e);
	for (unsigned i = 0; !bad && i < j.nics; i++)
		if (job_nic_is_due(&j.nic[i]))
			bad = write_one(&j, &j.nic[i], e);
	for (unsigned i = 0; !bad && i < j.hbas; i++)
		if (job_hba_is_due(&j, i))
			bad = hba_write(&j, i, &tools, e);
	if (!bad && job_board_is_due(&j))
		bad = board_write(&j, &tools, e);
	tools_fini(&tools);
	return bad;
}

static int read_one(struct back_nic *ret, const struct job_nic *n, struct err *e)
{
	const struct card *c = n->card;
	const struct pack *p;
	snprintf(ret->pci, sizeof ret->pci, "%s", c->pci);
	int bad = tool_for(&p, &tools, c, e);
	if (bad && mac_equal(&c->permanent, &n->wanted)) {
		ret->mac = c->permanent;
		snprintf(ret->tool, sizeof ret->tool, "none");
		return 0;
	}
	if (bad)
		return bad;
	snprintf(ret->tool, sizeof ret->tool, "%s", p->name);
	return tool_verify(&ret->mac, p, c, &n->wanted, e);
}

static int read_hba(struct back_hba *ret, const struct job *j, unsigned i, struct err *e)
{
	struct hba_state s;
	int bad = hba_verify(&s, j, i, &tools, e);
	*ret = (struct back_hba){ .wwpn = s.wwpn, .wwnn = s.wwnn, .targets = s.targets };
	snprintf(ret->pci, sizeof ret->pci, "%s", j->hba[i].hba->pci);
	snprintf(ret->tool, sizeof ret->tool, "%s", s.tool);
	memcpy(ret->target, s.target, sizeof ret->target);
	return bad;
}

/* What was ordered alone is reported: in the order's own form, since tools print a UUID in either
 * byte order. */
static int read_board(struct back *ret, const struct job *j, struct err *e)
{
	struct board_state s;
	int bad = board_verify(&s, j, &tools, e);
	if (bad)
		return bad;
	ret->uuid = j->uuid;
	snprintf(ret->serial, sizeof ret->serial, "%s", *j->serial ? s.serial : "");
	return 0;
}

static int do_read_back(char **arg, struct err *e)
{
	struct job j;
	struct found f;
	struct back b = { 0 };
	char text[BACK_TEXT_MAX + 1];
	(void)arg;
	int bad = job_read(&j, &f, false, e);
	for (unsigned i = 0; !bad && i < j.nics; i++)
		if (job_nic_is_due(&j.nic[i]))
			bad = read_one(&b.nic[b.nics++], &j.nic[i], e);
	for (unsigned i = 0; !bad && i < j.hbas; i++)
		if (job_hba_is_due(&j, i))
			bad = read_hba(&b.hba[b.hbas++], &j, i, e);
	if (!bad && job_board_is_due(&j))
		bad = read_board(&b, &j, e);
	tools_fini(&tools);
	back_text(text, &b);
	return bad ? bad : file_write(STATE "/read-back", text, e);
}

static int do_report(char **arg, struct err *e)
{
	struct http_url base;
	struct job j;
	struct back b;
	char text[JOB_TEXT_MAX + 1];
	(void)arg;
	int bad = base_read(&base, e);
	if (!bad)
		bad = file_read(text, sizeof text, STATE "/job", e);
	if (!bad)
		bad = job_parse(&j, text, e);
	if (!bad)
		bad = file_read(text, sizeof text, STATE "/read-back", e);
	if (!bad)
		bad = back_parse(&b, text, e);
	if (bad)
		return bad;
	OWN(text) char *body = report_written(&j, &b);
	return peer_ask(&answer, &base, "/report", body, e);
}

/* failed STEP, the words on stdin: tells the broker until it has heard. */
static int do_failed(char **arg, struct err *e)
{
	struct http_url base;
	struct job j;
	char why[1024], text[JOB_TEXT_MAX + 1];
	text_read(why, sizeof why, 0);
	for (char *c = why; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = ' ';
	why[300] = '\0';
	for (size_t n = strlen(why); n && why[n - 1] == ' ';)
		why[--n] = '\0';
	int bad = base_read(&base, e);
	if (bad)
		return bad;
	peer_say(&base, arg[0], why);
	bool has_job =
		!file_read(text, sizeof text, STATE "/job", NULL) && !job_parse(&j, text, NULL);
	OWN(text) char *body = report_failed(has_job ? &j : NULL, arg[0], why);
	return peer_ask(&answer, &base, "/report", body, e);
}

static void nap_ms(unsigned ms)
{
	nanosleep(&(struct timespec){ 0, (long)ms * 1000000 }, NULL);
}

/* The e1000 driver looks at the link once when it is brought up, and then every two seconds.
 * QEMU's card negotiates for half a second from when it was loaded: to look too early costs more.
 */
static bool is_slow_to_look(const struct card *c)
{
	return strcmp(c->driver, "e1000") == 0;
}

/* link MAC: prints the network device that holds MAC once its link is up; when no card holds it,
 * all that have a link. After a minute without a link, the one that it would have been. */
static int do_link(char **arg, struct err *e)
{
	struct mac want;
	int n = cards_find(card, e), only = -1;
	if (n < 0)
		return n;
	if (n == 0)
		return err_say(e, ENODEV,
			"no network card; want its driver in the shim, and here is none");
	if (mac_parse(&want, arg[0]))
		for (int i = 0; i < n; i++)
			if (mac_equal(&card[i].current, &want))
				only = i;
	bool slow = false;
	for (int i = 0; i < n; i++)
		slow |= (only < 0 || only == i) && is_slow_to_look(&card[i]);
	if (slow)
		nap_ms(550);
	for (int i = 0; i < n; i++)
		if (only < 0 || only == i)
			card_up(card[i].netdev, NULL);
	for (int tries = 0, found = 0; tries < LINK_S * 100; tries++) {
		for (int i = 0; i < n; i++)
			if ((only < 0 || only == i) && card_has_link(card[i].netdev))
				found += printf("%s\n", card[i].netdev) > 0;
		if (found)
			return 0;
		nap_ms(10);
	}
	printf("%s\n", card[only < 0 ? 0 : only].netdev);
	return 0;
}

/* handover: starts the persona from here, where that was ordered; it comes back only where it was
 * not, or could not. */
static int do_handover(char **arg, struct err *e)
{
	struct http_url base;
	struct job j;
	struct found f;
	(void)arg;
	int bad = base_read(&base, e);
	if (!bad)
		bad = job_read(&j, &f, false, e);
	tools_fini(&tools);
	if (bad || !j.handover || j.deed != JOB_IDENTITY)
		return bad;
	struct err why = { 0 };
	bad = take_over(&j, &base, &why);
	peer_say(&base, "handover", why.text);
	return err_say(e, -bad, "no handover: %.280s", why.text);
}

/* restart: a body that has taken a persona starts it; one that has its own address back rests. */
static int do_restart(char **arg, struct err *e)
{
	struct job j;
	char text[JOB_TEXT_MAX + 1];
	(void)arg;
	int bad = file_read(text, sizeof text, STATE "/job", e);
	if (!bad)
		bad = job_parse(&j, text, e);
	if (bad)
		return bad;
	printf("baton: done; %s\n", j.deed == JOB_RESTORE ? "power off" : "restart");
	fflush(stdout);
	tcdrain(1);
	reboot(j.deed == JOB_RESTORE ? RB_POWER_OFF : RB_AUTOBOOT);
	return err_set(e, errno, "restart");
}

static const struct {
	const char *word;
	int args;
	int (*run)(char **arg, struct err *e);
} commands[] = {
	{ "link", 1, do_link },
	{ "job", 0, do_job },
	{ "find", 0, do_find },
	{ "write", 0, do_write },
	{ "read-back", 0, do_read_back },
	{ "report", 0, do_report },
	{ "failed", 1, do_failed },
	{ "handover", 0, do_handover },
	{ "restart", 0, do_restart },
};

int main(int argc, char **argv)
{
	struct err e = { 0 };
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (argc < 2 || strcmp(argv[1], commands[i].word) != 0 ||
			argc - 2 != commands[i].args)
			continue;
		int bad = commands[i].run(argv + 2, &e);
		if (bad)
			fprintf(stderr, "%s\n", e.text);
		return bad == -ESTALE ? EXIT_URL_RAN_OUT : bad ? 1 : 0;
	}
	fprintf(stderr,
		"baton-shim: want link MAC, job, find, write, read-back, report, failed STEP, "
		"handover or restart\n");
	return 1;
}
