/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The secrets of a persona's newest generation, at targets that Baton administers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "store/store_priv.h"

/* 12 to 16 bytes is what every initiator takes (RFC 7143, 12.1.4; Windows refuses more). */
enum { LETTERS = 16, RANDOM_AT_ONCE = 64 };

struct chap_of {
	char persona[NAME_LEN + 1];
	struct chap chap;
};

static void chap_row(struct query *q, void *to)
{
	struct chap_of *row = to;
	struct chap *c = &row->chap;
	col_text(q, row->persona, sizeof row->persona);
	c->generation = (uint32_t)col_int(q, 1, UINT32_MAX);
	col_text(q, c->user, sizeof c->user);
	col_sealed(q, &(struct seal_at){ "chap", row->persona, "secret" }, c->secret,
		sizeof c->secret);
	col_text(q, c->mutual_user, sizeof c->mutual_user);
	col_sealed(q, &(struct seal_at){ "chap", row->persona, "mutual_secret" }, c->mutual_secret,
		sizeof c->mutual_secret);
}

int store_chap(struct store *s, const char *persona, struct chap *ret, struct err *e)
{
	struct chap_of row = { .persona = "" };
	OWN(query)
	struct query q = QUERY(s,
		"SELECT persona, generation, user, secret, mutual_user, mutual_secret FROM chap "
		"WHERE persona = ?",
		in_text(persona));
	int r = one_of(&q, chap_row, &row, e);
	if (r > 0)
		*ret = row.chap;
	explicit_bzero(&row, sizeof row);
	if (r == 0)
		return err_say(e, ENOENT,
			"persona %s has no secret yet; one is made when a machine carries it",
			persona);
	return r < 0 ? r : 0;
}

/* Each letter with the same chance: a byte beyond the last whole round of them is thrown away. */
static int letters_draw(char to[LETTERS + 1], struct err *e)
{
	static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	enum { OF = sizeof of - 1, ROUNDS = 256 / OF * OF };
	uint8_t byte[RANDOM_AT_ONCE];
	size_t n = 0;
	while (n < LETTERS) {
		if (getrandom(byte, sizeof byte, 0) != (ssize_t)sizeof byte)
			return err_set(e, errno, "random bytes for a CHAP secret");
		for (size_t i = 0; i < sizeof byte && n < LETTERS; i++)
			if (byte[i] < ROUNDS)
				to[n++] = of[byte[i] % OF];
	}
	to[n] = '\0';
	explicit_bzero(byte, sizeof byte);
	return 0;
}

/* The user is PERSONA.GENERATION, so that a person at the target sees whose it is; what the target
 * shows in turn is another account there, and must be another secret (RFC 7143, 12.1.4). */
static int chap_draw(struct chap *ret, const struct persona *p, uint32_t generation, struct err *e)
{
	_Static_assert(FENCED_NAME_LEN + sizeof ".4294967295.t" - 1 <= SECRET_LEN, "it fits");
	*ret = (struct chap){ .generation = generation };
	snprintf(ret->user, sizeof ret->user, "%.*s.%u", FENCED_NAME_LEN, p->name, generation);
	int r = letters_draw(ret->secret, e);
	if (r || !p->mutual)
		return r;
	snprintf(ret->mutual_user, sizeof ret->mutual_user, "%.*s.%u.t", FENCED_NAME_LEN, p->name,
		generation);
	do {
		r = letters_draw(ret->mutual_secret, e);
	} while (!r && strcmp(ret->secret, ret->mutual_secret) == 0);
	return r;
}

static int chap_write(struct store *s, const char *persona, const struct chap *c, struct err *e)
{
	struct sealed secret, mutual;
	int r = sealed_make(&secret, s, &(struct seal_at){ "chap", persona, "secret" }, c->secret,
		strlen(c->secret), e);
	if (!r)
		r = sealed_make(&mutual, s, &(struct seal_at){ "chap", persona, "mutual_secret" },
			c->mutual_secret, strlen(c->mutual_secret), e);
	if (!r)
		r = RUN(s, e, "INSERT OR REPLACE INTO chap VALUES (?,?,?,?,?,?)", in_text(persona),
			in_int(c->generation), in_text(c->user), in_sealed(&secret),
			in_text(c->mutual_user), in_sealed(&mutual));
	return r;
}

int chap_make(struct store *s, const struct persona *p, uint32_t generation, struct chap *ret,
	struct err *e)
{
	struct chap c;
	int r = chap_draw(&c, p, generation, e);
	if (!r)
		r = chap_write(s, p->name, &c, e);
	if (!r && ret)
		*ret = c;
	explicit_bzero(&c, sizeof c);
	return r ? err_in(e, r, "persona %s", p->name) : 0;
}

int chap_generation(struct store *s, const char *persona, uint32_t *ret, struct err *e)
{
	OWN(query)
	struct query q =
		QUERY(s, "SELECT generation FROM chap WHERE persona = ?", in_text(persona));
	int r = query_next(&q, e);
	*ret = r > 0 ? col_u32(&q) : 0;
	return r < 0 ? r : 0;
}

int store_chap_renew(struct store *s, const char *persona, struct chap *ret, struct err *e)
{
	OWN(tx) struct store *tx = NULL;
	struct persona p;
	struct chap c = { .generation = 0 };
	uint32_t generation;
	int r = tx_begin(&tx, s, e);
	if (!r)
		r = store_persona(s, persona, &p, e);
	if (!r && !persona_is_fenced(&p))
		r = err_say(e, EINVAL,
			"persona %s: Baton makes no secrets for a disk of kind \"%s\"; it does not "
			"administer the target",
			persona, p.san);
	if (!r)
		r = generation_next(s, &generation, e);
	if (!r)
		r = chap_make(s, &p, generation, &c, e);
	/* What its body was given is dead; what is newest now is not for it. */
	if (!r)
		r = RUN(s, e, "UPDATE binding SET fenced = 0 WHERE persona = ?", in_text(persona));
	if (!r)
		r = tx_commit(&tx, e);
	if (!r)
		*ret = c;
	explicit_bzero(&c, sizeof c);
	explicit_bzero(p.chap_secret, sizeof p.chap_secret);
	return r;
}
