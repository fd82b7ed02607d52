/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any document of a BMC: what is made of it can be asked for, printed and sent back in a header. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "drivers/redfish_component.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void path_is_good(const struct rf_path *p)
{
	assert(!p->text[0] || (p->text[0] == '/' && p->text[1] != '/'));
	assert(strlen(p->text) <= RF_PATH_LEN && !strstr(p->text, "/..") && !strchr(p->text, '#'));
}

static void text_is_good(const char *text, size_t size)
{
	assert(strnlen(text, size) < size);
	for (; *text; text++)
		assert(*text >= ' ' && *text <= '~');
}

static void place_is_good(const struct rf_place *p)
{
	path_is_good(&p->self);
	path_is_good(&p->settings);
	text_is_good(p->etag, sizeof p->etag);
	assert(!strchr(p->etag, ' '));
}

static void system_is_good(const json_t *doc)
{
	struct rf_system s;
	struct rf_root root;
	rf_root_read(&root, doc);
	path_is_good(&root.systems);
	path_is_good(&root.sessions);
	text_is_good(root.vendor, sizeof root.vendor);
	rf_system_read(&s, doc);
	place_is_good(&s.at);
	path_is_good(&s.reset);
	path_is_good(&s.manager);
	for (size_t i = 0; i < RF_CHASSIS_MAX; i++)
		path_is_good(&s.chassis[i]);
	text_is_good(s.boot_target, sizeof s.boot_target);
	text_is_good(s.boot_mode, sizeof s.boot_mode);
	text_is_good(s.model, sizeof s.model);
	(void)rf_resets_read(doc);
}

static void cards_are_good(const json_t *doc)
{
	struct rf_function f;
	struct rf_dell d;
	char pci[PCI_TEXT];
	rf_function_read(&f, doc);
	place_is_good(&f.at);
	path_is_good(&f.dell);
	path_is_good(&f.port);
	assert(f.fc_targets <= FC_TARGETS_MAX);
	text_is_good(f.card.label, sizeof f.card.label);
	text_is_good(f.iscsi.target, sizeof f.iscsi.target);
	rf_dell_read(&d, doc);
	assert(!d.pci[0] || pci_ok(d.pci));
	assert(rf_pci_read(pci, doc) ? pci_ok(pci) : !pci[0]);
	(void)rf_link_read(doc);
}

static void component_is_good(const struct component *c)
{
	text_is_good(c->slot, sizeof c->slot);
	text_is_good(c->model, sizeof c->model);
	text_is_good(c->serial, sizeof c->serial);
	text_is_good(c->firmware, sizeof c->firmware);
	text_is_good(c->health, sizeof c->health);
	assert(component_bus_ok(c->bus) && component_kind_word(c->kind));
	assert(!strpbrk(c->model, "\"\\") && c->bytes < 1000000000000000000);
}

static void components_are_good(const json_t *doc)
{
	static size_t (*const takes[])(struct component * to,
		const json_t *doc) = { rf_system_components, rf_bmc_component, rf_drive_component,
		rf_adapter_component, rf_controller_component };
	struct component c[RF_SYSTEM_COMPONENTS];
	struct rf_storage storage;
	for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++)
		for (size_t n = takes[i](c, doc); n > 0; n--)
			component_is_good(&c[n - 1]);
	size_t n = rf_storage_read(&storage, c, RF_SYSTEM_COMPONENTS, doc);
	assert(n <= RF_SYSTEM_COMPONENTS && storage.drives.n <= RF_MEMBERS_MAX);
	for (size_t i = 0; i < storage.drives.n; i++)
		path_is_good(&storage.drives.of[i]);
	path_is_good(&storage.controllers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *doc = json_loadb((const char *)data, size, 0, NULL);
	struct rf_links l = { .n = 0 };
	struct rf_task t;
	struct rf_error e;
	struct rf_media m;
	struct rf_events at;
	system_is_good(doc);
	cards_are_good(doc);
	components_are_good(doc);
	rf_links_read(&l, doc, "Members");
	assert(l.n <= RF_MEMBERS_MAX);
	for (size_t i = 0; i < l.n; i++)
		path_is_good(&l.of[i]);
	path_is_good(&l.next);
	rf_task_read(&t, doc);
	text_is_good(t.message, sizeof t.message);
	rf_error_read(&e, doc);
	text_is_good(e.id, sizeof e.id);
	text_is_good(e.message, sizeof e.message);
	rf_events_read(&at, doc);
	path_is_good(&at.stream);
	(void)rf_is_event(doc);
	rf_media_read(&m, doc);
	path_is_good(&m.insert);
	text_is_good(m.image, sizeof m.image);
	json_decref(doc);
	return 0;
}
