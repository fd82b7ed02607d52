/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of the model's enumerations, and which NIC takes which: see model.h. */
#include "core/model.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

static const char *const phases[] = { "identity", "persona", "restore" };
static const char *const takings[] = { "shim", "handover", "prestaged", "bmc", "auto" };
static const char *const carriers[] = { "presented", "bmc", "tool" };
static const char *const unknowns[] = { "silence", "lease" };
static const char *const modes[] = { "serve", "proxy" };
static const char *const idles[] = { "park", "local" };
static const char *const proofs[] = { "storage", "power", "port", "attested" };
static const char *const cares[] = { "report", "failover", "restart" };
static const char *const administered[] = { "tgt", "fake" }; /* kinds of SAN */

static int word_index(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

const char *phase_word(enum phase p)
{
	return phases[p];
}

bool phase_parse(enum phase *ret, const char *word)
{
	int i = word_index(phases, COUNT(phases), word);
	if (i >= 0)
		*ret = (enum phase)i;
	return i >= 0;
}

const char *taking_word(enum taking t)
{
	return takings[t];
}

bool taking_parse(enum taking *ret, const char *word)
{
	int i = word_index(takings, COUNT(takings), word);
	if (i >= 0)
		*ret = (enum taking)i;
	return i >= 0;
}

bool taking_wish_parse(enum taking *ret, const char *word)
{
	enum taking t;
	if (!taking_parse(&t, word) ||
		(t != TAKING_AUTO && t != TAKING_HANDOVER && t != TAKING_SHIM))
		return false;
	*ret = t;
	return true;
}

const char *smbios_by_word(enum smbios_by by)
{
	return carriers[by];
}

bool smbios_by_parse(enum smbios_by *ret, const char *word)
{
	int i = word_index(carriers, COUNT(carriers), word);
	if (i >= 0)
		*ret = (enum smbios_by)i;
	return i >= 0;
}

const char *unknown_word(enum unknown u)
{
	return unknowns[u];
}

bool unknown_parse(enum unknown *ret, const char *word)
{
	int i = word_index(unknowns, COUNT(unknowns), word);
	if (i >= 0)
		*ret = (enum unknown)i;
	return i >= 0;
}

const char *dhcp_mode_word(enum dhcp_mode m)
{
	return modes[m];
}

bool dhcp_mode_parse(enum dhcp_mode *ret, const char *word)
{
	int i = word_index(modes, COUNT(modes), word);
	if (i >= 0)
		*ret = (enum dhcp_mode)i;
	return i >= 0;
}

const char *idle_word(enum idle i)
{
	return idles[i];
}

bool idle_parse(enum idle *ret, const char *word)
{
	int i = word_index(idles, COUNT(idles), word);
	if (i >= 0)
		*ret = (enum idle)i;
	return i >= 0;
}

const char *care_word(enum care c)
{
	return cares[c];
}

bool care_parse(enum care *ret, const char *word)
{
	int i = word_index(cares, COUNT(cares), word);
	if (i >= 0)
		*ret = (enum care)i;
	return i >= 0;
}

const char *check_text(char *to, const struct policy *p)
{
	to[0] = '\0';
	if (p->check == CHECK_BY_PING)
		snprintf(to, CHECK_TEXT, "ping");
	else if (p->check == CHECK_BY_TCP)
		snprintf(to, CHECK_TEXT, "tcp:%u", p->port);
	return to;
}

bool check_parse(struct policy *ret, const char *text)
{
	uint32_t port = 0;
	ret->check = CHECK_BY_NOTHING;
	ret->port = 0;
	if (!*text)
		return true;
	if (strcmp(text, "ping") == 0) {
		ret->check = CHECK_BY_PING;
		return true;
	}
	if (strncmp(text, "tcp:", 4) != 0 || strlen(text) > 9)
		return false;
	for (text += 4; *text >= '0' && *text <= '9'; text++)
		port = port * 10 + (uint32_t)(*text - '0');
	if (*text || port < 1 || port > UINT16_MAX)
		return false;
	ret->check = CHECK_BY_TCP;
	ret->port = (uint16_t)port;
	return true;
}

const char *proof_word(enum proof_kind k)
{
	return proofs[k];
}

bool proof_parse(enum proof_kind *ret, const char *word)
{
	int i = word_index(proofs, COUNT(proofs), word);
	if (i >= 0)
		*ret = (enum proof_kind)i;
	return i >= 0;
}

bool persona_is_fenced(const struct persona *p)
{
	return *p->target && word_index(administered, COUNT(administered), p->san) >= 0;
}

bool persona_boots_by_fc(const struct persona *p)
{
	for (unsigned i = 0; i < p->hbas && !*p->target; i++)
		if (p->hba[i].targets)
			return true;
	return false;
}

/* Two networks fit when they are the same, or when one side does not care. */
static bool networks_fit(const char *a, const char *b)
{
	return !*a || !*b || strcmp(a, b) == 0;
}

int nic_for(const struct machine *m, const struct persona *p, unsigned n)
{
	bool taken[NICS_MAX] = { false };
	int found = -1;
	for (unsigned want = 0; want <= n && want < p->nics; want++) {
		found = -1;
		for (unsigned i = 0; i < m->nics && found < 0; i++)
			if (m->nic[i].carries && !taken[i] &&
				networks_fit(m->nic[i].network, p->nic[want].network))
				found = (int)i;
		if (found >= 0)
			taken[found] = true;
	}
	return n < p->nics ? found : -1;
}

int hba_for(const struct machine *m, const struct persona *p, unsigned n)
{
	unsigned carrying = 0;
	for (unsigned i = 0; i < m->hbas && n < p->hbas; i++)
		if (m->hba[i].carries && carrying++ == n)
			return (int)i;
	return -1;
}

bool bodies_differ(const struct machine *was, const struct machine *now, const struct persona *p)
{
	bool both = !uuid_is_zero(&was->uuid) && !uuid_is_zero(&now->uuid);
	if (both && !uuid_same_body(&was->uuid, &now->uuid))
		return true;
	/* A UUID that is one machine's is believed before a port, and the other may say it, too:
	 * nobody wrote down that it does not. */
	if (!both && uuid_names_one(&now->uuid))
		return false;
	for (unsigned n = 0; n < p->nics; n++) {
		int a = nic_for(was, p, n), b = nic_for(now, p, n);
		if (a < 0 || b < 0 ||
			!relay_ports_differ(&was->nic[a].relay_port, &now->nic[b].relay_port))
			return false;
	}
	return p->nics > 0;
}
