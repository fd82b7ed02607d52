/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machines are and personas want, as the store keeps it: what the operator wrote wins over
 * what the shim found, labels come back, and why a machine was chosen outlives the order. */
#include <errno.h>

#include "base/list.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static struct label label_of(const char *text)
{
	struct label l;
	if (!label_parse(&l, text))
		abort();
	return l;
}

static void traits_and_labels_come_back_as_they_were_put(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) struct machine *all = NULL;
	struct machine m = machine_of("blade-c", "52:54:00:cc:00:01"), plain;
	struct persona p = persona_of("db-01"), back;
	size_t n = 0;
	p.nic[0].addr = ip4_of("10.77.0.50");
	strcpy(m.pool, "spares");
	m.is = (struct traits){ ARCH_AARCH64, FIRMWARE_UEFI, 65536, 16, 2,
		{ label_of("rack=r1"), label_of("gpu=a100") } };
	p.wants =
		(struct traits){ ARCH_X86_64, FIRMWARE_BIOS, 1024, 2, 1, { label_of("rack=r2") } };
	strcpy(p.apart, "web");
	MUST(store_machine_add(s, &m, &e));
	MUST(store_persona_add(s, &p, &e));
	MUST(store_machines(s, &all, &n, &e));
	CHECK_INT(n, 3);
	CHECK_INT(all[0].is.labels, 0);
	CHECK_TEXT(all[0].pool, "");
	CHECK_TEXT(all[2].pool, "spares");
	CHECK_INT(all[2].is.arch, ARCH_AARCH64);
	CHECK_INT(all[2].is.firmware, FIRMWARE_UEFI);
	CHECK_INT(all[2].is.memory_mb, 65536);
	CHECK_INT(all[2].is.cpus, 16);
	CHECK_INT(all[2].is.labels, 2);
	CHECK_TEXT(traits_label(&all[2].is, "rack"), "r1");
	CHECK_TEXT(traits_label(&all[2].is, "gpu"), "a100");
	MUST(store_machine(s, "blade-b", &plain, &e));
	CHECK_INT(plain.is.labels, 0);
	MUST(store_persona(s, "db-01", &back, &e));
	CHECK_INT(back.wants.arch, ARCH_X86_64);
	CHECK_INT(back.wants.firmware, FIRMWARE_BIOS);
	CHECK_INT(back.wants.memory_mb, 1024);
	CHECK_INT(back.wants.cpus, 2);
	CHECK_TEXT(traits_label(&back.wants, "rack"), "r2");
	CHECK_TEXT(back.apart, "web");
	MUST(store_persona(s, "web-01", &back, &e));
	CHECK(!back.wants.labels && !*back.apart);
	/* a name that comes back brings no labels of its predecessor */
	MUST(store_machine_rm(s, "blade-c", &e));
	m.is.labels = 0;
	MUST(store_machine_add(s, &m, &e));
	MUST(store_machine(s, "blade-c", &plain, &e));
	CHECK_INT(plain.is.labels, 0);
}

static void what_the_shim_found_fills_only_what_nobody_wrote(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = machine_of("blade-c", "52:54:00:cc:00:01");
	struct traits found = { ARCH_X86_64, FIRMWARE_BIOS, 32768, 8, 0, { { "", "" } } };
	m.is.firmware = FIRMWARE_UEFI;
	m.is.cpus = 4;
	m.is.label[m.is.labels++] = label_of("rack=r1");
	MUST(store_machine_add(s, &m, &e));
	MUST(store_found_set(s, "blade-c", &found, &e));
	MUST(store_machine(s, "blade-c", &m, &e));
	CHECK_INT(m.is.arch, ARCH_X86_64);
	CHECK_INT(m.is.firmware, FIRMWARE_UEFI);
	CHECK_INT(m.is.memory_mb, 32768);
	CHECK_INT(m.is.cpus, 4);
	CHECK_TEXT(traits_label(&m.is, "rack"), "r1");
	found.memory_mb = 65536; /* somebody put more in */
	MUST(store_found_set(s, "blade-c", &found, &e));
	MUST(store_machine(s, "blade-c", &m, &e));
	CHECK_INT(m.is.memory_mb, 65536);
	MUST(store_found_set(s, "blade-c", &(struct traits){ .cpus = 2 }, &e));
	MUST(store_machine(s, "blade-c", &m, &e));
	CHECK_INT(m.is.memory_mb, 65536);
	CHECK_INT(m.is.arch, ARCH_X86_64);
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_INT(m.is.memory_mb, 0);
	found.cpus = CPUS_MAX + 1;
	WANT(EINVAL,
		"machine blade-a: 65536 MiB of memory and 65537 CPUs: want at most 67108864 and "
		"65536",
		store_found_set(s, "blade-a", &found, &e));
}

static void a_wrong_label_pool_or_group_gets_one_sentence(void)
{
	OWN(store) struct store *s = peopled("");
	struct machine m = machine_of("blade-c", "52:54:00:cc:00:01");
	struct persona p = persona_of("db-01");
	m.is.labels = 2;
	m.is.label[0] = m.is.label[1] = label_of("rack=r1");
	WANT(EEXIST, "machine blade-c: label rack is written twice", store_machine_add(s, &m, &e));
	m.is.label[1] = (struct label){ "Row", "1" };
	WANT(EINVAL,
		"machine blade-c: label Row=1: want KEY=VALUE, each 1 to 31 of a-z, 0-9 and '-'",
		store_machine_add(s, &m, &e));
	m.is.labels = LABELS_MAX + 1;
	WANT(EINVAL, "machine blade-c: 17 labels, and 16 at most can be kept",
		store_machine_add(s, &m, &e));
	m.is.labels = 0;
	strcpy(m.pool, "Spares");
	WANT(EINVAL,
		"pool \"Spares\": a name is 1 to 63 of a-z, 0-9 and '-', and does not begin with "
		"'-'",
		store_machine_add(s, &m, &e));
	strcpy(p.apart, "a b");
	WANT(EINVAL,
		"group \"a b\": a name is 1 to 63 of a-z, 0-9 and '-', and does not begin with "
		"'-'",
		store_persona_add(s, &p, &e));
}

static void a_group_is_known_by_its_name(void)
{
	OWN(store) struct store *s = peopled("");
	OWN(list) char(*names)[NAME_LEN + 1] = NULL;
	size_t n = 9;
	struct persona b = persona_of("b"), a = persona_of("a");
	b.nic[0].addr = ip4_of("10.77.0.50");
	strcpy(a.apart, "db");
	strcpy(b.apart, "db");
	MUST(store_persona_add(s, &b, &e));
	MUST(store_persona_add(s, &a, &e));
	MUST(store_group(s, "", &names, &n, &e)); /* those of no group are no group */
	CHECK_INT(n, 0);
	MUST(store_group(s, "db", &names, &n, &e));
	CHECK_INT(n, 2);
	CHECK_TEXT(names[0], "a");
	CHECK_TEXT(names[1], "b");
}

static void why_a_machine_was_chosen_is_kept_with_the_order(void)
{
	OWN(store) struct store *s = peopled("");
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-a" };
	char *text = NULL;
	MUST(store_order_add(s, &o, &e));
	MUST(store_choice(s, o.id, &text, &e));
	CHECK(!text);
	MUST(store_choice_set(s, o.id, "{\"machine\":\"blade-a\"}", &e));
	MUST(store_choice(s, o.id, &text, &e));
	CHECK_TEXT(text ? text : "", "{\"machine\":\"blade-a\"}");
	free(text);
	CHECK_INT(store_choice_set(s, o.id + 1, "", &e), -EEXIST); /* of no order */
}

TESTS(T(traits_and_labels_come_back_as_they_were_put),
	T(what_the_shim_found_fills_only_what_nobody_wrote),
	T(a_wrong_label_pool_or_group_gets_one_sentence), T(a_group_is_known_by_its_name),
	T(why_a_machine_was_chosen_is_kept_with_the_order))
