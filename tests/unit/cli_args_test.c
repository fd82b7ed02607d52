/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: what is understood, what is refused with which words, and which body it makes.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "base/list.h"
#include "cli/args.h"
#include "cli/body.h"
#include "cli/checks.h"
#include "cli/progress.h"
#include "cli/term.h"
#include "tests/unit/tap.h"

enum { WORDS = 40 };

static struct call call;
static struct err err;
static char line_copy[1024];

/* Splits at blanks; "~" stands for an empty word. */
static int parse(const char *line)
{
	char *argv[WORDS] = { (char[]){ "baton" } };
	int argc = 1;
	err.text[0] = '\0';
	snprintf(line_copy, sizeof line_copy, "%s", line);
	for (char *w = strtok(line_copy, " "); w && argc < WORDS; w = strtok(NULL, " "))
		argv[argc++] = strcmp(w, "~") == 0 ? w + 1 : w;
	return args_parse(&call, argc, argv, &err);
}

static void check_body(const char *line, const char *want)
{
	json_t *body = NULL, *wanted = json_loads(want, 0, NULL);
	CHECK_INT(parse(line), 0);
	CHECK_TEXT(err.text, "");
	if (call.command) {
		CHECK_INT(body_of(&body, &call, &err), 0);
		CHECK_TEXT(err.text, "");
	}
	CHECK(wanted != NULL);
	CHECK(json_equal(body, wanted));
	if (!json_equal(body, wanted)) {
		char *got = json_dumps(body, JSON_COMPACT);
		printf("# got %s\n", got ? got : "nothing");
		free(got);
	}
	json_decref(body);
	json_decref(wanted);
}

static void check_refused(const char *line, const char *sentence)
{
	json_t *body = NULL;
	int r = parse(line);
	if (r == 0)
		r = body_of(&body, &call, &err);
	CHECK_INT(r, -EINVAL);
	CHECK_TEXT(err.text, sentence);
	json_decref(body);
}

static void every_command_is_understood_by_its_words(void)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &command_info[i];
		char line[512];
		unsigned least, most;
		args_range(c, &least, &most);
		CHECK(most <= ARGS_MAX);
		CHECK(c->route >= 0 && c->route < ROUTES);
		int n = snprintf(line, sizeof line, "%s %s", c->word, c->sub);
		for (unsigned a = 0; a < least; a++)
			n += snprintf(line + n, sizeof line - (size_t)n, " 7");
		for (const struct opt *o = NULL; (o = opt_next(c, o));)
			if (o->how & OPT_NEED)
				n += snprintf(
					line + n, sizeof line - (size_t)n, " --%s x", o->name);
		CHECK_INT(parse(line), 0);
		CHECK_TEXT(err.text, "");
		CHECK(call.command == c);
		CHECK_INT(call.args, least);
	}
}

static void every_route_has_a_command(void)
{
	for (int r = 0; r < ROUTES; r++) {
		int found = 0;
		for (size_t i = 0; i < COMMANDS; i++)
			found += command_info[i].route == r;
		if (!found)
			printf("# no command for %s\n", route_info[r].word);
		CHECK(found > 0);
	}
}

static void an_option_stands_anywhere_and_in_every_form(void)
{
	CHECK_INT(parse("--socket /s -o json events -f --since=7 --order 3"), 0);
	CHECK_TEXT(call_value(&call, "socket"), "/s");
	CHECK_TEXT(call_value(&call, "since"), "7");
	CHECK_TEXT(call_value(&call, "order"), "3");
	CHECK(call_value(&call, "follow") != NULL);
	CHECK(call_json(&call));
	CHECK_INT(parse("machine list -otable"), 0);
	CHECK(!call_json(&call));
	CHECK_INT(parse("start -- --plan b"), 0);
	CHECK_TEXT(call.arg[0], "--plan");
	CHECK(call_value(&call, "plan") == NULL);
}

static void a_wrong_line_gets_one_sentence(void)
{
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "", "say what to do" },
		{ "strat web-01 a", "there is no word \"strat\"; did you mean \"start\"?" },
		{ "xyzzy", "there is no word \"xyzzy\"" },
		{ "network", "baton network: say what to do: add, list, show, rm" },
		{ "network lisst",
			"baton network: \"lisst\" is not one of: add, list, show, rm; did you mean "
			"\"list\"?" },
		{ "start", "PERSONA is missing" },
		{ "start web-01", "MACHINE is missing; name one, or give --pool NAME" },
		{ "move web-01 --plan", "MACHINE is missing; name one, or give --pool NAME" },
		{ "start web-01 blade-a --pool spares", "give a MACHINE or --pool, not both" },
		{ "start web-01 --pool", "--pool wants a value: NAME" },
		{ "stop web-01 --pool spares", "there is no option --pool here" },
		{ "stop web-01 blade-a", "\"blade-a\" is one word too many" },
		{ "start ~ b", "an argument is empty" },
		{ "start a b --plan=yes", "--plan takes no value" },
		{ "start a b --paln", "there is no option --paln here; did you mean --plan?" },
		{ "start a b -x", "there is no option -x here" },
		{ "status --plan", "there is no option --plan here" },
		{ "status -o yaml", "--output yaml: want table|json" },
		{ "status -o", "--output wants a value: table|json" },
		{ "events --since --order 3", "--since wants a value: N" },
		{ "events --since -4", "--since -4: want a number" },
		{ "events --since 99999999999999999999",
			"--since 99999999999999999999: want a number" },
		{ "events --since 1 --since 2", "--since is given twice" },
		{ "network add n --interface e",
			"--address A/P is missing: Baton's address on it: 10.77.0.1/24; behind "
			"relays, the network itself: 10.88.0.0/24" },
		{ "network add n --address a --mode relay", "--mode relay: want serve|proxy" },
		{ "network add n --address a --link b --link c", "--link is given twice" },
		{ "persona add p --domain a --domain b --nic network=m",
			"--domain is given twice" },
		{ "network add n --interface e --address a --unknown maybe",
			"--unknown maybe: want silence|lease" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		check_refused(wrong[i].line, wrong[i].sentence);
}

static void help_asks_for_nothing_else(void)
{
	CHECK_INT(parse("start --help"), 0);
	CHECK(call.help && !call.group);
	CHECK_INT(parse("machine -h"), 0);
	CHECK(call.help && call.group);
	CHECK_INT(parse("--help"), 0);
	CHECK(call.help && !call.command);
}

static void bodies_of_networks_and_pools(void)
{
	check_body("network add mgmt --interface eth1 --address 10.77.0.1/24 --pool "
		   "10.77.0.100-10.77.0.199 --unknown lease",
		"{\"name\":\"mgmt\",\"interface\":\"eth1\",\"address\":\"10.77.0.1/24\","
		"\"pool\":\"10.77.0.100-10.77.0.199\",\"unknown\":\"lease\"}");
	check_body("network add far --address 10.88.0.0/24 --relay 10.66.0.9 --relay 10.66.0.10 "
		   "--link near --mode serve",
		"{\"name\":\"far\",\"address\":\"10.88.0.0/24\",\"relays\":[\"10.66.0.9\","
		"\"10.66.0.10\"],\"link\":\"near\",\"mode\":\"serve\"}");
	check_body("pool add macs --mac 02:ba:70:00:00:01-02:ba:70:00:ff:ff",
		"{\"name\":\"macs\",\"kind\":\"mac\",\"from\":\"02:ba:70:00:00:01\","
		"\"to\":\"02:ba:70:00:ff:ff\"}");
	check_body("pool add macs --mac 02-ba-70-00-00-01-02-ba-70-00-ff-ff",
		"{\"name\":\"macs\",\"kind\":\"mac\",\"from\":\"02-ba-70-00-00-01\","
		"\"to\":\"02-ba-70-00-ff-ff\"}");
	check_body("pool add names --iqn iqn.2026-01.org.example:",
		"{\"name\":\"names\",\"kind\":\"iqn\",\"prefix\":\"iqn.2026-01.org.example:\"}");
	check_refused("pool add p", "a pool holds either MACs, WWNs or initiator names: give "
				    "--mac FROM-TO, --wwn FROM-TO or --iqn PREFIX");
	check_refused("pool add p --mac 02:ba:70:00:00:01",
		"--mac 02:ba:70:00:00:01: want two MACs, as in "
		"02:ba:70:00:00:01-02:ba:70:00:ff:ff");
}

static void bodies_of_machines(void)
{
	check_body("machine add a --bmc ipmi://baton@127.0.0.1:9001 --bmc-secret blade-a "
		   "--bmc-cipher 3 --nic mac=52:54:00:aa:00:01,network=mgmt --idle local",
		"{\"name\":\"a\",\"bmc\":{\"kind\":\"ipmi\",\"user\":\"baton\","
		"\"host\":\"127.0.0.1\",\"port\":9001,\"secret\":\"blade-a\",\"cipher\":3},"
		"\"idle\":\"local\",\"nics\":[{\"mac\":\"52:54:00:aa:00:01\","
		"\"network\":\"mgmt\",\"carries\":true}]}");
	check_body("machine add a --bmc fake://[fd00::9]:7 --nic mac=1",
		"{\"name\":\"a\",\"bmc\":{\"kind\":\"fake\",\"host\":\"fd00::9\",\"port\":7},"
		"\"nics\":[{\"mac\":\"1\",\"carries\":true}]}");
}

static void bodies_of_what_is_changed(void)
{
	check_body("machine set a --pool spares --label rack=r1 --unlabel gpu --cpus 4 --nic "
		   "mac=1,port=fake://sw/7",
		"{\"pool\":\"spares\",\"labels\":[\"rack=r1\"],\"unlabels\":[\"gpu\"],\"cpus\":4,"
		"\"nics\":[{\"mac\":\"1\",\"port\":\"fake://sw/7\"}]}");
	check_body("machine set a --unset pool --unset memory-mb --unset uuid --unset bmc-pin",
		"{\"pool\":\"\",\"memory_mb\":0,\"uuid\":\"\",\"bmc_pin\":\"\"}");
	check_refused("machine set a --pool b --unset pool", "--unset pool: pool is given, too");
	check_refused("machine set a --unset idle",
		"--unset idle: want pool|uuid|loader|arch|firmware|memory-mb|cpus|bmc-pin");
	check_body("machine set a --nic mac=1,circuit=Gi1/0/7,remote=none",
		"{\"nics\":[{\"mac\":\"1\",\"circuit\":\"Gi1/0/7\",\"remote\":\"none\"}]}");
	check_refused("machine set a --nic port=none", "--nic port=none: mac=MAC is missing");
}

static void bodies_of_what_is_chosen_by(void)
{
	check_body("machine add a --bmc fake://h --nic mac=1 --pool spares --label rack=r1 --label "
		   "gpu=a100 --arch x86_64 --firmware uefi --memory-mb 65536 --cpus 16",
		"{\"name\":\"a\",\"bmc\":{\"kind\":\"fake\",\"host\":\"h\"},\"nics\":["
		"{\"mac\":\"1\",\"carries\":true}],\"pool\":\"spares\",\"labels\":[\"rack=r1\","
		"\"gpu=a100\"],\"arch\":\"x86_64\",\"firmware\":\"uefi\",\"memory_mb\":65536,"
		"\"cpus\":16}");
	check_body("persona add w --nic network=m --wants memory-mb=65536,firmware=uefi --wants "
		   "label=rack=r1 --wants label=gpu=a100,apart=web --wants arch=x86_64 --wants "
		   "cpus=8",
		"{\"name\":\"w\",\"nics\":[{\"network\":\"m\"}],\"wants\":{\"memory_mb\":65536,"
		"\"firmware\":\"uefi\",\"labels\":[\"rack=r1\",\"gpu=a100\"],\"apart\":\"web\","
		"\"arch\":\"x86_64\",\"cpus\":8}}");
	check_body("start web-01 --pool spares --plan",
		"{\"verb\":\"start\",\"persona\":\"web-01\",\"pool\":\"spares\",\"plan\":true}");
	check_body("move web-01 --pool spares",
		"{\"verb\":\"move\",\"persona\":\"web-01\",\"pool\":\"spares\"}");
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "machine add a --bmc fake://h --nic mac=1 --arch vax",
			"--arch vax: want x86_64|aarch64" },
		{ "machine add a --bmc fake://h --nic mac=1 --memory-mb 64G",
			"--memory-mb 64G: want a number" },
		{ "persona add w --nic network=m --wants rack=r1",
			"--wants rack=r1: there is no key \"rack\"" },
		{ "persona add w --nic network=m --wants label",
			"--wants label: want label=KEY=VALUE" },
		{ "persona add w --nic network=m --wants firmware=efi",
			"--wants firmware=efi: firmware=efi: want bios|uefi" },
		{ "persona add w --nic network=m --wants cpus=many",
			"--wants cpus=many: cpus=many: want a number" },
		{ "persona add w --nic network=m --wants cpus=1 --wants cpus=2",
			"--wants cpus=2: cpus is given twice" },
		{ "persona add w --nic memory-mb=1",
			"--nic memory-mb=1: there is no key \"memory-mb\"" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		check_refused(wrong[i].line, wrong[i].sentence);
}

static void the_first_of_several_nics_keeps_its_mac(void)
{
	check_body("machine add a --bmc fake://h --nic mac=1 --nic mac=2 --nic mac=3,carries=no",
		"{\"name\":\"a\",\"bmc\":{\"kind\":\"fake\",\"host\":\"h\"},\"nics\":["
		"{\"mac\":\"1\",\"carries\":false},{\"mac\":\"2\",\"carries\":true},"
		"{\"mac\":\"3\",\"carries\":false}]}");
	check_body("machine add a --bmc fake://h --nic mac=1,carries=yes --nic mac=2",
		"{\"name\":\"a\",\"bmc\":{\"kind\":\"fake\",\"host\":\"h\"},\"nics\":["
		"{\"mac\":\"1\",\"carries\":true},{\"mac\":\"2\",\"carries\":true}]}");
}

static void a_wrong_machine_gets_one_sentence(void)
{
#define WANT "want KIND://[USER@]HOST[:PORT], as in ipmi://baton@10.0.0.9"
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "machine add a --bmc 10.0.0.9 --nic mac=1", "--bmc 10.0.0.9: " WANT },
		{ "machine add a --bmc ipmi:// --nic mac=1", "--bmc ipmi://: " WANT },
		{ "machine add a --bmc ipmi://u@ --nic mac=1", "--bmc ipmi://u@: " WANT },
		{ "machine add a --bmc ipmi://h/x --nic mac=1", "--bmc ipmi://h/x: " WANT },
		{ "machine add a --bmc ipmi://[::1 --nic mac=1", "--bmc ipmi://[::1: " WANT },
		{ "machine add a --bmc ipmi://h:0 --nic mac=1",
			"--bmc ipmi://h:0: port 0: want 1 to 65535" },
		{ "machine add a --bmc ipmi://h:65536 --nic mac=1",
			"--bmc ipmi://h:65536: port 65536: want 1 to 65535" },
		{ "machine add a --bmc ipmi://h --bmc-cipher 256 --nic mac=1",
			"--bmc-cipher 256: want 0 to 255" },
		{ "machine add a --bmc ipmi://h", "--nic KEY=VALUE,... is missing: one NIC; repeat "
						  "it, the NIC that boots first" },
		{ "machine add a --bmc ipmi://h --nic network=m",
			"--nic network=m: mac=MAC is missing" },
		{ "machine add a --bmc ipmi://h --nic mac=1,vlan=2",
			"--nic mac=1,vlan=2: there is no key \"vlan\"" },
		{ "machine add a --bmc ipmi://h --nic mac=1,",
			"--nic mac=1,: there is no key \"\"" },
		{ "machine add a --bmc ipmi://h --nic mac", "--nic mac: want mac=MAC" },
		{ "machine add a --bmc ipmi://h --nic mac=,pci=2",
			"--nic mac=,pci=2: want mac=MAC" },
		{ "machine add a --bmc ipmi://h --nic mac=1,mac=2",
			"--nic mac=1,mac=2: mac is given twice" },
		{ "machine add a --bmc ipmi://h --nic mac=1,carries=maybe",
			"--nic mac=1,carries=maybe: carries=maybe: want yes|no" },
		{ "machine add \xff --bmc ipmi://h --nic mac=1", "\"\xff\" is not UTF-8 text" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		check_refused(wrong[i].line, wrong[i].sentence);
}

static void bodies_of_batches(void)
{
	check_body("batch start a=m1 b --pool spares --parallel 3 --keep-going",
		"{\"verb\":\"start\",\"wishes\":[{\"persona\":\"a\",\"machine\":\"m1\"},"
		"{\"persona\":\"b\"}],\"pool\":\"spares\",\"parallel\":3,\"keep_going\":true}");
	check_body("batch stop a b c --plan",
		"{\"verb\":\"stop\",\"wishes\":[{\"persona\":\"a\"},{\"persona\":\"b\"},"
		"{\"persona\":\"c\"}],\"plan\":true}");
	check_body("evacuate --rack r1 --to spares --failover",
		"{\"evacuate\":{\"rack\":\"r1\"},\"verb\":\"failover\",\"pool\":\"spares\"}");
	check_body(
		"evacuate blade-a", "{\"evacuate\":{\"machine\":\"blade-a\"},\"verb\":\"move\"}");
	check_refused("evacuate", "say what to evacuate: MACHINE, --rack R or --pool P");
	check_refused("evacuate blade-a --pool p",
		"say what to evacuate: MACHINE, --rack R or --pool P, only one of them");
	check_refused("batch move =m1", "\"=m1\": want PERSONA=MACHINE");
	check_refused("batch stop a=m1", "\"a=m1\": want PERSONA alone: its machine is known");
}

static void bodies_of_personas_and_orders(void)
{
	char path[] = "/tmp/cli_args_test.XXXXXX", line[512];
	int fd = mkstemp(path);
	CHECK(fd >= 0 && write(fd, "s3cret\r\nmore\n", 13) == 13);
	close(fd);
	snprintf(line, sizeof line,
		"persona add w --target iqn.x:t --lun 1 --portal 10.0.0.1:3260 --portal "
		"10.0.1.1:3260 --chap-user u --chap-secret-file %s --nic "
		"network=mgmt,address=10.0.0.50 --nic mac=02:00:00:00:00:01",
		path);
	check_body(line,
		"{\"name\":\"w\",\"target\":\"iqn.x:t\",\"lun\":1,\"portals\":[\"10.0.0.1:3260\","
		"\"10.0.1.1:3260\"],\"chap_user\":\"u\",\"chap_secret\":\"s3cret\",\"nics\":["
		"{\"network\":\"mgmt\",\"address\":\"10.0.0.50\"},"
		"{\"mac\":\"02:00:00:00:00:01\"}]}");
	unlink(path);
	check_refused("persona add w --nic network=m --chap-user u",
		"--chap-user and --chap-secret-file go together: give both or none");
	check_body("start web-01 blade-a --plan", "{\"verb\":\"start\",\"persona\":\"web-01\","
						  "\"machine\":\"blade-a\",\"plan\":true}");
	check_body("stop web-01 --no-wait", "{\"verb\":\"stop\",\"persona\":\"web-01\"}");
	check_body("move web-01 blade-b",
		"{\"verb\":\"move\",\"persona\":\"web-01\",\"machine\":\"blade-b\"}");
}

static void bodies_of_what_an_os_is_told(void)
{
	check_body("persona add w --dns 10.0.0.2 --dns 10.0.0.3 --ntp 10.0.0.4 --domain "
		   "example.org --nic network=mgmt,mtu=9000,route=10.0.0.0/8@10.77.0.254,"
		   "route=192.0.2.0/24@10.77.0.253 --nic network=lan",
		"{\"name\":\"w\",\"dns\":[\"10.0.0.2\",\"10.0.0.3\"],\"ntp\":[\"10.0.0.4\"],"
		"\"domain\":\"example.org\",\"nics\":[{\"network\":\"mgmt\",\"mtu\":9000,"
		"\"routes\":[\"10.0.0.0/8@10.77.0.254\",\"192.0.2.0/24@10.77.0.253\"]},"
		"{\"network\":\"lan\"}]}");
	static const struct {
		const char *line, *sentence;
	} wrong[] = {
		{ "persona add w --nic network=m,mtu=large",
			"--nic network=m,mtu=large: mtu=large: want a number" },
		{ "persona add w --nic network=m,mtu=9000,mtu=1500",
			"--nic network=m,mtu=9000,mtu=1500: mtu is given twice" },
		{ "persona add w --nic network=m,route=",
			"--nic network=m,route=: want route=A/P@G" },
		{ "persona add w --nic network=m,routes=x",
			"--nic network=m,routes=x: there is no key \"routes\"" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++)
		check_refused(wrong[i].line, wrong[i].sentence);
}

static void check_secret(const char *bytes, size_t len, const char *sentence)
{
	char path[] = "/tmp/cli_args_test.XXXXXX", line[512], want[512];
	int fd = mkstemp(path);
	CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
	snprintf(line, sizeof line,
		"persona add w --nic network=m --chap-user u "
		"--chap-secret-file %s",
		path);
	snprintf(want, sizeof want, "--chap-secret-file %s: %s", path, sentence);
	check_refused(line, want);
	unlink(path);
}

static void a_wrong_secret_gets_one_sentence(void)
{
	static const char chars[] = "want 1 to 64 letters, digits and . _ : + / = -";
	char longer[80];
	memset(longer, 'x', sizeof longer);
	check_secret("", 0, "its first line is empty");
	check_secret("\nsecret\n", 8, "its first line is empty");
	check_secret("a b\n", 4, chars);
	check_secret("a\0b\n", 4, chars);
	check_secret(longer, sizeof longer, "the secret is longer than 64");
}

static void a_terminal_is_given_no_control_characters(void)
{
	char to[16];
	text_clean(to, sizeof to,
		"a\033[2J\x7f\xc2\x9b"
		"b");
	CHECK_TEXT(to, "a?[2J??b");
	text_clean(to, 4,
		"ab\xc3\xa9"
		"c"); /* no half of a character */
	CHECK_TEXT(to, "ab");
	CHECK_INT(text_width("ab\xc3\xa9"), 3);
}

static void spans_read_as_people_say_them(void)
{
	char to[24];
	CHECK_TEXT(span_text(to, -1), "");
	CHECK_TEXT(span_text(to, 0.85), "850 ms");
	CHECK_TEXT(span_text(to, 12.34), "12.3 s");
	CHECK_TEXT(span_text(to, 245), "4 min 05 s");
	CHECK_TEXT(span_text(to, 12000), "3 h 20 min");
	CHECK_TEXT(span_text(to, 190000), "2 d 4 h");
}

static const char order_text[] =
	"{\"id\":7,\"verb\":\"move\",\"persona\":\"web-01\",\"from\":\"a\",\"to\":\"b\","
	"\"state\":\"running\",\"begun\":100,\"steps\":["
	"{\"name\":\"preflight\",\"machine\":\"b\",\"state\":\"done\",\"begun\":100,\"ended\":102},"
	"{\"name\":\"power-off\",\"machine\":\"a\",\"state\":\"running\",\"tries\":1,\"begun\":102,"
	"\"when\":\"waiting for off\",\"why\":\"no answer\"},"
	"{\"name\":\"await-os\",\"machine\":\"b\",\"state\":\"pending\"}]}";

/* What a drawing prints, in one buffer. */
static char drawn[4096];
static FILE *draw_to;

static void draw_begin(void)
{
	memset(drawn, 0, sizeof drawn);
	draw_to = fmemopen(drawn, sizeof drawn, "w");
}

static void an_order_is_drawn_as_it_stands(void)
{
	json_t *order = json_loads(order_text, 0, NULL);
	struct term plain = { 0 }, narrow = { .width = 30 };
	char head[100];
	order_head(head, sizeof head, order);
	CHECK_TEXT(head, "order 7: move web-01 from a to b");
	draw_begin();
	CHECK_INT(steps_draw(draw_to, &plain, order, 112, 0, "", 0), 3);
	fclose(draw_to);
	CHECK_TEXT(drawn, " + preflight  b        2.0 s\n"
			  " | power-off  a       10.0 s  waiting for off (try 2: no answer)\n"
			  " . await-os   b\n");
	draw_begin();
	steps_draw(draw_to, &narrow, order, 112, 0, "", 0);
	fclose(draw_to);
	CHECK(strstr(drawn, " | power-off  a       10.0 s>\n") != NULL);
	draw_begin();
	CHECK(steps_draw(draw_to, &plain, order, 112, 0, "", 3) <= 3);
	fclose(draw_to);
	CHECK(strstr(drawn, "power-off") != NULL);
	json_decref(order);
}

static void a_plan_says_why_no_other_machine(void)
{
	json_t *order = json_loads(
		"{\"id\":0,\"verb\":\"start\",\"persona\":\"w\",\"to\":\"b\",\"steps\":[{\"name\":"
		"\"claim\",\"machine\":\"b\",\"when\":\"it is "
		"its\"}],\"choice\":{\"pool\":\"spares\","
		"\"machine\":\"b\",\"others\":[{\"machine\":\"a\",\"why\":\"carries persona x\"}],"
		"\"more\":3}}",
		0, NULL);
	struct term plain = { 0 };
	draw_begin();
	plan_draw(draw_to, &plain, order);
	fclose(draw_to);
	CHECK_TEXT(drawn, "start w on b would take these steps; nothing was changed\n"
			  "   STEP   MACHINE  WHAT\n"
			  "1  claim  b        it is its\n\n"
			  "b was chosen from pool spares\n"
			  "OTHER  WHY NOT\n"
			  "a      carries persona x\n"
			  "and 3 more\n");
	json_array_clear(json_object_get(json_object_get(order, "choice"), "others"));
	json_object_del(json_object_get(order, "choice"), "more");
	draw_begin();
	choice_draw(draw_to, &plain, order);
	fclose(draw_to);
	CHECK_TEXT(drawn, "b was chosen from pool spares; it is the only one there\n");
	json_object_del(order, "choice");
	draw_begin();
	choice_draw(draw_to, &plain, order);
	fclose(draw_to);
	CHECK_TEXT(drawn, "");
	json_decref(order);
}

static void a_change_is_said_once(void)
{
	json_t *order = json_loads(order_text, 0, NULL);
	struct seen seen = { 0 };
	setenv("TZ", "UTC", 1);
	draw_begin();
	steps_changes(draw_to, order, &seen, 112);
	fclose(draw_to);
	CHECK_TEXT(drawn, "00:01:42  done     preflight  b  2.0 s\n"
			  "00:01:52  running  power-off  a  waiting for off (try 2: no answer)\n");
	draw_begin();
	steps_changes(draw_to, order, &seen, 113);
	fclose(draw_to);
	CHECK_TEXT(drawn, "");
	json_decref(order);
}

static void the_timeline_gives_the_longest_step_the_longest_bar(void)
{
	json_t *order =
		json_loads("{\"begun\":10,\"ended\":16,\"state\":\"done\",\"steps\":["
			   "{\"name\":\"x\",\"state\":\"done\",\"begun\":10,\"ended\":11},"
			   "{\"name\":\"y\",\"state\":\"done\",\"begun\":11,\"ended\":16}]}",
			0, NULL);
	struct term t = { .width = 29 };
	draw_begin();
	timeline_draw(draw_to, &t, order);
	fclose(draw_to);
	CHECK_TEXT(drawn, "\nwhere the time went: 6.0 s\n"
			  "   x        1.0 s  ##\n"
			  "   y        5.0 s  ##########\n");
	json_decref(order);
}

static void many_plans_show_what_is_not_well(void)
{
	json_t *plans = json_loads(
		"[{\"persona\":\"a\",\"checks\":[{\"check\":\"fence\",\"about\":\"a\",\"finding\":"
		"\"unknown\",\"why\":\"w\"},{\"check\":\"x\",\"about\":\"m\",\"finding\":\"ok\"}]},"
		"{\"persona\":\"b\",\"checks\":[{\"check\":\"lun\",\"about\":\"b\",\"finding\":"
		"\"bad\",\"why\":\"none\\u001b[2J\"}]}]",
		0, NULL);
	struct term t = { 0 };
	draw_begin();
	checks_draw_all(draw_to, &t, plans);
	fclose(draw_to);
	CHECK_TEXT(drawn, "         PERSONA  CHECK  ABOUT  FOUND\n"
			  "bad      b        lun    b      none?[2J\n"
			  "unknown  a        fence  a      w\n"
			  "\n1 check is well; -o json shows all\n");
	json_decref(plans);
}

TESTS(T(many_plans_show_what_is_not_well), T(every_command_is_understood_by_its_words),
	T(every_route_has_a_command), T(an_option_stands_anywhere_and_in_every_form),
	T(a_wrong_line_gets_one_sentence), T(help_asks_for_nothing_else),
	T(bodies_of_networks_and_pools), T(bodies_of_machines), T(bodies_of_what_is_changed),
	T(bodies_of_what_is_chosen_by), T(the_first_of_several_nics_keeps_its_mac),
	T(a_wrong_machine_gets_one_sentence), T(bodies_of_batches),
	T(bodies_of_personas_and_orders), T(bodies_of_what_an_os_is_told),
	T(a_wrong_secret_gets_one_sentence), T(a_terminal_is_given_no_control_characters),
	T(spans_read_as_people_say_them), T(an_order_is_drawn_as_it_stands),
	T(a_plan_says_why_no_other_machine), T(a_change_is_said_once),
	T(the_timeline_gives_the_longest_step_the_longest_bar))
