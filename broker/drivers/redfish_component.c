/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See redfish_component.h. The names are those of the schemas ComputerSystem, Manager, Storage,
 * StorageController, Drive and NetworkAdapter. */
#include "drivers/redfish_component.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "drivers/redfish_walk.h"

static void text_read(char *to, size_t size, const json_t *doc, const char *at)
{
	component_text(to, size, json_string_value(rf_at(doc, at)));
}

/* The first of these members that says something. */
static void first_read(char *to, size_t size, const json_t *doc, const char *const *at, size_t n)
{
	*to = '\0';
	for (size_t i = 0; i < n && !*to; i++)
		text_read(to, size, doc, at[i]);
}

static bool is_absent(const json_t *doc)
{
	return rf_word_is(doc, "Status/State", "Absent");
}

static void health_read(struct component *c, const json_t *doc)
{
	if (json_is_true(rf_at(doc, "FailurePredicted")))
		snprintf(c->health, sizeof c->health, "failure predicted");
	else
		text_read(c->health, sizeof c->health, doc, "Status/Health");
}

static struct component *begin(struct component *c, enum component_kind kind, const json_t *doc)
{
	*c = (struct component){ .kind = kind };
	text_read(c->model, sizeof c->model, doc, "Model");
	text_read(c->serial, sizeof c->serial, doc, "SerialNumber");
	health_read(c, doc);
	return c;
}

/* A number of that many of `unit` bytes; 0 where it is none, or more than anybody builds. */
static uint64_t bytes_read(const json_t *doc, const char *at, double unit)
{
	double n = json_number_value(rf_at(doc, at)) * unit;
	return n > 0 && n < 1e18 ? (uint64_t)n : 0;
}

/* ------------------------------------------------------------------ the system and its BMC */

static size_t cpus_read(struct component *c, const json_t *doc)
{
	json_int_t n = json_integer_value(rf_at(doc, "Count"));
	if (n < 1 || n > 1024)
		return 0;
	begin(c, COMPONENT_CPU, doc);
	snprintf(c->slot, sizeof c->slot, "%d of them", (int)n);
	return 1;
}

static size_t memory_read(struct component *c, const json_t *doc)
{
	begin(c, COMPONENT_MEMORY, doc);
	c->bytes = bytes_read(doc, "TotalSystemMemoryGiB", 1073741824);
	return c->bytes ? 1 : 0;
}

size_t rf_system_components(struct component to[RF_SYSTEM_COMPONENTS], const json_t *system)
{
	size_t n = 0;
	begin(&to[n], COMPONENT_BIOS, system);
	to[n].health[0] = '\0'; /* it is the system's */
	text_read(to[n].firmware, sizeof to[n].firmware, system, "BiosVersion");
	n += *to[n].firmware || *to[n].model;
	n += cpus_read(&to[n], json_object_get(system, "ProcessorSummary"));
	n += memory_read(&to[n], json_object_get(system, "MemorySummary"));
	return n;
}

size_t rf_bmc_component(struct component *to, const json_t *manager)
{
	begin(to, COMPONENT_BMC, manager);
	text_read(to->firmware, sizeof to->firmware, manager, "FirmwareVersion");
	return *to->firmware || *to->model ? 1 : 0;
}

/* ------------------------------------------------------------------ disks */

static const char *bus_of(const json_t *drive)
{
	static const struct {
		const char *protocol, *bus;
	} buses[] = {
		{ "NVMe", "nvme" },
		{ "PCIe", "nvme" },
		{ "SATA", "sata" },
		{ "SAS", "sas" },
		{ "USB", "usb" },
	};
	for (size_t i = 0; i < COUNT(buses); i++)
		if (rf_word_is(drive, "Protocol", buses[i].protocol))
			return buses[i].bus;
	return "";
}

size_t rf_drive_component(struct component *to, const json_t *drive)
{
	/* PhysicalLocation is what is written on the box; before it there was Location. */
	static const char *const slots[] = { "PhysicalLocation/PartLocation/ServiceLabel", "Name",
		"Id" };
	if (!json_is_object(drive) || is_absent(drive))
		return 0;
	begin(to, COMPONENT_DISK, drive);
	first_read(to->slot, sizeof to->slot, drive, slots, COUNT(slots));
	snprintf(to->bus, sizeof to->bus, "%s", bus_of(drive));
	text_read(to->firmware, sizeof to->firmware, drive, "Revision");
	if (!*to->firmware)
		text_read(to->firmware, sizeof to->firmware, drive, "FirmwareVersion");
	to->bytes = bytes_read(drive, "CapacityBytes", 1);
	return 1;
}

size_t rf_controller_component(struct component *to, const json_t *controller)
{
	static const char *const slots[] = { "Name", "Id", "MemberId" };
	if (!json_is_object(controller) || is_absent(controller))
		return 0;
	begin(to, COMPONENT_STORAGE, controller);
	first_read(to->slot, sizeof to->slot, controller, slots, COUNT(slots));
	text_read(to->firmware, sizeof to->firmware, controller, "FirmwareVersion");
	return 1;
}

size_t rf_storage_read(
	struct rf_storage *ret, struct component *to, size_t most, const json_t *storage)
{
	const json_t *list = json_object_get(storage, "StorageControllers");
	size_t n = 0, i = 0;
	*ret = (struct rf_storage){ .more = false };
	rf_path_read(&ret->controllers, storage, "Controllers/@odata.id");
	for (; i < json_array_size(list) && n < most; i++)
		n += rf_controller_component(&to[n], json_array_get(list, i));
	ret->more = i < json_array_size(list);
	if (json_is_array(json_object_get(storage, "Drives")))
		ret->more |= !rf_links_read(&ret->drives, storage, "Drives");
	return n;
}

/* ------------------------------------------------------------------ cards */

size_t rf_adapter_component(struct component *to, const json_t *adapter)
{
	if (!json_is_object(adapter) || is_absent(adapter))
		return 0;
	begin(to, COMPONENT_NIC, adapter);
	text_read(to->slot, sizeof to->slot, adapter, "Id");
	const json_t *list = json_object_get(adapter, "Controllers");
	for (size_t i = 0; i < json_array_size(list) && !*to->firmware; i++)
		text_read(to->firmware, sizeof to->firmware, json_array_get(list, i),
			"FirmwarePackageVersion");
	return 1;
}
