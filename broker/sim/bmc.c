/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `baton-sim bmc`: one machine's BMC, by Redfish and by IPMI, in one process and one loop. */
#include "sim/bmc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/own.h"
#include "host/fd.h"
#include "sim/fault.h"

static const char help[] =
	"usage: baton-sim bmc --dir DIR --user USER --secret-file FILE [--redfish ADDR:PORT]\n"
	"                     [--ipmi ADDR:PORT] [option...]\n"
	"\n"
	"Simulates one machine's BMC. What it listens at is printed, then `ready`; port 0 takes a\n"
	"free one. A BMC that was killed comes up as it was, from the file DIR/bmc.\n"
	"\n"
	"  --dir DIR             the BMC's memory; made where it is missing\n"
	"  --user USER           who may log in, and the\n"
	"  --secret-file FILE    password: the first line of that file\n"
	"  --redfish ADDR:PORT   Redfish by HTTPS, with a certificate signed by itself;\n"
	"  --plain               by HTTP instead\n"
	"  --ipmi ADDR:PORT      IPMI 2.0, cipher suites 3 and 17\n"
	"  --vendor NAME         whose BMC it is like: ";
static const char help_rest[] =
	"\n"
	"  --machine DIR/NAME    a machine made of files (default: DIR/machine)\n"
	"  --blade SOCKET        a blade of the lab, by its control socket\n"
	"  --name NAME           what UUID, serial number and addresses are made from\n"
	"                        (default: the last part of DIR)\n"
	"  --uuid U --serial S   or those\n"
	"  --nics N --hbas N     how many network and Fibre Channel functions (default: 2 and 2)\n"
	"  --mac MAC --wwpn WWPN the next one's own address\n"
	"\n"
	"A machine made of files: NAME.bmc holds its power and its next boot, NAME.log gets a "
	"line\n"
	"for each thing that happens to it. These files beside them are faults while they are "
	"there:\n"
	"  lie, deaf, bounce, fault   as drivers/bmc_fake.c tells (a lie may name power-on, "
	"power-off,\n"
	"                             soft-off, reset, next-boot)\n"
	"  lie-off        it says off, whatever it is, and nothing goes off (power-on ends the "
	"file)\n"
	"  revert         changes are answered well and do not last; may name boot identity bios\n"
	"  slow-job MS    resets, and settings at a reset, are jobs that take so long\n"
	"  slow-power MS  Redfish: power changes after so long, and is PoweringOn or PoweringOff "
	"till then\n"
	"  reset-ids      adapters have other ids after each start\n"
	"  busy S         Redfish: 503 with Retry-After: S; IPMI: node busy\n"
	"  wrong-etag     Redfish: ETags that no If-Match fits\n"
	"  half-body      Redfish: half of each body, or of an event, then the connection ends\n"
	"  drop-events    Redfish: what happens is told to no subscriber and in no stream\n"
	"  hang           no answer; may name redfish ipmi\n"
	"  slow MS        Redfish: each answer takes so long\n"
	"and these happen once, and are gone then (one with words in it is best made under "
	"another\n"
	"name and renamed, since it is seen at once):\n"
	"  ac-loss        no power for a moment: addresses that were set are lost (`keep` in the "
	"file:\n"
	"                 are not), and the restore policy says whether it is on then\n"
	"  drop-session   every session ends, as after a restart of the BMC\n";

int address_parse(struct sockaddr_in *ret, const char *text, struct err *e)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	*ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	if (colon)
		snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	if (!colon || !colon[1] || *end || port > 65535 ||
		inet_pton(AF_INET, host, &ret->sin_addr) != 1)
		return err_say(e, EINVAL, "\"%s\": want ADDRESS:PORT, as 127.0.0.1:8443", text);
	return 0;
}

static unsigned long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000;
}

void random_fill(void *to, size_t len)
{
	if (getrandom(to, len, 0) != (ssize_t)len)
		abort();
}

/* As after a restart of the BMC. */
static void sessions_drop(struct sim *s)
{
	redfish_sessions_drop(s->redfish);
	streams_drop(s);
	if (s->ipmi)
		ipmi_sessions_drop(s->ipmi);
}

void sim_before(struct sim *s)
{
	struct err e = { 0 };
	struct body_look look;
	char words[16] = "";
	s->machine.now = now_ms();
	fault_text(s->machine_path, "ac-loss", words, sizeof words);
	if (fault_once(s->machine_path, "ac-loss", NULL)) {
		if (machine_ac_loss(&s->machine, strcmp(words, "keep") == 0, &e) < 0)
			fprintf(stderr, "baton-sim: AC loss: %s\n", e.text);
		sessions_drop(s);
	}
	if (fault_once(s->machine_path, "drop-session", NULL))
		sessions_drop(s);
	/* What the body did by itself is told of without a question. */
	if (streams_any(s))
		machine_look(&s->machine, &look, &e);
}

static void on_timer(uv_timer_t *t)
{
	struct sim *s = t->data;
	sim_before(s);
	sim_after(s);
}

void sim_after(struct sim *s)
{
	struct err e = { 0 };
	long job = redfish_turn(s->redfish), held = web_turn(s);
	if (keep_save(s->machine.keep, &e) < 0)
		fprintf(stderr, "baton-sim: %s\n", e.text);
	long next = job < 0 || (held >= 0 && held < job) ? held : job;
	if (next >= 0)
		uv_timer_start(&s->timer, on_timer, (uint64_t)(next ? next : 1), 0);
}

/* A fault file has come or gone. */
static void on_file(uv_fs_event_t *w, const char *file, int events, int status)
{
	(void)file, (void)events, (void)status;
	struct sim *s = w->data;
	sim_before(s);
	sim_after(s);
}

static void on_stop(uv_signal_t *sig, int number)
{
	(void)number;
	uv_stop(sig->loop);
}

static int secret_read(struct sim *s, struct err *e)
{
	OWN(fd) int fd = open(s->wants->secret_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, s->secret, sizeof s->secret - 1);
	if (n < 0)
		return err_set(e, errno, "read %s", s->wants->secret_file);
	s->secret[n] = '\0';
	s->secret[strcspn(s->secret, "\r\n")] = '\0';
	return s->secret[0] ? 0 : err_say(e, EINVAL, "%s is empty", s->wants->secret_file);
}

/* What was given stands before what is made from the name. */
static int given_take(struct sim *s, struct err *e)
{
	const struct bmc_wants *w = s->wants;
	char name[32];
	const struct {
		const char *name, *text;
	} given[] = { { "uuid", w->uuid }, { "serial", w->serial } };
	for (size_t i = 0; i < COUNT(given); i++)
		if (given[i].text && !keep_get(s->machine.keep, given[i].name))
			keep_put(s->machine.keep, given[i].name, json_string(given[i].text));
	for (unsigned i = 0; i < w->macs; i++) {
		struct mac mac;
		char text[MAC_TEXT];
		if (!mac_parse(&mac, w->mac[i]) || !mac_is_unicast(&mac))
			return err_say(e, EINVAL, "--mac %s: no NIC can have that", w->mac[i]);
		snprintf(name, sizeof name, "nic.%u.factory", i + 1);
		keep_put(s->machine.keep, name, json_string(mac_text(text, &mac)));
	}
	for (unsigned i = 0; i < w->wwpns; i++) {
		json_t *wwpn = json_string(w->wwpn[i]);
		if (!machine_fits(&s->machine, "hba.1.wwpn", wwpn)) {
			json_decref(wwpn);
			return err_say(e, EINVAL, "--wwpn %s: want eight bytes with : between",
				w->wwpn[i]);
		}
		snprintf(name, sizeof name, "hba.%u.factory-wwpn", i + 1);
		keep_put(s->machine.keep, name, wwpn);
	}
	return machine_identity(&s->machine, s->name, e);
}

static int machine_open(struct sim *s, struct err *e)
{
	const struct bmc_wants *w = s->wants;
	char path[PATH_TEXT + 8];
	const struct body_ops *ops = w->blade ? &body_blade : &body_files;
	const char *last = strrchr(w->dir, '/');
	snprintf(s->name, sizeof s->name, "%s", w->name ? w->name : last ? last + 1 : w->dir);
	int n = w->machine
			? snprintf(s->machine_path, sizeof s->machine_path, "%s", w->machine)
			: snprintf(s->machine_path, sizeof s->machine_path, "%s/machine", w->dir);
	if (n >= (int)sizeof s->machine_path)
		return err_say(e, ENAMETOOLONG, "%s is too long a path", w->dir);
	if (mkdir(w->dir, 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "make the folder %s", w->dir);
	snprintf(path, sizeof path, "%s/bmc", w->dir);
	s->machine.faults = s->machine_path;
	s->machine.facts = tree_facts(s->tree);
	s->machine.nics = w->nics;
	s->machine.hbas = w->hbas;
	s->machine.by_job = tree_trait(s->tree, "settings-job") != NULL;
	int r = keep_open(&s->machine.keep, path, e);
	r = r < 0 ? r : ops->open(&s->machine.body, w->blade ? w->blade : s->machine_path, e);
	return r < 0 ? r : given_take(s, e);
}
static int run(struct sim *s, struct err *e)
{
	const struct bmc_wants *w = s->wants;
	int r = secret_read(s, e);
	r = r < 0 ? r : tree_new(&s->tree, w->vendor, e);
	r = r < 0 ? r : machine_open(s, e);
	r = r < 0 ? r
		  : redfish_new(
			    &s->redfish, &s->machine, s->tree, w->user, s->secret, random_fill, e);
	if (r == 0)
		redfish_push(s->redfish, push_event, s);
	r = r < 0 || !w->redfish ? r : web_open(s, w->redfish, e);
	r = r < 0 || !w->ipmi ? r : udp_open(s, w->ipmi, e);
	if (r < 0)
		return r;
	char folder[PATH_TEXT];
	snprintf(folder, sizeof folder, "%s", s->machine_path);
	char *last = strrchr(folder, '/');
	if (last)
		*last = '\0';
	else
		snprintf(folder, sizeof folder, ".");
	uv_fs_event_start(&s->watch, on_file, folder, 0);
	sim_before(s);
	sim_after(s);
	printf("ready\n");
	fflush(stdout);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	return keep_save(s->machine.keep, e);
}

static void sim_close(struct sim *s)
{
	uv_close((uv_handle_t *)&s->timer, NULL);
	uv_close((uv_handle_t *)&s->alive, NULL);
	uv_close((uv_handle_t *)&s->watch, NULL);
	uv_close((uv_handle_t *)&s->term, NULL);
	uv_close((uv_handle_t *)&s->intr, NULL);
	udp_close(s);
	web_close(s);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	if (s->http_fd > 0)
		close(s->http_fd);
	redfish_free(s->redfish);
	if (s->machine.body)
		s->machine.body->ops->close(s->machine.body);
	keep_free(s->machine.keep);
	tree_free(s->tree);
	memset(s->secret, 0, sizeof s->secret);
	uv_loop_close(&s->loop);
}

static bool number(unsigned *to, const char *text, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*to = (unsigned)n;
	return *text && !*end && n <= max;
}

/* One more of a list that has an end. */
static bool add(const char **list, unsigned *n, unsigned max, const char *text)
{
	if (*n == max)
		return false;
	list[(*n)++] = text;
	return true;
}

static int usage(const char *why)
{
	fprintf(stderr, "baton-sim bmc: %s; see baton-sim bmc --help\n", why);
	return 64;
}

/* -1: go on; else the exit code. */
static int words_read(struct bmc_wants *w, int argc, char **argv)
{
	enum {
		DIR_ = 1,
		USER,
		SECRET,
		REDFISH,
		PLAIN,
		IPMI,
		VENDOR,
		MACHINE,
		BLADE,
		NAME,
		UUID,
		SERIAL,
		NICS,
		HBAS,
		MAC,
		WWPN,
		HELP
	};
	static const struct option words[] = {
		{ "dir", 1, NULL, DIR_ },
		{ "user", 1, NULL, USER },
		{ "secret-file", 1, NULL, SECRET },
		{ "redfish", 1, NULL, REDFISH },
		{ "plain", 0, NULL, PLAIN },
		{ "ipmi", 1, NULL, IPMI },
		{ "vendor", 1, NULL, VENDOR },
		{ "machine", 1, NULL, MACHINE },
		{ "blade", 1, NULL, BLADE },
		{ "name", 1, NULL, NAME },
		{ "uuid", 1, NULL, UUID },
		{ "serial", 1, NULL, SERIAL },
		{ "nics", 1, NULL, NICS },
		{ "hbas", 1, NULL, HBAS },
		{ "mac", 1, NULL, MAC },
		{ "wwpn", 1, NULL, WWPN },
		{ "help", 0, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	bool ok = true;
	for (int c; ok && (c = getopt_long(argc, argv, "", words, NULL)) != -1;) {
		switch (c) {
		case DIR_:
			w->dir = optarg;
			break;
		case USER:
			w->user = optarg;
			break;
		case SECRET:
			w->secret_file = optarg;
			break;
		case REDFISH:
			w->redfish = optarg;
			break;
		case PLAIN:
			w->plain = true;
			break;
		case IPMI:
			w->ipmi = optarg;
			break;
		case VENDOR:
			w->vendor = optarg;
			break;
		case MACHINE:
			w->machine = optarg;
			break;
		case BLADE:
			w->blade = optarg;
			break;
		case NAME:
			w->name = optarg;
			break;
		case UUID:
			w->uuid = optarg;
			break;
		case SERIAL:
			w->serial = optarg;
			break;
		case NICS:
			ok = number(&w->nics, optarg, NICS_MAX);
			break;
		case HBAS:
			ok = number(&w->hbas, optarg, HBAS_MAX);
			break;
		case MAC:
			ok = add(w->mac, &w->macs, NICS_MAX, optarg);
			break;
		case WWPN:
			ok = add(w->wwpn, &w->wwpns, HBAS_MAX, optarg);
			break;
		case HELP:
			printf("%s%s%s", help, tree_vendors(), help_rest);
			return 0;
		default:
			return 64;
		}
	}
	if (!ok)
		return usage("more of it than there can be, or no number");
	if (optind < argc)
		return usage("there is a word too many");
	if (!w->dir || !w->user || !w->secret_file)
		return usage("--dir, --user and --secret-file are wanted");
	return w->redfish || w->ipmi ? -1 : usage("--redfish or --ipmi, or both, are wanted");
}

int bmc_main(int argc, char **argv)
{
	struct bmc_wants wants = { .vendor = "standard", .nics = 2, .hbas = 2 };
	static struct sim s;
	struct err e = { 0 };
	int code = words_read(&wants, argc, argv);
	if (code >= 0)
		return code;
	s.wants = &wants;
	if (uv_loop_init(&s.loop) < 0)
		return EXIT_FAILURE;
	uv_timer_init(&s.loop, &s.timer);
	uv_timer_init(&s.loop, &s.alive);
	uv_fs_event_init(&s.loop, &s.watch);
	uv_signal_init(&s.loop, &s.term);
	uv_signal_init(&s.loop, &s.intr);
	s.timer.data = s.alive.data = s.watch.data = &s;
	uv_signal_start(&s.term, on_stop, SIGTERM);
	uv_signal_start(&s.intr, on_stop, SIGINT);
	int r = run(&s, &e);
	if (r < 0)
		fprintf(stderr, "baton-sim: %s\n", e.text);
	sim_close(&s);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
