/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The documents about network cards as structs: see redfish_tree.h. The names are those of the
 * schemas NetworkDeviceFunction, PCIeFunction and Port, and of Dell's attributes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "drivers/redfish_tree.h"
#include "drivers/redfish_walk.h"

static bool mac_read(struct mac *to, const json_t *doc, const char *at)
{
	const char *text = json_string_value(rf_at(doc, at));
	return text && mac_parse(to, text);
}

static bool wwn_read(struct wwn *to, const json_t *doc, const char *at)
{
	const char *text = json_string_value(rf_at(doc, at));
	return text && wwn_parse(to, text);
}

static void addr_read(uint32_t *to, const json_t *doc, const char *at)
{
	const char *text = json_string_value(rf_at(doc, at));
	if (!text || !ip4_parse(to, text))
		*to = 0;
}

/* A number, or the same as a text: decimal, or hexadecimal behind "0x". */
static bool number_read(uint64_t *to, const json_t *doc, const char *at, uint64_t max)
{
	const json_t *v = rf_at(doc, at);
	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*to = (uint64_t)json_integer_value(v);
		return *to <= max;
	}
	const char *text = json_string_value(v);
	char *end;
	if (!text || text[0] < '0' || text[0] > '9')
		return false;
	*to = strtoull(text, &end, text[1] == 'x' || text[1] == 'X' ? 16 : 10);
	return *end == '\0' && *to <= max;
}

static void fc_read(struct rf_function *to, const json_t *fc)
{
	struct card *c = &to->card;
	to->has_fc = true;
	wwn_read(&c->permanent_wwpn, fc, "PermanentWWPN");
	wwn_read(&c->permanent_wwnn, fc, "PermanentWWNN");
	wwn_read(&c->wwpn, fc, "WWPN");
	wwn_read(&c->wwnn, fc, "WWNN");
	to->has_wwn_source = json_string_value(json_object_get(fc, "WWNSource")) != NULL;
	const json_t *targets = json_object_get(fc, "BootTargets");
	for (size_t i = 0; i < json_array_size(targets) && to->fc_targets < FC_TARGETS_MAX; i++) {
		const json_t *one = json_array_get(targets, i);
		struct fc_target *t = &to->fc_target[to->fc_targets];
		if (!wwn_read(&t->wwpn, one, "WWPN") || wwn_is_zero(&t->wwpn))
			continue;
		if (!number_read(&t->lun, one, "LUNID", UINT64_MAX))
			t->lun = 0;
		to->fc_targets++;
	}
}

static void iscsi_read(struct iscsi_boot *to, const json_t *doc)
{
	uint64_t port = 0, lun = 0;
	rf_text_read(to->initiator, sizeof to->initiator, doc, "InitiatorName");
	rf_text_read(to->target, sizeof to->target, doc, "PrimaryTargetName");
	rf_text_read(to->user, sizeof to->user, doc, "CHAPUsername");
	addr_read(&to->addr, doc, "InitiatorIPAddress");
	addr_read(&to->mask, doc, "InitiatorNetmask");
	addr_read(&to->gateway, doc, "InitiatorDefaultGateway");
	addr_read(&to->portal, doc, "PrimaryTargetIPAddress");
	if (number_read(&port, doc, "PrimaryTargetTCPPort", UINT16_MAX))
		to->port = (uint16_t)port;
	if (number_read(&lun, doc, "PrimaryLUN", UINT64_MAX))
		to->lun = lun;
}

static unsigned iscsi_shows(const json_t *doc)
{
	static const struct {
		const char *name;
		unsigned bit;
	} members[] = {
		{ "IPAddressType", RF_ISCSI_FAMILY },
		{ "TargetInfoViaDHCP", RF_ISCSI_TARGET_DHCP },
		{ "IPMaskDNSViaDHCP", RF_ISCSI_ADDR_DHCP },
		{ "InitiatorDefaultGateway", RF_ISCSI_GATEWAY },
		{ "AuthenticationMethod", RF_ISCSI_METHOD },
	};
	unsigned all = 0;
	for (size_t i = 0; i < COUNT(members); i++)
		if (json_object_get(doc, members[i].name))
			all |= members[i].bit;
	return all;
}

void rf_function_read(struct rf_function *to, const json_t *doc)
{
	static const char *const ports[] = { "Links/PhysicalPortAssignment/@odata.id",
		"Links/PhysicalNetworkPortAssignment/@odata.id", "PhysicalPortAssignment/@odata.id",
		"Links/EthernetPort/@odata.id" };
	struct card *c = &to->card;
	*to = (struct rf_function){ .has_fc = false };
	rf_place_read(&to->at, doc);
	rf_text_read(c->label, sizeof c->label, doc, "Id");
	mac_read(&c->permanent_mac, doc, "Ethernet/PermanentMACAddress");
	mac_read(&c->mac, doc, "Ethernet/MACAddress");
	const json_t *fc = json_object_get(doc, "FibreChannel");
	bool is_fc = rf_word_is(doc, "NetDevFuncType", "FibreChannel") ||
		     rf_word_is(doc, "NetDevFuncType", "FibreChannelOverEthernet");
	if (json_is_object(fc))
		fc_read(to, fc);
	/* Many show an empty "FibreChannel" with each of their Ethernet functions. */
	c->kind = is_fc || (mac_is_zero(&c->permanent_mac) && mac_is_zero(&c->mac) &&
				   !wwn_is_zero(&c->permanent_wwpn))
			  ? CARD_FC
			  : CARD_ETHERNET;
	iscsi_read(&to->iscsi, json_object_get(doc, "iSCSIBoot"));
	to->iscsi_shows = iscsi_shows(json_object_get(doc, "iSCSIBoot"));
	rf_path_read(&to->pcie, doc, "Links/PCIeFunction/@odata.id");
	for (size_t i = 0; i < COUNT(ports) && !to->port.text[0]; i++)
		rf_path_read(&to->port, doc, ports[i]);
	rf_path_read(&to->dell, doc, "Links/Oem/Dell/DellNetworkAttributes/@odata.id");
}

bool rf_pci_read(char to[PCI_TEXT], const json_t *doc)
{
	uint64_t segment = 0, bus, device, function;
	to[0] = '\0';
	if (!number_read(&bus, doc, "BusNumber", 255) ||
		!number_read(&device, doc, "DeviceNumber", 31) ||
		(!number_read(&function, doc, "FunctionNumber", 7) &&
			!number_read(&function, doc, "FunctionId", 7)))
		return false;
	if (!number_read(&segment, doc, "SegmentNumber", 0xffff))
		segment = 0;
	snprintf(to, PCI_TEXT, "%04x:%02x:%02x.%x", (unsigned)segment & 0xffff, (unsigned)bus & 255,
		(unsigned)device & 31, (unsigned)function & 7);
	return true;
}

enum card_link rf_link_read(const json_t *port)
{
	static const char *const up[] = { "Up", "LinkUp" };
	static const char *const down[] = { "Down", "LinkDown", "NoLink" };
	for (size_t i = 0; i < COUNT(up); i++)
		if (rf_word_is(port, "LinkStatus", up[i]))
			return LINK_UP;
	for (size_t i = 0; i < COUNT(down); i++)
		if (rf_word_is(port, "LinkStatus", down[i]))
			return LINK_DOWN;
	return LINK_UNKNOWN;
}

/* "3B:00:01", hexadecimal: bus, device and function of segment 0. */
static void dell_pci_read(char to[PCI_TEXT], const json_t *doc)
{
	unsigned bus, device, function;
	char more;
	const char *text = json_string_value(rf_at(doc, "Attributes/BusDeviceFunction"));
	to[0] = '\0';
	if (text && sscanf(text, "%2x:%2x:%2x%c", &bus, &device, &function, &more) == 3 &&
		device < 32 && function < 8)
		snprintf(to, PCI_TEXT, "0000:%02x:%02x.%x", bus & 255, device, function);
}

void rf_dell_read(struct rf_dell *to, const json_t *doc)
{
	*to = (struct rf_dell){ .has_mac = false };
	rf_place_read(&to->at, doc);
	dell_pci_read(to->pci, doc);
	to->has_mac = mac_read(&to->mac, doc, "Attributes/VirtMacAddr");
	to->has_wwpn = wwn_read(&to->wwpn, doc, "Attributes/VirtWWPN");
	to->has_wwnn = wwn_read(&to->wwnn, doc, "Attributes/VirtWWN");
	to->has_target = wwn_read(&to->fc_target.wwpn, doc, "Attributes/FirstFCTargetWWPN");
	if (!number_read(&to->fc_target.lun, doc, "Attributes/FirstFCTargetLUN", UINT64_MAX))
		to->fc_target.lun = 0;
}
