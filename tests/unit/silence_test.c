/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which proof of silence counts on a site, which ports must be shut, and what a person reads. */
#include "core/silence.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "tests/unit/tap.h"

static struct err e;

static struct ways ways(const char *text)
{
	struct ways w = { .n = 0 };
	CHECK_INT(ways_parse(&w, text, &e), 0);
	return w;
}

static void words_are_ways_in_their_order(void)
{
	struct ways w = ways("person  port");
	CHECK_INT(w.n, 2);
	CHECK_INT(w.way[0], WAY_PERSON);
	CHECK_INT(w.way[1], WAY_PORT);
	CHECK(!ways_have(&w, WAY_POWER));
	for (const char *const *text = (const char *const[]){ "", " ", "power,port", "power power",
		     "Power", "power port person power", NULL };
		*text; text++) {
		CHECK_INT(ways_parse(&w, *text, &e), -EINVAL);
		CHECK_INT(w.n, 2);
	}
}

static void a_proof_counts_where_the_site_takes_it(void)
{
	static const struct {
		const char *ways;
		enum proof_kind kind;
		bool of_this_order, want;
	} rows[] = {
		{ "power port person", PROOF_POWER, true, true },
		/* Somebody may have switched it on since. */
		{ "power port person", PROOF_POWER, false, false },
		{ "power port person", PROOF_PORT, true, true },
		{ "power port person", PROOF_PORT, false, false },
		{ "power port person", PROOF_ATTESTED, false, true },
		{ "power port", PROOF_ATTESTED, true, false },
		{ "port person", PROOF_POWER, true, false },
		{ "power", PROOF_PORT, true, false },
		/* That its disk is shut says nothing of its NICs. */
		{ "power port person", PROOF_STORAGE, true, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ways w = ways(rows[i].ways);
		CHECK_INT(silence_counts(&w, rows[i].kind, rows[i].of_this_order), rows[i].want);
	}
}

static void every_nic_that_speaks_for_the_persona_must_be_shut(void)
{
	struct silence_ports ports;
	struct persona p = { .san = "tgt", .target = "iqn.x:y" };
	struct machine m = { .name = "blade-a", .nics = 3 };
	m.nic[1].carries = m.nic[2].carries = true;
	strcpy(m.nic[1].port, "fake://sw/1");
	CHECK_INT(silence_ports(&ports, &m, &p, &e), -ENOENT);
	CHECK(strstr(e.text, "of blade-a has no switch port on record") != NULL);
	strcpy(m.nic[2].port, "fake://sw/2");
	CHECK_INT(silence_ports(&ports, &m, &p, &e), 0);
	CHECK_INT(ports.n, 2);
	/* A disk that nobody can shut to it must be out of its reach by any NIC. */
	strcpy(p.san, "iscsi");
	CHECK_INT(silence_ports(&ports, &m, &p, &e), -ENOENT);
	strcpy(m.nic[0].port, "fake://sw/0");
	CHECK_INT(silence_ports(&ports, &m, &p, &e), 0);
	CHECK_INT(ports.n, 3);
}

static void a_person_reads_what_failed_and_what_to_type(void)
{
	char text[320], said[400];
	struct ways with = ways("power person"), without = ways("power port");
	silence_ask(text, &with, "blade-a", 7, "its BMC does not answer");
	CHECK_TEXT(text,
		"its BMC does not answer; go to blade-a, pull its power or its cable, then: baton "
		"attest blade-a \"what you did\"");
	silence_ask(text, &without, "blade-a", 7, "both failed");
	CHECK_TEXT(text, "both failed; mend that, then: baton order retry 7");
	memset(said, 'x', sizeof said);
	said[sizeof said - 1] = '\0';
	silence_ask(text, &without, "blade-a", 7, said); /* what to type is never cut off */
	CHECK(strstr(text, "; mend that, then: baton order retry 7") != NULL);
}

TESTS(T(words_are_ways_in_their_order), T(a_proof_counts_where_the_site_takes_it),
	T(every_nic_that_speaks_for_the_persona_must_be_shut),
	T(a_person_reads_what_failed_and_what_to_type))
