/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of the Redfish service: messages of its registry, and JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/redfish_priv.h"

/* %1 to %3 give place to the arguments. */
static void words_of(char *to, size_t size, const char *from, const char *const *arg, unsigned args)
{
	size_t at = 0;
	to[0] = '\0';
	for (; *from && at + 1 < size; from++) {
		unsigned n = from[0] == '%' ? (unsigned)(from[1] - '0') : 0;
		if (n >= 1 && n <= args) {
			at += (size_t)snprintf(to + at, size - at, "%s", arg[n - 1]);
			from++;
		} else {
			to[at++] = *from;
			to[at] = '\0';
		}
	}
}

json_t *message_of(struct redfish *rf, const char *message, const char *const *arg, unsigned args)
{
	json_t *entry = json_object_get(rf->registry, message);
	const char *text = json_string_value(json_object_get(entry, "Message"));
	const char *severity = json_string_value(json_object_get(entry, "Severity"));
	const char *how = json_string_value(json_object_get(entry, "Resolution"));
	char id[80], words[400];
	json_t *list = json_array();
	snprintf(id, sizeof id, "Base.1.13.%s", message);
	words_of(words, sizeof words, text ? text : message, arg, args);
	/* What went wrong inside is no argument of the standard's message. */
	if (args && !json_integer_value(json_object_get(entry, "NumberOfArgs"))) {
		snprintf(words, sizeof words, "%s", arg[0]);
		args = 0;
	}
	for (unsigned i = 0; i < args; i++) {
		json_t *one = json_string(arg[i]);
		json_array_append_new(list, one ? one : json_string("?"));
	}
	json_t *said = json_string(words);
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s}", "@odata.type",
		"#Message.v1_1_2.Message", "MessageId", id, "Message",
		said ? said : json_string("the words are no UTF-8"), "MessageArgs", list,
		"Severity", severity ? severity : "Warning", "MessageSeverity",
		severity ? severity : "Warning", "Resolution", how ? how : "None.");
}

void answer_json(struct redfish_answer *a, unsigned status, json_t *body)
{
	a->status = status;
	free(a->body);
	a->body = json_dumps(body, JSON_INDENT(2));
	a->type = "application/json; charset=utf-8";
	json_decref(body);
}

void answer_error(struct redfish *rf, struct redfish_answer *a, unsigned status, json_t *messages)
{
	(void)rf;
	json_t *one = json_array_get(messages, 0);
	json_t *error = json_pack("{s:O, s:O, s:o}", "code", json_object_get(one, "MessageId"),
		"message", json_object_get(one, "Message"), "@Message.ExtendedInfo", messages);
	answer_json(a, status, json_pack("{s:o}", "error", error));
}

void answer_message(struct redfish *rf, struct redfish_answer *a, unsigned status,
	const char *message, const char *arg1, const char *arg2, const char *arg3)
{
	const char *const arg[] = { arg1, arg2, arg3 };
	unsigned args = arg3 ? 3 : arg2 ? 2 : arg1 ? 1 : 0;
	json_t *list = json_array();
	json_array_append_new(list, message_of(rf, message, arg, args));
	answer_error(rf, a, status, list);
}

json_t *body_of(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	json_t *body = ask->len ? json_loadb(ask->body, ask->len, JSON_REJECT_DUPLICATES, NULL)
				: json_object();
	if (json_is_object(body))
		return body;
	json_decref(body);
	answer_message(rf, a, 400, "MalformedJSON", NULL, NULL, NULL);
	return NULL;
}

void redfish_answer_fini(struct redfish_answer *a)
{
	free(a->body);
	a->body = NULL;
}
