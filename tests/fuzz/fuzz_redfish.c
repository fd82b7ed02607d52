/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes to the simulated BMC's Redfish service from somebody who may log in: the first byte
 * is the maker, the first line METHOD PATH, the rest the body. Every question has an answer, and
 * what was changed is still of the form that it must have. */
#include <assert.h>

#include "base/ids.h"
#include "base/list.h"
#include "sim/redfish.h"
#include "tests/unit/sim_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service {
	struct tree *tree;
	struct machine machine;
	struct memory body;
	struct redfish *redfish;
} services[8];

static struct service *service_of(uint8_t which)
{
	char names[160], *rest = names, *vendor = NULL;
	struct err e = { 0 };
	unsigned n = 1;
	snprintf(names, sizeof names, "%s", tree_vendors());
	for (const char *at = names; *at; at++)
		n += *at == ' ';
	which = (uint8_t)(which % n % COUNT(services));
	struct service *s = &services[which];
	if (s->redfish)
		return s;
	for (uint8_t i = 0; i <= which; i++)
		vendor = strsep(&rest, " ");
	if (tree_new(&s->tree, vendor, &e) < 0)
		abort();
	memory_open(&s->machine, &s->body, s->tree);
	if (redfish_new(&s->redfish, &s->machine, s->tree, "baton", "s3cret-word", memory_random,
		    &e) < 0)
		abort();
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[300], *path;
	struct redfish_answer a;
	const uint8_t *nl = size ? memchr(data, '\n', size) : NULL;
	if (!nl || nl == data || (size_t)(nl - data) > sizeof line)
		return 0;
	struct service *s = service_of(data[0]);
	snprintf(line, sizeof line, "%.*s", (int)(nl - data - 1), (const char *)data + 1);
	path = strchr(line, ' ');
	if (!path)
		return 0;
	*path++ = '\0';
	struct redfish_ask q = { .method = line,
		.path = path,
		.basic = "Basic YmF0b246czNjcmV0LXdvcmQ=",
		.if_match = "*",
		.body = (const char *)nl + 1,
		.len = size - (size_t)(nl + 1 - data) };
	redfish_answer(s->redfish, &q, &a);
	assert(a.status >= 200 && a.status < 600 && (!a.body || a.type));
	redfish_answer_fini(&a);
	struct mac mac;
	assert(mac_parse(&mac, keep_text(s->machine.keep, "nic.1.mac")) && mac_is_unicast(&mac));
	return 0;
}
