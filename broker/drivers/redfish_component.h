/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents of a Redfish service about what a machine is made of, as components: pure, as
 * redfish_tree.h is. Each gives how many it has found; what is said to be absent is none. */
#pragma once
#include "core/component.h"
#include "drivers/redfish_tree.h"

enum { RF_SYSTEM_COMPONENTS = 3 };

/* Its BIOS, its processors, its memory. */
size_t rf_system_components(struct component to[RF_SYSTEM_COMPONENTS], const json_t *system);
/* Of a Manager. */
size_t rf_bmc_component(struct component *to, const json_t *manager);
size_t rf_drive_component(struct component *to, const json_t *drive);
/* A NetworkAdapter: one card, however many functions it has. */
size_t rf_adapter_component(struct component *to, const json_t *adapter);
/* A StorageController. */
size_t rf_controller_component(struct component *to, const json_t *controller);

/* What a Storage says: the controllers that stand in it, at most `most`; where there are others,
 * and its drives. */
struct rf_storage {
	struct rf_path controllers;
	struct rf_links drives;
	bool more; /* than there is room for */
};
size_t rf_storage_read(
	struct rf_storage *ret, struct component *to, size_t most, const json_t *storage);
