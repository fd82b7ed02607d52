/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine behind a BMC: see machine.h. */
#include "sim/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "sim/fault.h"

/* Redfish's word, the body's, and IPMI's device (IPMI 2.0, table 28-14). */
static const struct {
	const char *target, *next;
	int device;
} sources[] = {
	{ "None", "default", 0 },
	{ "Pxe", "network", 1 },
	{ "Hdd", "disk", 2 },
	{ "Diags", "diags", 4 },
	{ "Cd", "cd", 5 },
	{ "BiosSetup", "setup", 6 },
	{ "Usb", "usb", 15 },
	{ "UefiHttp", "http", -1 },
};

int boot_device_of(const char *target)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		if (strcmp(sources[i].target, target) == 0)
			return sources[i].device;
	return -1;
}

const char *boot_target_of(int device)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		if (sources[i].device == device)
			return sources[i].target;
	return NULL;
}

static const char *next_of(const char *target)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		if (strcmp(sources[i].target, target) == 0)
			return sources[i].next;
	return "default";
}

static const char *target_of(const char *next)
{
	for (size_t i = 0; i < COUNT(sources); i++)
		if (strcmp(sources[i].next, next) == 0)
			return sources[i].target;
	return "None";
}

int machine_look(struct machine *m, struct body_look *ret, struct err *e)
{
	*ret = (struct body_look){ 0 };
	int r = m->body->ops->look(m->body, ret, e);
	if (r < 0)
		return r;
	ret->on &= !fault_is(m->faults, "lie-off", NULL);
	char is = ret->on ? 2 : 1;
	bool turned = m->was && m->was != is;
	m->was = is;
	if (turned && m->turned)
		m->turned(m->ctx, ret->on);
	return 0;
}

/* What is remembered, whatever the body does. */
static void text_of(char *to, size_t size, struct machine *m, const char *name)
{
	json_t *v = keep_get(m->keep, name);
	const char *text = json_string_value(v ? v : json_object_get(m->facts, name));
	snprintf(to, size, "%s", text ? text : "");
}

static void boot_kept(struct boot *ret, struct machine *m)
{
	text_of(ret->target, sizeof ret->target, m, "boot.target");
	text_of(ret->enabled, sizeof ret->enabled, m, "boot.enabled");
	text_of(ret->mode, sizeof ret->mode, m, "boot.mode");
}

/* What the body would do next by what we remember. */
static const char *boot_next(const struct boot *b)
{
	return strcmp(b->enabled, "Disabled") == 0 ? "default" : next_of(b->target);
}

static void boot_keep(struct machine *m, const struct boot *b)
{
	keep_put(m->keep, "boot.target", json_string(b->target));
	keep_put(m->keep, "boot.enabled", json_string(b->enabled));
	keep_put(m->keep, "boot.mode", json_string(b->mode));
}

int machine_boot(struct machine *m, struct boot *ret, struct err *e)
{
	struct body_look look;
	int r = machine_look(m, &look, e);
	if (r < 0)
		return r;
	boot_kept(ret, m);
	unsigned long long expires = (unsigned long long)keep_number(m->keep, "boot.expires");
	if (expires && m->now >= expires) {
		keep_put(m->keep, "boot.expires", NULL);
		r = machine_boot_set(m, "None", "Disabled", NULL, 0, e);
		boot_kept(ret, m);
		return r;
	}
	/* A start has used it up, or somebody else has set it: what the machine does is true. */
	if (strcmp(boot_next(ret), look.next) != 0) {
		snprintf(ret->target, sizeof ret->target, "%s", target_of(look.next));
		snprintf(ret->enabled, sizeof ret->enabled, "%s",
			strcmp(look.next, "default") == 0 ? "Disabled" : "Once");
		boot_keep(m, ret);
		keep_put(m->keep, "boot.expires", NULL);
	}
	return 0;
}

int machine_boot_set(struct machine *m, const char *target, const char *enabled, const char *mode,
	unsigned long long expires, struct err *e)
{
	struct boot b;
	if (fault_is(m->faults, "revert", "boot"))
		return 0;
	int r = machine_boot(m, &b, e);
	if (r < 0)
		return r;
	if (target)
		snprintf(b.target, sizeof b.target, "%s", target);
	if (enabled)
		snprintf(b.enabled, sizeof b.enabled, "%s", enabled);
	if (mode)
		snprintf(b.mode, sizeof b.mode, "%s", mode);
	r = m->body->ops->next(m->body, boot_next(&b), e);
	if (r < 0)
		return r;
	boot_keep(m, &b);
	keep_put(m->keep, "boot.expires", expires ? json_integer((json_int_t)expires) : NULL);
	return 0;
}

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);
	return n > k && strcmp(name + n - k, end) == 0;
}

/* "nic.3.mac" is nic 3's. */
static unsigned nic_of(const char *name)
{
	unsigned n = 0;
	return sscanf(name, "nic.%u.", &n) == 1 && ends(name, ".mac") ? n : 0;
}

static void note(struct machine *m, const char *words)
{
	if (m->body->ops->note)
		m->body->ops->note(m->body, words);
}

int machine_turn(struct machine *m, const char *name, json_t *value, struct err *e)
{
	unsigned n = nic_of(name);
	struct mac mac;
	char words[160];
	if (n && m->body->ops->mac && mac_parse(&mac, json_string_value(value))) {
		int r = m->body->ops->mac(m->body, n, &mac, e);
		if (r < 0)
			return r;
	}
	const char *text = json_string_value(value);
	if ((n || ends(name, ".wwpn") || ends(name, ".wwnn")) && text) {
		snprintf(words, sizeof words, "%s %s", name, text);
		note(m, words);
	}
	keep_put(m->keep, name, json_copy(value));
	return 0;
}

/* "a.b.next" is "a.b" in to, cut; false: it is no such name. */
static bool next_cut(char to[64], const char *name)
{
	if (!ends(name, ".next") || strlen(name) >= 64)
		return false;
	snprintf(to, 64, "%.*s", (int)(strlen(name) - 5), name);
	return true;
}

struct starting {
	struct machine *m;
	struct err *e;
	int result;
};

const char *machine_kind(const char *name)
{
	static const char *const kinds[] = { "boot", "bios" };
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strncmp(name, kinds[i], 4) == 0)
			return kinds[i];
	return "identity";
}

static void one_start(void *ctx, const char *name, json_t *value)
{
	struct starting *s = ctx;
	char base[64];
	if (s->result < 0 || !next_cut(base, name))
		return;
	if (s->m->by_job && !machine_has_job(s->m))
		return;
	if (!fault_is(s->m->faults, "revert", machine_kind(base)))
		s->result = machine_turn(s->m, base, value, s->e);
	keep_put(s->m->keep, name, NULL);
}

static int start_changes(struct machine *m, struct err *e)
{
	struct starting s = { .m = m, .e = e };
	keep_each(m->keep, one_start, &s);
	keep_put(m->keep, "job", NULL);
	keep_put(m->keep, "ac-lost", NULL);
	keep_put(m->keep, "starts", json_integer(keep_number(m->keep, "starts") + 1));
	return s.result;
}

int machine_power(struct machine *m, enum gesture g, struct err *e)
{
	struct body_look look;
	struct boot b;
	int r = machine_look(m, &look, e);
	if (r == 0)
		r = machine_boot(m, &b, e);
	if (r < 0)
		return r;
	if (g == GESTURE_ON)
		fault_once(m->faults, "lie-off", NULL);
	else if (fault_is(m->faults, "lie-off", NULL))
		return 0;
	bool starts = look.on ? g == GESTURE_RESET : g == GESTURE_ON;
	if (starts)
		r = start_changes(m, e);
	if (r == 0)
		r = m->body->ops->power(m->body, g, strcmp(b.enabled, "Continuous") == 0, e);
	if (r == 0 && starts)
		keep_put(m->keep, "boot.expires", NULL);
	return r == 0 ? machine_look(m, &look, e) : r;
}

static void one_awaited(void *ctx, const char *name, json_t *value)
{
	bool *found = ctx;
	(void)value;
	*found |= ends(name, ".next");
}

bool machine_awaits(struct machine *m)
{
	bool found = false;
	keep_each(m->keep, one_awaited, &found);
	return found;
}

void machine_job(struct machine *m)
{
	keep_put(m->keep, "job", json_true());
}

bool machine_has_job(struct machine *m)
{
	return keep_get(m->keep, "job") != NULL;
}

static void one_lost(void *ctx, const char *name, json_t *value)
{
	struct machine *m = ctx;
	(void)value;
	struct err e;
	char factory[80];
	const char *dot = strrchr(name, '.');
	if (ends(name, ".next")) {
		keep_put(m->keep, name, NULL);
		return;
	}
	if (!dot || strncmp(dot, ".factory", 8) == 0)
		return;
	const char *what = strcmp(dot, ".mac") == 0 ? "" : dot;
	snprintf(factory, sizeof factory, "%.*s.factory%s%s", (int)(dot - name), name,
		*what ? "-" : "", *what ? what + 1 : "");
	json_t *own = keep_get(m->keep, factory);
	if (own && !json_equal(own, value))
		machine_turn(m, name, own, &e);
}

int machine_ac_loss(struct machine *m, bool keeps, struct err *e)
{
	struct body_look look;
	char policy[16];
	int r = machine_look(m, &look, e);
	text_of(policy, sizeof policy, m, "policy");
	note(m, "ac loss");
	if (r == 0 && look.on)
		r = m->body->ops->power(m->body, GESTURE_OFF, true, e);
	if (!keeps)
		keep_each(m->keep, one_lost, m);
	bool on = strcmp(policy, "AlwaysOn") == 0 || (strcmp(policy, "LastState") == 0 && look.on);
	if (r == 0 && on)
		r = machine_power(m, GESTURE_ON, e);
	keep_put(m->keep, "ac-lost", on ? NULL : json_true());
	return r;
}
