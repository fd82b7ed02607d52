/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts about a running persona: what its signs and those of all others say, as a table. */
#include "core/health.h"

#include <string.h>

#include "base/list.h"
#include "tests/unit/tap.h"

static const struct health_rules rules = { 15, 2 };

/* on, there, yes for a long time, but for what is said here. */
struct scene {
	const char *name;
	const char *power, *session, *check; /* "": it is not asked */
	unsigned asked[SIGNS], bad[SIGNS];   /* of all, this one among them */
	enum health want;
	bool agreed;
	const char *why;
};

static struct reading said(enum sign s, const char *word, double ago)
{
	struct reading r = { .was_well = true };
	enum says says = SAYS_NOTHING;
	if (*word)
		CHECK(says_parse(&says, s, word));
	if (says != SAYS_NOTHING)
		reading_take(&r, says, "", 1000 - ago);
	return r;
}

static void verdicts(void)
{
	static const struct scene scenes[] = {
		{ "nothing was asked yet", "", "", "", { 0 }, { 0 }, HEALTH_UNKNOWN, false, "" },
		{ "all is well", "on", "there", "yes", { 3, 3, 3 }, { 0 }, HEALTH_WELL, false, "" },
		{ "its session alone is gone", "on", "none", "yes", { 3, 3, 3 }, { 0, 1, 0 },
			HEALTH_ILL, false, "no session of it is at the target, for 20 s" },
		{ "its OS has died, its machine is on", "on", "none", "no", { 3, 3, 3 },
			{ 0, 1, 1 }, HEALTH_FAILED, true, "it answers no more" },
		{ "its power has failed", "fault", "none", "", { 3, 3, 0 }, { 1, 1, 0 },
			HEALTH_FAILED, true, "its machine has lost its power, for 20 s" },
		{ "it has powered itself off", "off", "none", "", { 3, 3, 0 }, { 0, 1, 0 },
			HEALTH_OFF, true, "its machine is off, for 20 s" },
		{ "off, and nobody can say of its disk", "off", "", "", { 3, 0, 0 }, { 0 },
			HEALTH_OFF, false, "its machine is off" },
		{ "a session is proof of life, whatever the BMC says", "fault", "there", "no",
			{ 3, 3, 3 }, { 1, 0, 1 }, HEALTH_ILL, false, "its machine has lost" },
		{ "off with a session: the BMC errs", "off", "there", "", { 3, 3, 0 }, { 0 },
			HEALTH_ILL, false, "its machine is off" },
		{ "the whole blade is dead, its BMC with it", "silent", "none", "", { 3, 3, 0 },
			{ 1, 1, 0 }, HEALTH_FAILED, true, "its BMC does not answer" },
		{ "the only BMC is silent: who knows", "silent", "none", "", { 1, 3, 0 },
			{ 1, 1, 0 }, HEALTH_ILL, false, "its BMC does not answer" },
		{ "most BMCs are silent: the management network", "silent", "none", "", { 3, 3, 0 },
			{ 2, 1, 0 }, HEALTH_ILL, false, "its BMC does not answer" },
		{ "most sessions are gone: the target", "on", "none", "no", { 3, 3, 3 },
			{ 0, 2, 1 }, HEALTH_ILL, false, "no session of it" },
		{ "nobody answers: a network", "on", "none", "no", { 3, 3, 3 }, { 0, 1, 3 },
			HEALTH_ILL, false, "it answers no more" },
		{ "the target is silent: no sign of one", "fault", "unknown", "", { 3, 3, 0 },
			{ 1, 1, 0 }, HEALTH_ILL, false, "the target does not answer" },
	};
	for (size_t i = 0; i < COUNT(scenes); i++) {
		const struct scene *c = &scenes[i];
		struct health_verdict v;
		struct crowd crowd;
		const struct reading r[SIGNS] = { said(SIGN_POWER, c->power, 20),
			said(SIGN_SESSION, c->session, 20), said(SIGN_CHECK, c->check, 20) };
		memcpy(crowd.asked, c->asked, sizeof crowd.asked);
		memcpy(crowd.bad, c->bad, sizeof crowd.bad);
		health_judge(&v, r, &crowd, &rules, 1000);
		if (v.health != c->want || v.agreed != c->agreed || !strstr(v.why, c->why))
			printf("# %s: %s %d %s\n", c->name, health_word(v.health), v.agreed, v.why);
		CHECK_INT(v.health, c->want);
		CHECK_INT(v.agreed, c->agreed);
		CHECK(strstr(v.why, c->why) != NULL);
		CHECK(*c->why || !*v.why);
	}
}

static void a_moment_is_no_sign(void)
{
	struct health_verdict v;
	const struct crowd crowd = { { 3, 3, 0 }, { 1, 1, 0 } };
	struct reading r[SIGNS] = { said(SIGN_POWER, "fault", 14), said(SIGN_SESSION, "none", 14),
		said(SIGN_CHECK, "", 0) };
	health_judge(&v, r, &crowd, &rules, 1000);
	CHECK_INT(v.health, HEALTH_WELL);
	health_judge(&v, r, &crowd, &rules, 1001);
	CHECK_INT(v.health, HEALTH_FAILED);
	CHECK(v.first_s == 986);
	/* One that comes back begins anew. */
	reading_take(&r[SIGN_SESSION], SAYS_WELL, "", 1001);
	reading_take(&r[SIGN_SESSION], SAYS_BAD, "", 1002);
	health_judge(&v, r, &crowd, &rules, 1010);
	CHECK_INT(v.health, HEALTH_ILL);
	/* That the BMC now says why it is off is no news of when. */
	struct reading off = said(SIGN_POWER, "off", 20);
	reading_take(&off, SAYS_BAD, "", 1000);
	CHECK(off.since_s == 980);
}

static void a_check_that_never_answered_says_nothing(void)
{
	struct health_verdict v;
	const struct crowd crowd = { { 3, 3, 3 }, { 0, 1, 1 } };
	struct reading r[SIGNS] = { said(SIGN_POWER, "on", 20), said(SIGN_SESSION, "none", 20),
		said(SIGN_CHECK, "no", 20) };
	r[SIGN_CHECK].was_well = false;
	health_judge(&v, r, &crowd, &rules, 1000);
	CHECK_INT(v.health, HEALTH_ILL);
	CHECK(!v.agreed);
}

static void a_crowd_is_who_is_asked(void)
{
	struct crowd c = { { 0 }, { 0 } };
	const struct reading well[SIGNS] = { said(SIGN_POWER, "on", 1),
		said(SIGN_SESSION, "there", 1), said(SIGN_CHECK, "", 1) };
	const struct reading off[SIGNS] = { said(SIGN_POWER, "off", 1),
		said(SIGN_SESSION, "none", 1), said(SIGN_CHECK, "no", 1) };
	crowd_add(&c, well);
	crowd_add(&c, off);
	CHECK_INT(c.asked[SIGN_POWER], 2);
	CHECK_INT(c.bad[SIGN_POWER], 0); /* its BMC answers */
	CHECK_INT(c.asked[SIGN_SESSION], 2);
	CHECK_INT(c.bad[SIGN_SESSION], 1);
	CHECK_INT(c.asked[SIGN_CHECK], 1);
	CHECK_INT(c.bad[SIGN_CHECK], 1);
}

static void words_are_the_hands_own(void)
{
	enum says says;
	CHECK(!says_parse(&says, SIGN_CHECK, "unknown"));
	CHECK(!says_parse(&says, SIGN_SESSION, "off"));
	CHECK(!says_parse(&says, SIGN_POWER, ""));
	CHECK_TEXT(says_word(SIGN_CHECK, SAYS_BAD), "no");
	CHECK_TEXT(says_word(SIGN_POWER, SAYS_NOTHING), "");
}

TESTS(T(verdicts), T(a_moment_is_no_sign), T(a_check_that_never_answered_says_nothing),
	T(a_crowd_is_who_is_asked), T(words_are_the_hands_own))
