/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of the Redfish service: who wants them, and what they say (DSP0266, 12.1). */
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/own.h"
#include "sim/fault.h"
#include "sim/redfish_priv.h"

#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"

void subscriptions_show(struct redfish *rf)
{
	json_t *rows = json_deep_copy(keep_get(rf->m->keep, "subscriptions"));
	tree_rows(rf->t, "subscription", rows ? rows : json_array());
}

/* By plain HTTP, to an address in figures, and nothing in it that ends a line. */
static bool destination_ok(const char *to)
{
	char host[64];
	uint32_t addr;
	if (strncmp(to, "http://", 7) != 0 || strlen(to) > 200)
		return false;
	for (const char *at = to; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(to + 7, ":/"), to + 7);
	return ip4_parse(&addr, host);
}

void subscription_make(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	json_t *body = body_of(rf, ask, a);
	const char *to = json_string_value(json_object_get(body, "Destination"));
	const char *context = json_string_value(json_object_get(body, "Context"));
	json_t *had = keep_get(rf->m->keep, "subscriptions");
	if (!body)
		return;
	const char *protocol = json_string_value(json_object_get(body, "Protocol"));
	if (!to || !protocol) {
		answer_message(
			rf, a, 400, "PropertyMissing", to ? "Protocol" : "Destination", NULL, NULL);
	} else if (strcmp(protocol, "Redfish") != 0) {
		answer_message(rf, a, 400, "PropertyValueNotInList", protocol, "Protocol", NULL);
	} else if (!destination_ok(to)) {
		answer_message(rf, a, 400, "PropertyValueFormatError", to, "Destination", NULL);
	} else if (json_array_size(had) >= SUBSCRIPTIONS_MAX) {
		answer_message(rf, a, 409, "ResourceInUse", NULL, NULL, NULL);
	} else {
		json_t *list = had ? json_deep_copy(had) : json_array();
		long long n = keep_number(rf->m->keep, "subscriptions.made") + 1;
		char id[24];
		snprintf(id, sizeof id, "%lld", n);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "n", id, "destination", to,
						    "context", context ? context : ""));
		keep_put(rf->m->keep, "subscriptions", list);
		keep_put(rf->m->keep, "subscriptions.made", json_integer(n));
		snprintf(a->location, sizeof a->location, SUBSCRIPTIONS "/%s", id);
		answer_json(a, 201, resource_get(rf, a->location, a->etag));
	}
	json_decref(body);
}

bool subscription_end(struct redfish *rf, const char *id)
{
	json_t *list = json_deep_copy(keep_get(rf->m->keep, "subscriptions")), *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		const char *n = json_string_value(json_object_get(one, "n"));
		if (n && strcmp(n, id) == 0) {
			json_array_remove(list, i);
			keep_put(rf->m->keep, "subscriptions", list);
			return true;
		}
	}
	json_decref(list);
	return false;
}

bool event_stream(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	json_t *service = tree_at(rf->t, "/redfish/v1/EventService", NULL);
	const char *at = json_string_value(json_object_get(service, "ServerSentEventUri"));
	bool is = at && strcmp(at, ask->path) == 0;
	bool filters = json_object_get(service, "SSEFilterPropertiesSupported");
	json_decref(service);
	if (!is)
		return false;
	if (!ask->filter || (filters && strcmp(ask->filter, "EventFormatType eq Event") == 0)) {
		a->status = 200;
		a->type = "text/event-stream;charset=UTF-8";
		a->stream = true;
	} else {
		answer_message(rf, a, 501, "QueryNotSupportedOnResource", NULL, NULL, NULL);
	}
	return true;
}

/* context NULL: to those who read the stream, and have given none. */
static void send_to(
	struct redfish *rf, const char *to, json_t *context, const char *id, json_t *record)
{
	json_t *event = json_pack("{s:s, s:s, s:s, s:[O]}", "@odata.type", "#Event.v1_7_0.Event",
		"Id", id, "Name", "Event", "Events", record);
	if (context)
		json_object_set(event, "Context", context);
	OWN(text) char *text = json_dumps(event, JSON_INDENT(2));
	json_decref(event);
	if (text && rf->push)
		rf->push(rf->push_ctx, to, id, text);
}

/* record is taken over. */
static void send(struct redfish *rf, json_t *record)
{
	json_t *one;
	size_t i;
	char id[24];
	if (fault_is(rf->m->faults, "drop-events", NULL)) {
		json_decref(record);
		return;
	}
	snprintf(id, sizeof id, "%u", ++rf->events_made);
	json_object_set_new(record, "EventId", json_string(id));
	json_object_set_new(record, "MemberId", json_string("0"));
	json_object_set_new(record, "MessageSeverity", json_string("OK"));
	json_object_set_new(record, "EventTimestamp", machine_value(rf->m, "time"));
	json_array_foreach(keep_get(rf->m->keep, "subscriptions"), i, one)
		send_to(rf, json_string_value(json_object_get(one, "destination")),
			json_object_get(one, "context"), id, record);
	send_to(rf, NULL, NULL, id, record);
	json_decref(record);
}

static void on_turned(void *ctx, bool on)
{
	struct redfish *rf = ctx;
	OWN(text) char *system = tree_text(rf->t, "/redfish/v1/Systems/{system}");
	send(rf, json_pack("{s:s, s:s, s:s, s:s, s:[s], s:{s:s}}", "EventType", "StatusChange",
			 "Severity", "OK", "MessageId",
			 on ? "ResourceEvent.1.3.ResourcePoweredOn"
			    : "ResourceEvent.1.3.ResourcePoweredOff",
			 "Message", on ? "The machine is on." : "The machine is off.",
			 "MessageArgs", system, "OriginOfCondition", "@odata.id", system));
}

void event_test(struct redfish *rf, json_t *body)
{
	const char *message = json_string_value(json_object_get(body, "Message"));
	const char *id = json_string_value(json_object_get(body, "MessageId"));
	send(rf, json_pack("{s:s, s:s, s:s, s:s, s:[]}", "EventType", "Alert", "Severity", "OK",
			 "MessageId", id ? id : "ResourceEvent.1.3.TestMessage", "Message",
			 message ? message : "This is a test.", "MessageArgs"));
}

void redfish_push(struct redfish *rf,
	void (*push)(void *ctx, const char *to, const char *id, const char *body), void *ctx)
{
	rf->push = push;
	rf->push_ctx = ctx;
	rf->m->turned = on_turned;
	rf->m->ctx = rf;
}
