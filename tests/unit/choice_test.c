/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which machine is chosen, and in which words each other one is not: a table of sites, each with
 * what must come of it. */
#include "core/choice.h"

#include <stdlib.h>

#include "base/list.h"
#include "tests/unit/tap.h"

enum { MOST = 6 };

/* A machine as a case writes it: "rack=r1" and the like in labels, with blanks between. */
struct has {
	const char *name;
	enum arch arch;
	enum firmware firmware;
	uint32_t memory_mb, cpus;
	const char *labels;
	unsigned nics; /* that carry; 0 is 1 */
	const char *carries, *stale_of, *like;
	bool prestaged;
	uint64_t order; /* at work for it */
	bool stopped, planned;
	uint64_t failed, emptied_by;
	double rehearsed_ago_s; /* a rehearsal on it has failed; 0: none has */
};

struct wants {
	enum arch arch;
	enum firmware firmware;
	uint32_t memory_mb, cpus;
	const char *labels, *apart;
	unsigned nics; /* 0 is 1 */
};

static void labels_put(struct traits *t, const char *words)
{
	for (; words && *words; words += strspn(words, " ")) {
		char one[LABEL_TEXT];
		snprintf(one, sizeof one, "%.*s", (int)strcspn(words, " "), words);
		if (!label_parse(&t->label[t->labels++], one))
			abort();
		words += strcspn(words, " ");
	}
}

static struct machine machine_made(const struct has *h)
{
	struct machine m = { .nics = h->nics ? h->nics : 1,
		.is = { h->arch, h->firmware, h->memory_mb, h->cpus, 0, { { "", "" } } } };
	snprintf(m.name, sizeof m.name, "%s", h->name);
	for (unsigned i = 0; i < m.nics; i++)
		m.nic[i].carries = true;
	labels_put(&m.is, h->labels);
	return m;
}

static struct persona persona_made(const struct wants *w)
{
	struct persona p = { .name = "web-01",
		.nics = w->nics ? w->nics : 1,
		.wants = { w->arch, w->firmware, w->memory_mb, w->cpus, 0, { { "", "" } } } };
	snprintf(p.apart, sizeof p.apart, "%s", w->apart ? w->apart : "");
	labels_put(&p.wants, w->labels);
	return p;
}

static struct candidate candidate_made(const struct has *h, const struct machine *m)
{
	struct candidate c = { .m = m,
		.carries = h->carries ? h->carries : "",
		.stale_of = h->stale_of ? h->stale_of : "",
		.prestaged = h->prestaged,
		.like = h->like ? h->like : "" };
	if (h->order) {
		c.order.id = h->order;
		c.order.verb = VERB_START;
		c.order.persona = "db-09";
		c.order.stopped = h->stopped;
		c.order.planned = h->planned;
	}
	c.emptied_by = h->emptied_by;
	if (h->failed) {
		c.failed.id = h->failed;
		c.failed.step = "net-start";
		c.failed.why = "bmc 10.0.0.9: no answer";
	}
	if (h->rehearsed_ago_s > 0) {
		c.rehearsed.id = 13;
		c.rehearsed.of = "web-01";
		c.rehearsed.step = "await-os";
		c.rehearsed.ago_s = h->rehearsed_ago_s;
	}
	return c;
}

/* The verdicts in their order: "blade-b; blade-a: carries persona db-01; ..." */
static const char *chosen(
	const struct wants *w, const struct has *has, const struct neighbour *near)
{
	static char text[2048];
	struct machine m[MOST];
	struct candidate c[MOST];
	struct verdict v[MOST];
	struct persona p = persona_made(w);
	size_t n = 0, nears = 0, at = 0;
	for (; n < MOST && has[n].name; n++) {
		m[n] = machine_made(&has[n]);
		c[n] = candidate_made(&has[n], &m[n]);
	}
	while (near && near[nears].persona)
		nears++;
	size_t fit = choice_make(v, &p, c, n, near, nears);
	for (size_t i = 0; i < n; i++) {
		CHECK(v[i].fit == (i < fit));
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%s%s", i ? "\n" : "",
			v[i].machine, *v[i].why ? ": " : "", v[i].why);
	}
	return text;
}

static void the_fittest_is_chosen_and_each_other_has_its_reasons(void)
{
	static const struct {
		struct wants wants;
		struct has has[MOST];
		const char *says;
	} cases[] = {
		{ { 0 }, { { .name = "blade-a" } }, "blade-a" },
		/* what is unfit, with all that stands in the way */
		{ { 0 }, { { .name = "a", .carries = "db-01" }, { .name = "b" } },
			"b\na: carries persona db-01" },
		{ { 0 }, { { .name = "a", .carries = "web-01" }, { .name = "b" } },
			"b\na: is where web-01 is now" },
		{ { 0 }, { { .name = "a", .order = 7 }, { .name = "b" } },
			"b\na: is at work: order 7 (start db-09)" },
		{ { 0 }, { { .name = "a", .order = 7, .stopped = true }, { .name = "b" } },
			"b\na: waits for a person: order 7 (start db-09)" },
		{ { 0 }, { { .name = "a", .order = 7, .planned = true }, { .name = "b" } },
			"b\na: has a part in start db-09 of this plan" },
		{ { 0 }, { { .name = "a", .emptied_by = 3 }, { .name = "b" } },
			"b\na: is being evacuated: batch 3" },
		{ { 0 }, { { .name = "a", .stale_of = "db-02" }, { .name = "b" } },
			"b\na: is stale: its cards may hold addresses of db-02, and `baton restore "
			"a` takes them off" },
		{ { 0 },
			{ { .name = "a" }, { .name = "b", .stale_of = "web-01", .prestaged = true },
				{ .name = "c", .stale_of = "db-02", .prestaged = true } },
			"b\na: fits, but is not prestaged, as the best one is\nc: is prestaged: "
			"its "
			"cards hold addresses of db-02, and `baton restore c` takes them off" },
		{ { 0 }, { { .name = "a", .like = "z" }, { .name = "b" } },
			"b\na: could not be told from z, which was never seen off: `baton restore "
			"z`" },
		{ { .arch = ARCH_AARCH64 },
			{ { .name = "a", .arch = ARCH_X86_64 }, { .name = "b" },
				{ .name = "c", .arch = ARCH_AARCH64 } },
			"c\na: is x86_64, web-01 wants aarch64\nb: its architecture is not known, "
			"web-01 wants aarch64" },
		{ { .firmware = FIRMWARE_UEFI },
			{ { .name = "a", .firmware = FIRMWARE_BIOS }, { .name = "b" },
				{ .name = "c", .firmware = FIRMWARE_UEFI } },
			"c\na: boots by bios, web-01 wants uefi\nb: its firmware is not known, "
			"web-01 wants uefi" },
		{ { .memory_mb = 65536 },
			{ { .name = "a", .memory_mb = 65535 }, { .name = "b" },
				{ .name = "c", .memory_mb = 65536 } },
			"c\na: has 65535 MiB of memory, web-01 wants 64 GiB\nb: its memory is not "
			"known, web-01 wants 64 GiB" },
		{ { .cpus = 8 },
			{ { .name = "a", .cpus = 1 }, { .name = "b" }, { .name = "c", .cpus = 8 } },
			"c\na: has 1 CPU, web-01 wants 8\nb: its CPUs are not known, web-01 wants "
			"8" },
		{ { .nics = 3 }, { { .name = "a" }, { .name = "b", .nics = 3 } },
			"b\na: has no NIC left that carries NIC 1 of web-01; has no NIC left that "
			"carries NIC 2 of web-01" },
		{ { .labels = "gpu=a100 rack=r1" },
			{ { .name = "a", .labels = "rack=r2" },
				{ .name = "b", .labels = "rack=r1 gpu=a100 more=1" } },
			"b\na: has no label gpu, web-01 wants gpu=a100; has label rack=r2, web-01 "
			"wants rack=r1" },
		{ { .arch = ARCH_X86_64, .memory_mb = 2048, .labels = "gpu=a100" },
			{ { .name = "a",
				.arch = ARCH_AARCH64,
				.memory_mb = 1024,
				.carries = "db-01",
				.order = 7 } },
			"a: carries persona db-01; is at work: order 7 (start db-09); is aarch64, "
			"web-01 wants x86_64; has 1 GiB of memory, web-01 wants 2 GiB; has no "
			"label "
			"gpu, web-01 wants gpu=a100" },
		/* which of the fit ones is best */
		{ { 0 }, { { .name = "b" }, { .name = "a" }, { .name = "c" } },
			"a\nb: fits as well; a comes first by name\nc: fits as well; a comes first "
			"by name" },
		{ { .memory_mb = 1024 },
			{ { .name = "a", .memory_mb = 131072 },
				{ .name = "b", .memory_mb = 2048 } },
			"b\na: fits as well, but leaves more unused: it has 128 GiB of memory, b "
			"has "
			"2 GiB of memory" },
		{ { 0 }, { { .name = "a" }, { .name = "b", .memory_mb = 2048 } },
			"b\na: fits as well, but leaves more unused: it has memory that is not "
			"known, b has 2 GiB of memory" },
		{ { 0 },
			{ { .name = "a", .memory_mb = 2048, .cpus = 16 },
				{ .name = "b", .memory_mb = 2048, .cpus = 1 },
				{ .name = "c", .memory_mb = 2048 } },
			"b\na: fits as well, but leaves more unused: it has 16 CPUs, b has 1 CPU\n"
			"c: fits as well, but leaves more unused: it has CPUs that are not known, "
			"b "
			"has 1 CPU" },
		{ { 0 }, { { .name = "a", .nics = 2 }, { .name = "b", .nics = 1 } },
			"b\na: fits as well, but leaves more unused: it has 2 NICs for a persona, "
			"b "
			"has 1 NIC for a persona" },
		/* one on which an order has failed is the last that is taken, but it is taken */
		{ { 0 }, { { .name = "a", .failed = 12 }, { .name = "b", .memory_mb = 65536 } },
			"b\na: fits, but order 12 failed on it at net-start: bmc 10.0.0.9: no "
			"answer" },
		{ { 0 }, { { .name = "a", .failed = 12 }, { .name = "b", .carries = "db-01" } },
			"a\nb: carries persona db-01" },
		/* so is one on which a rehearsal has; what was no rehearsal counts more */
		{ { 0 },
			{ { .name = "a", .rehearsed_ago_s = 3 * 3600 + 1800 },
				{ .name = "b", .memory_mb = 65536 },
				{ .name = "c", .rehearsed_ago_s = 119 } },
			"b\na: fits, but its rehearsal of web-01 failed at await-os, 3 h ago\n"
			"c: fits, but its rehearsal of web-01 failed at await-os, 1 min ago" },
		{ { 0 }, { { .name = "a", .failed = 12 }, { .name = "b", .rehearsed_ago_s = 60 } },
			"b\na: fits, but order 12 failed on it at net-start: bmc 10.0.0.9: no "
			"answer" },
		{ { 0 },
			{ { .name = "a", .carries = "db-01" },
				{ .name = "b", .rehearsed_ago_s = 60 } },
			"b\na: carries persona db-01" },
		/* fit ones before the others, each by name */
		{ { 0 },
			{ { .name = "z", .memory_mb = 1 }, { .name = "y", .carries = "x" },
				{ .name = "c" }, { .name = "b" }, { .name = "a", .order = 1 } },
			"z\nb: fits as well, but leaves more unused: it has memory that is not "
			"known, z has 1 MiB of memory\nc: fits as well, but leaves more unused: it "
			"has memory that is not known, z has 1 MiB of memory\na: is at work: order "
			"1 "
			"(start db-09)\ny: carries persona x" },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		CHECK_TEXT(chosen(&cases[i].wants, cases[i].has, NULL), cases[i].says);
}

static void personas_of_a_group_stand_in_racks_of_their_own(void)
{
	static const struct has racks[MOST] = {
		{ .name = "a", .labels = "rack=r1" },
		{ .name = "b", .labels = "rack=r2" },
		{ .name = "c", .labels = "rack=r3" },
		{ .name = "d" },
	};
	static const struct has no_racks[MOST] = { { .name = "c" }, { .name = "d" } };
	static const struct neighbour near[] = {
		{ "web-02", "x", "r1" },
		{ "web-03", "y", "r2" },
		{ "web-04", "z", NULL }, /* a rack of its own: in nobody's way */
		{ NULL, NULL, NULL },
	};
	struct wants alone = { .nics = 1 }, apart = { .apart = "web" };
	CHECK_TEXT(chosen(&apart, racks, near),
		"c\nd: fits as well; c comes first by name\n"
		"a: stands in rack r1 as x does, where web-02 is; both are of group web\n"
		"b: stands in rack r2 as y does, where web-03 is; both are of group web");
	CHECK_TEXT(chosen(&apart, no_racks, near), "c\nd: fits as well; c comes first by name");
	CHECK_TEXT(chosen(&alone, no_racks, near), "c\nd: fits as well; c comes first by name");
	CHECK(strncmp(chosen(&alone, racks, near), "a\nb: fits as well", 17) == 0);
}

static void a_nic_must_be_on_the_right_network(void)
{
	struct machine m = { .name = "a",
		.nics = 2,
		.nic = { { .network = "mgmt" }, { .carries = true, .network = "mgmt" } } };
	struct candidate c = { .m = &m, .carries = "", .stale_of = "", .like = "" };
	struct persona p = { .name = "web-01", .nics = 1, .nic = { { .network = "lan" } } };
	struct verdict v;
	CHECK_INT(choice_make(&v, &p, &c, 1, NULL, 0), 0);
	CHECK_TEXT(v.why, "has no NIC left that carries NIC 0 of web-01 on network lan");
	CHECK_INT(choice_make(&v, &p, &c, 0, NULL, 0), 0);
}

static void reasons_that_do_not_fit_are_cut_and_say_so(void)
{
	struct machine m = { .name = "a" };
	struct candidate c = { .m = &m, .carries = "", .stale_of = "", .like = "" };
	struct persona p = { .name = "a-persona-with-a-name-of-some-length" };
	struct verdict v;
	for (unsigned i = 0; i < LABELS_MAX; i++) {
		struct label *l = &p.wants.label[p.wants.labels++];
		snprintf(l->key, sizeof l->key, "a-label-of-a-certain-length-%u", i);
		strcpy(l->value, "yes");
	}
	CHECK_INT(choice_make(&v, &p, &c, 1, NULL, 0), 0);
	CHECK_INT(strlen(v.why), sizeof v.why - 1);
	CHECK_TEXT(v.why + sizeof v.why - 4, "...");
}

static void a_list_in_a_sentence_ends_where_there_is_no_more_room(void)
{
	struct verdict v[100] = { { .machine = "blade-a", .why = "carries persona db-01" },
		{ .machine = "blade-b",
			.why = "is x86_64, w wants aarch64; has 1 CPU, w wants 2" } };
	char text[300];
	choice_text(text, sizeof text, v, 0);
	CHECK_TEXT(text, "");
	choice_text(text, sizeof text, v, 2);
	CHECK_TEXT(text,
		"blade-a (carries persona db-01), blade-b (is x86_64, w wants aarch64; has "
		"1 CPU, w wants 2)");
	for (size_t i = 2; i < 100; i++)
		v[i] = v[0];
	choice_text(text, sizeof text, v, 100);
	CHECK(strlen(text) < sizeof text);
	CHECK_TEXT(text + strlen(text) - 35, "carries persona db-01), and 93 more");
	memset(v[0].machine, 'm', NAME_LEN);
	memset(v[0].why, 'w', WHY_LEN - 1);
	choice_text(text, sizeof text, v, 100);
	CHECK(strstr(text, "www), and 99 more") != NULL);
}

static void a_label_is_two_words(void)
{
	static const char *const bad[] = { "", "rack", "rack=", "=r1", "Rack=r1", "rack=R1",
		"rack=r 1", "rack=a=b", "-a=b", "a-key-of-thirty-two-characters-xx=1",
		"a=value-of-thirty-two-characters-xx" };
	struct label l = { "kept", "too" };
	char text[LABEL_TEXT];
	for (size_t i = 0; i < COUNT(bad); i++)
		CHECK(!label_parse(&l, bad[i]));
	CHECK_TEXT(label_text(text, &l), "kept=too");
	CHECK(label_parse(&l, "a-key-of-31-characters-xxxxxxxx=0"));
	CHECK(label_parse(&l, "rack=r1"));
	CHECK_TEXT(l.key, "rack");
	CHECK_TEXT(l.value, "r1");
	struct traits t = { .labels = 1, .label = { l } };
	CHECK_TEXT(traits_label(&t, "rack"), "r1");
	CHECK(!traits_label(&t, "rac"));
}

TESTS(T(the_fittest_is_chosen_and_each_other_has_its_reasons),
	T(personas_of_a_group_stand_in_racks_of_their_own), T(a_nic_must_be_on_the_right_network),
	T(reasons_that_do_not_fit_are_cut_and_say_so),
	T(a_list_in_a_sentence_ends_where_there_is_no_more_room), T(a_label_is_two_words))
