/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions of the IPMI side: how they are opened (RAKP), and packets in and out of them. */
#include "sim/ipmi.h"

#include <errno.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/ids.h"
#include "base/list.h"
#include "sim/fault.h"
#include "sim/ipmi_priv.h"

/* IPMI 2.0, table 13-15. */
enum {
	STATUS_FULL = 0x01,
	STATUS_NO_SESSION = 0x02,
	STATUS_PRIVILEGE = 0x09,
	STATUS_NO_USER = 0x0d,
	STATUS_BAD_CODE = 0x0f,
	STATUS_NO_SUITE = 0x11,
};

enum { WINDOW = 16, CONST_LEN = 20, NAME_ONLY = 0x10 };

int ipmi_new(struct ipmi **ret, struct machine *m, const char *user, const char *secret,
	void (*random)(void *to, size_t len), struct err *e)
{
	struct uuid u;
	if (strlen(user) > IPMI_USER_MAX || strlen(secret) > sizeof((struct ipmi *)0)->secret - 1)
		return err_say(e, EINVAL,
			"IPMI users have at most %d characters, their passwords %zu", IPMI_USER_MAX,
			sizeof((struct ipmi *)0)->secret - 1);
	struct ipmi *i = calloc(1, sizeof *i);
	if (!i)
		return err_set(e, ENOMEM, "IPMI");
	i->m = m;
	i->random = random;
	snprintf(i->user, sizeof i->user, "%s", user);
	snprintf(i->secret, sizeof i->secret, "%s", secret);
	/* On the wire the last byte of its text comes first (IPMI 2.0, 20.8). */
	if (uuid_parse(&u, keep_text(m->keep, "uuid")))
		for (size_t n = 0; n < IPMI_GUID; n++)
			i->guid[n] = u.b[IPMI_GUID - 1 - n];
	*ret = i;
	return 0;
}

void ipmi_free(struct ipmi *i)
{
	if (!i)
		return;
	memset(i, 0, sizeof *i);
	free(i);
}

void ipmi_sessions_drop(struct ipmi *i)
{
	memset(i->session, 0, sizeof i->session);
}

static struct ipmi_session *session_of(struct ipmi *i, uint32_t id)
{
	for (size_t n = 0; n < COUNT(i->session); n++)
		if (id && i->session[n].id == id)
			return &i->session[n];
	return NULL;
}

/* A free one, or one whose client is long gone. */
static struct ipmi_session *session_free(struct ipmi *i)
{
	for (size_t n = 0; n < COUNT(i->session); n++) {
		struct ipmi_session *s = &i->session[n];
		unsigned long long idle = i->m->now - s->used;
		if (!s->id || idle > (s->state == ACTIVE ? SESSION_IDLE_MS : OPENING_MS))
			return s;
	}
	return NULL;
}

static size_t on_open(struct ipmi *i, const struct ipmi_packet *p, void *to, size_t size)
{
	struct ipmi_open o;
	if (!ipmi_open_read(&o, p->payload, p->len))
		return 0;
	const struct suite *suite = suite_of(o.auth, o.integrity, o.secrecy);
	struct ipmi_session *s = session_free(i);
	if (!suite || !s)
		return ipmi_opened_write(to, size, &o, suite ? STATUS_FULL : STATUS_NO_SUITE, 0);
	/* 0: the most there is. */
	if (o.privilege == 0 || o.privilege > PRIVILEGE_ADMIN)
		o.privilege = PRIVILEGE_ADMIN;
	o.auth = suite->auth;
	o.integrity = suite->integrity;
	o.secrecy = suite->secrecy;
	*s = (struct ipmi_session){
		.console = o.console, .suite = suite, .most = o.privilege, .used = i->m->now
	};
	do
		i->random(&s->id, sizeof s->id);
	while (s->id == 0);
	return ipmi_opened_write(to, size, &o, 0, s->id);
}

static void write_id(struct writer *w, uint32_t id)
{
	for (int shift = 0; shift < 32; shift += 8)
		write_u8(w, (uint8_t)(id >> shift));
}

static void write_who(struct writer *w, const struct ipmi_rakp1 *r)
{
	write_u8(w, r->role);
	write_u8(w, r->user_len);
	write_bytes(w, r->user, r->user_len);
}

/* What RAKP 2 proves: that this side knows the password, too. */
static void rakp2_code(const struct ipmi *i, const struct ipmi_session *s, uint8_t code[HASH_MAX])
{
	uint8_t over[128];
	struct writer w = writer_of(over, sizeof over);
	write_id(&w, s->console);
	write_id(&w, s->id);
	write_bytes(&w, s->rakp1.random, IPMI_RANDOM);
	write_bytes(&w, s->random, IPMI_RANDOM);
	write_bytes(&w, i->guid, IPMI_GUID);
	write_who(&w, &s->rakp1);
	s->suite->hmac(code, i->secret, sizeof i->secret - 1, over, writer_used(&w));
}

static size_t on_rakp1(struct ipmi *i, const struct ipmi_packet *p, void *to, size_t size)
{
	struct ipmi_rakp1 r;
	uint8_t parts[IPMI_RANDOM + IPMI_GUID + HASH_MAX];
	if (!ipmi_rakp1_read(&r, p->payload, p->len))
		return 0;
	struct ipmi_session *s = session_of(i, r.managed);
	if (!s || s->state == ACTIVE)
		return ipmi_rakp_write(to, size, r.tag, STATUS_NO_SESSION, 0, NULL, 0);
	if (strcmp(r.user, i->user) != 0 || strlen(r.user) != r.user_len) {
		s->id = 0;
		return ipmi_rakp_write(to, size, r.tag, STATUS_NO_USER, s->console, NULL, 0);
	}
	if ((r.role & 15) > s->most) {
		s->id = 0;
		return ipmi_rakp_write(to, size, r.tag, STATUS_PRIVILEGE, s->console, NULL, 0);
	}
	if (r.role & 15)
		s->most = r.role & 15;
	s->rakp1 = r;
	s->state = PROVED;
	i->random(s->random, sizeof s->random);
	memcpy(parts, s->random, IPMI_RANDOM);
	memcpy(parts + IPMI_RANDOM, i->guid, IPMI_GUID);
	rakp2_code(i, s, parts + IPMI_RANDOM + IPMI_GUID);
	return ipmi_rakp_write(to, size, r.tag, 0, s->console, parts,
		IPMI_RANDOM + IPMI_GUID + s->suite->hash_len);
}

/* The keys of a session (IPMI 2.0, 13.31 and 13.32). */
static void keys_make(const struct ipmi *i, struct ipmi_session *s)
{
	uint8_t over[128], ones[CONST_LEN], twos[CONST_LEN];
	struct writer w = writer_of(over, sizeof over);
	write_bytes(&w, s->rakp1.random, IPMI_RANDOM);
	write_bytes(&w, s->random, IPMI_RANDOM);
	write_who(&w, &s->rakp1);
	s->suite->hmac(s->sik, i->secret, sizeof i->secret - 1, over, writer_used(&w));
	memset(ones, 1, sizeof ones);
	memset(twos, 2, sizeof twos);
	s->suite->hmac(s->k1, s->sik, s->suite->hash_len, ones, sizeof ones);
	s->suite->hmac(s->k2, s->sik, s->suite->hash_len, twos, sizeof twos);
}

static bool rakp3_ok(const struct ipmi *i, const struct ipmi_session *s, const struct ipmi_rakp3 *r)
{
	uint8_t over[128], code[HASH_MAX];
	struct writer w = writer_of(over, sizeof over);
	write_bytes(&w, s->random, IPMI_RANDOM);
	write_id(&w, s->console);
	write_who(&w, &s->rakp1);
	s->suite->hmac(code, i->secret, sizeof i->secret - 1, over, writer_used(&w));
	return r->code_len == s->suite->hash_len && memeql_sec(r->code, code, r->code_len);
}

static size_t on_rakp3(struct ipmi *i, const struct ipmi_packet *p, void *to, size_t size)
{
	struct ipmi_rakp3 r;
	uint8_t over[IPMI_RANDOM + 4 + IPMI_GUID], code[HASH_MAX];
	if (!ipmi_rakp3_read(&r, p->payload, p->len))
		return 0;
	struct ipmi_session *s = session_of(i, r.managed);
	if (!s || s->state != PROVED)
		return ipmi_rakp_write(to, size, r.tag, STATUS_NO_SESSION, 0, NULL, 0);
	uint32_t console = s->console;
	if (r.status || !rakp3_ok(i, s, &r)) {
		s->id = 0;
		/* Its own refusal wants no answer. */
		return r.status ? 0
				: ipmi_rakp_write(
					  to, size, r.tag, STATUS_BAD_CODE, console, NULL, 0);
	}
	keys_make(i, s);
	s->state = ACTIVE;
	s->privilege = s->most < PRIVILEGE_USER ? s->most : PRIVILEGE_USER;
	s->used = i->m->now;
	struct writer w = writer_of(over, sizeof over);
	write_bytes(&w, s->rakp1.random, IPMI_RANDOM);
	write_id(&w, s->id);
	write_bytes(&w, i->guid, IPMI_GUID);
	s->suite->hmac(code, s->sik, s->suite->hash_len, over, writer_used(&w));
	return ipmi_rakp_write(to, size, r.tag, 0, console, code, s->suite->signature_len);
}

/* A message and its answer, which is as long as is returned. */
static size_t on_message(struct ipmi *i, struct ipmi_session *s, const void *bytes, size_t len,
	void *to, size_t size)
{
	struct ipmi_message m;
	if (!ipmi_message_read(&m, bytes, len))
		return 0;
	struct command c = { .ipmi = i, .s = s, .data = m.data, .len = m.len };
	enum done code = command_do(&c, m.netfn, m.command);
	if (c.ends && s)
		s->id = 0;
	return ipmi_message_write(
		to, size, &m, (uint8_t)code, c.answer, code == DONE_OK ? c.answer_len : 0);
}

/* Is this sequence number new? A packet may be overtaken, and never comes twice (6.12.13). */
static bool seq_ok(struct ipmi_session *s, uint32_t seq)
{
	uint32_t ahead = seq - s->in, behind = s->in - seq;
	if (seq == 0)
		return false;
	if (s->in == 0 || (ahead != 0 && ahead <= WINDOW)) {
		s->in_seen = s->in == 0 ? 1 : s->in_seen << ahead | 1;
		s->in = seq;
		return true;
	}
	if (behind >= WINDOW || s->in_seen >> behind & 1)
		return false;
	s->in_seen |= 1U << behind;
	return true;
}

static size_t seal(struct ipmi *i, struct ipmi_session *s, uint32_t console, const void *message,
	size_t len, uint8_t *to, size_t size)
{
	uint8_t iv[AES_BLOCK], sealed[IPMI_PACKET_MAX], code[HASH_MAX];
	i->random(iv, sizeof iv);
	struct ipmi_packet p = { .type = PAYLOAD_MESSAGE,
		.sealed = true,
		.signed_ = true,
		.session = console,
		.seq = ++s->out,
		.payload = sealed,
		.len = aes_seal(sealed, sizeof sealed, s->k2, iv, message, len) };
	size_t used = ipmi_packet_write(to, size, &p), n = s->suite->signature_len;
	if (!p.len || !used || used + n > size)
		return 0;
	s->suite->hmac(code, s->k1, s->suite->hash_len, to + 4, used - 4);
	memcpy(to + used, code, n);
	return used + n;
}

/* A packet within a session; one that was not made by its client is not answered. */
static size_t on_session(struct ipmi *i, struct ipmi_packet *p, uint8_t *to, size_t size)
{
	uint8_t code[HASH_MAX], message[IPMI_PACKET_MAX], answer[IPMI_PACKET_MAX];
	struct ipmi_session *s = session_of(i, p->session);
	if (!s || s->state != ACTIVE || p->type != PAYLOAD_MESSAGE)
		return 0;
	const uint8_t *signature = ipmi_signature(p, s->suite->signature_len);
	if (!signature || !p->sealed)
		return 0;
	s->suite->hmac(code, s->k1, s->suite->hash_len, p->covered, p->covered_len);
	if (!memeql_sec(code, signature, s->suite->signature_len) || !seq_ok(s, p->seq))
		return 0;
	s->used = i->m->now;
	uint32_t console = s->console;
	size_t len = aes_open(message, sizeof message, s->k2, p->payload, p->len);
	len = len ? on_message(i, s, message, len, answer, sizeof answer) : 0;
	return len ? seal(i, s, console, answer, len, to, size) : 0;
}

static size_t on_outside(struct ipmi *i, struct ipmi_packet *p, uint8_t *to, size_t size)
{
	static const struct {
		uint8_t type, answer;
		size_t (*on)(struct ipmi *i, const struct ipmi_packet *p, void *to, size_t size);
	} steps[] = {
		{ PAYLOAD_OPEN, PAYLOAD_OPENED, on_open },
		{ PAYLOAD_RAKP1, PAYLOAD_RAKP2, on_rakp1 },
		{ PAYLOAD_RAKP3, PAYLOAD_RAKP4, on_rakp3 },
	};
	uint8_t payload[IPMI_PACKET_MAX];
	struct ipmi_packet answer = { .payload = payload, .type = p->type };
	if (p->type == PAYLOAD_MESSAGE)
		answer.len = on_message(i, NULL, p->payload, p->len, payload, sizeof payload);
	for (size_t n = 0; n < COUNT(steps); n++) {
		if (steps[n].type != p->type)
			continue;
		answer.type = steps[n].answer;
		answer.len = steps[n].on(i, p, payload, sizeof payload);
	}
	return answer.len ? ipmi_packet_write(to, size, &answer) : 0;
}

size_t ipmi_answer(struct ipmi *i, const void *bytes, size_t len, void *to, size_t size)
{
	struct ipmi_packet p;
	uint8_t answer[IPMI_PACKET_MAX];
	if (len > IPMI_PACKET_MAX || !ipmi_packet_read(&p, bytes, len) ||
		fault_is(i->m->faults, "hang", "ipmi"))
		return 0;
	if (p.ping)
		return ipmi_pong_write(to, size, p.tag);
	if (p.v2)
		return p.session ? on_session(i, &p, to, size) : on_outside(i, &p, to, size);
	len = p.session ? 0 : on_message(i, NULL, p.payload, p.len, answer, sizeof answer);
	return len ? ipmi_plain_write(to, size, answer, len) : 0;
}
