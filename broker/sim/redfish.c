/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Redfish service: who asks, and what is read and changed. See redfish.h. */
#include "sim/redfish.h"

#include <errno.h>
#include <nettle/base64.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "sim/fault.h"
#include "sim/redfish_priv.h"

int redfish_new(struct redfish **ret, struct machine *m, struct tree *t, const char *user,
	const char *secret, void (*random)(void *to, size_t len), struct err *e)
{
	struct redfish *rf = calloc(1, sizeof *rf);
	if (!rf)
		return err_set(e, ENOMEM, "Redfish service");
	rf->m = m;
	rf->t = t;
	rf->random = random;
	snprintf(rf->user, sizeof rf->user, "%s", user);
	snprintf(rf->secret, sizeof rf->secret, "%s", secret);
	json_t *base = tree_at(t, "/redfish/v1/Registries/Base/Base.1.13.0", NULL);
	rf->registry = json_incref(json_object_get(base, "Messages"));
	json_decref(base);
	tree_count(t, "nic", m->nics);
	tree_count(t, "nicport", m->nics);
	tree_count(t, "hba", m->hbas);
	tree_count(t, "hbaport", m->hbas);
	redfish_started(rf);
	*ret = rf;
	return 0;
}

void redfish_free(struct redfish *rf)
{
	if (!rf)
		return;
	json_decref(rf->registry);
	memset(rf->secret, 0, sizeof rf->secret);
	free(rf);
}

bool trait(const struct redfish *rf, const char *name)
{
	return tree_trait(rf->t, name) != NULL;
}

json_t *redfish_live(void *ctx, const char *name)
{
	struct redfish *rf = ctx;
	if (strcmp(name, "account.user") == 0)
		return json_string(rf->user);
	if (strcmp(name, "session.timeout") == 0)
		return json_integer(SESSION_S);
	if (strncmp(name, "task.", 5) == 0)
		return task_live(rf, name);
	return machine_value(rf->m, name);
}

/* Not all compared, that is: of different length they are not the same anyway. */
static bool same(const char *a, const char *b)
{
	size_t n = strlen(a);
	return n == strlen(b) && memeql_sec(a, b, n);
}

bool login_ok(const struct redfish *rf, const char *user, const char *secret)
{
	return same(rf->user, user) & same(rf->secret, secret);
}

static bool basic_ok(const struct redfish *rf, const char *header)
{
	uint8_t text[256];
	struct base64_decode_ctx c;
	size_t len = sizeof text - 1, n = strlen(header);
	if (strncasecmp(header, "Basic ", 6) != 0 || BASE64_DECODE_LENGTH(n - 6) > len)
		return false;
	base64_decode_init(&c);
	if (!base64_decode_update(&c, &len, text, n - 6, header + 6) || !base64_decode_final(&c))
		return false;
	text[len] = '\0';
	char *colon = strchr((char *)text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	return login_ok(rf, (char *)text, colon + 1);
}

static bool token_ok(struct redfish *rf, const char *token)
{
	for (size_t i = 0; i < COUNT(rf->session); i++) {
		struct session *s = &rf->session[i];
		if (!s->id || !same(s->token, token))
			continue;
		if (rf->m->now - s->used > SESSION_S * 1000ULL)
			s->id = 0;
		s->used = rf->m->now;
		return s->id != 0;
	}
	return false;
}

/* What may be seen by everybody (DSP0266, 13.3.1). */
static bool is_open(const char *method, const char *path)
{
	static const char *const open[] = { "/redfish", "/redfish/v1", "/redfish/v1/odata",
		"/redfish/v1/$metadata" };
	if (strcmp(method, "POST") == 0)
		return strcmp(path, "/redfish/v1/SessionService/Sessions") == 0 ||
		       strcmp(path, "/redfish/v1/SessionService/Sessions/Members") == 0;
	for (size_t i = 0; i < COUNT(open); i++)
		if (strcmp(open[i], path) == 0)
			return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	return false;
}

static void etag_of(const struct redfish *rf, json_t *resource, char etag[48])
{
	struct sha256_ctx c;
	uint8_t d[SHA256_DIGEST_SIZE];
	json_t *copy = json_copy(resource);
	json_object_del(copy, "DateTime"); /* else each second would be a change */
	OWN(text) char *text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(copy);
	sha256_init(&c);
	sha256_update(&c, text ? strlen(text) : 0, (const uint8_t *)(text ? text : ""));
	sha256_digest(&c, sizeof d, d);
	snprintf(etag, 48, "%s\"%02x%02x%02x%02x%s\"", trait(rf, "weak-etag") ? "W/" : "", d[0],
		d[1], d[2], d[3], fault_is(rf->m->faults, "wrong-etag", NULL) ? "-old" : "");
}

json_t *resource_get(struct redfish *rf, const char *path, char etag[48])
{
	etag[0] = '\0';
	sessions_show(rf);
	tasks_show(rf);
	subscriptions_show(rf);
	json_t *r = tree_at(rf->t, path, NULL);
	if (!r)
		return NULL;
	tree_fill(r, redfish_live, rf);
	if (!json_object_get(r, "@odata.type"))
		return r;
	etag_of(rf, r, etag);
	json_object_set_new(r, "@odata.etag", json_string(etag));
	return r;
}

/* Only the members that $select names, and what says which resource it is. */
static void select_members(json_t *r, const char *select)
{
	OWN(text) char *names = strdup(select);
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(r, next, key, value)
	{
		bool wanted = strncmp(key, "@odata.", 7) == 0;
		const char *at = names;
		while (at && !wanted && *at) {
			size_t n = strcspn(at, ",/"), rest = strcspn(at, ",");
			wanted = strlen(key) == n && strncmp(key, at, n) == 0;
			at += rest + (at[rest] == ',');
		}
		if (!wanted)
			json_object_del(r, key);
	}
}

static void metadata(struct redfish *rf, struct redfish_answer *a)
{
	json_t *all = tree_schemas(rf->t), *value;
	const char *name;
	size_t size = 512 + json_object_size(all) * 320, at = 0;
	char *to = calloc(1, size);
	if (!to) {
		a->status = 500;
		json_decref(all);
		return;
	}
	at += (size_t)snprintf(to, size,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx "
		"xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" Version=\"4.0\">\n");
	json_object_foreach(all, name, value)
	{
		int base = (int)strcspn(name, ".");
		at += (size_t)snprintf(to + at, size - at,
			"  <edmx:Reference "
			"Uri=\"http://redfish.dmtf.org/schemas/v1/%.*s_v1.xml\">\n"
			"    <edmx:Include Namespace=\"%.*s\"/>\n%s%s%s  </edmx:Reference>\n",
			base, name, base, name, name[base] ? "    <edmx:Include Namespace=\"" : "",
			name[base] ? name : "", name[base] ? "\"/>\n" : "");
	}
	snprintf(to + at, size - at,
		"  <edmx:DataServices>\n    <Schema "
		"xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"Service\">\n"
		"      <EntityContainer Name=\"Service\" "
		"Extends=\"ServiceRoot.v1_11_0.ServiceContainer\"/>\n"
		"    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n");
	json_decref(all);
	a->status = 200;
	a->body = to;
	a->type = "application/xml; charset=utf-8";
}

static void service_document(struct redfish *rf, struct redfish_answer *a)
{
	char etag[48];
	json_t *root = resource_get(rf, "/redfish/v1", etag), *list = json_array(), *value;
	const char *name;
	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", "Service", "kind",
					    "Singleton", "url", "/redfish/v1/"));
	json_object_foreach(root, name, value)
	{
		json_t *at = json_object_get(value, "@odata.id");
		if (at)
			json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "name", name,
							    "kind", "Singleton", "url", at));
	}
	json_decref(root);
	answer_json(a, 200,
		json_pack("{s:s, s:o}", "@odata.context", "/redfish/v1/$metadata", "value", list));
}

const char *allow_of(json_t *template, const char *path)
{
	static const char *const makers[] = { "/redfish/v1/SessionService/Sessions",
		"/redfish/v1/EventService/Subscriptions" };
	OWN(text) char *text = json_dumps(template, JSON_COMPACT);
	for (size_t i = 0; i < COUNT(makers); i++)
		if (strncmp(path, makers[i], strlen(makers[i])) == 0)
			return path[strlen(makers[i])] ? "GET, HEAD, DELETE" : "GET, HEAD, POST";
	return text && (strstr(text, "\"<rw ") || strstr(text, "\"<wo ")) ? "GET, HEAD, PATCH"
									  : "GET, HEAD";
}

static void answer_get(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	if (strcmp(ask->path, "/redfish/v1/$metadata") == 0) {
		metadata(rf, a);
		return;
	}
	if (strcmp(ask->path, "/redfish/v1/odata") == 0) {
		service_document(rf, a);
		return;
	}
	if (task_monitor(rf, ask->path, a) || event_stream(rf, ask, a))
		return;
	if (ask->unknown_query || ask->filter) {
		answer_message(rf, a, 501, "QueryNotSupportedOnResource", NULL, NULL, NULL);
		return;
	}
	json_t *r = resource_get(rf, ask->path, a->etag);
	if (!r) {
		answer_message(rf, a, 404, "ResourceMissingAtURI", ask->path, NULL, NULL);
		return;
	}
	json_t *template = tree_at(rf->t, ask->path, NULL);
	a->allow = allow_of(template, ask->path);
	json_decref(template);
	if (ask->if_none_match && a->etag[0] && strcmp(ask->if_none_match, a->etag) == 0) {
		json_decref(r);
		a->status = 304;
		return;
	}
	if (ask->select)
		select_members(r, ask->select);
	answer_json(a, 200, r);
}

static const struct {
	const char *method;
	void (*answer)(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a);
} methods[] = {
	{ "GET", answer_get },
	{ "HEAD", answer_get },
	{ "PATCH", answer_patch },
	{ "POST", answer_post },
	{ "DELETE", answer_delete },
};

static bool may_enter(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *a)
{
	long busy_s = fault_number(rf->m->faults, "busy", 1);
	if (busy_s >= 0) {
		char s[24];
		snprintf(s, sizeof s, "%ld", busy_s);
		a->retry_s = (unsigned)busy_s;
		answer_message(rf, a, 503, "ServiceTemporarilyUnavailable", s, NULL, NULL);
		return false;
	}
	if (is_open(ask->method, ask->path))
		return true;
	if (ask->token ? token_ok(rf, ask->token) : ask->basic && basic_ok(rf, ask->basic))
		return true;
	if (ask->token)
		answer_message(rf, a, 401, "NoValidSession", NULL, NULL, NULL);
	else
		answer_message(rf, a, 401, "ResourceAtUriUnauthorized", ask->path,
			ask->basic ? "the user or the password is wrong" : "nobody has logged in",
			NULL);
	return false;
}

void redfish_answer(struct redfish *rf, const struct redfish_ask *ask, struct redfish_answer *ret)
{
	char path[512];
	size_t n = strlen(ask->path);
	struct redfish_ask plain = *ask;
	*ret = (struct redfish_answer){ 0 };
	/* With and without a slash at the end it is the same (DSP0266, 6.5.2). */
	snprintf(path, sizeof path, "%.*s", (int)(n > 1 && ask->path[n - 1] == '/' ? n - 1 : n),
		ask->path);
	plain.path = path;
	redfish_turn(rf);
	if (!may_enter(rf, &plain, ret))
		return;
	for (size_t i = 0; i < COUNT(methods); i++) {
		if (strcmp(methods[i].method, ask->method) == 0) {
			methods[i].answer(rf, &plain, ret);
			return;
		}
	}
	ret->allow = "GET, HEAD, PATCH, POST, DELETE";
	answer_message(rf, ret, 405, "OperationNotAllowed", NULL, NULL, NULL);
}
