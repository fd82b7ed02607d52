/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The routes of baton-files: who asks is proved by a token, what it gets is decided by core. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/list.h"
#include "base/own.h"
#include "core/boot.h"
#include "core/handover.h"
#include "core/script.h"
#include "core/token.h"
#include "files/files.h"
#include "files/url.h"
#include "host/fd.h"
#include "host/tell.h"
#include "wire/http_part.h"

/* A request on its way through the routes. */
struct asking {
	struct files *files;
	const struct listener *listener;
	struct http_request *request;
	struct http_peer peer;
	struct url url;
	/* Once the token is proved: */
	struct token token;
	const struct table_machine *machine;
	struct boot_plan plan;
};

static uint64_t unix_s(void)
{
	return (uint64_t)time(NULL);
}

static bool seen_lately(struct files *f, uint32_t addr, const char *why)
{
	uint64_t now = unix_s();
	for (unsigned i = 0; i < REFUSALS; i++) {
		struct refusal *x = &f->refusal[i];
		if (x->why == why && x->addr == addr && now - x->at_s < REFUSAL_QUIET_S)
			return true;
	}
	f->refusal[f->refusals++ % REFUSALS] = (struct refusal){ addr, why, now };
	return !pace_allows(&f->refused, REFUSALS_AT_ONCE, REFUSALS_PER_S, now);
}

/* `file` is a name that a stranger has asked for, or NULL; never a path, which may hold a token. */
static void refuse_file(struct files *f, struct http_request *r, unsigned status, const char *why,
	const char *sentence, const char *file)
{
	struct http_peer peer;
	char addr[IP4_TEXT], text[512];
	http_peer(&peer, r);
	if (!seen_lately(f, peer.addr, why)) {
		struct tell t;
		tell_begin(&t, EV_http_refused);
		tell_add(&t, "addr", "%s", ip4_text(addr, peer.addr));
		tell_add(&t, "why", "%s", why);
		if (file)
			tell_add(&t, "file", "%s", file);
		tell_send(&t, f->events);
	}
	snprintf(text, sizeof text, "%s: %s", why, sentence);
	http_reply_text(r, status, text);
}

void refuse(struct files *f, struct http_request *r, unsigned status, const char *why,
	const char *sentence)
{
	refuse_file(f, r, status, why, sentence, NULL);
}

static bool may_tell(const struct asking *a)
{
	return pace_allows(
		&a->files->told[a->peer.addr % PEERS], TELLS_AT_ONCE, TELLS_PER_S, unix_s());
}

/* What is told once an answer has gone whole. */
struct after {
	int events;
	struct tell tell;
};

static void on_sent(void *ctx, bool whole)
{
	struct after *a = ctx;
	if (whole)
		tell_send(&a->tell, a->events);
	free(a);
}

/* The event to fill in, told when the answer to a has gone; NULL when it is one too many. */
static struct tell *tell_when_sent(const struct asking *a, enum event ev)
{
	struct after *after = may_tell(a) ? malloc(sizeof *after) : NULL;
	if (!after)
		return NULL;
	after->events = a->files->events;
	tell_begin(&after->tell, ev);
	http_when_sent(a->request, on_sent, after);
	return &after->tell;
}

static void tell_who(struct tell *t, const struct asking *a)
{
	char mac[MAC_TEXT];
	tell_add(t, "mac", "%s", mac_text(mac, &a->token.mac));
	tell_add(t, "machine", "%s", table_text(&a->files->table, a->machine->name));
}

/* An address of the network that the request came in through: the machine's own where that network
 * is reached by relays, else ours, by the table and the interface, since a machine may have asked
 * for another of our addresses. */
static uint32_t came_via(const struct asking *a, uint32_t ours)
{
	const struct table *t = &a->files->table;
	const struct table_network *theirs = table_network_of(t, a->peer.addr);
	uint32_t first = 0;
	if (theirs && !theirs->ours)
		return a->peer.addr;
	for (uint32_t i = 0; i < t->header->networks; i++) {
		const struct table_network *n = &t->network[i];
		if (strcmp(table_text(t, n->interface), a->listener->interface) != 0)
			continue;
		if (n->addr == ours)
			return n->addr;
		first = first ? first : n->addr;
	}
	return first ? first : ours;
}

/* The token is ours and of this generation, and the machine is to be answered; else refused. */
static bool proved(struct asking *a)
{
	struct files *f = a->files;
	const char *rest, *why;
	bool is_persona;
	if (!f->has_table) {
		refuse(f, a->request, 503, "no-table",
			"the broker has published no table yet; try again");
		return false;
	}
	if (!token_read(&a->token, &rest, &why, a->url.token, &f->table.key, unix_s())) {
		bool old = strcmp(why, "token-expired") == 0;
		refuse(f, a->request, old ? 410 : 403, old ? "token-expired" : "bad-token",
			old ? "this URL is too old; boot again to get a new one"
			    : "this URL was not made by Baton");
		return false;
	}
	const struct table_nic *nic = table_find(&f->table, &a->token.mac, &is_persona);
	a->machine = nic && nic->machine != TABLE_NOWHERE ? &f->table.machine[nic->machine] : NULL;
	if (!a->machine || a->machine->generation != a->token.generation) {
		refuse(f, a->request, 410, "stale-generation",
			"this URL belongs to an earlier binding of the machine; boot again");
		return false;
	}
	uint32_t ours = http_ours(a->request);
	struct boot_ask ask = {
		.mac = a->token.mac, .stage = STAGE_SCRIPT, .via = came_via(a, ours), .here = ours
	};
	const char *uuid = http_query(a->request, "uuid"), *asked = http_query(a->request, "m");
	if (uuid && *uuid && !uuid_parse(&ask.uuid, uuid)) {
		refuse(f, a->request, 400, "bad-uuid", "uuid= is not a UUID of 36 characters");
		return false;
	}
	struct mac m = a->token.mac;
	if (asked && *asked && !mac_parse(&m, asked)) {
		refuse(f, a->request, 400, "bad-mac", "m= is not the MAC of a NIC");
		return false;
	}
	if (!boot_decide(&a->plan, &why, &f->table, &ask)) {
		const char *text = silence_text(why);
		refuse(f, a->request, 403, why, text ? text : "this machine gets no answer");
		return false;
	}
	/* A NIC that is not recorded asks with the token of the one that is. */
	a->plan.asked = m;
	return true;
}

static void serve_script(struct asking *a)
{
	const struct table *t = &a->files->table;
	enum script which = a->url.kind == URL_ENTRY ? SCRIPT_ENTRY : script_of(t, &a->plan);
	/* A fresh token each time: a parked machine asks for longer than one is good for. */
	struct token fresh = a->token;
	fresh.window = unix_s() / TOKEN_WINDOW_S;
	char token[TOKEN_TEXT];
	token_text(token, &fresh, &t->key);
	OWN(text) char *text = NULL;
	struct err e = { 0 };
	if (script_render(&text, which, t, &a->plan, token, &e) < 0) {
		refuse(a->files, a->request, 500, "bad-script", e.text);
		return;
	}
	struct tell *said = a->url.kind == URL_NEXT ? tell_when_sent(a, EV_script_sent) : NULL;
	if (said) {
		tell_who(said, a);
		tell_add(said, "script", "%s", script_file[which]);
		tell_add(said, "deed", "%s", deed_word(a->plan.deed));
		tell_add(said, "generation", "%u", a->machine->generation);
	}
	http_reply(a->request, 200, "text/plain; charset=utf-8", text, strlen(text));
}

static void serve_job(struct asking *a)
{
	OWN(text) char *text = NULL;
	struct err e = { 0 };
	if (job_render(&text, &a->files->table, &a->plan, &e) < 0) {
		refuse(a->files, a->request, 404, "no-job", e.text);
		return;
	}
	http_reply(a->request, 200, "text/plain; charset=utf-8", text, strlen(text));
}

static void serve_handover(struct asking *a)
{
	OWN(text) char *text = NULL;
	struct err e = { 0 };
	if (handover_render(&text, &a->files->table, &a->plan, &e) < 0) {
		refuse(a->files, a->request, 404, "no-handover", e.text);
		return;
	}
	struct tell *said = tell_when_sent(a, EV_handover_sent);
	if (said) {
		tell_who(said, a);
		tell_add(said, "generation", "%u", a->machine->generation);
	}
	http_reply(a->request, 200, "text/plain; charset=utf-8", text, strlen(text));
	explicit_bzero(text, strlen(text));
}

static void serve_said(struct asking *a)
{
	const char *step = http_query(a->request, "step"), *what = http_query(a->request, "what");
	struct tell t;
	tell_begin(&t, EV_step_said);
	tell_who(&t, a);
	tell_add(&t, "generation", "%u", a->machine->generation);
	tell_add(&t, "step", "%.63s", step ? step : "");
	/* Every byte may grow to three. */
	tell_add(&t, "what", "%.200s", what ? what : "");
	if (may_tell(a))
		tell_send(&t, a->files->events);
	http_reply(a->request, 204, NULL, NULL, 0);
}

static const char *type_of(const char *file)
{
	const char *dot = strrchr(file, '.');
	/* UEFI's HTTP boot goes by the type before it goes by the name. */
	return dot && strcmp(dot, ".efi") == 0 ? "application/efi" : "application/octet-stream";
}

/* Files need no token, so who fetches the shim is known by its address alone. */
static void tell_shim(const struct asking *a)
{
	const struct table *t = &a->files->table;
	char text[MAC_TEXT];
	struct tell *said = tell_when_sent(a, EV_shim_sent);
	if (!said)
		return;
	for (uint32_t i = 0; a->files->has_table && i < t->header->nics; i++) {
		const struct table_nic *n = &t->nic[i];
		bool own = n->addr == a->peer.addr, persona = n->persona_addr == a->peer.addr;
		if ((!own && !persona) || n->machine == TABLE_NOWHERE)
			continue;
		tell_add(said, "mac", "%s", mac_text(text, own ? &n->factory : &n->persona));
		tell_add(said, "machine", "%s", table_text(t, t->machine[n->machine].name));
		break;
	}
	tell_add(said, "addr", "%s", ip4_text(text, a->peer.addr));
	tell_add(said, "file", "%s", a->url.file);
}

static void refuse_open(struct asking *a, int code)
{
	static const struct {
		int code;
		const char *text;
	} known[] = {
		{ ENOENT, "there is no file of that name here" },
		{ ENOTDIR, "there is no file of that name here" },
		{ EISDIR, "there is no file of that name here" },
		{ ELOOP, "this file is a link; put the file itself there" },
		{ EACCES, "this file is there but not readable for everybody; chmod a+r it" },
	};
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i].code == code) {
			refuse_file(
				a->files, a->request, 404, "no-file", known[i].text, a->url.file);
			return;
		}
	refuse_file(a->files, a->request, 503, "busy", "the file cannot be opened now; try again",
		a->url.file);
}

enum { ETAG_TEXT = 64 };

/* Strong: whoever puts other bytes under a name makes a new file, or changes its length or the time
 * of its last change. */
static const char *etag_text(char etag[ETAG_TEXT], const struct stat *st)
{
	snprintf(etag, ETAG_TEXT, "\"%llx-%llx-%llx\"", (unsigned long long)st->st_ino,
		(unsigned long long)st->st_size,
		(unsigned long long)st->st_mtim.tv_sec * 1000000000 +
			(unsigned long long)st->st_mtim.tv_nsec);
	return etag;
}

/* What this request wants of a file, and the fields that say what it gets. */
static unsigned part_wanted(struct asking *a, struct http_part *part, const struct stat *st)
{
	struct http_request *r = a->request;
	char etag[ETAG_TEXT], range[80];
	uint64_t len = (uint64_t)st->st_size;
	bool get = strcmp(http_method(r), "GET") == 0;
	struct http_wish wish = { .range = get ? http_field(r, "Range") : NULL,
		.if_range = http_field(r, "If-Range"),
		.if_match = http_field(r, "If-Match"),
		.if_none_match = http_field(r, "If-None-Match") };
	http_add_field(r, "ETag", etag_text(etag, st));
	http_add_field(r, "Accept-Ranges", "bytes");
	unsigned status = http_part(part, &wish, len, etag);
	if (status == 206)
		snprintf(range, sizeof range, "bytes %llu-%llu/%llu",
			(unsigned long long)part->first,
			(unsigned long long)(part->first + part->len - 1), (unsigned long long)len);
	else
		snprintf(range, sizeof range, "bytes */%llu", (unsigned long long)len);
	if (status == 206 || status == 416)
		http_add_field(r, "Content-Range", range);
	return status;
}

/* Whoever takes the end of it has it all. */
static void tell_if_shim(const struct asking *a, bool to_the_end)
{
	if (a->url.kind != URL_SHIM || strcmp(a->url.file, "initrd.img") != 0 || !to_the_end)
		return;
	files_follow(a->files);
	tell_shim(a);
}

static void serve_part(struct asking *a, int fd, const struct stat *st)
{
	struct http_part part;
	unsigned status = part_wanted(a, &part, st);
	if (status == 200 || status == 206) {
		tell_if_shim(a, part.first + part.len == (uint64_t)st->st_size);
		http_reply_file(a->request, status, type_of(a->url.file), fd, part.first, part.len);
		return;
	}
	close(fd);
	if (status == 412)
		http_reply_text(
			a->request, 412, "other-file: this is another file than the one you mean");
	else if (status == 416)
		http_reply_text(a->request, 416, "no-range: the file ends before that");
	else
		http_reply(a->request, 304, NULL, NULL, 0);
}

/* Nothing is asked that makes this answer another than anybody's. If-Range alone means nothing. */
static bool wants_the_whole(const struct http_request *r)
{
	return !http_field(r, "Range") && !http_field(r, "If-Match") &&
	       !http_field(r, "If-None-Match");
}

static void serve_whole(struct asking *a, const struct http_answer *answer)
{
	tell_if_shim(a, true);
	http_reply_answer(a->request, answer);
}

/* The answer that gives the whole of a file, kept for the next who asks; NULL: no memory. */
static const struct http_answer *keep(
	struct asking *a, int folder, const char *path, int fd, const struct stat *st)
{
	char etag[ETAG_TEXT];
	struct http_answer *answer =
		http_answer_file(type_of(a->url.file), fd, (uint64_t)st->st_size);
	if (!answer)
		return NULL;
	http_answer_add_field(answer, "ETag", etag_text(etag, st));
	http_answer_add_field(answer, "Accept-Ranges", "bytes");
	kept_put(&a->files->kept, folder, path, st, answer);
	return answer;
}

static void serve_file(struct asking *a)
{
	struct files *f = a->files;
	int folder = a->url.kind == URL_PACK ? f->packs : f->boot;
	bool whole = wants_the_whole(a->request);
	char path[KEPT_PATH];
	snprintf(path, sizeof path, "%s%s", a->url.kind == URL_SHIM ? "shim/" : "", a->url.file);
	const struct http_answer *answer = whole ? kept_find(&f->kept, folder, path) : NULL;
	if (answer) {
		serve_whole(a, answer);
		return;
	}
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	OWN(fd)
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		refuse_open(a, fd < 0 ? errno : EISDIR);
		return;
	}
	if (!whole) {
		serve_part(a, fd_take(&fd), &st);
		return;
	}
	answer = keep(a, folder, path, fd_take(&fd), &st);
	if (answer)
		serve_whole(a, answer);
	else
		refuse_open(a, ENOMEM);
}

static bool method_fits(struct asking *a)
{
	const char *method = http_method(a->request);
	bool post = a->url.kind == URL_REPORT;
	bool fits = post ? strcmp(method, "POST") == 0
			 : strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (fits)
		return true;
	http_add_field(a->request, "Allow", post ? "POST" : "GET, HEAD");
	refuse(a->files, a->request, 405, "bad-method",
		post ? "a report is sent by POST" : "this is fetched by GET");
	return false;
}

void serve(void *ctx, struct http_request *r)
{
	struct listener *l = ctx;
	struct asking a = { .files = l->files, .listener = l, .request = r };
	http_peer(&a.peer, r);
	heard_whole(r, &a.peer, l->interface);
	if (!url_parse(&a.url, http_path(r))) {
		refuse(a.files, r, 404, "no-such-path", "nothing is served under this path");
		return;
	}
	if (!method_fits(&a))
		return;
	switch (a.url.kind) {
	case URL_SHIM:
	case URL_PACK:
	case URL_LOADER:
		serve_file(&a);
		return;
	case URL_ENTRY:
	case URL_NEXT:
	case URL_JOB:
	case URL_HANDOVER:
	case URL_REPORT:
	case URL_SAID:
		break;
	}
	/* What a file holds depends on no table. */
	files_follow(l->files);
	if (!proved(&a))
		return;
	if (a.url.kind == URL_JOB)
		serve_job(&a);
	else if (a.url.kind == URL_HANDOVER)
		serve_handover(&a);
	else if (a.url.kind == URL_REPORT)
		report_pass(a.files, r, &a.token.mac, a.token.generation);
	else if (a.url.kind == URL_SAID)
		serve_said(&a);
	else
		serve_script(&a);
}
