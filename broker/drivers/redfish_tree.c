/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See redfish_tree.h. The names are those of DSP0266 and of the schemas in DSP8010: ServiceRoot,
 * ComputerSystem, ActionInfo, VirtualMedia, Task, Settings. */
#include "drivers/redfish_tree.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "drivers/redfish_walk.h"

const json_t *rf_at(const json_t *doc, const char *at)
{
	char name[96];
	while (doc && *at) {
		size_t len = strcspn(at, "/");
		if (len >= sizeof name)
			return NULL;
		memcpy(name, at, len);
		name[len] = '\0';
		doc = json_object_get(doc, name);
		at += len + (at[len] == '/');
	}
	return doc;
}

/* Printable ASCII only, so that it can stand in a sentence and on a terminal. */
static void text_take(char *to, size_t size, const char *text)
{
	size_t n = 0;
	for (; *text && n + 1 < size; text++)
		to[n++] = *text >= ' ' && *text <= '~' ? *text : '?';
	to[n] = '\0';
}

bool rf_text_read(char *to, size_t size, const json_t *doc, const char *at)
{
	const char *text = json_string_value(rf_at(doc, at));
	text_take(to, size, text ? text : "");
	return text != NULL;
}

bool rf_word_is(const json_t *doc, const char *at, const char *word)
{
	const char *text = json_string_value(rf_at(doc, at));
	return text && strcmp(text, word) == 0;
}

bool rf_list_has(const json_t *doc, const char *at, const char *word)
{
	const json_t *list = rf_at(doc, at);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text && strcmp(text, word) == 0)
			return true;
	}
	return false;
}

bool rf_path_of(struct rf_path *to, const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"/-._~:@!$&'()*+,;=%?[]";
	to->text[0] = '\0';
	const char *scheme = strstr(text, "://");
	if (text[0] == 'h' && scheme)
		text = scheme + 3 + strcspn(scheme + 3, "/");
	size_t len = strcspn(text, "#");
	if (text[0] != '/' || text[1] == '/' || len > RF_PATH_LEN || strspn(text, letters) < len)
		return false;
	memcpy(to->text, text, len);
	to->text[len] = '\0';
	if (!strstr(to->text, "/.."))
		return true;
	to->text[0] = '\0';
	return false;
}

bool rf_path_read(struct rf_path *to, const json_t *doc, const char *at)
{
	const char *text = json_string_value(rf_at(doc, at));
	return rf_path_of(to, text ? text : "");
}

void rf_etag_of(char to[RF_ETAG_LEN + 1], const json_t *doc)
{
	const char *text = json_string_value(json_object_get(doc, "@odata.etag"));
	size_t len = text ? strlen(text) : 0;
	to[0] = '\0';
	/* It goes back in a header: whole, or not at all. */
	if (len > RF_ETAG_LEN)
		return;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return;
	memcpy(to, len ? text : "", len + 1);
}

bool rf_links_read(struct rf_links *to, const json_t *doc, const char *at)
{
	const json_t *list = rf_at(doc, at);
	rf_path_read(&to->next, doc, "Members@odata.nextLink");
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (to->n == COUNT(to->of))
			return false;
		if (rf_path_read(&to->of[to->n], json_array_get(list, i), "@odata.id"))
			to->n++;
	}
	return true;
}

void rf_root_read(struct rf_root *to, const json_t *doc)
{
	*to = (struct rf_root){ .vendor = "" };
	rf_path_read(&to->systems, doc, "Systems/@odata.id");
	rf_path_read(&to->chassis, doc, "Chassis/@odata.id");
	rf_path_read(&to->managers, doc, "Managers/@odata.id");
	rf_path_read(&to->sessions, doc, "Links/Sessions/@odata.id");
	rf_path_read(&to->events, doc, "EventService/@odata.id");
	rf_text_read(to->product, sizeof to->product, doc, "Product");
	/* Services from before 1.5 name their maker only by what they keep under "Oem". */
	if (!rf_text_read(to->vendor, sizeof to->vendor, doc, "Vendor"))
		text_take(to->vendor, sizeof to->vendor,
			rf_at(doc, "Oem/Hpe")    ? "HPE"
			: rf_at(doc, "Oem/Hp")   ? "HPE"
			: rf_at(doc, "Oem/Dell") ? "Dell"
						 : "");
}

void rf_place_read(struct rf_place *to, const json_t *doc)
{
	*to = (struct rf_place){ .on_reset = false };
	rf_path_read(&to->self, doc, "@odata.id");
	rf_etag_of(to->etag, doc);
	rf_path_read(&to->settings, doc, "@Redfish.Settings/SettingsObject/@odata.id");
	to->on_reset = rf_list_has(doc, "@Redfish.Settings/SupportedApplyTimes", "OnReset");
}

static unsigned resets_of(const json_t *list)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
		{ "On", RF_RESET_ON },
		{ "ForceOn", RF_RESET_FORCE_ON },
		{ "ForceOff", RF_RESET_FORCE_OFF },
		{ "GracefulShutdown", RF_RESET_SOFT_OFF },
	};
	unsigned all = 0;
	for (size_t i = 0; i < COUNT(words); i++)
		if (rf_list_has(list, "", words[i].word))
			all |= words[i].bit;
	return all;
}

unsigned rf_resets_read(const json_t *doc)
{
	const json_t *list = json_object_get(doc, "Parameters");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		if (rf_word_is(one, "Name", "ResetType"))
			return resets_of(json_object_get(one, "AllowableValues"));
	}
	return 0;
}

static enum rf_power power_of(const json_t *doc)
{
	return rf_word_is(doc, "PowerState", "Off")  ? RF_POWER_OFF
	       : rf_word_is(doc, "PowerState", "On") ? RF_POWER_ON
	       : rf_word_is(doc, "PowerState", "PoweringOn") ||
			       rf_word_is(doc, "PowerState", "PoweringOff")
		       ? RF_POWER_CHANGING
	       : rf_word_is(doc, "PowerState", "Paused") ? RF_POWER_ON
							 : RF_POWER_UNKNOWN;
}

static void boot_read(struct rf_system *to, const json_t *boot)
{
	static const char listed[] = "BootSourceOverrideTarget@Redfish.AllowableValues";
	rf_text_read(to->boot_target, sizeof to->boot_target, boot, "BootSourceOverrideTarget");
	rf_text_read(to->boot_enabled, sizeof to->boot_enabled, boot, "BootSourceOverrideEnabled");
	rf_text_read(to->boot_mode, sizeof to->boot_mode, boot, "BootSourceOverrideMode");
	to->boots_listed = json_array_size(json_object_get(boot, listed)) > 0;
	to->boots_pxe = rf_list_has(boot, listed, "Pxe");
	to->boots_http = rf_list_has(boot, listed, "UefiHttp");
	to->boots_cd = rf_list_has(boot, listed, "Cd");
	to->boots_usb_cd = rf_list_has(boot, listed, "UsbCd");
}

static void says_read(struct bmc_system *to, const json_t *doc)
{
	static const char writeable[] = "@Redfish.WriteableProperties";
	const char *uuid = json_string_value(json_object_get(doc, "UUID"));
	const char *serial = json_string_value(json_object_get(doc, "SerialNumber"));
	if (uuid)
		uuid_parse(&to->uuid, uuid);
	/* Cut short it would be another one. */
	if (serial && serial_is_text(serial))
		snprintf(to->serial, sizeof to->serial, "%s", serial);
	to->uuid_settable = rf_list_has(doc, writeable, "UUID");
	to->serial_settable = rf_list_has(doc, writeable, "SerialNumber");
}

void rf_system_read(struct rf_system *to, const json_t *doc)
{
	*to = (struct rf_system){ .power = power_of(doc) };
	rf_place_read(&to->at, doc);
	const json_t *reset = rf_at(doc, "Actions/#ComputerSystem.Reset");
	rf_path_read(&to->reset, reset, "target");
	rf_path_read(&to->reset_info, reset, "@Redfish.ActionInfo");
	to->resets = resets_of(json_object_get(reset, "ResetType@Redfish.AllowableValues"));
	rf_path_read(&to->media, doc, "VirtualMedia/@odata.id");
	rf_path_read(&to->manager, json_array_get(rf_at(doc, "Links/ManagedBy"), 0), "@odata.id");
	const json_t *chassis = rf_at(doc, "Links/Chassis");
	for (size_t i = 0; i < COUNT(to->chassis); i++)
		rf_path_read(&to->chassis[i], json_array_get(chassis, i), "@odata.id");
	boot_read(to, json_object_get(doc, "Boot"));
	rf_text_read(to->maker, sizeof to->maker, doc, "Manufacturer");
	rf_text_read(to->model, sizeof to->model, doc, "Model");
	says_read(&to->says, doc);
}

void rf_media_read(struct rf_media *to, const json_t *doc)
{
	*to = (struct rf_media){ .inserted = json_is_true(json_object_get(doc, "Inserted")) };
	rf_path_read(&to->self, doc, "@odata.id");
	rf_etag_of(to->etag, doc);
	rf_path_read(&to->insert, doc, "Actions/#VirtualMedia.InsertMedia/target");
	rf_path_read(&to->eject, doc, "Actions/#VirtualMedia.EjectMedia/target");
	to->cd = rf_list_has(doc, "MediaTypes", "CD") || rf_list_has(doc, "MediaTypes", "DVD");
	to->usb = rf_list_has(doc, "MediaTypes", "USBStick");
	rf_text_read(to->image, sizeof to->image, doc, "Image");
}

void rf_events_read(struct rf_events *to, const json_t *doc)
{
	*to = (struct rf_events){ .disabled = json_is_false(rf_at(doc, "ServiceEnabled")) };
	rf_path_read(&to->stream, doc, "ServerSentEventUri");
	to->by_format = json_is_true(rf_at(doc, "SSEFilterPropertiesSupported/EventFormatType"));
}

bool rf_is_event(const json_t *doc)
{
	return json_array_size(json_object_get(doc, "Events")) > 0;
}

void rf_task_read(struct rf_task *to, const json_t *doc)
{
	/* Of Task.TaskState and Job.JobState. A job that "waits" may do so until a reset. */
	static const struct {
		const char *word;
		enum rf_job state;
	} words[] = {
		{ "New", RF_JOB_WAITS },
		{ "Pending", RF_JOB_WAITS },
		{ "Scheduled", RF_JOB_WAITS },
		{ "Starting", RF_JOB_WAITS },
		{ "Suspended", RF_JOB_WAITS },
		{ "Service", RF_JOB_RUNS },
		{ "Running", RF_JOB_RUNS },
		{ "Continue", RF_JOB_RUNS },
		{ "Validating", RF_JOB_RUNS },
		{ "UserIntervention", RF_JOB_FAILED },
		{ "Interrupted", RF_JOB_RUNS },
		{ "Stopping", RF_JOB_RUNS },
		{ "Cancelling", RF_JOB_RUNS },
		{ "Completed", RF_JOB_DONE },
		{ "Killed", RF_JOB_FAILED },
		{ "Exception", RF_JOB_FAILED },
		{ "Cancelled", RF_JOB_FAILED },
		{ "Invalid", RF_JOB_FAILED },
	};
	*to = (struct rf_task){ .state = RF_JOB_NONE };
	if (!rf_text_read(to->state_word, sizeof to->state_word, doc, "TaskState") &&
		!rf_text_read(to->state_word, sizeof to->state_word, doc, "JobState"))
		return;
	to->state = RF_JOB_RUNS; /* a word that is none of them: some day it is another */
	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].word, to->state_word) == 0)
			to->state = words[i].state;
	if (to->state == RF_JOB_DONE && rf_word_is(doc, "TaskStatus", "Critical"))
		to->state = RF_JOB_FAILED;
	rf_text_read(to->message, sizeof to->message,
		json_array_get(json_object_get(doc, "Messages"), 0), "Message");
}

void rf_error_read(struct rf_error *to, const json_t *doc)
{
	const json_t *error = json_object_get(doc, "error");
	const json_t *first = json_array_get(json_object_get(error, "@Message.ExtendedInfo"), 0);
	if (!rf_text_read(to->id, sizeof to->id, first, "MessageId"))
		rf_text_read(to->id, sizeof to->id, error, "code");
	if (!rf_text_read(to->message, sizeof to->message, first, "Message"))
		rf_text_read(to->message, sizeof to->message, error, "message");
}
