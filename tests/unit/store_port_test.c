/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switch ports in the store: whose they are, which are held; and what a person changes of a machine
 * that is there. */
#include <errno.h>

#include "base/list.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/tap.h"

static struct err e;

static struct machine plugged(const char *name, const char *mac, const char *port)
{
	struct machine m = machine_of(name, mac);
	m.nic[0].network[0] = '\0'; /* the pool of addresses is small */
	snprintf(m.nic[0].port, sizeof m.nic[0].port, "%s", port);
	return m;
}

/* blade-c behind fake://sw/c. */
static struct store *switched(void)
{
	struct store *s = peopled("");
	struct machine m = machine_of("blade-c", "52:54:00:cc:00:01");
	strcpy(m.nic[0].port, "fake://sw/c");
	MUST(store_machine_add(s, &m, &e));
	return s;
}

static void hold(
	struct store *s, const char *port, enum port_state state, uint64_t order, double since_s)
{
	struct port_held p = { .state = state, .order = order, .since_s = since_s };
	strcpy(p.machine, "blade-c");
	strcpy(p.port, port);
	MUST(store_port_hold(s, &p, &e));
}

/* The one port of blade-c that is held. */
static struct port_held held(struct store *s)
{
	OWN(list) struct port_held *list = NULL;
	size_t n = 0;
	MUST(store_ports_held(s, "blade-c", &list, &n, &e));
	CHECK_INT(n, 1);
	return n ? *list : (struct port_held){ .order = 0 };
}

static void a_port_is_one_nics(void)
{
	OWN(store) struct store *s = switched();
	struct machine m = plugged("blade-d", "52:54:00:dd:00:01", "fake://sw/c");
	WANT(EEXIST, "machine blade-d: port fake://sw/c is that of machine blade-c already",
		store_machine_add(s, &m, &e));
	strcpy(m.nic[0].port, "sw/c");
	WANT(EINVAL,
		"machine blade-d: NIC 0: switch port \"sw/c\": want KIND://HOST/PORT, as in "
		"fake://switch-1/7",
		store_machine_add(s, &m, &e));
	strcpy(m.nic[0].port, "fake://sw/d");
	MUST(store_machine_add(s, &m, &e));
	MUST(store_machine(s, "blade-d", &m, &e));
	CHECK_TEXT(m.nic[0].port, "fake://sw/d");
	MUST(store_machine(s, "blade-a", &m, &e));
	CHECK_TEXT(m.nic[0].port, "");
}

static void what_is_held_is_known_from_before_the_switch_is_told(void)
{
	OWN(store) struct store *s = switched();
	OWN(list) struct port_held *list = NULL;
	size_t n = 9;
	hold(s, "fake://sw/c", PORT_SHUT, 7, 100);
	CHECK(!held(s).read_back);
	MUST(store_ports_seen(s, "blade-c", PORT_SHUT, &e));
	CHECK(held(s).read_back);
	/* once more, by another order: it is shut since the first */
	hold(s, "fake://sw/c", PORT_SHUT, 8, 200);
	CHECK(!held(s).read_back);
	CHECK_INT(held(s).order, 7);
	CHECK_INT(held(s).since_s, 100);
	hold(s, "fake://sw/c", PORT_ISOLATED, 9, 300);
	CHECK_INT(held(s).state, PORT_ISOLATED);
	CHECK_INT(held(s).order, 9);
	CHECK_INT(held(s).since_s, 300);
	MUST(store_ports_seen(s, "blade-c", PORT_SHUT, &e)); /* that was not what was told last */
	CHECK(!held(s).read_back);
	MUST(store_ports_seen(s, "blade-c", PORT_OPEN, &e));
	MUST(store_ports_held(s, "", &list, &n, &e));
	CHECK_INT(n, 0);
}

static void a_machine_whose_port_is_held_is_not_removed(void)
{
	OWN(store) struct store *s = switched();
	struct machine_change c = { .to.nics = 1, .nic_parts = { NIC_PORT } };
	struct machine m = plugged("blade-d", "52:54:00:dd:00:01", "fake://sw/c");
	hold(s, "fake://sw/c", PORT_SHUT, 7, 100);
	WANT(EBUSY,
		"machine blade-c: its port fake://sw/c is shut since order 7 and would stay so; "
		"`baton restore blade-c` opens it, and with port=none `baton machine set` leaves "
		"it as it is",
		store_machine_rm(s, "blade-c", &e));
	c.to.nic[0].factory = mac_of("52:54:00:cc:00:01");
	strcpy(c.to.nic[0].port, "fake://sw/other");
	CHECK_INT(store_machine_set(s, "blade-c", &c, &e), -EBUSY);
	CHECK_INT(held(s).order, 7);
	CHECK_INT(store_machine_add(s, &m, &e), -EEXIST);
	strcpy(c.to.nic[0].port, "fake://sw/c"); /* as it is */
	MUST(store_machine_set(s, "blade-c", &c, &e));
	CHECK_INT(held(s).order, 7);
	c.to.nic[0].port[0] = '\0';
	MUST(store_machine_set(s, "blade-c", &c, &e));
	MUST(store_machine_rm(s, "blade-c", &e));
	MUST(store_machine_add(s, &m, &e));
}

static void only_what_is_named_changes(void)
{
	OWN(store) struct store *s = switched();
	struct traits found = { .cpus = 8, .memory_mb = 1024 };
	struct machine was, now;
	struct machine_change c = { .parts = PART_POOL | PART_CPUS };
	MUST(store_machine(s, "blade-c", &was, &e));
	strcpy(c.to.pool, "spares");
	c.to.is.cpus = 4;
	c.to.is.labels = 2;
	CHECK(label_parse(&c.to.is.label[0], "rack=r1") && label_parse(&c.to.is.label[1], "gpu=a"));
	MUST(store_machine_set(s, "blade-c", &c, &e));
	MUST(store_found_set(s, "blade-c", &found, &e));
	MUST(store_machine(s, "blade-c", &now, &e));
	CHECK_TEXT(now.pool, "spares");
	CHECK_INT(now.is.cpus, 4);
	CHECK_INT(now.is.memory_mb, 1024); /* nobody has written it: still as found */
	CHECK_TEXT(now.nic[0].port, "fake://sw/c");
	CHECK(memcmp(&now.bmc, &was.bmc, sizeof now.bmc) == 0);
	/* a trait that is set to nothing is as found; labels are added, changed, taken away */
	c = (struct machine_change){ .parts = PART_CPUS, .unlabels = 1, .unlabel = { "gpu" } };
	c.to.is.labels = 1;
	CHECK(label_parse(&c.to.is.label[0], "rack=r2"));
	MUST(store_machine_set(s, "blade-c", &c, &e));
	MUST(store_machine(s, "blade-c", &now, &e));
	CHECK_INT(now.is.cpus, 8);
	CHECK_INT(now.is.labels, 1);
	CHECK_TEXT(traits_label(&now.is, "rack"), "r2");
	CHECK_TEXT(now.pool, "spares");
}

static void a_change_that_is_refused_changes_nothing(void)
{
	OWN(store) struct store *s = switched();
	struct machine m;
	struct machine_change c = { .parts = PART_POOL };
	strcpy(c.to.pool, "spares");
	c.unlabels = 1;
	strcpy(c.unlabel[0], "rack");
	WANT(ENOENT, "machine blade-c has no label \"rack\"",
		store_machine_set(s, "blade-c", &c, &e));
	c.unlabels = 0;
	c.to.nics = 1;
	c.nic_parts[0] = NIC_PORT;
	c.to.nic[0].factory = mac_of("52:54:00:cc:00:09");
	WANT(ENOENT, "machine blade-c has no NIC with the factory MAC 52:54:00:cc:00:09",
		store_machine_set(s, "blade-c", &c, &e));
	c.to.nics = 0;
	c.to.is.labels = LABELS_MAX;
	for (unsigned i = 0; i < LABELS_MAX; i++) {
		snprintf(c.to.is.label[i].key, sizeof c.to.is.label[i].key, "k%u", i);
		strcpy(c.to.is.label[i].value, "v");
	}
	MUST(store_machine_set(s, "blade-c", &c, &e));
	strcpy(c.to.pool, "other");
	c.to.is.labels = 1;
	strcpy(c.to.is.label[0].key, "more");
	WANT(EINVAL, "machine blade-c: 17 labels, and 16 at most can be kept",
		store_machine_set(s, "blade-c", &c, &e));
	WANT(ENOENT, "machine nobody: no such machine; `baton machine list` shows them",
		store_machine_set(s, "nobody", &c, &e));
	MUST(store_machine(s, "blade-c", &m, &e));
	CHECK_TEXT(m.pool, "spares");
	CHECK_INT(m.is.labels, LABELS_MAX);
}

static const char *relay_port_of(struct store *s, const char *machine)
{
	static char both[2 * RELAY_ID_TEXT];
	char circuit[RELAY_ID_TEXT], remote[RELAY_ID_TEXT];
	struct machine m;
	MUST(store_machine(s, machine, &m, &e));
	snprintf(both, sizeof both, "%s|%s", relay_id_text(circuit, &m.nic[0].relay_port.circuit),
		relay_id_text(remote, &m.nic[0].relay_port.remote));
	return both;
}

/* Of the one NIC of a machine, by its MAC; NULL is not named. */
static struct machine_change relay_port(const char *mac, const char *circuit, const char *remote)
{
	struct machine_change c = { .to.nics = 1 };
	c.to.nic[0].factory = mac_of(mac);
	c.nic_parts[0] = (circuit ? NIC_CIRCUIT : 0) | (remote ? NIC_REMOTE : 0);
	if (circuit)
		relay_id_parse(&c.to.nic[0].relay_port.circuit, circuit);
	if (remote)
		relay_id_parse(&c.to.nic[0].relay_port.remote, remote);
	return c;
}

static void a_relay_port_is_set_changed_in_part_and_taken_off(void)
{
	static const char mac[] = "52:54:00:cc:00:01",
			  lone[] = "machine blade-c: NIC 52:54:00:cc:00:01: a remote-id names a "
				   "relay, and no port of "
				   "it: want the circuit-id, too, or neither";
	OWN(store) struct store *s = switched();
	struct machine_change c = relay_port(mac, NULL, "0xaa");
	struct machine d = plugged("blade-d", "52:54:00:dd:00:01", "");
	WANT(EINVAL, lone, store_machine_set(s, "blade-c", &c, &e));
	c = relay_port(mac, "7", "0xaa");
	MUST(store_machine_set(s, "blade-c", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-c"), "7|0xaa");
	c = relay_port(mac, "8", NULL);
	MUST(store_machine_set(s, "blade-c", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-c"), "8|0xaa");
	/* two parts of one NIC, each in its own words */
	c.to.nics = 2;
	c.to.nic[1] = relay_port(mac, NULL, "0xab").to.nic[0];
	c.nic_parts[1] = NIC_REMOTE;
	MUST(store_machine_set(s, "blade-c", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-c"), "8|0xab");
	/* its switch port is another thing */
	struct machine m;
	MUST(store_machine(s, "blade-c", &m, &e));
	CHECK_TEXT(m.nic[0].port, "fake://sw/c");

	MUST(store_machine_add(s, &d, &e));
	c = relay_port("52:54:00:dd:00:01", "8", NULL);
	WANT(EEXIST,
		"relay port 8 is that of machine blade-c, and a port that two share tells nobody; "
		"give both their relay's remote-id, too, where they are behind two",
		store_machine_set(s, "blade-d", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-d"), "|");
	c = relay_port(mac, "", NULL);
	WANT(EINVAL, lone, store_machine_set(s, "blade-c", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-c"), "8|0xab");
	c = relay_port(mac, "", "");
	MUST(store_machine_set(s, "blade-c", &c, &e));
	CHECK_TEXT(relay_port_of(s, "blade-c"), "|");
	c = relay_port("52:54:00:dd:00:01", "8", NULL);
	MUST(store_machine_set(s, "blade-d", &c, &e));
}

static void signs_of_a_body_stay_while_they_tell_two_apart(void)
{
	OWN(store) struct store *s = switched();
	struct binding b;
	struct machine_change c = { .parts = PART_UUID };
	struct machine_change port = relay_port("52:54:00:cc:00:01", "", "");
	c.to.uuid.b[3] = 7;
	MUST(store_bind(s, "web-01", "blade-c", &b, &e));
	WANT(EBUSY,
		"machine blade-c carries persona web-01: its UUID tells it from others that had "
		"that "
		"one; `baton stop web-01` first",
		store_machine_set(s, "blade-c", &c, &e));
	WANT(EBUSY,
		"machine blade-c carries persona web-01: its relay port tells it from others that "
		"had that one; `baton stop web-01` first",
		store_machine_set(s, "blade-c", &port, &e));
	MUST(store_unbind(s, &b, &e));
	MUST(store_stale_add(s, "blade-c", "web-01", b.generation, 1, &e));
	CHECK_INT(store_machine_set(s, "blade-c", &c, &e), -EBUSY);
	CHECK_INT(store_machine_set(s, "blade-c", &port, &e), -EBUSY);
	MUST(store_stale_rm(s, "blade-c", &e));
	struct order o = { .verb = VERB_START, .persona = "web-01", .to = "blade-c" };
	MUST(store_order_add(s, &o, &e));
	CHECK_INT(store_machine_set(s, "blade-c", &c, &e), -EBUSY);
	CHECK_INT(store_machine_set(s, "blade-c", &port, &e), -EBUSY);
	c.parts = PART_POOL;
	MUST(store_machine_set(s, "blade-c", &c, &e));
}

TESTS(T(a_port_is_one_nics), T(what_is_held_is_known_from_before_the_switch_is_told),
	T(a_machine_whose_port_is_held_is_not_removed), T(only_what_is_named_changes),
	T(a_change_that_is_refused_changes_nothing),
	T(a_relay_port_is_set_changed_in_part_and_taken_off),
	T(signs_of_a_body_stay_while_they_tell_two_apart))
