/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See drivers.h. */
#include "broker/drivers.h"

#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "broker/deeds.h"
#include "broker/members.h"

json_t *drivers_deed(
	const struct persona *p, const struct machine *m, const char *user, const char *secret)
{
	struct drivers_wanted w;
	drivers_wanted(&w, m, p);
	if (w.n == 0)
		return NULL;
	json_t *deed = san_deed("san-drivers", p), *list = json_array();
	json_t *san = json_object_get(deed, "san");
	for (unsigned i = 0; i < w.n; i++)
		json_array_append_new(list, json_string(w.word[i]));
	json_object_set_new(deed, "wanted", list);
	json_object_set_new(san, "user", json_string(user));
	json_object_set_new(san, "secret", json_string(secret));
	return deed;
}

static enum driver_is is_of(const char *word)
{
	if (word && strcmp(word, "builtin") == 0)
		return DRIVER_BUILTIN;
	return word && strcmp(word, "module") == 0 ? DRIVER_MODULE : DRIVER_MISSING;
}

static void found_read(struct drivers_found *ret, const json_t *body, unsigned wanted)
{
	const char *unknown = json_string_value(json_object_get(body, "unknown"));
	const char *kernel = json_string_value(json_object_get(body, "kernel"));
	const char *file = json_string_value(json_object_get(body, "initramfs"));
	const json_t *list = json_object_get(body, "wanted");
	if (unknown)
		plain_text(ret->unknown, sizeof ret->unknown, unknown);
	else if (!kernel || !file || json_array_size(list) != wanted)
		snprintf(ret->unknown, sizeof ret->unknown,
			"the hand's answer is not what 0003 says");
	if (*ret->unknown)
		return;
	plain_text(ret->kernel, sizeof ret->kernel, kernel);
	plain_text(ret->initramfs, sizeof ret->initramfs, file);
	ret->aliases = json_is_true(json_object_get(body, "aliases"));
	for (unsigned i = 0; i < wanted; i++)
		ret->is[i] =
			is_of(json_string_value(json_object_get(json_array_get(list, i), "is")));
}

enum drivers_verdict drivers_answer(char sentence[DRIVERS_TEXT], const struct persona *p,
	const struct machine *m, const struct hand_result *r)
{
	struct drivers_found found = { .unknown = "" };
	struct drivers_wanted w;
	drivers_wanted(&w, m, p);
	if (!r)
		snprintf(found.unknown, sizeof found.unknown, "nobody has looked");
	else if (!r->ok)
		snprintf(found.unknown, sizeof found.unknown, "%s", r->why);
	else
		found_read(&found, r->body, w.n);
	return drivers_judge(sentence, m, p, &found);
}
