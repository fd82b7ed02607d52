/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents of Redfish services as structs, and the quirks by what a service says it is. The
 * documents have the shapes of DSP8010's schemas, and what services are known to do to them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "drivers/redfish_quirks.h"
#include "drivers/redfish_talk.h"
#include "drivers/redfish_tree.h"
#include "tap.h"

/* JSON with ' for ". */
static json_t *doc(const char *text)
{
	char *copy = strdup(text);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	json_error_t wrong;
	json_t *j = json_loads(copy, 0, &wrong);
	if (!j)
		printf("Bail out! %s at %d of %s\n", wrong.text, wrong.position, copy);
	free(copy);
	return j;
}

static void a_path_is_of_this_service_and_goes_only_down(void)
{
	static const struct {
		const char *text, *is;
	} seen[] = {
		{ "/redfish/v1/Systems/1", "/redfish/v1/Systems/1" },
		{ "/redfish/v1/Systems/1#/Boot", "/redfish/v1/Systems/1" },
		{ "/redfish/v1/Systems?$skip=50", "/redfish/v1/Systems?$skip=50" },
		{ "https://10.0.0.9:8443/redfish/v1/SessionService/Sessions/7",
			"/redfish/v1/SessionService/Sessions/7" },
		{ "https://10.0.0.9", "" },
		{ "http://elsewhere", "" },
		{ "http://", "" },
		{ "//elsewhere/redfish", "" },
		{ "/redfish/../etc/passwd", "" },
		{ "/redfish/v1/Systems/a b", "" },
		{ "/redfish/v1/Systems/\r\nHost: x", "" },
		{ "redfish/v1", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		struct rf_path p;
		CHECK_INT(rf_path_of(&p, seen[i].text), seen[i].is[0] != '\0');
		CHECK_TEXT(p.text, seen[i].is);
	}
	char longer[RF_PATH_LEN + 2];
	struct rf_path p;
	memset(longer, 'a', sizeof longer);
	longer[0] = '/';
	longer[RF_PATH_LEN + 1] = '\0';
	CHECK(!rf_path_of(&p, longer));
	longer[RF_PATH_LEN] = '\0';
	CHECK(rf_path_of(&p, longer));
}

static void a_service_root_names_its_maker_old_or_new(void)
{
	struct rf_root root;
	json_t *j =
		doc("{'RedfishVersion':'1.6.0','Vendor':'Contoso','Product':'BMC 4',"
		    "'Systems':{'@odata.id':'/redfish/v1/Systems'},"
		    "'Chassis':{'@odata.id':'/redfish/v1/Chassis'},"
		    "'Links':{'Sessions':{'@odata.id':'/redfish/v1/SessionService/Sessions'}}}");
	rf_root_read(&root, j);
	CHECK_TEXT(root.systems.text, "/redfish/v1/Systems");
	CHECK_TEXT(root.sessions.text, "/redfish/v1/SessionService/Sessions");
	CHECK_TEXT(root.vendor, "Contoso");
	json_decref(j);
	j = doc("{'Oem':{'Hpe':{'Moniker':{}}},'Systems':{'@odata.id':7},'Links':[]}");
	rf_root_read(&root, j);
	CHECK_TEXT(root.vendor, "HPE");
	CHECK_TEXT(root.systems.text, "");
	CHECK_TEXT(root.sessions.text, "");
	json_decref(j);
	rf_root_read(&root, NULL);
	CHECK_TEXT(root.vendor, "");
}

static void a_system_shows_what_it_can_do_and_where(void)
{
	struct rf_system s;
	json_t *j = doc(
		"{'@odata.id':'/redfish/v1/Systems/1','@odata.etag':'W/"
		"\\\"5\\\"','PowerState':'Off',"
		"'Manufacturer':'Contoso','Model':'R\\u00e4ck 9',"
		"'Boot':{'BootSourceOverrideEnabled':'Once','BootSourceOverrideTarget':'Pxe',"
		"'BootSourceOverrideTarget@Redfish.AllowableValues':['None','Pxe','UefiHttp','"
		"UsbCd'],"
		"'BootSourceOverrideMode':'UEFI'},"
		"'Actions':{'#ComputerSystem.Reset':{'target':'/redfish/v1/Systems/1/Actions/"
		"ComputerSystem.Reset','ResetType@Redfish.AllowableValues':['On','ForceOff','Nmi']}"
		"},"
		"'@Redfish.Settings':{'SettingsObject':{'@odata.id':'/redfish/v1/Systems/1/SD'},"
		"'SupportedApplyTimes':['Immediate','OnReset']},"
		"'Links':{'Chassis':[{'@odata.id':'/redfish/v1/Chassis/1'}],"
		"'ManagedBy':[{'@odata.id':'/redfish/v1/Managers/1'}]}}");
	rf_system_read(&s, j);
	CHECK_INT(s.power, RF_POWER_OFF);
	CHECK_TEXT(s.at.etag, "W/\"5\"");
	CHECK_TEXT(s.at.settings.text, "/redfish/v1/Systems/1/SD");
	CHECK(s.at.on_reset);
	CHECK_INT(s.resets, RF_RESET_ON | RF_RESET_FORCE_OFF);
	CHECK_TEXT(s.boot_mode, "UEFI");
	CHECK(s.boots_listed && s.boots_pxe && s.boots_http && !s.boots_cd && s.boots_usb_cd);
	CHECK_TEXT(s.model, "R??ck 9");
	CHECK_TEXT(s.chassis[0].text, "/redfish/v1/Chassis/1");
	CHECK_TEXT(s.chassis[1].text, "");
	CHECK_TEXT(s.manager.text, "/redfish/v1/Managers/1");
	json_decref(j);
	/* The least that the schema wants: nothing. */
	j = doc("{'PowerState':'PoweringOff','Boot':{},'Actions':{'#ComputerSystem.Reset':"
		"{'target':'/a','@Redfish.ActionInfo':'/b'}}}");
	rf_system_read(&s, j);
	CHECK_INT(s.power, RF_POWER_CHANGING);
	CHECK_INT(s.resets, 0);
	CHECK_TEXT(s.reset_info.text, "/b");
	CHECK_TEXT(s.boot_mode, "");
	CHECK(!s.boots_listed);
	json_decref(j);
	rf_system_read(&s, NULL);
	CHECK_INT(s.power, RF_POWER_UNKNOWN);
	j = doc("{'Parameters':[{'Name':'Other'},{'Name':'ResetType','AllowableValues':['ForceOn',"
		"'GracefulShutdown']}]}");
	CHECK_INT(rf_resets_read(j), RF_RESET_FORCE_ON | RF_RESET_SOFT_OFF);
	json_decref(j);
}

static void a_list_goes_on_and_has_an_end(void)
{
	struct rf_links l = { .n = 0 };
	json_t *j = doc("{'Members':[{'@odata.id':'/a'},{'@odata.id':5},{'@odata.id':'/b'}],"
			"'Members@odata.nextLink':'/c?$skip=2'}");
	CHECK(rf_links_read(&l, j, "Members"));
	CHECK_INT(l.n, 2);
	CHECK_TEXT(l.of[1].text, "/b");
	CHECK_TEXT(l.next.text, "/c?$skip=2");
	json_decref(j);
	json_t *many = json_array();
	for (int i = 0; i <= RF_MEMBERS_MAX; i++)
		json_array_append_new(many, json_pack("{s:s}", "@odata.id", "/x"));
	j = json_pack("{s:o}", "Members", many);
	l.n = 0;
	CHECK(!rf_links_read(&l, j, "Members"));
	CHECK_INT(l.n, RF_MEMBERS_MAX);
	json_decref(j);
	j = doc("{'Members':{'@odata.id':'/a'}}");
	CHECK(!rf_links_read(&l, j, "Members"));
	json_decref(j);
}

static void an_ethernet_function_has_two_addresses(void)
{
	struct rf_function f;
	json_t *j = doc(
		"{'@odata.id':'/f/1','Id':'NIC.Slot.1-1-1','NetDevFuncType':'Ethernet',"
		"'Ethernet':{'MACAddress':'52-54-00-00-00-01','PermanentMACAddress':"
		"'A0:36:9F:00:00:01'},'FibreChannel':{},"
		"'iSCSIBoot':{'InitiatorName':'iqn.2026-01.org.example:a','PrimaryTargetName':"
		"'iqn.2026-01.org.example:t','PrimaryTargetIPAddress':'10.0.0.3',"
		"'PrimaryTargetTCPPort':3260,'PrimaryLUN':2,'CHAPUsername':'u','CHAPSecret':null},"
		"'Links':{'PCIeFunction':{'@odata.id':'/p'},'PhysicalPortAssignment':{'@odata.id':"
		"'/port'},'Oem':{'Dell':{'DellNetworkAttributes':{'@odata.id':'/d'}}}},"
		"'@Redfish.Settings':{'SettingsObject':{'@odata.id':'/f/1/Settings'}}}");
	char mac[MAC_TEXT];
	rf_function_read(&f, j);
	CHECK_INT(f.card.kind, CARD_ETHERNET);
	CHECK_TEXT(mac_text(mac, &f.card.permanent_mac), "a0:36:9f:00:00:01");
	CHECK_TEXT(mac_text(mac, &f.card.mac), "52:54:00:00:00:01");
	CHECK_TEXT(f.card.label, "NIC.Slot.1-1-1");
	CHECK_TEXT(f.at.settings.text, "/f/1/Settings");
	CHECK(!f.at.on_reset);
	CHECK_TEXT(f.dell.text, "/d");
	CHECK_TEXT(f.port.text, "/port");
	CHECK_TEXT(f.iscsi.target, "iqn.2026-01.org.example:t");
	CHECK_INT(f.iscsi.portal, 0x0a000003);
	CHECK_INT(f.iscsi.port, 3260);
	CHECK_INT(f.iscsi.lun, 2);
	CHECK_TEXT(f.iscsi.secret, "");
	json_decref(j);
}

static void a_fibre_channel_function_has_names_and_targets(void)
{
	struct rf_function f;
	char wwn[WWN_TEXT];
	json_t *j = doc(
		"{'Id':'FC.Slot.1-1','NetDevFuncType':'FibreChannel','FibreChannel':{"
		"'PermanentWWPN':'10:00:B0:5A:DD:BB:74:E0','PermanentWWNN':'20:00:B0:5A:DD:BB:74:"
		"E0',"
		"'WWPN':'2100525400000001','WWNN':'20-00-52-54-00-00-00-01','WWNSource':"
		"'ConfiguredLocally','BootTargets':[{'WWPN':'50:00:00:00:00:00:00:01','LUNID':'3',"
		"'BootPriority':0},{'WWPN':'00:00:00:00:00:00:00:00','LUNID':'0'},{'WWPN':"
		"'50:00:00:00:00:00:00:02','LUNID':4}]}}");
	rf_function_read(&f, j);
	CHECK_INT(f.card.kind, CARD_FC);
	CHECK_TEXT(wwn_text(wwn, &f.card.permanent_wwpn), "10:00:b0:5a:dd:bb:74:e0");
	CHECK_TEXT(wwn_text(wwn, &f.card.wwpn), "21:00:52:54:00:00:00:01");
	CHECK_TEXT(wwn_text(wwn, &f.card.wwnn), "20:00:52:54:00:00:00:01");
	CHECK(f.has_fc && f.has_wwn_source);
	CHECK_INT(f.fc_targets, 2);
	CHECK_INT(f.fc_target[0].lun, 3);
	CHECK_INT(f.fc_target[1].lun, 4);
	json_decref(j);
}

static void a_pci_address_is_told_in_several_ways(void)
{
	static const struct {
		const char *text, *is;
	} seen[] = {
		{ "{'SegmentNumber':0,'BusNumber':59,'DeviceNumber':0,'FunctionNumber':1}",
			"0000:3b:00.1" },
		{ "{'BusNumber':'0x3b','DeviceNumber':'0x1f','FunctionId':2}", "0000:3b:1f.2" },
		{ "{'FunctionId':0}", "" },
		{ "{'BusNumber':256,'DeviceNumber':0,'FunctionNumber':0}", "" },
		{ "{'BusNumber':'x','DeviceNumber':0,'FunctionNumber':0}", "" },
		{ "{}", "" },
	};
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		char pci[PCI_TEXT];
		json_t *j = doc(seen[i].text);
		CHECK_INT(rf_pci_read(pci, j), seen[i].is[0] != '\0');
		CHECK_TEXT(pci, seen[i].is);
		json_decref(j);
	}
	json_t *j = doc("{'Attributes':{'BusDeviceFunction':'3B:00:01','VirtMacAddr':"
			"'52:54:00:00:00:09','VirtWWPN':'20:01:00:00:00:00:00:09'},"
			"'@Redfish.Settings':{'SettingsObject':{'@odata.id':'/d/Settings'},"
			"'SupportedApplyTimes':['OnReset']}}");
	struct rf_dell d;
	rf_dell_read(&d, j);
	CHECK_TEXT(d.pci, "0000:3b:00.1");
	CHECK(d.has_mac && d.has_wwpn && !d.has_wwnn && d.at.on_reset);
	CHECK_TEXT(d.at.settings.text, "/d/Settings");
	json_decref(j);
}

static void a_job_is_done_or_runs_or_waits_for_a_start(void)
{
	static const struct {
		const char *text;
		enum rf_job is;
	} seen[] = {
		{ "{'TaskState':'New'}", RF_JOB_WAITS },
		{ "{'TaskState':'Running'}", RF_JOB_RUNS },
		{ "{'TaskState':'Completed','TaskStatus':'OK'}", RF_JOB_DONE },
		{ "{'TaskState':'Completed','TaskStatus':'Critical'}", RF_JOB_FAILED },
		{ "{'TaskState':'Exception','Messages':[{'Message':'no\\u0007 luck'}]}",
			RF_JOB_FAILED },
		{ "{'JobState':'Scheduled'}", RF_JOB_WAITS },
		{ "{'TaskState':'Dreaming'}", RF_JOB_RUNS },
		{ "{'Id':'7'}", RF_JOB_NONE },
	};
	struct rf_task t;
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		json_t *j = doc(seen[i].text);
		rf_task_read(&t, j);
		CHECK_INT(t.state, seen[i].is);
		if (i == 4)
			CHECK_TEXT(t.message, "no? luck");
		json_decref(j);
	}
}

static void a_refusal_has_words(void)
{
	struct rf_error e;
	json_t *j = doc("{'error':{'code':'Base.1.8.GeneralError','message':'See below.',"
			"'@Message.ExtendedInfo':[{'MessageId':'Base.1.8.PropertyNotWritable',"
			"'Message':'The property MACAddress is read only.'}]}}");
	rf_error_read(&e, j);
	CHECK_TEXT(e.id, "Base.1.8.PropertyNotWritable");
	CHECK_TEXT(e.message, "The property MACAddress is read only.");
	json_decref(j);
	j = doc("{'error':{'code':'Base.1.8.GeneralError','message':'See below.'}}");
	rf_error_read(&e, j);
	CHECK_TEXT(e.id, "Base.1.8.GeneralError");
	CHECK_TEXT(e.message, "See below.");
	json_decref(j);
	rf_error_read(&e, NULL);
	CHECK_TEXT(e.message, "");
}

static void a_drive_is_for_a_cd_or_a_stick(void)
{
	struct rf_media m;
	json_t *j =
		doc("{'MediaTypes':['CD','DVD'],'Inserted':true,'Image':'http://10.0.0.1/i.iso',"
		    "'Actions':{'#VirtualMedia.InsertMedia':{'target':'/m/i'},"
		    "'#VirtualMedia.EjectMedia':{'target':'/m/e'}}}");
	rf_media_read(&m, j);
	CHECK(m.cd && !m.usb && m.inserted);
	CHECK_TEXT(m.image, "http://10.0.0.1/i.iso");
	CHECK_TEXT(m.eject.text, "/m/e");
	json_decref(j);
}

static void events_are_read_where_the_service_says(void)
{
	struct rf_events at;
	json_t *j = doc("{'ServiceEnabled':true,'ServerSentEventUri':'/redfish/v1/SSE',"
			"'SSEFilterPropertiesSupported':{'EventFormatType':true}}");
	rf_events_read(&at, j);
	CHECK_TEXT(at.stream.text, "/redfish/v1/SSE");
	CHECK(at.by_format && !at.disabled);
	json_decref(j);
	j = doc("{'ServiceEnabled':false,'ServerSentEventUri':'//elsewhere/SSE'}");
	rf_events_read(&at, j);
	CHECK_TEXT(at.stream.text, "");
	CHECK(!at.by_format && at.disabled);
	json_decref(j);
	j = doc("{'Events':[{'MessageId':'X.1.0.Y'}]}");
	CHECK(rf_is_event(j));
	json_decref(j);
	j = doc("{'MetricValues':[{'MetricId':'Fan1'}],'Events':[]}");
	CHECK(!rf_is_event(j));
	json_decref(j);
	CHECK(!rf_is_event(NULL));
}

/* One for each row of redfish_quirks.def, and for each key of it one that just misses. */
static void a_quirk_is_found_by_maker_model_and_firmware(void)
{
	struct rf_quirks q = { .basic_auth = false };
	quirks_find(&q, "HPE", "ProLiant DL380 Gen10", "iLO 5 v2.95");
	CHECK(q.no_target_none && !q.media_image_only && !q.dell_attributes && !q.settings_first);
	q = (struct rf_quirks){ .basic_auth = false };
	quirks_find(&q, "HPE", "ProLiant DL380 Gen9", "iLO 4 v2.82");
	CHECK(q.no_target_none && q.media_image_only);
	CHECK(quirks_need_firmware("HPE", "ProLiant DL380 Gen9"));
	q = (struct rf_quirks){ .basic_auth = false };
	quirks_find(&q, "Dell Inc.", "PowerEdge R750", "7.00.00.00");
	CHECK(q.dell_attributes && !q.no_target_none);
	CHECK(!quirks_need_firmware("Dell Inc.", "PowerEdge R750"));
	q = (struct rf_quirks){ .basic_auth = false };
	quirks_find(&q, "AMI", "", "");
	CHECK(q.settings_first);
	q = (struct rf_quirks){ .basic_auth = false };
	quirks_find(&q, "American Megatrends Inc.", "X", "1");
	CHECK(q.settings_first);
	q = (struct rf_quirks){ .basic_auth = false };
	quirks_find(&q, "Not Dell", "R750", "iLO 4");
	CHECK(!q.dell_attributes && !q.no_target_none && !q.settings_first && !q.media_image_only);
}

static void an_operators_words_are_quirks_too(void)
{
	struct rf_quirks q = { .basic_auth = false };
	struct err e = { 0 };
	CHECK_INT(quirks_add(&q, "basic-auth system=Blade3  http-boot", &e), 0);
	CHECK(q.basic_auth && q.http_boot);
	CHECK_TEXT(q.system, "Blade3");
	CHECK_INT(quirks_add(&q, NULL, &e), 0);
	CHECK_INT(quirks_add(&q, "efi", &e), -EINVAL);
	CHECK(strstr(e.text, "\"efi\"") && strstr(e.text, "http-boot"));
	CHECK_INT(quirks_add(&q, "system=", &e), -EINVAL);
}

/* Services quote what they refuse. */
static void a_refusal_of_a_secret_is_not_quoted(void)
{
	struct talk *t = NULL;
	struct err e = { 0 };
	const struct talk_to to = { .host = "127.0.0.1", .user = "baton", .secret = "x" };
	struct said s = { .status = 400 };
	CHECK_INT(talk_open(&t, &to, &e), 0);
	s.body = doc(
		"{'error':{'@Message.ExtendedInfo':[{'MessageId':'Base.1.8.PropertyValue"
		"FormatError','Message':'The value chap-secret-word of CHAPSecret is bad.'}]}}");
	talk_doing(t, "set that");
	CHECK_INT(talk_refused(t, &s, &e), -EIO);
	CHECK_TEXT(e.text,
		"it refused to set that (HTTP 400: The value chap-secret-word of CHAPSecret is "
		"bad.)");
	s.quiet = true;
	CHECK_INT(talk_refused(t, &s, &e), -EIO);
	CHECK_TEXT(e.text, "it refused to set that (HTTP 400: Base.1.8.PropertyValueFormatError)");
	s.status = 403;
	CHECK_INT(talk_refused(t, &s, &e), -EACCES);
	CHECK(strstr(e.text, "chap-secret-word") == NULL);
	said_drop(&s);
	talk_close(t);
	t = NULL;
	CHECK_INT(talk_open(&t, &(struct talk_to){ .host = "h", .pin = "sha256:1" }, &e), -EINVAL);
	CHECK(t == NULL);
}

TESTS(T(a_refusal_of_a_secret_is_not_quoted), T(a_path_is_of_this_service_and_goes_only_down),
	T(a_service_root_names_its_maker_old_or_new), T(a_system_shows_what_it_can_do_and_where),
	T(a_list_goes_on_and_has_an_end), T(an_ethernet_function_has_two_addresses),
	T(a_fibre_channel_function_has_names_and_targets), T(a_pci_address_is_told_in_several_ways),
	T(a_job_is_done_or_runs_or_waits_for_a_start), T(a_refusal_has_words),
	T(a_drive_is_for_a_cd_or_a_stick), T(events_are_read_where_the_service_says),
	T(a_quirk_is_found_by_maker_model_and_firmware), T(an_operators_words_are_quirks_too))
