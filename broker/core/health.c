/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts from signs: see health.h. */
#include "core/health.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"

static const char *const healths[] = { "unknown", "well", "ill", "off", "failed" };
static const char *const signs[] = { "power", "session", "check" };
static const char *const words[SIGNS][5] = {
	[SIGN_POWER] = { "", "on", "off", "fault", "silent" },
	[SIGN_SESSION] = { "", "there", NULL, "none", "unknown" },
	[SIGN_CHECK] = { "", "yes", NULL, "no", NULL },
};
static const char *const means[SIGNS][5] = {
	[SIGN_POWER] = { "", "", "its machine is off", "its machine has lost its power",
		"its BMC does not answer" },
	[SIGN_SESSION] = { "", "", "", "no session of it is at the target",
		"the target does not answer" },
	[SIGN_CHECK] = { "", "", "", "it answers no more", "" },
};

static bool not_well(const struct reading *r)
{
	return r->says != SAYS_NOTHING && r->says != SAYS_WELL;
}

void crowd_add(struct crowd *c, const struct reading reading[SIGNS])
{
	for (int s = 0; s < SIGNS; s++) {
		c->asked[s] += reading[s].says != SAYS_NOTHING;
		/* A machine that is off has answered. */
		c->bad[s] += not_well(&reading[s]) && reading[s].says != SAYS_OFF;
	}
}

void reading_take(struct reading *r, enum says says, const char *why, double now_s)
{
	/* Off is off, also once the BMC says why. */
	bool still = (r->says == SAYS_OFF && says == SAYS_BAD) ||
		     (r->says == SAYS_BAD && says == SAYS_OFF);
	if (r->says != says && !still)
		r->since_s = now_s;
	r->says = says;
	r->was_well = r->was_well || says == SAYS_WELL;
	snprintf(r->why, sizeof r->why, "%s", why);
}

/* More than half of several: then it is no news of one. */
static bool is_common(const struct crowd *c, enum sign s)
{
	return c->asked[s] > 1 && c->bad[s] * 2 > c->asked[s];
}

/* Does a sign speak against this persona? */
static bool counts(const struct reading *r, enum sign s, const struct crowd *crowd,
	const struct health_rules *rules, double now_s)
{
	if (!not_well(r) || now_s - r->since_s < rules->bad_s)
		return false;
	switch (s) {
	case SIGN_POWER:
		/* That a BMC is silent says something only beside others that are not. */
		if (r->says == SAYS_SILENT)
			return crowd->asked[s] > 1 && !is_common(crowd, s);
		return true;
	case SIGN_SESSION:
		return r->says == SAYS_BAD && !is_common(crowd, s);
	case SIGN_CHECK:
		/* One that never answered is a wrong check, or a wall in between. */
		return r->was_well && !is_common(crowd, s);
	case SIGNS:
		break;
	}
	return false;
}

static void why_add(struct health_verdict *v, enum sign s, const struct reading *r, double now_s)
{
	size_t at = strlen(v->why);
	snprintf(v->why + at, sizeof v->why - at, "%s%s, for %.0f s%s%s%s", at ? "; " : "",
		means[s][r->says], now_s - r->since_s, *r->why ? " (" : "", r->why,
		*r->why ? ")" : "");
}

void health_judge(struct health_verdict *ret, const struct reading reading[SIGNS],
	const struct crowd *crowd, const struct health_rules *rules, double now_s)
{
	unsigned against = 0;
	bool known = false, trouble = false, off = false;
	*ret = (struct health_verdict){ .health = HEALTH_UNKNOWN };
	for (int s = 0; s < SIGNS; s++) {
		const struct reading *r = &reading[s];
		known = known || r->says != SAYS_NOTHING;
		if (!not_well(r))
			continue;
		if (now_s - r->since_s >= rules->bad_s) {
			trouble = true;
			why_add(ret, (enum sign)s, r, now_s);
		}
		if (!counts(r, (enum sign)s, crowd, rules, now_s))
			continue;
		against++;
		off = off || r->says == SAYS_OFF;
		if (ret->first_s == 0 || r->since_s < ret->first_s)
			ret->first_s = r->since_s;
	}
	bool lives = reading[SIGN_SESSION].says == SAYS_WELL;
	ret->agreed = against >= rules->quorum && !lives;
	if (off && !lives)
		ret->health = HEALTH_OFF;
	else if (ret->agreed)
		ret->health = HEALTH_FAILED;
	else if (trouble)
		ret->health = HEALTH_ILL;
	else if (known)
		ret->health = HEALTH_WELL;
}

const char *health_word(enum health h)
{
	return healths[h];
}

const char *sign_word(enum sign s)
{
	return signs[s];
}

bool sign_parse(enum sign *ret, const char *word)
{
	for (size_t i = 0; i < COUNT(signs); i++) {
		if (strcmp(signs[i], word) == 0) {
			*ret = (enum sign)i;
			return true;
		}
	}
	return false;
}

bool says_parse(enum says *ret, enum sign s, const char *word)
{
	for (int i = SAYS_WELL; i <= SAYS_SILENT; i++) {
		if (words[s][i] && strcmp(words[s][i], word) == 0) {
			*ret = (enum says)i;
			return true;
		}
	}
	return false;
}

const char *says_word(enum sign s, enum says says)
{
	return words[s][says] ? words[s][says] : "";
}
