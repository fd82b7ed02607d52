/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of deeds, and the way from a line of JSON to one of them and back to a line. The
 * words are those of docs/design/0003-between-processes.md. */
#include "hand/deed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/own.h"
#include "core/card.h"
#include "hand/deadline.h"
#include "hand/fields.h"
#include "host/wipe.h"

enum {
	POWER_MS = 30000, /* where the deed does not say */
	IDENTITY_MS = 60000,
	INVENTORY_MS = 60000,
	LOOK_MS = 5000, /* for each answer of the target */
	FENCE_MS = 15000,
	PORT_MS = 5000, /* each */
	CLONE_MS = 30000,
	SOFT_MS = 60000,
	WATCH_MAX = 1024, /* things of one kind */
};

#define MEMBER_DEED                                                                                \
	{                                                                                          \
		"deed", FIELD_TEXT, offsetof(struct wish, deed), true, 1, 32                       \
	}
#define MEMBER_ON(name)                                                                            \
	{                                                                                          \
		name, FIELD_OBJECT, offsetof(struct wish, on), true, 0, 0                          \
	}
#define MEMBER_TIMEOUT                                                                             \
	{                                                                                          \
		"timeout_ms", FIELD_UINT, offsetof(struct wish, timeout_ms), false, 100, 600000    \
	}

static const struct field probe_members[] = {
	MEMBER_DEED,
	MEMBER_ON("bmc"),
	MEMBER_TIMEOUT,
	{ "cards_too", FIELD_BOOL, offsetof(struct wish, cards_too), false, 0, 0 },
};
static const struct field bmc_members[] = { MEMBER_DEED, MEMBER_ON("bmc"), MEMBER_TIMEOUT };
static const struct field off_members[] = {
	MEMBER_DEED,
	MEMBER_ON("bmc"),
	MEMBER_TIMEOUT,
	{ "soft", FIELD_BOOL, offsetof(struct wish, soft), false, 0, 0 },
	{ "soft_ms", FIELD_UINT, offsetof(struct wish, soft_ms), false, 0, 3600000 },
};
static const struct field identity_members[] = {
	MEMBER_DEED,
	MEMBER_ON("bmc"),
	MEMBER_TIMEOUT,
	{ "cards", FIELD_OBJECTS, offsetof(struct wish, cards), true, 0, IDENTITIES_MAX },
	{ "system", FIELD_OBJECT, offsetof(struct wish, system), false, 0, 0 },
};
static const struct field media_members[] = {
	MEMBER_DEED,
	MEMBER_ON("bmc"),
	MEMBER_TIMEOUT,
	{ "url", FIELD_TEXT, offsetof(struct wish, url), false, 0, 511 },
};
#define MEMBER_THINGS(name)                                                                        \
	{                                                                                          \
#name, FIELD_OBJECTS, offsetof(struct wish, name), false, 0, WATCH_MAX             \
	}
static const struct field watch_members[] = {
	MEMBER_DEED,
	{ "every_ms", FIELD_UINT, offsetof(struct wish, every_ms), true, 10, 3600000 },
	MEMBER_THINGS(power),
	MEMBER_THINGS(sessions),
	MEMBER_THINGS(checks),
};
static const struct field san_members[] = { MEMBER_DEED, MEMBER_ON("san"), MEMBER_TIMEOUT };
static const struct field port_members[] = {
	MEMBER_DEED,
	MEMBER_TIMEOUT,
	{ "ports", FIELD_TEXTS, offsetof(struct wish, ports), true, 1, TEXTS_MAX },
	{ "state", FIELD_TEXT, offsetof(struct wish, state), true, 1, 16 },
};

static const struct field guard_members[] = { MEMBER_DEED, MEMBER_ON("guard") };
static const struct field drivers_members[] = {
	MEMBER_DEED,
	MEMBER_ON("san"),
	MEMBER_TIMEOUT,
	{ "wanted", FIELD_TEXTS, offsetof(struct wish, wanted), true, 0, TEXTS_MAX },
};

static const struct deed {
	const char *word;
	const struct field *members;
	size_t n;
	unsigned timeout_ms;
	int (*run)(const struct hand *, const struct wish *, json_t *answer, struct err *);
} deeds[] = {
	{ "bmc-probe", probe_members, COUNT(probe_members), POWER_MS, bmc_probe },
	{ "bmc-off", off_members, COUNT(off_members), POWER_MS, bmc_off },
	{ "bmc-net-start", bmc_members, COUNT(bmc_members), POWER_MS, bmc_net_start },
	{ "bmc-arm", bmc_members, COUNT(bmc_members), POWER_MS, bmc_arm },
	{ "bmc-cards", bmc_members, COUNT(bmc_members), POWER_MS, bmc_cards },
	{ "bmc-identity", identity_members, COUNT(identity_members), IDENTITY_MS, bmc_identity },
	{ "bmc-media", media_members, COUNT(media_members), POWER_MS, bmc_media },
	{ "bmc-inventory", bmc_members, COUNT(bmc_members), INVENTORY_MS, bmc_inventory },
	{ "san-look", san_members, COUNT(san_members), LOOK_MS, san_look },
	{ "san-fence", san_members, COUNT(san_members), FENCE_MS, san_fence },
	{ "san-look-again", san_members, COUNT(san_members), FENCE_MS, san_look_again },
	{ "watch", watch_members, COUNT(watch_members), 0, watch },
	{ "guard-set", guard_members, COUNT(guard_members), 0, guard_set },
	{ "port-set", port_members, COUNT(port_members), PORT_MS, port_set },
	{ "san-clone", san_members, COUNT(san_members), CLONE_MS, san_clone },
	{ "san-clone-remove", san_members, COUNT(san_members), CLONE_MS, san_clone_remove },
	{ "san-drivers", drivers_members, COUNT(drivers_members), LOOK_MS, san_drivers },
};

static void json_drop(json_t **j)
{
	json_decref(*j);
}

static const struct deed *deed_of(const char *word, struct err *e)
{
	char known[320] = "";
	for (size_t i = 0, at = 0; i < COUNT(deeds); i++) {
		if (word && strcmp(deeds[i].word, word) == 0)
			return &deeds[i];
		at += (size_t)snprintf(
			known + at, sizeof known - at, "%s%s", i ? ", " : "", deeds[i].word);
	}
	err_say(e, EINVAL, "hand: no deed \"%.40s\": want one of %s", word ? word : "", known);
	return NULL;
}

static int deed_run(
	const struct hand *hand, const char *line, size_t len, json_t *answer, struct err *e)
{
	json_error_t wrong;
	OWN(json) json_t *asked = json_loadb(line, len, JSON_REJECT_DUPLICATES, &wrong);
	/* Not jansson's own words: they quote what they choke on, and that may be a secret. */
	if (!asked || !json_is_object(asked))
		return err_say(e, EINVAL,
			"hand: want one JSON object on one line; it is wrong at "
			"character %d",
			asked ? 0 : wrong.position);
	const struct deed *deed = deed_of(json_string_value(json_object_get(asked, "deed")), e);
	if (!deed)
		return -EINVAL;
	struct wish w = { .soft_ms = SOFT_MS, .timeout_ms = deed->timeout_ms };
	char where[40];
	snprintf(where, sizeof where, "deed %s", deed->word);
	int r = fields_read(&w, deed->members, deed->n, asked, where, e);
	return r < 0 ? r : deed->run(hand, &w, answer, e);
}

char *deed_answer(const struct hand *hand, const char *line, size_t len)
{
	json_set_alloc_funcs(malloc, wipe_free); /* its strings may be secrets */
	struct err e = { 0 };
	OWN(json) json_t *answer = json_object();
	if (!answer)
		return NULL;
	json_object_set_new(answer, "ok", json_true());
	int r = deed_run(hand, line, len, answer, &e);
	if (r < 0) {
		/* One number, two names: this is the one that the deeds have. */
		const char *name = r == -ENOTSUP ? "ENOTSUP" : strerrorname_np(-r);
		json_object_clear(answer);
		json_object_set_new(answer, "ok", json_false());
		json_object_set_new(answer, "errno", json_string(name ? name : "EIO"));
		json_object_set_new(answer, "why", json_string(e.text));
	}
	OWN(text) char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
	char *out = NULL;
	return text && asprintf(&out, "%s\n", text) >= 0 ? out : NULL;
}
