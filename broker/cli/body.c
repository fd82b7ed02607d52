/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies of requests: see body.h. */
#include "cli/body.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/ids.h"
#include "base/own.h"
#include "cli/batch.h"
#include "cli/secret.h"

static inline void json_drop(json_t **j)
{
	json_decref(*j);
}

static json_t *text_n(const char *text, size_t len)
{
	return json_stringn_nocheck(text, len);
}

/* The list of that name, made when the first item comes. */
static json_t *list_in(json_t *body, const char *member)
{
	json_t *list = json_object_get(body, member);
	if (!list) {
		list = json_array();
		json_object_set_new(body, member, list);
	}
	return list;
}

/* One good `key=value`. */
static void key_put(json_t *to, const struct key *k, const char *value)
{
	unsigned long long number = 0;
	switch (k->kind) {
	case OPT_FLAG:
		json_object_set_new(to, k->member, json_boolean(value[0] == 'y'));
		break;
	case OPT_NUMBER:
		number_parse(&number, value, LLONG_MAX);
		json_object_set_new(to, k->member, json_integer((json_int_t)number));
		break;
	case OPT_LIST:
		json_array_append_new(list_in(to, k->member), json_string(value));
		break;
	default:
		json_object_set_new(to, k->member, json_string(value));
	}
}

static int key_check(const struct key *k, const char *value, const char *text, struct err *e)
{
	unsigned long long number;
	if (choice_is(k->value) && !choice_has(k->value, value))
		return err_say(e, EINVAL, "--%s %s: %s=%s: want %s", k->option, text, k->key, value,
			k->value);
	if (k->kind == OPT_NUMBER && !number_parse(&number, value, LLONG_MAX))
		return err_say(
			e, EINVAL, "--%s %s: %s=%s: want a number", k->option, text, k->key, value);
	return 0;
}

/* One `key=value,key=value` of an option that takes keys, into its object. */
static int keys_read(json_t *to, const struct opt *o, const char *text, struct err *e)
{
	for (const char *at = text;; at++) {
		size_t n = strcspn(at, ","), name = strcspn(at, "=,");
		const struct key *k = key_find(o, at, name);
		if (!k)
			return err_say(e, EINVAL, "--%s %s: there is no key \"%.*s\"", o->name,
				text, (int)name, at);
		if (name >= n || name + 1 == n)
			return err_say(
				e, EINVAL, "--%s %s: want %s=%s", o->name, text, k->key, k->value);
		if (!(k->how & OPT_MANY) && json_object_get(to, k->member))
			return err_say(
				e, EINVAL, "--%s %s: %s is given twice", o->name, text, k->key);
		OWN(text) char *value = strndup(at + name + 1, n - name - 1);
		int r = value ? key_check(k, value, text, e) : err_set(e, ENOMEM, "--%s", o->name);
		if (r < 0)
			return r;
		key_put(to, k, value);
		at += n;
		if (!*at)
			return 0;
	}
}

static int nic_read(json_t **ret, const struct opt *o, const char *text, struct err *e)
{
	OWN(json) json_t *nic = json_object();
	int r = keys_read(nic, o, text, e);
	if (r < 0)
		return r;
	for (const struct key *k = NULL; (k = key_next(o, k));)
		if (k->how & OPT_NEED && !json_object_get(nic, k->member))
			return err_say(e, EINVAL, "--%s %s: %s=%s is missing", o->name, text,
				k->key, k->value);
	*ret = TAKE(nic);
	return 0;
}

/* The object of that name, made when its first pairs come. */
static json_t *object_in(json_t *body, const char *member)
{
	json_t *object = json_object_get(body, member);
	if (!object) {
		object = json_object();
		json_object_set_new(body, member, object);
	}
	return object;
}

/* KIND://[USER@]HOST[:PORT]; an IPv6 address stands in brackets. */
static int bmc_read(json_t *bmc, const char *text, struct err *e)
{
	static const char want[] = "want KIND://[USER@]HOST[:PORT], as in ipmi://baton@10.0.0.9";
	const char *kind_end = strstr(text, "://");
	if (!kind_end || kind_end == text)
		return err_say(e, EINVAL, "--bmc %s: %s", text, want);
	const char *host = kind_end + 3, *at = strrchr(host, '@');
	json_object_set_new(bmc, "kind", text_n(text, (size_t)(kind_end - text)));
	if (at) {
		json_object_set_new(bmc, "user", text_n(host, (size_t)(at - host)));
		host = at + 1;
	}
	const char *host_end = host + strcspn(host, ":");
	if (*host == '[') {
		const char *close = strchr(++host, ']');
		if (!close || (close[1] && close[1] != ':'))
			return err_say(e, EINVAL, "--bmc %s: %s", text, want);
		host_end = close;
	}
	const char *port = host_end + (*host_end == ']');
	unsigned long long n;
	if (host_end == host || strpbrk(host, "/?#"))
		return err_say(e, EINVAL, "--bmc %s: %s", text, want);
	if (*port == ':') {
		if (!number_parse(&n, port + 1, 65535) || n == 0)
			return err_say(
				e, EINVAL, "--bmc %s: port %s: want 1 to 65535", text, port + 1);
		json_object_set_new(bmc, "port", json_integer((json_int_t)n));
	}
	json_object_set_new(bmc, "host", text_n(host, (size_t)(host_end - host)));
	return 0;
}

static int machine_own(json_t *body, const struct call *c, struct err *e)
{
	json_t *bmc = json_object();
	json_object_set_new(body, "bmc", bmc);
	int r = bmc_read(bmc, call_value(c, "bmc"), e);
	if (r < 0)
		return r;
	const char *secret = call_value(c, "bmc-secret"), *cipher = call_value(c, "bmc-cipher");
	const char *quirks = call_value(c, "bmc-quirks"), *pin = call_value(c, "bmc-pin");
	if (pin)
		json_object_set_new(bmc, "pin", json_string(pin));
	if (secret)
		json_object_set_new(bmc, "secret", json_string(secret));
	if (quirks)
		json_object_set_new(bmc, "quirks", json_string(quirks));
	if (cipher) {
		unsigned long long n;
		if (!number_parse(&n, cipher, 255))
			return err_say(e, EINVAL, "--bmc-cipher %s: want 0 to 255", cipher);
		json_object_set_new(bmc, "cipher", json_integer((json_int_t)n));
	}
	/* The first of several NICs is the one for management: it boots, and keeps its MAC. */
	json_t *nics = json_object_get(body, "nics"), *nic;
	size_t i;
	json_array_foreach(nics, i, nic) if (!json_object_get(nic, "carries")) json_object_set_new(
		nic, "carries", json_boolean(i > 0 || json_array_size(nics) == 1));
	return 0;
}

/* What nobody has written is "" or 0. */
static int unset_own(json_t *body, const struct call *c, struct err *e)
{
	for (unsigned i = 0; i < c->givens; i++) {
		const char *value = c->given[i].value;
		if (strcmp(c->given[i].opt->name, "unset") != 0)
			continue;
		const struct opt *o = opt_find(c->command, value, 0);
		if (json_object_get(body, o->member))
			return err_say(e, EINVAL, "--unset %s: %s is given, too", value, value);
		json_object_set_new(
			body, o->member, o->kind == OPT_NUMBER ? json_integer(0) : json_string(""));
	}
	return 0;
}

static int persona_own(json_t *body, const struct call *c, struct err *e)
{
	const char *from = call_value(c, "chap-secret-file");
	if (call_value(c, "mutual"))
		json_object_set_new(body, "mutual", json_true());
	if (!from != !call_value(c, "chap-user"))
		return err_say(e, EINVAL,
			"--chap-user and --chap-secret-file go together: give both or none");
	if (!from)
		return 0;
	char secret[SECRET_LEN + 1];
	int r = secret_read(secret, from, e);
	if (r < 0)
		return r;
	json_object_set_new(body, "chap_secret", json_string(secret));
	explicit_bzero(secret, sizeof secret);
	return 0;
}

static bool is_mac(const char *text)
{
	return mac_parse(&(struct mac){ { 0 } }, text);
}

static bool is_wwn(const char *text)
{
	return wwn_parse(&(struct wwn){ { 0 } }, text);
}

/* FROM-TO, where a MAC or a WWN may be written with '-' itself. */
static bool range_read(json_t *body, const char *text, bool (*is)(const char *text))
{
	for (const char *dash = text; (dash = strchr(dash, '-')); dash++) {
		char from[32];
		snprintf(from, sizeof from, "%.*s", dash - text < 31 ? (int)(dash - text) : 31,
			text);
		if (!is(from) || !is(dash + 1))
			continue;
		json_object_set_new(body, "from", json_string(from));
		json_object_set_new(body, "to", json_string(dash + 1));
		return true;
	}
	return false;
}

static int pool_own(json_t *body, const struct call *c, struct err *e)
{
	const char *macs = call_value(c, "mac"), *iqns = call_value(c, "iqn");
	const char *wwns = call_value(c, "wwn");
	if (!!macs + !!iqns + !!wwns != 1)
		return err_say(e, EINVAL,
			"a pool holds either MACs, WWNs or initiator names: give --mac FROM-TO, "
			"--wwn FROM-TO or --iqn PREFIX");
	json_object_set_new(body, "kind", json_string(macs ? "mac" : wwns ? "wwn" : "iqn"));
	if (iqns)
		json_object_set_new(body, "prefix", json_string(iqns));
	if (macs && !range_read(body, macs, is_mac))
		return err_say(e, EINVAL,
			"--mac %s: want two MACs, as in 02:ba:70:00:00:01-02:ba:70:00:ff:ff", macs);
	if (wwns && !range_read(body, wwns, is_wwn))
		return err_say(e, EINVAL,
			"--wwn %s: want two WWNs, as in "
			"20:00:02:ba:70:00:00:01-20:00:02:ba:70:00:ff:ff",
			wwns);
	return 0;
}

/* Options that are simply a member of the body. */
static int simple(json_t *body, const struct call *c, struct err *e)
{
	for (unsigned i = 0; i < c->givens; i++) {
		const struct opt *o = c->given[i].opt;
		const char *value = c->given[i].value;
		if (!*o->member)
			continue;
		if (o->kind == OPT_TEXT) {
			json_object_set_new(body, o->member, json_string(value));
			continue;
		}
		if (o->kind == OPT_NUMBER) {
			unsigned long long n = 0;
			number_parse(&n, value, LLONG_MAX);
			json_object_set_new(body, o->member, json_integer((json_int_t)n));
			continue;
		}
		if (o->kind == OPT_KEYS) {
			int r = keys_read(object_in(body, o->member), o, value, e);
			if (r < 0)
				return r;
			continue;
		}
		json_t *list = list_in(body, o->member), *item = json_string(value);
		if (o->kind == OPT_NICS) {
			json_decref(item);
			int r = nic_read(&item, o, value, e);
			if (r < 0)
				return r;
		}
		json_array_append_new(list, item);
	}
	return 0;
}

/* Command lines are bytes; JSON is UTF-8. jansson would drop the member without a word. */
static int utf8_check(const struct call *c, struct err *e)
{
	for (unsigned i = 0; i < c->args + c->givens; i++) {
		const char *text = i < c->args ? c->arg[i] : c->given[i - c->args].value;
		json_t *probe = json_string(text);
		if (!probe)
			return err_say(e, EINVAL, "\"%s\" is not UTF-8 text", text);
		json_decref(probe);
	}
	return 0;
}

/* A machine by its name, or a pool that one is chosen from. */
static int target_own(json_t *body, const struct call *c, struct err *e)
{
	const char *pool = call_value(c, "pool");
	if (c->args > 1 && pool)
		return err_say(e, EINVAL, "give a MACHINE or --pool, not both");
	if (c->args < 2 && !pool)
		return err_say(e, EINVAL, "MACHINE is missing; name one, or give --pool NAME");
	json_object_set_new(body, pool ? "pool" : "machine", json_string(pool ? pool : c->arg[1]));
	return 0;
}

/* A restore names a machine alone, the others a persona first. */
static int order_own(json_t *body, const struct call *c, struct err *e)
{
	enum command_id id = command_id(c->command);
	bool restore = id == COMMAND_restore;
	const char *drill = call_value(c, "drill"), *network = call_value(c, "network");
	json_object_set_new(body, "verb", json_string(drill ? "drill" : c->command->word));
	if (network && !drill)
		return err_say(e, EINVAL, "--network is for a drill: give --drill, too");
	if (network)
		json_object_set_new(body, "network", json_string(network));
	json_object_set_new(body, restore ? "machine" : "persona", json_string(c->arg[0]));
	if (call_value(c, "stay"))
		json_object_set_new(body, "stay", json_true());
	if (call_value(c, "plan"))
		json_object_set_new(body, "plan", json_true());
	return restore || id == COMMAND_stop || id == COMMAND_restart ? 0 : target_own(body, c, e);
}

int body_of(json_t **ret, const struct call *c, struct err *e)
{
	enum command_id id = command_id(c->command);
	OWN(json) json_t *body = json_object();
	int r = utf8_check(c, e);
	if (r < 0)
		return r;
	if (c->command->route == ROUTE_order_add) {
		r = order_own(body, c, e);
		if (r == 0)
			*ret = TAKE(body);
		return r;
	}
	if (c->command->route == ROUTE_batch_add) {
		r = batch_own(body, c, e);
		if (r == 0)
			*ret = TAKE(body);
		return r;
	}
	if (id == COMMAND_attest) {
		json_object_set_new(body, "reason", json_string(c->arg[1]));
		*ret = TAKE(body);
		return 0;
	}
	if (id != COMMAND_policy && id != COMMAND_machine_set) /* what it is about is in the path */
		json_object_set_new(body, "name", json_string(c->arg[0]));
	r = simple(body, c, e);
	if (r == 0 && id == COMMAND_network_add && call_value(c, "isolated"))
		json_object_set_new(body, "isolated", json_true());
	if (r == 0 && id == COMMAND_machine_add)
		r = machine_own(body, c, e);
	else if (r == 0 && id == COMMAND_machine_set)
		r = unset_own(body, c, e);
	else if (r == 0 && id == COMMAND_persona_add)
		r = persona_own(body, c, e);
	else if (r == 0 && id == COMMAND_pool_add)
		r = pool_own(body, c, e);
	if (r == 0)
		*ret = TAKE(body);
	return r;
}
