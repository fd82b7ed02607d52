/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is made and ended at the Redfish service: sessions, subscriptions, and its actions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/own.h"
#include "sim/fault.h"
#include "sim/redfish_priv.h"

#define SESSIONS "/redfish/v1/SessionService/Sessions"
#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"

void sessions_show(struct redfish *rf)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < COUNT(rf->session); i++) {
		char id[12];
		if (!rf->session[i].id)
			continue;
		snprintf(id, sizeof id, "%u", rf->session[i].id);
		json_array_append_new(rows, json_pack("{s:s, s:s}", "n", id, "user", rf->user));
	}
	tree_rows(rf->t, "session", rows);
}

void redfish_sessions_drop(struct redfish *rf)
{
	for (size_t i = 0; i < COUNT(rf->session); i++)
		rf->session[i].id = 0;
}

/* A free one; else one that nobody has used for long; NULL where all are in use. */
static struct session *session_free(struct redfish *rf)
{
	for (size_t i = 0; i < COUNT(rf->session); i++)
		if (!rf->session[i].id || rf->m->now - rf->session[i].used > SESSION_S * 1000ULL)
			return &rf->session[i];
	return NULL;
}

void session_make(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	json_t *body = body_of(rf, ask, a);
	const char *user = json_string_value(json_object_get(body, "UserName"));
	const char *secret = json_string_value(json_object_get(body, "Password"));
	struct session *s = session_free(rf);
	uint8_t random[(TOKEN_LEN - 1) / 2];
	if (!body)
		return;
	if (!user || !secret) {
		answer_message(
			rf, a, 400, "PropertyMissing", user ? "Password" : "UserName", NULL, NULL);
	} else if (!login_ok(rf, user, secret)) {
		answer_message(rf, a, 401, "ResourceAtUriUnauthorized", ask->path,
			"the user or the password is wrong", NULL);
	} else if (!s) {
		answer_message(rf, a, 503, "SessionLimitExceeded", NULL, NULL, NULL);
	} else {
		rf->random(random, sizeof random);
		hex_text(s->token, random, sizeof random);
		s->id = ++rf->sessions_made;
		s->used = rf->m->now;
		snprintf(a->location, sizeof a->location, SESSIONS "/%u", s->id);
		snprintf(a->token, sizeof a->token, "%s", s->token);
		answer_json(a, 201, resource_get(rf, a->location, a->etag));
	}
	json_decref(body);
}

static bool session_end(struct redfish *rf, const char *id)
{
	for (size_t i = 0; i < COUNT(rf->session); i++) {
		char text[12];
		snprintf(text, sizeof text, "%u", rf->session[i].id);
		if (rf->session[i].id && strcmp(text, id) == 0) {
			rf->session[i].id = 0;
			return true;
		}
	}
	return false;
}

void answer_delete(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	bool gone = false;
	if (strncmp(ask->path, SESSIONS "/", sizeof SESSIONS) == 0)
		gone = session_end(rf, ask->path + sizeof SESSIONS);
	else if (strncmp(ask->path, SUBSCRIPTIONS "/", sizeof SUBSCRIPTIONS) == 0)
		gone = subscription_end(rf, ask->path + sizeof SUBSCRIPTIONS);
	json_t *there = gone ? NULL : tree_at(rf->t, ask->path, NULL);
	if (gone) {
		a->status = 204;
	} else if (there) {
		a->allow = "GET, HEAD";
		answer_message(rf, a, 405, "OperationNotAllowed", NULL, NULL, NULL);
	} else {
		answer_message(rf, a, 404, "ResourceMissingAtURI", ask->path, NULL, NULL);
	}
	json_decref(there);
}

/* An action, with the resource whose it is, the row of that, and the body. */
struct action {
	struct redfish *rf;
	const char *name, *path;
	json_t *row, *body;
	struct redfish_answer *a;
};

static const char *text_arg(const struct action *x, const char *name)
{
	return json_string_value(json_object_get(x->body, name));
}

static void done(struct redfish_answer *a)
{
	a->status = 204;
}

/* Does it, at once or as a job. */
static void power_go(const struct action *x, enum gesture g)
{
	struct err e = { 0 };
	long slow = fault_number(x->rf->m->faults, "slow-job", 1000);
	long under_way = fault_number(x->rf->m->faults, "slow-power", 1000);
	if (slow >= 0) {
		task_make(x->rf, "reset", (int)g, slow, false, x->a);
	} else if (under_way >= 0) {
		power_later(x->rf, g, under_way);
		done(x->a);
	} else if (machine_power(x->rf->m, g, &e) < 0) {
		answer_message(x->rf, x->a, 500, "GeneralError", e.text, NULL, NULL);
	} else {
		done(x->a);
	}
}

static void reset(const struct action *x)
{
	static const struct {
		const char *type;
		int on, off; /* the gesture when it is on, and off; -1: none; -2: refused */
	} types[] = {
		{ "On", -1, GESTURE_ON },
		{ "ForceOn", -1, GESTURE_ON },
		{ "ForceOff", GESTURE_OFF, -1 },
		{ "GracefulShutdown", GESTURE_SOFT, -1 },
		{ "GracefulRestart", GESTURE_RESET, -2 },
		{ "ForceRestart", GESTURE_RESET, -2 },
		{ "PowerCycle", GESTURE_RESET, -2 },
		{ "PushPowerButton", GESTURE_SOFT, GESTURE_ON },
		{ "Nmi", -1, -2 },
	};
	struct body_look look;
	struct err e = { 0 };
	const char *type = text_arg(x, "ResetType");
	size_t i = 0;
	while (i < COUNT(types) && strcmp(types[i].type, type ? type : "") != 0)
		i++;
	if (i == COUNT(types) || machine_look(x->rf->m, &look, &e) < 0) {
		answer_message(x->rf, x->a, 500, "GeneralError", e.text, NULL, NULL);
		return;
	}
	int g = look.on ? types[i].on : types[i].off;
	if (g == -2 || (g == -1 && trait(x->rf, "strict-power")))
		answer_message(x->rf, x->a, 409, "ResourceInUse", NULL, NULL, NULL);
	else if (g == -1)
		done(x->a);
	else
		power_go(x, (enum gesture)g);
}

static void manager_reset(const struct action *x)
{
	redfish_sessions_drop(x->rf);
	done(x->a);
}

static void bios_reset_one(void *ctx, const char *name, json_t *value)
{
	struct redfish *rf = ctx;
	(void)value;
	if (strncmp(name, "bios.", 5) == 0)
		keep_put(rf->m->keep, name, NULL);
}

static void bios_reset(const struct action *x)
{
	keep_each(x->rf->m->keep, bios_reset_one, x->rf);
	done(x->a);
}

static void test_event(const struct action *x)
{
	event_test(x->rf, x->body);
	done(x->a);
}

static void media_put(const struct action *x, const char *what, json_t *value)
{
	char name[40];
	snprintf(name, sizeof name, "media.%s.%s", json_string_value(json_object_get(x->row, "n")),
		what);
	keep_put(x->rf->m->keep, name, value);
}

static void media_insert(const struct action *x)
{
	const char *image = text_arg(x, "Image");
	json_t *inserted = json_object_get(x->body, "Inserted");
	json_t *readonly = json_object_get(x->body, "WriteProtected");
	if (strlen(image) > 1024) {
		answer_message(x->rf, x->a, 400, "PropertyValueFormatError", "...", "Image", NULL);
		return;
	}
	media_put(x, "image", json_string(image));
	media_put(x, "inserted", json_boolean(!json_is_false(inserted)));
	media_put(x, "readonly", json_boolean(!json_is_false(readonly)));
	done(x->a);
}

static void media_eject(const struct action *x)
{
	media_put(x, "image", NULL);
	media_put(x, "inserted", NULL);
	media_put(x, "readonly", NULL);
	done(x->a);
}

static const struct {
	const char *name;
	void (*run)(const struct action *x);
	const char *required; /* a parameter that must be there, a text */
	const char *params;   /* all there are, a blank around each */
} actions[] = {
	{ "ComputerSystem.Reset", reset, "ResetType", " ResetType " },
	{ "Chassis.Reset", reset, "ResetType", " ResetType " },
	{ "Manager.Reset", manager_reset, NULL, " ResetType " },
	{ "Bios.ResetBios", bios_reset, NULL, " " },
	{ "VirtualMedia.InsertMedia", media_insert, "Image",
		" Image Inserted WriteProtected TransferMethod TransferProtocolType UserName "
		"Password "
		"MediaType " },
	{ "VirtualMedia.EjectMedia", media_eject, NULL, " " },
	{ "EventService.SubmitTestEvent", test_event, NULL,
		" EventGroupId EventId EventTimestamp EventType Message MessageArgs MessageId "
		"MessageSeverity OriginOfCondition Severity " },
};

/* What the action's own entry in the resource allows; false: the answer is made. */
static bool params_ok(
	const struct action *x, json_t *entry, const char *required, const char *params)
{
	const char *key;
	json_t *value;
	if (required && !text_arg(x, required)) {
		answer_message(x->rf, x->a, 400, "ActionParameterMissing", x->name, required, NULL);
		return false;
	}
	json_object_foreach(x->body, key, value)
	{
		char padded[96], allowed[96];
		snprintf(padded, sizeof padded, " %s ", key);
		snprintf(allowed, sizeof allowed, "%s@Redfish.AllowableValues", key);
		json_t *list = json_object_get(entry, allowed), *one;
		if (!strstr(params, padded)) {
			answer_message(
				x->rf, x->a, 400, "ActionParameterUnknown", x->name, key, NULL);
			return false;
		}
		size_t i;
		bool in = !list;
		json_array_foreach(list, i, one) in |= json_equal(one, value);
		if (!in) {
			OWN(text) char *text = json_dumps(value, JSON_ENCODE_ANY);
			answer_message(x->rf, x->a, 400, "ActionParameterValueNotInList",
				text ? text : "", key, x->name);
			return false;
		}
	}
	return true;
}

static void action_run(struct redfish *rf, const struct redfish_ask *ask, const char *name,
	json_t *resource, json_t *row, struct redfish_answer *a)
{
	char key[80];
	size_t i = 0;
	snprintf(key, sizeof key, "#%s", name);
	json_t *entry = json_object_get(json_object_get(resource, "Actions"), key);
	while (i < COUNT(actions) && strcmp(actions[i].name, name) != 0)
		i++;
	if (!entry || i == COUNT(actions)) {
		answer_message(rf, a, 404, "ActionNotSupported", name, NULL, NULL);
		return;
	}
	json_t *body = body_of(rf, ask, a);
	if (!body)
		return;
	const struct action x = { rf, name, ask->path, row, body, a };
	if (params_ok(&x, entry, actions[i].required, actions[i].params))
		actions[i].run(&x);
	json_decref(body);
}

/* A job for what was written to a settings resource: its path is the trait's. */
static bool job_make(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	const char *at = json_string_value(tree_trait(rf->t, "settings-job"));
	OWN(text) char *path = at ? tree_text(rf->t, at) : NULL;
	if (!path || strcmp(path, ask->path) != 0)
		return false;
	json_t *body = body_of(rf, ask, a);
	if (!body)
		return true;
	if (!json_is_string(json_object_get(body, "TargetSettingsURI"))) {
		answer_message(rf, a, 400, "PropertyMissing", "TargetSettingsURI", NULL, NULL);
	} else if (!machine_awaits(rf->m)) {
		answer_message(rf, a, 400, "GeneralError", "nothing is pending", NULL, NULL);
	} else {
		machine_job(rf->m);
		task_make(rf, "settings", -1, 0, true, a);
	}
	json_decref(body);
	return true;
}

void answer_post(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	if (strcmp(ask->path, SESSIONS) == 0 || strcmp(ask->path, SESSIONS "/Members") == 0) {
		session_make(rf, ask, a);
		return;
	}
	if (strcmp(ask->path, SUBSCRIPTIONS) == 0) {
		subscription_make(rf, ask, a);
		return;
	}
	if (job_make(rf, ask, a))
		return;
	const char *at = strstr(ask->path, "/Actions/");
	char whose[512];
	snprintf(whose, sizeof whose, "%.*s", at ? (int)(at - ask->path) : 511, ask->path);
	json_t *row, *resource = tree_at(rf->t, whose, &row);
	if (!resource) {
		answer_message(rf, a, 404, "ResourceMissingAtURI", ask->path, NULL, NULL);
	} else if (!at) {
		a->allow = "GET, HEAD";
		answer_message(rf, a, 405, "OperationNotAllowed", NULL, NULL, NULL);
	} else {
		action_run(rf, ask, at + strlen("/Actions/"), resource, row, a);
	}
	json_decref(row);
	json_decref(resource);
}
