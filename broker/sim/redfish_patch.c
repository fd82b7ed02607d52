/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a resource of the Redfish service is changed: by who has seen it, whole or not at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "sim/fault.h"
#include "sim/redfish_priv.h"

static const char *tag_value(const char *tag)
{
	return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* False: the answer is made. The ETag that was given out wrong is the one that is refused. */
static bool match_ok(struct redfish *rf, const struct redfish_ask *ask, const char *etag,
	struct redfish_answer *a)
{
	if (!ask->if_match) {
		if (!trait(rf, "if-match"))
			return true;
		answer_message(rf, a, 428, "PreconditionRequired", NULL, NULL, NULL);
		return false;
	}
	bool wrong = fault_is(rf->m->faults, "wrong-etag", NULL);
	if (strcmp(ask->if_match, "*") == 0 ||
		(!wrong && strcmp(tag_value(ask->if_match), tag_value(etag)) == 0))
		return true;
	answer_message(rf, a, 412, "PreconditionFailed", NULL, NULL, NULL);
	return false;
}

struct refused {
	struct redfish *rf;
	json_t *messages;
};

static void on_wrong(void *ctx, const struct tree_wrong *w)
{
	struct refused *r = ctx;
	const char *const arg[] = { w->arg[0], w->arg[1] };
	json_array_append_new(
		r->messages, message_of(r->rf, w->message, arg, w->arg[1][0] ? 2 : 1));
}

/* Where the next start comes from is one wish, however many members it has. */
static int boot_apply(struct redfish *rf, json_t *changes, struct err *e)
{
	const char *target = json_string_value(json_object_get(changes, "boot.target"));
	const char *enabled = json_string_value(json_object_get(changes, "boot.enabled"));
	const char *mode = json_string_value(json_object_get(changes, "boot.mode"));
	if (!target && !enabled && !mode)
		return 0;
	if (target && !enabled && trait(rf, "once-only"))
		enabled = strcmp(target, "None") == 0 ? "Disabled" : "Once";
	return machine_boot_set(rf->m, target, enabled, mode, 0, e);
}

/* Values of a form that none can have. */
static void forms_check(struct refused *refused, json_t *changes)
{
	const char *name;
	json_t *value;
	json_object_foreach(changes, name, value)
	{
		if (machine_fits(refused->rf->m, name, value))
			continue;
		OWN(text) char *text = json_dumps(value, JSON_ENCODE_ANY);
		const char *const arg[] = { text ? text : "", name };
		json_array_append_new(refused->messages,
			message_of(refused->rf, "PropertyValueFormatError", arg, 2));
	}
}

static int apply(struct redfish *rf, json_t *changes, struct err *e)
{
	const char *name;
	json_t *value;
	int r = boot_apply(rf, changes, e);
	json_object_foreach(changes, name, value) if (r == 0 && strncmp(name, "boot.", 5) != 0) r =
		machine_set(rf->m, name, value, e);
	return r;
}

static bool is_settings(json_t *changes)
{
	const char *name;
	json_t *value;
	json_object_foreach(changes, name,
		value) if (strlen(name) > 5 &&
			   strcmp(name + strlen(name) - 5, ".next") == 0) return true;
	return false;
}

/* False: the answer is made. Settings are for the next reset, and those that have a job already
 * stay as they are until it has run. */
static bool settings_ok(struct redfish *rf, json_t *changes, json_t *body, struct redfish_answer *a)
{
	json_t *when = json_object_get(body, "@Redfish.SettingsApplyTime");
	const char *time = json_string_value(json_object_get(when, "ApplyTime"));
	if (!is_settings(changes))
		return true;
	if (when && (!time || strcmp(time, "OnReset") != 0)) {
		answer_message(
			rf, a, 400, "PropertyValueNotInList", time ? time : "", "ApplyTime", NULL);
		return false;
	}
	if (!rf->m->by_job || !machine_has_job(rf->m))
		return true;
	answer_message(rf, a, 409, "ResourceInUse", NULL, NULL, NULL);
	return false;
}

/* What a change is answered with, once it is made. */
static void patch_done(struct redfish *rf, const struct redfish_ask *ask, json_t *body,
	bool settings, struct redfish_answer *a)
{
	json_t *when = json_object_get(body, "@Redfish.SettingsApplyTime");
	if (settings && trait(rf, "settings-job") && when) {
		machine_job(rf->m);
		task_make(rf, "settings", -1, 0, true, a);
		return;
	}
	OWN(text)
	char *reset = tree_text(rf->t, "/redfish/v1/Systems/{system}/Actions/ComputerSystem.Reset");
	const char *const arg[] = { reset ? reset : "", "ForceRestart" };
	json_t *list = json_array();
	json_array_append_new(list,
		message_of(rf, settings ? "ResetRequired" : "Success", arg, settings ? 2 : 0));
	if (trait(rf, "message")) {
		answer_json(a, 200, json_pack("{s:o}", "@Message.ExtendedInfo", list));
		return;
	}
	json_t *r = resource_get(rf, ask->path, a->etag);
	if (settings)
		json_object_set(r, "@Message.ExtendedInfo", list);
	json_decref(list);
	answer_json(a, 200, r);
}

void answer_patch(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	char etag[48];
	struct err e = { 0 };
	json_t *r = resource_get(rf, ask->path, etag);
	json_t *template = tree_at(rf->t, ask->path, NULL);
	const char *allow = template ? allow_of(template, ask->path) : "";
	json_t *body = NULL, *changes = NULL;
	struct refused refused = { rf, json_array() };
	json_decref(r);
	if (!template) {
		answer_message(rf, a, 404, "ResourceMissingAtURI", ask->path, NULL, NULL);
	} else if (!strstr(allow, "PATCH")) {
		a->allow = allow;
		answer_message(rf, a, 405, "OperationNotAllowed", NULL, NULL, NULL);
	} else if (match_ok(rf, ask, etag, a) && (body = body_of(rf, ask, a))) {
		changes = tree_changes(template, body, on_wrong, &refused, redfish_live, rf);
		forms_check(&refused, changes);
		if (json_array_size(refused.messages) > 0)
			answer_error(rf, a, 400, json_incref(refused.messages));
		else if (!settings_ok(rf, changes, body, a))
			; /* the answer is made */
		else if (apply(rf, changes, &e) < 0)
			answer_message(rf, a, 500, "GeneralError", e.text, NULL, NULL);
		else if (json_object_size(changes) == 0)
			answer_message(rf, a, 400, "EmptyJSON", NULL, NULL, NULL);
		else
			patch_done(rf, ask, body, is_settings(changes), a);
	}
	json_decref(template);
	json_decref(changes);
	json_decref(body);
	json_decref(refused.messages);
}
