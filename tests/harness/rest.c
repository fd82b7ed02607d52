/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See rest.h. */
#include "tests/harness/rest.h"

#include <stdio.h>
#include <string.h>

enum { ORDERS_TO_REST = 10 };

static char carrier[16], state[24], why[700], stale[BODIES][16];
static unsigned generation, stales, open_orders, personas;
static uint64_t acknowledged[ORDERS_MAX];
static unsigned acknowledgements;

static struct {
	char why[400];
	int status;
} answer;

static const char *text_in(const json_t *j, const char *name)
{
	const char *t = json_string_value(json_object_get(j, name));
	return t ? t : "";
}

bool rest_read(struct site *s)
{
	int status = 0;
	size_t i;
	json_t *j = site_api(s, "GET", "/v1/status", NULL, &status), *one;
	*carrier = '\0';
	stales = personas = 0;
	json_array_foreach(json_object_get(j, "personas"), i, one)
	{
		personas++;
		if (strcmp(text_in(one, "name"), PERSONA) != 0)
			continue;
		snprintf(carrier, sizeof carrier, "%s", text_in(one, "machine"));
		snprintf(state, sizeof state, "%s", text_in(one, "state"));
		snprintf(why, sizeof why, "%s", text_in(one, "why"));
		generation = (unsigned)json_integer_value(json_object_get(one, "generation"));
	}
	json_array_foreach(json_object_get(j, "machines"), i,
		one) if (strcmp(text_in(one, "state"), "stale") == 0 && stales < BODIES)
		snprintf(stale[stales++], sizeof *stale, "%s", text_in(one, "name"));
	open_orders = (unsigned)json_array_size(json_object_get(j, "orders"));
	json_decref(j);
	if (status != 200)
		site_wrong(s, "the API does not tell the site's status");
	return status == 200;
}

const char *rest_carrier(void)
{
	return carrier;
}

unsigned rest_generation(void)
{
	return generation;
}

const char *rest_state(void)
{
	return state;
}

const char *rest_why(void)
{
	return why;
}

unsigned rest_personas(void)
{
	return personas;
}

unsigned rest_open(void)
{
	return open_orders;
}

bool rest_is_stale(const char *machine)
{
	for (unsigned i = 0; i < stales; i++)
		if (strcmp(stale[i], machine) == 0)
			return true;
	return false;
}

static void answered(void *ctx, int status, const char *text)
{
	(void)ctx;
	answer.status = status;
	snprintf(answer.why, sizeof answer.why, "%s", text);
}

void rest_order(struct site *s, const char *verb, const char *machine)
{
	char body[256], where[64] = "", who[64] = "";
	if (strcmp(verb, "stop") != 0 && strcmp(verb, "restart") != 0)
		snprintf(where, sizeof where, ",\"machine\":\"%s\"", machine);
	if (strcmp(verb, "restore") != 0)
		snprintf(who, sizeof who, ",\"persona\":\"" PERSONA "\"");
	snprintf(body, sizeof body, "{\"verb\":\"%s\"%s%s}", verb, who, where);
	answer.status = 0;
	s->ended = false;
	site_ask(s, NULL, "POST", "/v1/orders", body, answered, NULL);
}

const char *rest_refused(void)
{
	return answer.status >= 400 ? answer.why : NULL;
}

json_t *rest_get_order(struct site *s, uint64_t id)
{
	char path[64];
	int status = 0;
	snprintf(path, sizeof path, "/v1/orders/%llu", (unsigned long long)id);
	json_t *j = site_api(s, "GET", path, NULL, &status);
	if (status == 200)
		return j;
	json_decref(j);
	return NULL;
}

uint64_t rest_undoing(struct site *s, uint64_t id)
{
	int status = 0;
	size_t i;
	uint64_t found = 0;
	json_t *j = site_api(s, "GET", "/v1/orders", NULL, &status), *one;
	json_array_foreach(json_object_get(j, "items"), i,
		one) if ((uint64_t)json_integer_value(json_object_get(one, "undoes")) == id) found =
		(uint64_t)json_integer_value(json_object_get(one, "id"));
	json_decref(j);
	return found;
}

void rest_acknowledged(struct site *s, uint64_t id)
{
	(void)s;
	if (acknowledgements < ORDERS_MAX)
		acknowledged[acknowledgements++] = id;
}

void rest_all_there(struct site *s)
{
	for (unsigned i = 0; i < acknowledgements && !*s->wrong; i++) {
		json_t *j = rest_get_order(s, acknowledged[i]);
		if (!j)
			site_wrong(s, "order %llu was acknowledged, and is lost",
				(unsigned long long)acknowledged[i]);
		json_decref(j);
	}
}

void rest_forget(void)
{
	acknowledgements = 0;
}

static bool is_over(struct site *s, void *ctx)
{
	(void)ctx;
	return s->ended || rest_refused();
}

/* An order of which nothing is to go wrong. */
static bool carry_out(struct site *s, const char *verb, const char *machine)
{
	rest_order(s, verb, machine);
	bool over = site_until(s, is_over, NULL, 7200) && !rest_refused();
	if (!over)
		site_wrong(s, "before the run: %s %s: %s", verb, machine,
			rest_refused() ? rest_refused() : "no end");
	return over;
}

void rest_give_up(struct site *s)
{
	if (carry_out(s, "stop", ""))
		rest_read(s);
	if (!*s->wrong && *carrier)
		site_wrong(s, "a stop leaves the persona on %s", carrier);
}

static const char *other_of(const struct site *s, const char *machine)
{
	return s->body[strcmp(s->body[0]->name, machine) == 0]->name;
}

/* What brings the site nearer to where the run begins; NULL: it is there. */
static const char *next_order(const struct run *r, const char **machine)
{
	const struct site *s = r->s;
	bool bound = *carrier;
	*machine = s->body[r->seed / 3 % 2]->name;
	if (r->wish == VERB_RESTORE) {
		if (!bound && !stales)
			return "start";
		if (bound && !stales) {
			*machine = other_of(s, carrier);
			return "failover";
		}
		*machine = stale[0];
		return bound ? "stop" : NULL;
	}
	bool clean = r->wish != VERB_FAILOVER && r->wish != ROLL_BACK && r->wish != VERB_RESTART;
	if (clean && stales && bound)
		return "stop";
	if (clean && stales) {
		*machine = stale[0];
		return "restore";
	}
	if (r->wish == VERB_START)
		return bound ? "stop" : NULL;
	if (!bound && stales)
		*machine = stale[0];
	return bound ? NULL : "start";
}

static void names_set(struct run *r, const char *machine)
{
	const char *from = r->wish == VERB_START ? "" : r->wish == VERB_RESTORE ? machine : carrier;
	const char *to = r->wish == VERB_START ? machine : other_of(r->s, from);
	if (r->wish == VERB_STOP || r->wish == VERB_RESTART || r->wish == VERB_RESTORE)
		to = "";
	snprintf(r->from, sizeof r->from, "%s", from);
	snprintf(r->to, sizeof r->to, "%s", to);
	r->generation = generation;
}

bool rest_before(struct run *r)
{
	const char *machine = "", *verb = NULL;
	for (int i = 0; i < ORDERS_TO_REST && rest_read(r->s) && !*r->s->wrong; i++) {
		verb = next_order(r, &machine);
		if (!verb) {
			names_set(r, machine);
			return true;
		}
		if (!carry_out(r->s, verb, machine))
			return false;
	}
	site_wrong(r->s, "before the run: the site does not come to rest");
	return false;
}
