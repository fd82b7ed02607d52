/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a site lets silence be proved: the setting's words, which proof counts, whose ports must be
 * shut, and the sentence for a person. */
#include <errno.h>
#include <stdio.h>

#include "base/list.h"
#include "core/silence.h"
#include "tests/unit/tap.h"

static struct ways ways_of(const char *text)
{
	struct ways w = { .n = 0 };
	struct err e = { 0 };
	CHECK_INT(ways_parse(&w, text, &e), 0);
	return w;
}

static void the_words_keep_their_order(void)
{
	struct ways w = ways_of("  person power  ");
	CHECK_INT(w.n, 2);
	CHECK_INT(w.way[0], WAY_PERSON);
	CHECK_INT(w.way[1], WAY_POWER);
	CHECK(!ways_have(&w, WAY_PORT));
	w = ways_of("port");
	CHECK_INT(w.n, 1);
	CHECK_INT(silence_hands(&w), 1);
	w = ways_of("power port person");
	CHECK_INT(w.n, 3);
	CHECK_INT(silence_hands(&w), 2);
}

static void what_is_no_way_is_one_sentence_and_changes_nothing(void)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "power prayer",
			"silence = power prayer: \"prayer\" is no way to silence a machine: want "
			"power, port and person, those that you trust, in your order" },
		{ "powerport",
			"silence = powerport: \"powerport\" is no way to silence a machine: want "
			"power, port and person, those that you trust, in your order" },
		{ "port power port", "silence = port power port: port is said twice" },
		{ "   ", "silence: no way is named: want power, port and person, those that you "
			 "trust, in your order" },
	};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct ways w = { .n = 7 };
		struct err e = { 0 };
		CHECK_INT(ways_parse(&w, wrong[i].text, &e), -EINVAL);
		CHECK_TEXT(e.text, wrong[i].why);
		CHECK_INT(w.n, 7);
	}
}

static void a_proof_counts_where_the_site_trusts_its_kind(void)
{
	static const struct {
		const char *ways;
		enum proof_kind kind;
		bool this_order, counts;
	} rows[] = {
		{ "power port person", PROOF_POWER, true, true },
		{ "power port person", PROOF_POWER, false, false },
		{ "power port person", PROOF_PORT, true, true },
		{ "power port person", PROOF_PORT, false, false },
		{ "power port person", PROOF_ATTESTED, false, true },
		{ "power port person", PROOF_STORAGE, true, false },
		{ "port person", PROOF_POWER, true, false },
		{ "power person", PROOF_PORT, true, false },
		{ "power", PROOF_ATTESTED, true, false },
		{ "person", PROOF_ATTESTED, true, true },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ways w = ways_of(rows[i].ways);
		bool counts = silence_counts(&w, rows[i].kind, rows[i].this_order);
		if (counts != rows[i].counts)
			printf("# row %zu\n", i);
		CHECK_INT(counts, rows[i].counts);
	}
}

/* The first NIC is for management, the other two carry. */
static struct machine three_nics(const char *first, const char *second, const char *third)
{
	struct machine m = { .name = "blade-a", .nics = 3 };
	const char *port[] = { first, second, third };
	for (unsigned i = 0; i < 3; i++) {
		m.nic[i].factory = (struct mac){ { 0x52, 0x54, 0, 0xaa, 0, (uint8_t)i } };
		m.nic[i].carries = i > 0;
		snprintf(m.nic[i].port, sizeof m.nic[i].port, "%s", port[i]);
	}
	return m;
}

static void every_nic_that_carries_must_have_a_port(void)
{
	struct silence_ports ports;
	struct err e = { 0 };
	struct persona fenced = { .target = "iqn.x", .san = "tgt" };
	struct machine m = three_nics("", "fake://s/1", "fake://s/2");
	CHECK(persona_is_fenced(&fenced));
	CHECK_INT(silence_ports(&ports, &m, &fenced, &e), 0);
	CHECK_INT(ports.n, 2);
	CHECK_TEXT(ports.port[0], "fake://s/1");
	CHECK_TEXT(ports.port[1], "fake://s/2");
	m = three_nics("fake://s/0", "fake://s/1", "");
	CHECK_INT(silence_ports(&ports, &m, &fenced, &e), -ENOENT);
	CHECK_TEXT(e.text, "NIC 52:54:00:aa:00:02 of blade-a has no switch port on record");
	m.nic[1].carries = m.nic[2].carries = false;
	CHECK_INT(silence_ports(&ports, &m, &fenced, &e), -ENOENT);
	CHECK_TEXT(e.text, "no NIC of blade-a carries");
}

/* The OS could reach its disk by the management NIC, and nobody shuts the disk to it. */
static void where_the_disk_is_not_fenced_every_nic_counts(void)
{
	struct silence_ports ports;
	struct err e = { 0 };
	struct persona open = { .target = "iqn.x", .san = "iscsi" }, diskless = { .san = "iscsi" };
	struct machine m = three_nics("", "fake://s/1", "fake://s/2");
	CHECK_INT(silence_ports(&ports, &m, &open, &e), -ENOENT);
	CHECK_TEXT(e.text, "NIC 52:54:00:aa:00:00 of blade-a has no switch port on record");
	CHECK_INT(silence_ports(&ports, &m, &diskless, &e), 0);
	m = three_nics("fake://s/0", "fake://s/1", "fake://s/2");
	CHECK_INT(silence_ports(&ports, &m, &open, &e), 0);
	CHECK_INT(ports.n, 3);
}

static void what_to_type_fits_the_site(void)
{
	char text[320], longest[320];
	struct ways w = ways_of("power person");
	silence_ask(text, &w, "blade-b", 7, "bmc b: it refused");
	CHECK_TEXT(text,
		"bmc b: it refused; go to blade-b, pull its power or its cable, then: baton "
		"attest blade-b \"what you did\"");
	w = ways_of("person");
	silence_ask(text, &w, "b", 7, "");
	CHECK_TEXT(text,
		"go to b, pull its power or its cable, then: baton attest b \"what you did\"");
	w = ways_of("port");
	silence_ask(text, &w, "b", 7, "port x: no");
	CHECK_TEXT(text, "port x: no; mend that, then: baton order retry 7");
	/* What to type is never what is cut off. */
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	silence_ask(text, &w, "b", 7, longest);
	CHECK_INT(strlen(text), 319);
	CHECK(strstr(text, "x; mend that, then: baton order retry 7") != NULL);
}

TESTS(T(the_words_keep_their_order), T(what_is_no_way_is_one_sentence_and_changes_nothing),
	T(a_proof_counts_where_the_site_trusts_its_kind),
	T(every_nic_that_carries_must_have_a_port),
	T(where_the_disk_is_not_fenced_every_nic_counts), T(what_to_type_fits_the_site))
