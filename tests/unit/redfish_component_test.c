/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a Redfish service says a machine is made of: its documents as components, and the walk to
 * them where the service is endless. This file is in the place of redfish_talk.c. */
#include "drivers/redfish_component.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/redfish.h"
#include "talk_play.h"
#include "tap.h"

/* JSON with ' for ". */
static json_t *doc(const char *text)
{
	char *copy = strdup(text);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_t *j = json_loads(copy, 0, NULL);
	CHECK(j != NULL);
	free(copy);
	return j;
}

/* ------------------------------------------------------------------ documents */

static void drives_of_several_shapes(void)
{
	static const struct {
		const char *text;
		size_t n;
		const char *slot, *bus, *model, *serial, *firmware, *health;
		uint64_t bytes;
	} seen[] = {
		{ "{'Id':'Disk.Bay.0','Name':'SSD 0','Model':' MZ7L3960 ','SerialNumber':'S6 ',"
		  "'Revision':'JXTC404Q','CapacityBytes':960197124096,'Protocol':'SATA',"
		  "'FailurePredicted':false,'Status':{'State':'Enabled','Health':'OK'},"
		  "'PhysicalLocation':{'PartLocation':{'ServiceLabel':'Bay 0'}}}",
			1, "Bay 0", "sata", "MZ7L3960", "S6", "JXTC404Q", "OK", 960197124096 },
		{ "{'Id':'0','Name':'NVMe 0','FirmwareVersion':'GDC5','Protocol':'NVMe',"
		  "'FailurePredicted':true,'Status':{'Health':'Warning'}}",
			1, "NVMe 0", "nvme", "", "", "GDC5", "failure predicted", 0 },
		{ "{'Id':'3','Protocol':'FC','Status':{'Health':'Critical'}}", 1, "3", "", "", "",
			"", "Critical", 0 },
		/* An empty bay. */
		{ "{'Id':'4','Name':'Empty','Status':{'State':'Absent'}}", 0, "", "", "", "", "",
			"", 0 },
		/* Members of other kinds are as if they were not there. */
		{ "{'Id':7,'Model':{},'CapacityBytes':'960','Status':[],'Protocol':null,"
		  "'PhysicalLocation':'left','Revision':['x'],'FailurePredicted':'true'}",
			1, "", "", "", "", "", "", 0 },
		{ "{'CapacityBytes':-1}", 1, "", "", "", "", "", "", 0 },
		{ "{'CapacityBytes':1e300}", 1, "", "", "", "", "", "", 0 },
	};
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		struct component c = { .kind = COMPONENT_BMC };
		json_t *j = doc(seen[i].text);
		CHECK_INT(rf_drive_component(&c, j), seen[i].n);
		json_decref(j);
		if (!seen[i].n)
			continue;
		CHECK(c.kind == COMPONENT_DISK && c.bytes == seen[i].bytes);
		CHECK_TEXT(c.slot, seen[i].slot);
		CHECK_TEXT(c.bus, seen[i].bus);
		CHECK_TEXT(c.model, seen[i].model);
		CHECK_TEXT(c.serial, seen[i].serial);
		CHECK_TEXT(c.firmware, seen[i].firmware);
		CHECK_TEXT(c.health, seen[i].health);
	}
	struct component c;
	CHECK_INT(rf_drive_component(&c, NULL), 0);
}

static void a_system_tells_of_its_bios_processors_and_memory(void)
{
	struct component c[RF_SYSTEM_COMPONENTS];
	json_t *j =
		doc("{'Model':'R650','SerialNumber':'ABC','BiosVersion':'1.9.2',"
		    "'Status':{'Health':'Critical'},'ProcessorSummary':{'Count':2,'Model':'Xeon',"
		    "'Status':{'Health':'OK'}},'MemorySummary':{'TotalSystemMemoryGiB':63.5,"
		    "'Status':{'Health':'Warning'}}}");
	CHECK_INT(rf_system_components(c, j), 3);
	CHECK(c[0].kind == COMPONENT_BIOS && c[1].kind == COMPONENT_CPU);
	CHECK_TEXT(c[0].firmware, "1.9.2");
	CHECK_TEXT(c[0].model, "R650");
	CHECK_TEXT(c[0].health, ""); /* a system in trouble is no BIOS in trouble */
	CHECK_TEXT(c[1].slot, "2 of them");
	CHECK(c[2].kind == COMPONENT_MEMORY && c[2].bytes == 68182605824);
	CHECK_TEXT(c[2].health, "Warning");
	json_decref(j);
	j = doc("{'ProcessorSummary':{'Count':0},'MemorySummary':{'TotalSystemMemoryGiB':null}}");
	CHECK_INT(rf_system_components(c, j), 0);
	json_decref(j);
	CHECK_INT(rf_system_components(c, NULL), 0);
	CHECK_INT(rf_bmc_component(c, NULL), 0);
}

static void a_card_has_the_first_firmware_that_it_shows(void)
{
	struct component c;
	json_t *j = doc("{'Id':'NIC.1','Model':'25 GbE','SerialNumber':'E1','Controllers':[{},"
			"{'FirmwarePackageVersion':'22.31.6'},{'FirmwarePackageVersion':'9'}]}");
	CHECK_INT(rf_adapter_component(&c, j), 1);
	CHECK_TEXT(c.firmware, "22.31.6");
	CHECK_TEXT(c.slot, "NIC.1");
	CHECK(c.kind == COMPONENT_NIC);
	json_decref(j);
}

static void controllers_stand_in_a_storage_or_elsewhere(void)
{
	struct component c[2];
	struct rf_storage s;
	json_t *j = doc("{'StorageControllers':[{'Name':'PERC','FirmwareVersion':'52.1'},"
			"{'Status':{'State':'Absent'}},{'Name':'b'},{'Name':'c'}],"
			"'Controllers':{'@odata.id':'/C'},'Drives':[{'@odata.id':'/D/1'},{}]}");
	CHECK_INT(rf_storage_read(&s, c, 2, j), 2);
	CHECK_TEXT(c[0].firmware, "52.1");
	CHECK_TEXT(c[1].slot, "b");
	CHECK(s.more && s.drives.n == 1);
	CHECK_TEXT(s.controllers.text, "/C");
	json_decref(j);
	CHECK_INT(rf_storage_read(&s, c, 2, NULL), 0);
	CHECK(!s.more && s.drives.n == 0);
}

/* ------------------------------------------------------------------ the walk */

enum { EACH = 60 };
static unsigned questions;
static const char *drive_says; /* what every drive of the endless service says */

static json_t *links(const char *member, const char *path, unsigned from)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < EACH; i++) {
		char one[64];
		snprintf(one, sizeof one, "%s/%u", path, from + i);
		json_array_append_new(list, json_pack("{s:s}", "@odata.id", one));
	}
	return json_pack("{s:o}", member, list);
}

int talk_ask(struct talk *t, const struct question *q, struct said *ret, struct err *e)
{
	unsigned n = 0;
	(void)t;
	(void)e;
	questions++;
	*ret = (struct said){ .status = 200 };
	CHECK_TEXT(q->method, "GET");
	if (strcmp(q->path, "/S") == 0)
		ret->body = doc("{'BiosVersion':'1','Storage':{'@odata.id':'/St'},"
				"'Links':{'Chassis':[{'@odata.id':'/C'}],"
				"'ManagedBy':[{'@odata.id':'/M'}]}}");
	else if (strcmp(q->path, "/St") == 0)
		ret->body = links("Members", "/St", 0);
	else if (sscanf(q->path, "/St/%u", &n) == 1)
		ret->body = links("Drives", "/D", n * EACH / 2); /* half of them again */
	else if (strncmp(q->path, "/D/", 3) == 0)
		ret->body = doc(drive_says);
	else
		ret->status = 404;
	return 0;
}

int talk_refused(const struct talk *t, const struct said *s, struct err *e)
{
	(void)t;
	return err_say(e, s->status == 404 ? ENOENT : EIO, "refused with %ld", s->status);
}

static size_t walked(const char *drive)
{
	static struct component all[COMPONENTS_MAX];
	struct redfish rf = { .bmc = { .ops = &bmc_redfish } };
	struct err e = { 0 };
	size_t n = 0;
	rf_path_of(&rf.system, "/S");
	rf_path_of(&rf.manager, "/M");
	drive_says = drive;
	questions = 0;
	CHECK_INT(bmc_redfish.inventory_read(&rf.bmc, all, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		CHECK(all[i].kind == (i ? COMPONENT_DISK : COMPONENT_BIOS));
	return n;
}

static void a_service_without_end_is_left_after_so_many_components(void)
{
	CHECK_INT(walked("{'Id':'a','Model':'b'}"), COMPONENTS_MAX);
	CHECK(questions < COMPONENTS_MAX + 20);
}

static void one_that_has_nothing_to_tell_is_left_after_so_many_questions(void)
{
	CHECK_INT(walked("{'Status':{'State':'Absent'}}"), 1);
	CHECK(questions > 300 && questions < 450);
}

TESTS(T(drives_of_several_shapes), T(a_system_tells_of_its_bios_processors_and_memory),
	T(a_card_has_the_first_firmware_that_it_shows),
	T(controllers_stand_in_a_storage_or_elsewhere),
	T(a_service_without_end_is_left_after_so_many_components),
	T(one_that_has_nothing_to_tell_is_left_after_so_many_questions))
