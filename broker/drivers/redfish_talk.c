/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See redfish_talk.h. */
#include "drivers/redfish_talk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "drivers/redfish_lib.h"
#include "drivers/redfish_pin.h"
#include "drivers/wait.h"

enum {
	ANSWER_MS = 20000, /* some BMCs read their cards anew for an answer */
	BODY_MAX = 4 << 20,
	AGAIN_MS = 300, /* after a connection that broke */
	BROKEN_TRIES = 3,
	BUSY_MS = 1000,
	BUSY_MAX_MS = 10000,
	BUSY_TRIES = 5,
	TOKEN_LEN = 511,
};

struct talk {
	CURL *curl;
	struct pin pin;
	char base[300];
	const char *doing;
	char *user, *secret;
	bool basic;
	char token[TOKEN_LEN + 1];
	struct rf_path sessions, session; /* where to log in and, logged in, what to delete */
};

static void texts_drop(struct curl_slist **list)
{
	https.curl_slist_free_all(*list);
}

static void json_drop(json_t **j)
{
	json_decref(*j);
}

/* A text that may be a secret. */
static void quiet_drop(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

void said_drop(struct said *s)
{
	json_decref(s->body);
	s->body = NULL;
}

void talk_doing(struct talk *t, const char *doing)
{
	t->doing = doing;
}

const char *talk_pin(const struct talk *t)
{
	return t->pin.seen;
}

void talk_way(struct talk_way *ret, const struct talk *t)
{
	bool in_session = !t->basic && t->token[0];
	*ret = (struct talk_way){ .base = t->base,
		.token = in_session ? t->token : NULL,
		.user = in_session ? NULL : t->user,
		.secret = in_session ? NULL : t->secret,
		.pin = t->pin.seen };
}

void talk_basic(struct talk *t)
{
	t->basic = true;
}

/* ------------------------------------------------------------------ one question, one answer */

struct incoming {
	struct said *said;
	char *token; /* TOKEN_LEN, or NULL where none is awaited */
	char *body;
	size_t len;
	bool whole; /* no more than BODY_MAX */
};

static size_t body_in(char *data, size_t one, size_t n, void *arg)
{
	struct incoming *in = arg;
	(void)one;
	if (in->len + n > BODY_MAX) {
		in->whole = false;
		return 0;
	}
	char *more = realloc(in->body, in->len + n + 1);
	if (!more)
		return 0;
	in->body = more;
	memcpy(in->body + in->len, data, n);
	in->len += n;
	return n;
}

/* The value of a header line where it is that header's: *value is not NUL-ended. */
static bool header_is(const char *line, size_t len, const char *name, const char **value, size_t *n)
{
	size_t name_len = strlen(name);
	if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
		return false;
	const char *from = line + name_len + 1, *end = line + len;
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	*value = from;
	*n = (size_t)(end - from);
	return true;
}

/* Printable, and not longer than the room for it; else it is as if it were not there. */
static void header_keep(char *to, size_t size, const char *value, size_t n)
{
	to[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (value[i] <= ' ' || value[i] > '~')
			return;
	if (n >= size)
		return;
	memcpy(to, value, n);
	to[n] = '\0';
}

static size_t header_in(char *line, size_t one, size_t n, void *arg)
{
	struct incoming *in = arg;
	const char *value;
	size_t len = one * n, value_len;
	if (header_is(line, len, "ETag", &value, &value_len)) {
		header_keep(in->said->etag, sizeof in->said->etag, value, value_len);
	} else if (in->token && header_is(line, len, "X-Auth-Token", &value, &value_len)) {
		header_keep(in->token, TOKEN_LEN + 1, value, value_len);
	} else if (header_is(line, len, "Location", &value, &value_len)) {
		char location[RF_PATH_LEN + 300];
		header_keep(location, sizeof location, value, value_len);
		rf_path_of(&in->said->location, location);
	} else if (header_is(line, len, "Allow", &value, &value_len)) {
		in->said->allow_known = true;
		in->said->allow_patch = value_len && memmem(value, value_len, "PATCH", 5) != NULL;
	}
	return len;
}

static int transport_failed(const struct talk *t, CURLcode c, struct err *e)
{
	long os = 0;
	https.curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &os);
	if (t->pin.refused)
		return err_say(e, EKEYREJECTED,
			"pinned is %s, and it shows another certificate; if you know why, type: "
			"baton machine set NAME --bmc-pin %s",
			t->pin.want, t->pin.seen);
	switch (c) {
	case CURLE_OPERATION_TIMEDOUT:
		return err_say(e, ETIMEDOUT,
			"no answer while it was asked to %s; is it powered and reachable?",
			t->doing);
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_say(e, EHOSTUNREACH,
			"its host name cannot be resolved; see the machine's bmc.host");
	case CURLE_COULDNT_CONNECT:
		return err_say(e, os > 0 ? (int)os : ECONNREFUSED,
			"nothing answers there by HTTPS (%s); is it powered, reachable, and "
			"Redfish switched on?",
			os > 0 ? strerror((int)os) : "no connection");
	case CURLE_SSL_CONNECT_ERROR:
		return err_say(e, EPROTO,
			"no TLS connection while it was asked to %s: it must speak HTTPS with TLS "
			"1.2 or newer",
			t->doing);
	case CURLE_WRITE_ERROR:
	case CURLE_OUT_OF_MEMORY:
		return err_say(e, EMSGSIZE, "it said more than %d MiB when asked to %s",
			BODY_MAX >> 20, t->doing);
	default:
		return err_say(e, ECONNRESET, "the connection broke while it was asked to %s (%s)",
			t->doing, https.curl_easy_strerror(c));
	}
}

static int headers_make(
	struct curl_slist **ret, const struct talk *t, const struct question *q, bool known)
{
	char line[TOKEN_LEN + 32];
	static const char *const always[] = { "Accept: application/json", "OData-Version: 4.0",
		"Expect:" };
	struct curl_slist *list = NULL, *more;
	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
		more = https.curl_slist_append(list, always[i]);
		if (!more)
			goto none;
		list = more;
	}
	if (q->body && !(more = https.curl_slist_append(list, "Content-Type: application/json")))
		goto none;
	if (q->etag && q->etag[0]) {
		snprintf(line, sizeof line, "If-Match: %s", q->etag);
		if (!https.curl_slist_append(list, line))
			goto none;
	}
	if (known && !t->basic && t->token[0]) {
		snprintf(line, sizeof line, "X-Auth-Token: %s", t->token);
		more = https.curl_slist_append(list, line);
		explicit_bzero(line, sizeof line);
		if (!more)
			goto none;
	}
	*ret = list;
	return 0;
none:
	https.curl_slist_free_all(list);
	return -ENOMEM;
}

/* known: with the session or the account. token: room for a new session's, or NULL. */
static int ask_once(struct talk *t, const struct question *q, bool known, char *token,
	struct said *ret, struct err *e)
{
	char url[sizeof t->base + RF_PATH_LEN + 1];
	OWN(texts) struct curl_slist *headers = NULL;
	OWN(quiet) char *body = q->body ? json_dumps(q->body, JSON_COMPACT) : NULL;
	*ret = (struct said){ .quiet = q->quiet };
	if ((q->body && !body) || headers_make(&headers, t, q, known) < 0)
		return err_set(e, ENOMEM, "a question to a BMC");
	struct incoming in = { .said = ret, .token = token, .whole = true };
	snprintf(url, sizeof url, "%s%s", t->base, q->path);
	CURL *c = t->curl;
	https.curl_easy_setopt(c, CURLOPT_URL, url);
	https.curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	https.curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	https.curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	if (!body)
		https.curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	https.curl_easy_setopt(c, CURLOPT_USERNAME, known && t->basic ? t->user : NULL);
	https.curl_easy_setopt(c, CURLOPT_PASSWORD, known && t->basic ? t->secret : NULL);
	https.curl_easy_setopt(c, CURLOPT_WRITEDATA, &in);
	https.curl_easy_setopt(c, CURLOPT_HEADERDATA, &in);
	t->pin.refused = false;
	CURLcode done = https.curl_easy_perform(c);
	https.curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
	https.curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL);
	int r = 0;
	if (done != CURLE_OK) {
		r = transport_failed(t, done, e);
	} else {
		https.curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &ret->status);
		ret->body = in.len ? json_loadb(in.body, in.len, 0, NULL) : NULL;
		if (ret->body && !json_is_object(ret->body))
			said_drop(ret);
		if (!ret->etag[0])
			rf_etag_of(ret->etag, ret->body);
	}
	if (in.body)
		explicit_bzero(in.body, in.len);
	free(in.body);
	return r;
}

/* ------------------------------------------------------------------ again, and in a session */

static bool is_busy(const struct said *s)
{
	return s->status == 503 || s->status == 429;
}

static int64_t busy_ms(const struct talk *t)
{
	curl_off_t s = 0;
	https.curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &s);
	int64_t ms = s > 0 && s <= BUSY_MAX_MS / 1000 ? s * 1000 : s > 0 ? BUSY_MAX_MS : BUSY_MS;
	return ms;
}

static int ask_again(struct talk *t, const struct question *q, bool known, char *token,
	struct said *ret, struct err *e)
{
	for (int broken = 0, busy = 0;;) {
		int r = ask_once(t, q, known, token, ret, e);
		/* A document that is none was cut short on its way, or is a page of the web server
		 * in front of a service that is starting. */
		if (r == 0 && strcmp(q->method, "GET") == 0 && ret->status == 200 && !ret->body)
			r = err_say(e, EPROTO, "its answer is no JSON when it is asked to %s",
				t->doing);
		if ((r == -ECONNRESET || r == -EPROTO) && !q->once && ++broken < BROKEN_TRIES) {
			wait_until_ms(wait_now_ms() + AGAIN_MS);
			continue;
		}
		if (r < 0 || !is_busy(ret) || ++busy > BUSY_TRIES)
			return r;
		said_drop(ret);
		wait_until_ms(wait_now_ms() + busy_ms(t));
	}
}

static int account_refused(const struct talk *t, struct err *e)
{
	return err_say(e, EACCES,
		"it refused user \"%.40s\" or the password, asked to %s; see the machine's "
		"bmc.user and "
		"the file that bmc.secret names",
		t->user, t->doing);
}

int talk_refused(const struct talk *t, const struct said *s, struct err *e)
{
	struct rf_error why;
	rf_error_read(&why, s->body);
	const char *words = s->quiet || !why.message[0] ? why.id : why.message;
	const char *colon = words[0] ? ": " : "";
	if (s->status == 401)
		return account_refused(t, e);
	if (s->status == 403)
		return err_say(e, EACCES,
			"the user may not %s; give it the operator role there (HTTP 403%s%s)",
			t->doing, colon, words);
	if (is_busy(s))
		return err_say(e, EBUSY,
			"it is busy (HTTP %ld) and could not %s in %d tries; try again", s->status,
			t->doing, BUSY_TRIES + 1);
	int code = s->status == 404 ? ENOENT : s->status == 501 || s->status == 405 ? ENOTSUP : EIO;
	return err_say(
		e, code, "it refused to %s (HTTP %ld%s%s)", t->doing, s->status, colon, words);
}

static bool no_sessions_there(const struct said *s)
{
	return s->status == 404 || s->status == 405 || s->status == 501;
}

static bool no_session_left(const struct said *s)
{
	struct rf_error why;
	rf_error_read(&why, s->body);
	return strstr(why.id, "SessionLimitExceeded") || strstr(why.id, "CreateLimitReached") ||
	       is_busy(s);
}

static int login(struct talk *t, struct err *e)
{
	OWN(json)
	json_t *body = json_pack("{s:s,s:s}", "UserName", t->user, "Password", t->secret);
	OWN(said) struct said s = { 0 };
	t->token[0] = '\0';
	t->session.text[0] = '\0';
	if (!body)
		return err_set(e, ENOMEM, "a session with a BMC");
	const struct question q = {
		.method = "POST", .path = t->sessions.text, .body = body, .quiet = true
	};
	int r = ask_again(t, &q, false, t->token, &s, e);
	if (r < 0)
		return r;
	if (said_ok(&s) && t->token[0]) {
		t->session = s.location;
		if (!t->session.text[0])
			rf_path_read(&t->session, s.body, "@odata.id");
		return 0;
	}
	if (said_ok(&s) || no_sessions_there(&s) || no_session_left(&s)) {
		t->basic = true;
		return 0;
	}
	/* Which of them is said for a wrong password depends on the maker. */
	if (s.status == 400 || s.status == 401 || s.status == 403)
		return account_refused(t, e);
	return talk_refused(t, &s, e);
}

int talk_login(struct talk *t, const char *sessions, struct err *e)
{
	if (t->basic)
		return 0;
	if (!rf_path_of(&t->sessions, sessions)) {
		t->basic = true;
		return 0;
	}
	return login(t, e);
}

int talk_ask(struct talk *t, const struct question *q, struct said *ret, struct err *e)
{
	int r = ask_again(t, q, true, NULL, ret, e);
	if (r < 0 || ret->status != 401)
		return r;
	/* The session has ended: by its time, by a restart of the BMC, by another's hand. */
	if (t->basic || !t->token[0])
		return account_refused(t, e);
	said_drop(ret);
	r = login(t, e);
	r = r < 0 ? r : ask_again(t, q, true, NULL, ret, e);
	return r == 0 && ret->status == 401 ? account_refused(t, e) : r;
}

int talk_get(struct talk *t, const char *path, struct said *ret, struct err *e)
{
	int r = talk_ask(t, &(struct question){ .method = "GET", .path = path }, ret, e);
	if (r == 0 && (!said_ok(ret) || !ret->body))
		r = talk_refused(t, ret, e);
	return r;
}

/* ------------------------------------------------------------------ begin and end */

static void talk_drop(struct talk **t)
{
	talk_close(*t);
}

int talk_open(struct talk **ret, const struct talk_to *to, struct err *e)
{
	int r = redfish_lib_load(e);
	if (r < 0)
		return r;
	OWN(talk) struct talk *t = calloc(1, sizeof *t);
	bool v6 = strchr(to->host, ':');
	if (!t || https.curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return err_set(e, ENOMEM, "libcurl");
	t->curl = https.curl_easy_init();
	t->user = strdup(to->user ? to->user : "");
	t->secret = strdup(to->secret ? to->secret : "");
	if (!t->curl || !t->user || !t->secret)
		return err_set(e, ENOMEM, "a BMC");
	t->doing = "say what it is";
	snprintf(t->base, sizeof t->base, "https://%s%s%s:%u", v6 ? "[" : "", to->host,
		v6 ? "]" : "", to->port ? to->port : 443u);
	if (to->pin && *to->pin && !pin_parse(t->pin.want, to->pin))
		return err_say(e, EINVAL, "pin \"%.80s\": want sha256: and 64 hex digits", to->pin);
	CURLcode c = pin_hold(t->curl, &t->pin);
	c = c ? c : https.curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
	c = c ? c : https.curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, body_in);
	c = c ? c : https.curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, header_in);
	if (c)
		return err_say(e, EIO, "libcurl: %s", https.curl_easy_strerror(c));
	*ret = TAKE(t);
	return 0;
}

void talk_close(struct talk *t)
{
	if (!t)
		return;
	if (t->curl && t->session.text[0] && t->token[0]) {
		/* Sessions are few; one that cannot be ended ends by its time. */
		OWN(said) struct said s = { 0 };
		https.curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)PIN_CONNECT_MS);
		const struct question q = { .method = "DELETE", .path = t->session.text };
		ask_once(t, &q, true, NULL, &s, NULL);
	}
	if (t->curl)
		https.curl_easy_cleanup(t->curl);
	quiet_drop(&t->user);
	quiet_drop(&t->secret);
	explicit_bzero(t, sizeof *t);
	free(t);
}
