/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the driver asks of services that are known from the field and that no simulator is like:
 * each test is a script of questions, in this order and no others, with their answers. This file is
 * in the place of redfish_talk.c. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/redfish.h"
#include "drivers/wait.h"
#include "talk_play.h"
#include "tap.h"

struct line {
	const char *method, *path;
	const char *has, *has_not; /* of the body; NULL: no matter */
	const char *tag;           /* of If-Match; NULL: no matter */
	long status;
	const char *answer; /* JSON with ' for " */
	const char *etag;
	bool again; /* it may be asked more than once */
};

static const struct line *script;
static size_t at, lines;
static size_t round_from; /* where the script goes on at its end, or 0: it does not */

static json_t *doc(const char *text)
{
	char *copy = strdup(text ? text : "{}");
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *j = json_loads(copy, 0, NULL);
	CHECK(j != NULL);
	free(copy);
	return j;
}

static void question_is(const struct question *q, const struct line *want)
{
	char *body = q->body ? json_dumps(q->body, JSON_COMPACT) : strdup("");
	CHECK_TEXT(q->method, want->method);
	CHECK_TEXT(q->path, want->path);
	if (want->has && !strstr(body, want->has)) {
		CHECK_TEXT(body, want->has);
	}
	if (want->has_not)
		CHECK(strstr(body, want->has_not) == NULL);
	if (want->tag)
		CHECK_TEXT(q->etag ? q->etag : "", want->tag);
	free(body);
}

int talk_ask(struct talk *t, const struct question *q, struct said *ret, struct err *e)
{
	(void)t;
	*ret = (struct said){ .status = 500 };
	if (at == lines)
		CHECK_TEXT(q->path, "no more questions");
	if (at == lines)
		return err_say(e, EIO, "the script is over");
	const struct line *was = at ? &script[at - 1] : NULL;
	if (!(was && was->again && strcmp(was->path, q->path) == 0))
		was = &script[at++];
	if (at == lines && round_from)
		at = round_from;
	const struct line *now = was;
	question_is(q, now);
	ret->status = now->status;
	ret->body = doc(now->answer);
	snprintf(ret->etag, sizeof ret->etag, "%s", now->etag ? now->etag : "");
	return 0;
}

int talk_refused(const struct talk *t, const struct said *s, struct err *e)
{
	(void)t;
	return err_say(e, EIO, "refused with %ld", s->status);
}

#define SYSTEM "/redfish/v1/Systems/1"
#define BOOT(target, enabled, more)                                                                \
	"{'PowerState':'Off','Boot':{'BootSourceOverrideTarget':'" target                          \
	"','BootSourceOverrideEnabled':'" enabled "'" more "}}"
#define UEFI ",'BootSourceOverrideMode':'UEFI'"

static int play(const struct line *of, size_t n, enum boot_dev dev, const char *quirks)
{
	struct redfish rf = { .bmc = { .ops = &bmc_redfish } };
	struct err e = { 0 };
	script = of;
	lines = n;
	at = 0;
	rf_path_of(&rf.system, SYSTEM);
	CHECK_INT(quirks_add(&rf.quirks, quirks, &e), 0);
	int r = redfish_next_boot_set(&rf.bmc, dev, &e);
	CHECK_INT(at, lines);
	return r;
}

static void a_mode_is_sent_only_where_it_is_shown(void)
{
	static const struct line shown[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", UEFI) },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", UEFI),
			.etag = "\"1\"" },
		{ .method = "PATCH",
			.path = SYSTEM,
			.has = "\"BootSourceOverrideMode\":\"UEFI\"",
			.tag = "\"1\"",
			.status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", UEFI) },
	};
	static const struct line hidden[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", "") },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", ""),
			.etag = "\"1\"" },
		{ .method = "PATCH",
			.path = SYSTEM,
			.has = "\"Once\"",
			.has_not = "Mode",
			.status = 204 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", "") },
	};
	CHECK_INT(play(shown, COUNT(shown), BOOT_NETWORK, NULL), 0);
	CHECK_INT(play(hidden, COUNT(hidden), BOOT_NETWORK, NULL), 0);
}

static void a_mode_that_may_not_be_written_is_left_out(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", UEFI) },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", UEFI),
			.etag = "\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .has = "Mode", .status = 400 },
		{ .method = "PATCH",
			.path = SYSTEM,
			.has = "\"Pxe\"",
			.has_not = "Mode",
			.status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", UEFI) },
	};
	CHECK_INT(play(of, COUNT(of), BOOT_NETWORK, NULL), 0);
}

#define WITH_SD                                                                                    \
	",'x':1},'@Redfish.Settings':{'SettingsObject':{'@odata.id':'" SYSTEM "/SD'}},'y':{'z':1"

static void settings_take_what_the_system_refuses(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD),
			.etag = "\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .status = 405 },
		{ .method = "GET", .path = SYSTEM "/SD", .status = 200, .etag = "\"sd\"" },
		{ .method = "PATCH",
			.path = SYSTEM "/SD",
			.has = "\"Pxe\"",
			.tag = "\"sd\"",
			.status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET",
			.path = SYSTEM "/SD",
			.status = 200,
			.answer = BOOT("Pxe", "Once", "") },
	};
	CHECK_INT(play(of, COUNT(of), BOOT_NETWORK, NULL), 0);
}

static void one_that_forgets_is_told_at_its_settings_and_by_its_quirk_at_once(void)
{
	static const struct line quirk[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET", .path = SYSTEM "/SD", .status = 200, .etag = "\"sd\"" },
		{ .method = "PATCH", .path = SYSTEM "/SD", .has = "\"Pxe\"", .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", WITH_SD) },
	};
	static const struct line forgets[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD),
			.etag = "\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", WITH_SD) },
		{ .method = "GET",
			.path = SYSTEM "/SD",
			.status = 200,
			.answer = BOOT("None", "Disabled", "") },
		{ .method = "GET", .path = SYSTEM "/SD", .status = 200, .etag = "\"sd\"" },
		{ .method = "PATCH", .path = SYSTEM "/SD", .has = "\"Pxe\"", .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", WITH_SD) },
	};
	CHECK_INT(play(quirk, COUNT(quirk), BOOT_NETWORK, "settings-first"), 0);
	CHECK_INT(play(forgets, COUNT(forgets), BOOT_NETWORK, NULL), 0);
}

static void the_usual_start_is_disabled_and_none_only_for_those_that_know_it(void)
{
	static const struct line knows[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", ""),
			.etag = "\"1\"" },
		{ .method = "PATCH",
			.path = SYSTEM,
			.has = "\"Disabled\"",
			.has_not = "None",
			.status = 400 },
		{ .method = "PATCH", .path = SYSTEM, .has = "\"None\"", .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", "") },
	};
	static const struct line refuses[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", ""),
			.etag = "\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .has_not = "None", .status = 400 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", ""),
			.etag = "\"1\"" },
	};
	CHECK_INT(play(knows, COUNT(knows), BOOT_DEFAULT, NULL), 0);
	CHECK_INT(play(refuses, COUNT(refuses), BOOT_DEFAULT, "no-target-none"), -EIO);
}

static void a_tag_is_tried_as_it_is_now_then_strong_then_any_then_none(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", "") },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", ""),
			.etag = "W/\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .tag = "W/\"1\"", .status = 412 },
		{ .method = "GET", .path = SYSTEM, .status = 200, .etag = "W/\"2\"" },
		{ .method = "PATCH", .path = SYSTEM, .tag = "W/\"2\"", .status = 412 },
		{ .method = "PATCH", .path = SYSTEM, .tag = "\"2\"", .status = 412 },
		{ .method = "PATCH", .path = SYSTEM, .tag = "*", .status = 428 },
		{ .method = "PATCH", .path = SYSTEM, .tag = "", .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("Pxe", "Once", "") },
	};
	CHECK_INT(play(of, COUNT(of), BOOT_NETWORK, NULL), 0);
}

static void a_network_boot_is_by_http_where_there_is_no_pxe(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled",
				",'BootSourceOverrideTarget@Redfish.AllowableValues':['None','"
				"UefiHttp']") },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("None", "Disabled", ""),
			.etag = "\"1\"" },
		{ .method = "PATCH", .path = SYSTEM, .has = "\"UefiHttp\"", .status = 200 },
		{ .method = "GET",
			.path = SYSTEM,
			.status = 200,
			.answer = BOOT("UefiHttp", "Once", "") },
	};
	CHECK_INT(play(of, COUNT(of), BOOT_NETWORK, NULL), 0);
}

#define DRIVE "/redfish/v1/Managers/1/VirtualMedia/2"
#define IN_DRIVE(members)                                                                          \
	"{'MediaTypes':['CD'],'Actions':{'#VirtualMedia.InsertMedia':{'target':'" DRIVE            \
	"/i'}}" members "}"

static const struct line media_head[] = {
	{ .method = "GET",
		.path = SYSTEM,
		.status = 200,
		.answer = "{'PowerState':'Off','VirtualMedia':{'@odata.id':'/vm'}}" },
	{ .method = "GET",
		.path = "/vm",
		.status = 200,
		.answer = "{'Members':[{'@odata.id':'" DRIVE "'}]}" },
	{ .method = "GET", .path = DRIVE, .status = 200, .answer = IN_DRIVE(",'Inserted':false") },
};
static const struct line media_tail[] = {
	{ .method = "GET",
		.path = DRIVE,
		.status = 200,
		.answer = IN_DRIVE(",'Inserted':true,'Image':'http://h/i.iso'") },
	{ .method = "GET",
		.path = SYSTEM,
		.status = 200,
		.answer = BOOT("None", "Disabled", ""),
		.etag = "\"1\"" },
	{ .method = "PATCH", .path = SYSTEM, .has = "\"Cd\"", .status = 200 },
	{ .method = "GET", .path = SYSTEM, .status = 200, .answer = BOOT("Cd", "Once", "") },
};

static int play_media(const struct line *middle, size_t n, const char *quirks)
{
	static struct line all[12];
	size_t head = COUNT(media_head);
	struct redfish rf = { .bmc = { .ops = &bmc_redfish } };
	memcpy(all, media_head, sizeof media_head);
	memcpy(all + head, middle, n * sizeof *middle);
	memcpy(all + head + n, media_tail, sizeof media_tail);
	script = all;
	at = 0;
	lines = head + n + COUNT(media_tail);
	rf_path_of(&rf.system, SYSTEM);
	CHECK_INT(quirks_add(&rf.quirks, quirks, NULL), 0);
	int r = redfish_media_boot(&rf.bmc, "http://h/i.iso", NULL);
	CHECK_INT(at, lines);
	return r;
}

static void an_image_goes_in_alone_where_more_is_refused_and_by_a_quirk_at_once(void)
{
	static const struct line refused[] = {
		{ .method = "POST", .path = DRIVE "/i", .has = "\"Inserted\":true", .status = 400 },
		{ .method = "POST",
			.path = DRIVE "/i",
			.has = "{\"Image\":\"http://h/i.iso\"}",
			.status = 204 },
	};
	CHECK_INT(play_media(refused, 2, NULL), 0);
	CHECK_INT(play_media(refused + 1, 1, "media-image-only"), 0);
}

#define FUNCTION "/redfish/v1/Chassis/1/NetworkAdapters/A/NetworkDeviceFunctions/NIC.1-1"
#define ATTRIBUTES FUNCTION "/Oem/Dell/DellNetworkAttributes/NIC.1-1"
#define VIRT(mac) "{'Attributes':{'VirtMacAddr':'" mac "'}"
#define ITS_SETTINGS                                                                               \
	",'@Redfish.Settings':{'SettingsObject':{'@odata.id':'" ATTRIBUTES                         \
	"/Settings'},'SupportedApplyTimes':['OnReset']}}"

static void dells_attributes_are_found_without_a_link_and_their_job_waits_for_a_start(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = ATTRIBUTES,
			.status = 200,
			.answer = VIRT("A0:36:9F:00:00:01") ITS_SETTINGS },
		{ .method = "GET", .path = ATTRIBUTES "/Settings", .status = 200, .etag = "\"s\"" },
		{ .method = "PATCH",
			.path = ATTRIBUTES "/Settings",
			.has = "\"OnReset\"",
			.status = 202,
			.answer = "{'@odata.id':'/tasks/1'}" },
		{ .method = "GET",
			.path = "/tasks/1",
			.status = 200,
			.answer = "{'TaskState':'Running'}" },
		{ .method = "GET",
			.path = "/tasks/1",
			.status = 200,
			.answer = "{'TaskState':'Starting'}",
			.again = true },
		{ .method = "GET",
			.path = ATTRIBUTES,
			.status = 200,
			.answer = VIRT("A0:36:9F:00:00:01") ITS_SETTINGS },
		{ .method = "GET",
			.path = ATTRIBUTES "/Settings",
			.status = 200,
			.answer = VIRT("52:54:00:00:00:01") "}" },
	};
	struct redfish rf = { .quirks = { .dell_attributes = true } };
	struct rf_function f = { .card = { .label = "NIC.1-1" } };
	const struct identity want = { .mac = { { 0x52, 0x54, 0, 0, 0, 1 } } };
	enum identity_state state = IDENTITY_ALREADY;
	script = of;
	at = 0;
	lines = COUNT(of);
	round_from = lines - 2;
	rf_path_of(&f.at.self, FUNCTION);
	CHECK(rf_dell_has(&rf, &f));
	CHECK_INT(rf_dell_set(&rf, &f, &want, &state, wait_now_ms() + 5000, NULL), 0);
	CHECK_INT(state, IDENTITY_STAGED);
	round_from = 0;
	rf.quirks.dell_attributes = false;
	CHECK(!rf_dell_has(&rf, &f));
}

static void a_job_that_fails_says_why(void)
{
	static const struct line of[] = {
		{ .method = "GET",
			.path = "/tasks/1",
			.status = 202,
			.answer = "{'TaskState':'Running'}" },
		{ .method = "GET",
			.path = "/tasks/1",
			.status = 200,
			.answer = "{'TaskState':'Exception','Messages':[{'Message':'The card is "
				  "busy.'}]}" },
	};
	struct redfish rf = { .resets = 0 };
	struct said s = { .status = 202 };
	struct err e = { 0 };
	script = of;
	at = 0;
	lines = COUNT(of);
	rf_path_of(&s.location, "https://bmc/tasks/1");
	CHECK_INT(rf_job_wait(&rf, &s, true, wait_now_ms() + 5000, &e), -EIO);
	CHECK_TEXT(e.text, "its job for it ended as Exception: The card is busy.");
	at = 0;
	lines = 1;
	CHECK_INT(rf_job_wait(&rf, &s, true, wait_now_ms(), &e), -ETIMEDOUT);
	CHECK_TEXT(e.text, "its job for it is still Running");
}

TESTS(T(a_mode_is_sent_only_where_it_is_shown), T(a_mode_that_may_not_be_written_is_left_out),
	T(settings_take_what_the_system_refuses),
	T(one_that_forgets_is_told_at_its_settings_and_by_its_quirk_at_once),
	T(the_usual_start_is_disabled_and_none_only_for_those_that_know_it),
	T(a_tag_is_tried_as_it_is_now_then_strong_then_any_then_none),
	T(a_network_boot_is_by_http_where_there_is_no_pxe),
	T(an_image_goes_in_alone_where_more_is_refused_and_by_a_quirk_at_once),
	T(dells_attributes_are_found_without_a_link_and_their_job_waits_for_a_start),
	T(a_job_that_fails_says_why))
