/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI's commands that turn a machine on and off and say where it starts from (IPMI 2.0,
 * chapter 28), and how a command is found at all. */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "sim/fault.h"
#include "sim/ipmi_priv.h"

enum { NETFN_CHASSIS = 0x00, BMC_ADDRESS = 0x20 };

void answer_add(struct command *c, const void *bytes, size_t len)
{
	if (len > sizeof c->answer - c->answer_len)
		return;
	memcpy(c->answer + c->answer_len, bytes, len);
	c->answer_len += len;
}

enum done command_do(struct command *c, uint8_t netfn, uint8_t command)
{
	static const struct command_row *const tables[] = { chassis_commands, app_commands,
		storage_commands };
	if (c->s && fault_is(c->ipmi->m->faults, "busy", NULL))
		return DONE_BUSY;
	for (size_t t = 0; t < COUNT(tables); t++) {
		for (const struct command_row *row = tables[t]; row->run; row++) {
			if (row->netfn != netfn || row->command != command)
				continue;
			if ((c->s ? c->s->privilege : PRIVILEGE_NONE) < row->privilege)
				return DONE_PRIVILEGE;
			return c->len < row->len ? DONE_LENGTH : row->run(c);
		}
	}
	return DONE_NO_COMMAND;
}

static enum done capabilities(struct command *c)
{
	ANSWER(c, 0, BMC_ADDRESS, BMC_ADDRESS, BMC_ADDRESS, BMC_ADDRESS, BMC_ADDRESS);
	return DONE_OK;
}

/* The power restore policies, by their number. */
static const char *const policies[] = { "AlwaysOff", "LastState", "AlwaysOn" };

static uint8_t policy_of(struct machine *m)
{
	uint8_t at = 0;
	json_t *v = machine_value(m, "policy");
	const char *word = json_string_value(v);
	for (uint8_t i = 0; word && i < COUNT(policies); i++)
		if (strcmp(policies[i], word) == 0)
			at = i;
	json_decref(v);
	return at;
}

static bool led_on(struct machine *m)
{
	json_t *v = machine_value(m, "led");
	const char *word = json_string_value(v);
	bool on = word && strcmp(word, "Off") != 0;
	json_decref(v);
	return on;
}

static enum done status(struct command *c)
{
	enum {
		ON = 0x01,
		FAULT = 0x08,
		AC_FAILED = 0x01,
		BY_IPMI = 0x10,
		LED = 0x40,
		LED_ON = 0x20
	};
	struct machine *m = c->ipmi->m;
	struct body_look look;
	struct err e;
	if (machine_look(m, &look, &e) < 0)
		return DONE_FAILED;
	bool ac = !look.on && json_is_true(keep_get(m->keep, "ac-lost"));
	ANSWER(c, (uint8_t)((look.on ? ON : 0) | (look.fault ? FAULT : 0) | policy_of(m) << 5),
		(uint8_t)(look.fault ? FAULT
			  : ac       ? AC_FAILED
			  : look.on  ? BY_IPMI
				     : 0),
		(uint8_t)(LED | (led_on(m) ? LED_ON : 0)), 0);
	return DONE_OK;
}

static enum done control(struct command *c)
{
	enum { DOWN, UP, CYCLE, RESET, DIAGNOSTIC, SOFT };
	static const int gestures[] = { [DOWN] = GESTURE_OFF,
		[UP] = GESTURE_ON,
		[CYCLE] = GESTURE_RESET,
		[RESET] = GESTURE_RESET,
		[DIAGNOSTIC] = -1,
		[SOFT] = GESTURE_SOFT };
	struct body_look look;
	struct err e;
	uint8_t what = c->data[0] & 15;
	if (what >= COUNT(gestures))
		return DONE_INVALID;
	if (machine_look(c->ipmi->m, &look, &e) < 0)
		return DONE_FAILED;
	if (!look.on && (what == CYCLE || what == RESET || what == DIAGNOSTIC))
		return DONE_STATE;
	if (gestures[what] < 0)
		return DONE_OK;
	return machine_power(c->ipmi->m, (enum gesture)gestures[what], &e) < 0 ? DONE_FAILED
									       : DONE_OK;
}

static enum done identify(struct command *c)
{
	uint8_t s = c->len > 0 ? c->data[0] : 15, forced = c->len > 1 ? c->data[1] & 1 : 0;
	keep_put(c->ipmi->m->keep, "led", json_string(s || forced ? "Blinking" : "Off"));
	return DONE_OK;
}

static enum done policy_set(struct command *c)
{
	enum { NO_CHANGE = 3 };
	uint8_t which = c->data[0] & 7;
	if (which > NO_CHANGE)
		return DONE_INVALID;
	if (which != NO_CHANGE)
		keep_put(c->ipmi->m->keep, "policy", json_string(policies[which]));
	ANSWER(c, 7); /* all three are supported */
	return DONE_OK;
}

static enum done restart_cause(struct command *c)
{
	ANSWER(c, keep_number(c->ipmi->m->keep, "starts") ? 1 : 0, 1);
	return DONE_OK;
}

static enum done hours(struct command *c)
{
	ANSWER(c, 60, 0, 0, 0, 0);
	return DONE_OK;
}

/* Boot options (28.12, 28.13): parameter 5 is the machine's own, the others are kept as they
 * came. */
enum {
	PARAMS = 8,
	PARAM_CLEARING = 3,
	PARAM_FLAGS = 5,
	KEEP_60_S = 0x08, /* of parameter 3: the flags stay valid without a chassis control, too */
	FLAG_VALID = 0x80,
	FLAG_PERSISTENT = 0x40,
	FLAG_EFI = 0x20,
	DEVICE = 0x3c,
	EXPIRES_MS = 60000,
};

static const uint8_t param_len[PARAMS] = { 1, 1, 1, 1, 2, 5, 9, 0 };

static void kept_name(char name[24], unsigned param)
{
	snprintf(name, 24, "ipmi.boot.%u", param);
}

static void kept_get(struct machine *m, unsigned param, uint8_t to[16])
{
	char name[24];
	size_t i;
	json_t *one;
	memset(to, 0, 16);
	kept_name(name, param);
	json_array_foreach(keep_get(m->keep, name), i, one) if (i < 16) to[i] =
		(uint8_t)json_integer_value(one);
}

static void kept_put(struct machine *m, unsigned param, const uint8_t *bytes, size_t len)
{
	char name[24];
	json_t *list = json_array();
	for (size_t i = 0; i < len; i++)
		json_array_append_new(list, json_integer(bytes[i]));
	kept_name(name, param);
	keep_put(m->keep, name, list);
}

static enum done flags_set(struct command *c, const uint8_t *data)
{
	struct machine *m = c->ipmi->m;
	struct err e;
	uint8_t clearing[16];
	const char *target = boot_target_of((data[1] & DEVICE) >> 2);
	bool valid = data[0] & FLAG_VALID, persistent = data[0] & FLAG_PERSISTENT;
	if (!target)
		return DONE_INVALID;
	kept_get(m, PARAM_CLEARING, clearing);
	kept_put(m, PARAM_FLAGS, data, param_len[PARAM_FLAGS]);
	bool set = valid && strcmp(target, "None") != 0;
	bool expires = set && !persistent && !(clearing[0] & KEEP_60_S);
	int r = machine_boot_set(m, valid ? target : "None",
		!set         ? "Disabled"
		: persistent ? "Continuous"
			     : "Once",
		data[0] & FLAG_EFI ? "UEFI" : "Legacy", expires ? m->now + EXPIRES_MS : 0, &e);
	return r < 0 ? DONE_FAILED : DONE_OK;
}

static enum done flags_get(struct command *c)
{
	struct machine *m = c->ipmi->m;
	struct boot b;
	struct err e;
	uint8_t kept[16];
	if (machine_boot(m, &b, &e) < 0)
		return DONE_FAILED;
	kept_get(m, PARAM_FLAGS, kept);
	bool valid = strcmp(b.enabled, "Disabled") != 0;
	int device = valid ? boot_device_of(b.target) : 0;
	if (!valid) /* what was used up leaves nothing */
		memset(kept, 0, sizeof kept);
	ANSWER(c,
		(uint8_t)((valid ? FLAG_VALID : 0) |
			  (strcmp(b.enabled, "Continuous") == 0 ? FLAG_PERSISTENT : 0) |
			  (valid && strcmp(b.mode, "UEFI") == 0 ? FLAG_EFI : 0)),
		(uint8_t)((kept[1] & ~DEVICE) | (device < 0 ? 0 : device << 2)), kept[2], kept[3],
		kept[4]);
	return DONE_OK;
}

static enum done boot_set(struct command *c)
{
	unsigned param = c->data[0] & 0x7f;
	if (param >= PARAMS || !param_len[param])
		return DONE_NO_PARAM;
	/* The parameter alone sets only whether it is valid, which it always is here. */
	if (c->len == 1)
		return DONE_OK;
	if (c->len != 1U + param_len[param])
		return DONE_LENGTH;
	if (param == PARAM_FLAGS)
		return flags_set(c, c->data + 1);
	kept_put(c->ipmi->m, param, c->data + 1, param_len[param]);
	return DONE_OK;
}

static enum done boot_get(struct command *c)
{
	unsigned param = c->data[0] & 0x7f;
	uint8_t kept[16];
	if (param >= PARAMS || !param_len[param])
		return DONE_NO_PARAM;
	ANSWER(c, 1, (uint8_t)param);
	if (param == PARAM_FLAGS)
		return flags_get(c);
	kept_get(c->ipmi->m, param, kept);
	answer_add(c, kept, param_len[param]);
	return DONE_OK;
}

const struct command_row chassis_commands[] = {
	{ NETFN_CHASSIS, 0x00, 0, PRIVILEGE_USER, capabilities },
	{ NETFN_CHASSIS, 0x01, 0, PRIVILEGE_USER, status },
	{ NETFN_CHASSIS, 0x02, 1, PRIVILEGE_OPERATOR, control },
	{ NETFN_CHASSIS, 0x04, 0, PRIVILEGE_OPERATOR, identify },
	{ NETFN_CHASSIS, 0x06, 1, PRIVILEGE_OPERATOR, policy_set },
	{ NETFN_CHASSIS, 0x07, 0, PRIVILEGE_USER, restart_cause },
	{ NETFN_CHASSIS, 0x08, 1, PRIVILEGE_OPERATOR, boot_set },
	{ NETFN_CHASSIS, 0x09, 3, PRIVILEGE_OPERATOR, boot_get },
	{ NETFN_CHASSIS, 0x0f, 0, PRIVILEGE_USER, hours },
	{ 0 },
};
