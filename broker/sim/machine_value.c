/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a simulated machine's names stand for, and what may be set: see machine.h. */
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "sim/fault.h"
#include "sim/machine.h"

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && strcmp(name + n - k, end) == 0;
}

/* The value before anybody has set one. "nic.3.mtu" may stand as "nic.*.mtu". */
static json_t *fact(const struct machine *m, const char *name)
{
	char star[80];
	json_t *v = json_object_get(m->facts, name);
	const char *first = strchr(name, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	if (v || !second)
		return v;
	snprintf(star, sizeof star, "%.*s.*%s", (int)(first - name), name, second);
	return json_object_get(m->facts, star);
}

static json_t *value_power(struct machine *m, const char *name)
{
	struct body_look look;
	struct err e;
	if (machine_look(m, &look, &e) < 0)
		return json_null();
	if (strcmp(name, "system.state") == 0)
		return json_string(look.on ? "Enabled" : "StandbyOffline");
	if (m->turning)
		return json_string(m->turning == 2 ? "PoweringOn" : "PoweringOff");
	return json_string(look.on ? "On" : "Off");
}

static json_t *value_boot(struct machine *m, const char *name)
{
	struct boot b;
	struct err e;
	if (machine_boot(m, &b, &e) < 0)
		return json_null();
	const char *part = name + strlen("boot.");
	return json_string(strcmp(part, "target") == 0    ? b.target
			   : strcmp(part, "enabled") == 0 ? b.enabled
							  : b.mode);
}

static json_t *value_time(struct machine *m, const char *name)
{
	(void)name;
	char text[32];
	struct tm tm;
	time_t s = (time_t)(m->now / 1000);
	gmtime_r(&s, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *value_via(struct machine *m, const char *name)
{
	char inserted[64];
	snprintf(inserted, sizeof inserted, "%.*sinserted", (int)(strlen(name) - 3), name);
	json_t *v = machine_value(m, inserted);
	json_t *via = json_string(json_is_true(v) ? "URI" : "NotConnected");
	json_decref(v);
	return via;
}

static const struct {
	const char *name;
	json_t *(*value)(struct machine *m, const char *name);
} computed[] = {
	{ "power", value_power },
	{ "system.state", value_power },
	{ "time", value_time },
	{ "boot.target", value_boot },
	{ "boot.enabled", value_boot },
	{ "boot.mode", value_boot },
};

json_t *machine_value(struct machine *m, const char *name)
{
	char base[64];
	for (size_t i = 0; i < COUNT(computed); i++)
		if (strcmp(computed[i].name, name) == 0)
			return computed[i].value(m, name);
	if (strncmp(name, "media.", 6) == 0 && ends(name, ".via"))
		return value_via(m, name);
	json_t *v = keep_get(m->keep, name);
	if (!v)
		v = fact(m, name);
	if (v)
		return json_deep_copy(v);
	/* What is to be is what is, where nothing else is to be. */
	if (ends(name, ".next") && strlen(name) < sizeof base) {
		snprintf(base, sizeof base, "%.*s", (int)(strlen(name) - 5), name);
		return machine_value(m, base);
	}
	return NULL;
}

static bool wwn_ok(const char *text)
{
	unsigned b[8];
	char rest;
	return strlen(text) == 23 && sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1],
					     &b[2], &b[3], &b[4], &b[5], &b[6], &b[7], &rest) == 8;
}

/* Is it one of the values that the facts allow? */
static bool allowed(struct machine *m, const char *name, json_t *value)
{
	char allow[80];
	json_t *list, *one;
	size_t i;
	snprintf(allow, sizeof allow, "allow %s", name);
	list = json_object_get(m->facts, allow);
	json_array_foreach(list, i, one) if (json_equal(one, value)) return true;
	return !list;
}

/* What an HBA boots from: a list of WWPN, LUNID and BootPriority. */
static bool targets_ok(json_t *list)
{
	json_t *one, *value;
	const char *key;
	size_t i;
	json_array_foreach(list, i, one)
	{
		const char *wwpn = json_string_value(json_object_get(one, "WWPN"));
		if (!wwpn || !wwn_ok(wwpn))
			return false;
		json_object_foreach(
			one, key, value) if (strcmp(key, "BootPriority") == 0
						     ? !json_is_integer(value)
						     : !json_is_string(value) ||
							       (strcmp(key, "WWPN") != 0 &&
								       strcmp(key, "LUNID") !=
									       0)) return false;
	}
	return json_is_array(list) && json_array_size(list) <= 8;
}

/* The form that the end of a name wants. */
static bool form_ok(const char *name, json_t *value)
{
	const char *text = json_string_value(value);
	struct mac mac;
	struct uuid uuid;
	uint32_t addr;
	if (strcmp(name, "uuid") == 0)
		return text && uuid_parse(&uuid, text);
	if (strcmp(name, "serial") == 0)
		return text && serial_is_text(text);
	if (ends(name, ".mac"))
		return text && mac_parse(&mac, text) && mac_is_unicast(&mac);
	if (ends(name, ".wwpn") || ends(name, ".wwnn"))
		return text && wwn_ok(text);
	if (ends(name, ".targets"))
		return targets_ok(value);
	if (ends(name, ".ip") || ends(name, ".mask") || ends(name, ".portal"))
		return text && ip4_parse(&addr, text);
	if (ends(name, ".port"))
		return json_integer_value(value) > 0 && json_integer_value(value) < 65536;
	return true;
}

/* MACs are written in one form, whatever was sent. */
static json_t *form_of(const char *name, json_t *value)
{
	struct mac mac;
	char text[MAC_TEXT];
	if (ends(name, ".mac") && mac_parse(&mac, json_string_value(value)))
		return json_string(mac_text(text, &mac));
	return json_deep_copy(value);
}

/* "a.next" is "a", and true; else it is itself. */
static bool base_of(char base[64], const char *name)
{
	bool next = ends(name, ".next") && strlen(name) < 64;
	snprintf(base, 64, "%.*s", (int)(strlen(name) - (next ? 5 : 0)), name);
	return next;
}

bool machine_fits(struct machine *m, const char *name, json_t *value)
{
	char base[64];
	base_of(base, name);
	return form_ok(base, value) && allowed(m, base, value);
}

int machine_set(struct machine *m, const char *name, json_t *value, struct err *e)
{
	char base[64];
	bool next = base_of(base, name);
	/* What waits is reverted when it should come true. */
	if (!next && fault_is(m->faults, "revert", machine_kind(name)))
		return 0;
	json_t *formed = form_of(base, value);
	int r = next ? 0 : machine_turn(m, name, formed, e);
	if (next)
		keep_put(m->keep, name, json_incref(formed));
	json_decref(formed);
	return r;
}

struct seed {
	uint8_t b[SHA256_DIGEST_SIZE];
};

/* The same name gives the same addresses, two names never the same as far as a hash can tell. */
static struct seed seed_of(const char *name, const char *what, unsigned n)
{
	struct sha256_ctx c;
	struct seed s;
	char text[300];
	int len = snprintf(text, sizeof text, "%s/%s/%u", name, what, n);
	sha256_init(&c);
	sha256_update(&c, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1,
		(const uint8_t *)text);
	sha256_digest(&c, sizeof s.b, s.b);
	return s;
}

static void first(struct machine *m, const char *name, const char *text)
{
	if (!keep_get(m->keep, name))
		keep_put(m->keep, name, json_string(text));
}

static void first_uuid(struct machine *m, const char *name, struct seed s)
{
	char text[UUID_TEXT];
	struct uuid u;
	memcpy(u.b, s.b, sizeof u.b);
	u.b[6] = (uint8_t)(0x40 | (u.b[6] & 0x0f));
	u.b[8] = (uint8_t)(0x80 | (u.b[8] & 0x3f));
	first(m, name, uuid_text(text, &u));
}

/* What it has is what its maker gave it, until somebody sets another. A body's own word counts for
 * more than ours. */
static int first_nic(struct machine *m, unsigned n, struct seed s, struct err *e)
{
	char factory[40], name[40], text[MAC_TEXT];
	struct mac mac = { { 0x02, s.b[1], s.b[2], s.b[3], s.b[4], s.b[5] } };
	bool asks = m->body->ops->mac_now != NULL;
	int r = asks ? m->body->ops->mac_now(m->body, n, &mac, e) : 0;
	if (r < 0)
		return r;
	mac_text(text, &mac);
	snprintf(factory, sizeof factory, "nic.%u.factory", n);
	snprintf(name, sizeof name, "nic.%u.mac", n);
	first(m, factory, text);
	if (asks)
		keep_put(m->keep, name, json_string(text));
	first(m, name, keep_text(m->keep, factory));
	return 0;
}

static void first_hba(struct machine *m, unsigned n, struct seed s)
{
	static const struct {
		const char *what;
		unsigned top;
	} names[] = { { "wwnn", 0x20 }, { "wwpn", 0x21 } };
	for (size_t i = 0; i < COUNT(names); i++) {
		char factory[40], name[40], text[24];
		snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x:%02x:%02x", names[i].top,
			0, s.b[1], s.b[2], s.b[3], s.b[4], s.b[5], n);
		snprintf(factory, sizeof factory, "hba.%u.factory-%s", n, names[i].what);
		first(m, factory, text);
		snprintf(name, sizeof name, "hba.%u.%s", n, names[i].what);
		first(m, name, keep_text(m->keep, factory));
	}
}

int machine_identity(struct machine *m, const char *name, struct err *e)
{
	char serial[16];
	struct seed s = seed_of(name, "serial", 0);
	snprintf(serial, sizeof serial, "S%02X%02X%02X%02X", s.b[0], s.b[1], s.b[2], s.b[3]);
	first(m, "serial", serial);
	first_uuid(m, "uuid", seed_of(name, "uuid", 0));
	first_uuid(m, "bmc.uuid", seed_of(name, "bmc", 0));
	int r = 0;
	for (unsigned n = 1; n <= m->nics && r == 0; n++)
		r = first_nic(m, n, seed_of(name, "nic", n), e);
	for (unsigned n = 1; n <= m->hbas; n++)
		first_hba(m, n, seed_of(name, "hba", n));
	return r;
}
