/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See redfish_quirks.h. */
#include "drivers/redfish_quirks.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"

static const struct {
	const char *maker, *model, *firmware, *words;
} rows[] = {
#define QUIRK(maker, model, firmware, words, why) { maker, model, firmware, words },
#include "drivers/redfish_quirks.def"
#undef QUIRK
};

#define FLAG(word, member)                                                                         \
	{                                                                                          \
		word, offsetof(struct rf_quirks, member)                                           \
	}
static const struct {
	const char *word;
	size_t at;
} flags[] = {
	FLAG("basic-auth", basic_auth),
	FLAG("http-boot", http_boot),
	FLAG("settings-first", settings_first),
	FLAG("no-target-none", no_target_none),
	FLAG("dell-attributes", dell_attributes),
	FLAG("media-image-only", media_image_only),
	FLAG("no-identity", no_identity),
	FLAG("system-uuid", system_uuid),
	FLAG("system-serial", system_serial),
};

static int unknown_word(const char *word, size_t len, struct err *e)
{
	char known[160] = "";
	for (size_t i = 0, at = 0; i < COUNT(flags); i++)
		at += (size_t)snprintf(known + at, sizeof known - at, " %s", flags[i].word);
	return err_say(e, EINVAL, "no quirk \"%.*s\" is known: want some of%s system=ID", (int)len,
		word, known);
}

static bool word_take(struct rf_quirks *to, const char *word, size_t len)
{
	static const char system[] = "system=";
	size_t named = sizeof system - 1;
	if (len > named && strncmp(word, system, named) == 0 && len - named < sizeof to->system) {
		memcpy(to->system, word + named, len - named);
		to->system[len - named] = '\0';
		return true;
	}
	for (size_t i = 0; i < COUNT(flags); i++) {
		if (strlen(flags[i].word) != len || memcmp(flags[i].word, word, len) != 0)
			continue;
		*(bool *)((char *)to + flags[i].at) = true;
		return true;
	}
	return false;
}

int quirks_add(struct rf_quirks *to, const char *words, struct err *e)
{
	while (words && *words) {
		size_t len = strcspn(words, " ");
		if (len && !word_take(to, words, len))
			return unknown_word(words, len, e);
		words += len + (words[len] == ' ');
	}
	return 0;
}

/* '*' is any text, and everything else is itself. */
static bool fits(const char *pattern, const char *text)
{
	const char *star = NULL, *from = text;
	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool quirks_need_firmware(const char *maker, const char *model)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(rows[i].firmware, "*") != 0 && fits(rows[i].maker, maker) &&
			fits(rows[i].model, model))
			return true;
	return false;
}

void quirks_find(struct rf_quirks *to, const char *maker, const char *model, const char *firmware)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!fits(rows[i].maker, maker) || !fits(rows[i].model, model) ||
			!fits(rows[i].firmware, firmware))
			continue;
		int r = quirks_add(to, rows[i].words, NULL);
		assert(r == 0);
	}
}
