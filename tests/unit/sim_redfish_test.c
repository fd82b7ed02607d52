/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated BMC's Redfish service as values in and out, for every maker: the tree of resources
 * as a whole, and what changes of it. What clients see is in tests/bats/36-sim.bats. */
#include "base/own.h"
#include "sim/redfish.h"
#include "sim_machine.h"
#include "tap.h"

static struct tree *tree;
static struct machine machine;
static struct memory body;
static struct redfish *redfish;
static struct redfish_answer answer;

static void begin(const char *vendor)
{
	struct err e = { 0 };
	CHECK_INT(tree_new(&tree, vendor, &e), 0);
	memory_open(&machine, &body, tree);
	CHECK_INT(redfish_new(&redfish, &machine, tree, "baton", "s3cret-word", memory_random, &e),
		0);
}

static void end(void)
{
	redfish_answer_fini(&answer);
	redfish_free(redfish);
	keep_free(machine.keep);
	tree_free(tree);
}

static int ask(const char *method, const char *path, const char *text)
{
	struct redfish_ask q = { .method = method,
		.path = path,
		.basic = "Basic YmF0b246czNjcmV0LXdvcmQ=",
		.if_match = "*",
		.body = text,
		.len = text ? strlen(text) : 0 };
	redfish_answer_fini(&answer);
	redfish_answer(redfish, &q, &answer);
	return (int)answer.status;
}

/* The answer as JSON; the caller's. */
static json_t *got(void)
{
	return answer.body ? json_loads(answer.body, 0, NULL) : NULL;
}

static bool answer_has(const char *words)
{
	return answer.body && strstr(answer.body, words);
}

/* Each path that stands in it is put into *todo; no text may be one of the templates'. */
static void links_of(json_t *value, const char *key, json_t *todo)
{
	const char *name, *text = json_string_value(value);
	json_t *one;
	size_t i;
	json_object_foreach(value, name, one) links_of(one, name, todo);
	json_array_foreach(value, i, one) links_of(one, key, todo);
	if (!text)
		return;
	CHECK(!strchr(text, '{') && text[0] != '<');
	if (strcmp(key, "@odata.id") == 0 || strcmp(key, "Uri") == 0) {
		char path[300];
		snprintf(path, sizeof path, "%.*s", (int)strcspn(text, "#"), text);
		if (!json_object_get(todo, path))
			json_object_set_new(todo, path, json_false());
	}
}

/* One that has not been looked at. */
static const char *next_of(json_t *todo)
{
	const char *path;
	json_t *done;
	json_object_foreach(todo, path, done) if (json_is_false(done)) return path;
	return NULL;
}

static size_t walk(void)
{
	json_t *todo = json_pack("{s:b}", "/redfish/v1", 0);
	for (const char *path; (path = next_of(todo));) {
		OWN(text) char *at = strdup(path);
		json_object_set_new(todo, at, json_true());
		int status = ask("GET", at, NULL);
		if (status != 200)
			printf("# %s: %d\n", at, status);
		CHECK_INT(status, 200);
		json_t *r = got();
		const char *id = json_string_value(json_object_get(r, "@odata.id"));
		json_t *members = json_object_get(r, "Members");
		CHECK_TEXT(id ? id : "", at);
		CHECK(json_object_get(r, "@odata.type") && json_object_get(r, "Name"));
		CHECK(members ||
			(json_object_get(r, "Id") && !json_object_get(r, "Members@odata.count")));
		CHECK_INT(json_array_size(members),
			json_integer_value(json_object_get(r, "Members@odata.count")));
		links_of(r, "", todo);
		json_decref(r);
	}
	size_t n = json_object_size(todo);
	json_decref(todo);
	return n;
}

static void every_link_of_every_maker_leads_to_a_resource(void)
{
	char names[160], *rest = names;
	snprintf(names, sizeof names, "%s", tree_vendors());
	for (char *one; (one = strsep(&rest, " "));) {
		begin(one);
		CHECK_INT(ask("POST", "/redfish/v1/SessionService/Sessions",
				  "{\"UserName\":\"baton\",\"Password\":\"s3cret-word\"}"),
			201);
		CHECK(answer.token[0] && answer.location[0]);
		CHECK_INT(ask("POST", "/redfish/v1/EventService/Subscriptions",
				  "{\"Destination\":\"http://127.0.0.1:1/"
				  "\",\"Protocol\":\"Redfish\"}"),
			201);
		size_t n = walk();
		printf("# %s: %zu resources\n", one, n);
		CHECK(n >= 50);
		end();
	}
}

static void an_unknown_maker_is_answered_with_the_known_ones(void)
{
	struct err e = { 0 };
	struct tree *none = NULL;
	CHECK_INT(tree_new(&none, "acme", &e), -22);
	CHECK(strstr(e.text, "standard dell") && !none);
}

#define SYSTEM "/redfish/v1/Systems/1"
#define HBA "/redfish/v1/Chassis/1/NetworkAdapters/HBA1/NetworkDeviceFunctions/1"
#define NIC "/redfish/v1/Chassis/1/NetworkAdapters/NIC1/NetworkDeviceFunctions/1"

static void a_change_is_whole_or_not_at_all(void)
{
	begin("standard");
	CHECK_INT(ask("PATCH", SYSTEM, "{\"AssetTag\":\"x\",\"PowerState\":\"On\"}"), 400);
	CHECK(answer_has("PropertyNotWritable"));
	CHECK_INT(ask("PATCH", SYSTEM, "{\"AssetTag\":1}"), 400);
	CHECK(answer_has("PropertyValueTypeError"));
	CHECK_INT(ask("PATCH", SYSTEM, "{}"), 400);
	CHECK_INT(ask("PATCH", SYSTEM, "[1]"), 400);
	CHECK_INT(ask("PATCH", SYSTEM, "{\"Boot\":\"Pxe\"}"), 400);
	CHECK(!keep_get(machine.keep, "asset"));
	CHECK_INT(ask("PATCH", SYSTEM,
			  "{\"Boot\":{\"BootSourceOverrideTarget\":\"Pxe\","
			  "\"BootSourceOverrideEnabled\":\"Once\"}}"),
		200);
	CHECK_TEXT(body.next, "network");
	end();
}

/* Two values of one change, one of them of a form that no NIC can have. */
static void a_change_with_one_wrong_address_changes_nothing(void)
{
	begin("standard");
	CHECK_INT(ask("PATCH", NIC "/Settings",
			  "{\"Ethernet\":{\"MTUSize\":9000,"
			  "\"MACAddress\":\"01:00:00:00:00:01\"}}"),
		400);
	CHECK(answer_has("PropertyValueFormatError"));
	CHECK(!keep_get(machine.keep, "nic.1.mtu.next"));
	CHECK_INT(ask("PATCH", NIC "/Settings",
			  "{\"Ethernet\":{\"MTUSize\":9000},"
			  "\"@Redfish.SettingsApplyTime\":{\"ApplyTime\":\"Immediate\"}}"),
		400);
	CHECK_INT(ask("PATCH", HBA "/Settings",
			  "{\"FibreChannel\":{\"BootTargets\":[{\"WWPN\":\"50:00\"}]}}"),
		400);
	CHECK(!machine_awaits(&machine));
	end();
}

static void a_secret_is_taken_and_never_shown(void)
{
	begin("standard");
	CHECK_INT(
		ask("PATCH", NIC "/Settings", "{\"iSCSIBoot\":{\"CHAPSecret\":\"a-chap-secret\"}}"),
		200);
	CHECK(!answer_has("a-chap-secret"));
	CHECK_INT(
		ask("POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\":\"On\"}"), 204);
	CHECK_INT(ask("GET", NIC, NULL), 200);
	CHECK(!answer_has("a-chap-secret"));
	CHECK_TEXT(keep_text(machine.keep, "nic.1.iscsi.secret"), "a-chap-secret");
	end();
}

static void sessions_end_by_themselves_and_are_not_without_number(void)
{
	static const char login[] = "{\"UserName\":\"baton\",\"Password\":\"s3cret-word\"}";
	begin("standard");
	int made = 0;
	while (ask("POST", "/redfish/v1/SessionService/Sessions", login) == 201)
		made++;
	CHECK_INT(made, 16);
	CHECK_INT(answer.status, 503);
	machine.now += 1800001;
	CHECK_INT(ask("POST", "/redfish/v1/SessionService/Sessions", login), 201);
	end();
}

static void a_setting_of_dell_waits_for_its_job(void)
{
#define ATTRIBUTES                                                                                 \
	"/redfish/v1/Chassis/System.Embedded.1/NetworkAdapters/NIC.Integrated.1/"                  \
	"NetworkDeviceFunctions/NIC.Integrated.1-1-1/Oem/Dell/DellNetworkAttributes/"              \
	"NIC.Integrated.1-1-1/Settings"
	struct err e = { 0 };
	begin("dell");
	CHECK_INT(ask("POST", "/redfish/v1/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs",
			  "{\"TargetSettingsURI\":\"" ATTRIBUTES "\"}"),
		400);
	CHECK_INT(ask("PATCH", ATTRIBUTES,
			  "{\"Attributes\":{\"VirtMacAddr\":\"02:00:00:00:00:05\"},"
			  "\"@Redfish.SettingsApplyTime\":{\"ApplyTime\":\"OnReset\"}}"),
		202);
	CHECK(answer_has("Pending"));
	CHECK_INT(ask("PATCH", ATTRIBUTES,
			  "{\"Attributes\":{\"VirtMacAddr\":\"02:00:00:00:00:06\"}}"),
		409);
	CHECK_INT(machine_power(&machine, GESTURE_ON, &e), 0);
	CHECK_TEXT(keep_text(machine.keep, "nic.1.mac"), "02:00:00:00:00:05");
	CHECK_TEXT(body.noted, "nic.1.mac 02:00:00:00:00:05");
	end();
}

TESTS(T(every_link_of_every_maker_leads_to_a_resource),
	T(an_unknown_maker_is_answered_with_the_known_ones), T(a_change_is_whole_or_not_at_all),
	T(a_change_with_one_wrong_address_changes_nothing), T(a_secret_is_taken_and_never_shown),
	T(sessions_end_by_themselves_and_are_not_without_number),
	T(a_setting_of_dell_waits_for_its_job))
