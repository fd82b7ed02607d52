/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traits and JSON: see traits.h. */
#include "broker/traits.h"

#include <errno.h>

static int label_read(struct traits *t, const json_t *from, const char *what, struct err *e)
{
	const char *text = json_string_value(from);
	if (t->labels == LABELS_MAX)
		return err_say(e, EINVAL, "%s: \"labels\": want at most %d", what, LABELS_MAX);
	if (!text || !label_parse(&t->label[t->labels], text))
		return err_say(e, EINVAL,
			"%s: \"labels\": \"%.64s\": want KEY=VALUE, each 1 to %d of a-z, 0-9 and "
			"-, as in rack=r1",
			what, text ? text : "", LABEL_LEN);
	t->labels++;
	return 0;
}

int traits_take(
	struct traits *ret, const struct traits_members *from, const char *what, struct err *e)
{
	struct traits t = { .memory_mb = (uint32_t)from->memory_mb, .cpus = (uint32_t)from->cpus };
	if (!arch_parse(&t.arch, from->arch))
		return err_say(e, EINVAL, "%s: \"arch\": want x86_64 or aarch64", what);
	if (!firmware_parse(&t.firmware, from->firmware))
		return err_say(e, EINVAL, "%s: \"firmware\": want bios or uefi", what);
	int r = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(from->labels); i++)
		r = label_read(&t, json_array_get(from->labels, i), what, e);
	if (r == 0)
		*ret = t;
	return r;
}

void traits_put(json_t *to, const struct traits *t)
{
	json_t *labels = json_array();
	for (unsigned i = 0; i < t->labels; i++) {
		char text[LABEL_TEXT];
		json_array_append_new(labels, json_string(label_text(text, &t->label[i])));
	}
	json_object_set_new(to, "arch", json_string(arch_word(t->arch)));
	json_object_set_new(to, "firmware", json_string(firmware_word(t->firmware)));
	json_object_set_new(to, "memory_mb", json_integer(t->memory_mb));
	json_object_set_new(to, "cpus", json_integer(t->cpus));
	json_object_set_new(to, "labels", labels);
}
