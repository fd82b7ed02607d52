/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DHCP bytes to values: see asked.h. */
#include "engine/asked.h"

#include <string.h>

#include "base/cursor.h"

enum {
	OP_REQUEST = 1,
	ETHERNET = 1,
	AT_FLAGS = 10,
	AT_CIADDR = 12,
	AT_GIADDR = 24,
	AT_CHADDR = 28,
	AT_SNAME = 44,
	AT_FILE = 108,
	SNAME_LEN = 64,
	FILE_LEN = 128,
	FLAG_BROADCAST = 0x8000,
};

enum option {
	OPT_PAD = 0,
	OPT_WANTED = 50,
	OPT_OVERLOAD_ = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_VENDOR = 60,
	OPT_USER_CLASS = 77,
	OPT_RELAY = 82,
	OPT_ARCH = 93,
	OPT_UUID = 97,
	OPT_IPXE = 175,
	OPT_END = 255,
};

enum { RELAY_CIRCUIT = 1, RELAY_REMOTE = 2, RELAY_SUBNET = 5 };
enum { IPXE_FEATURE_FROM = 16, IPXE_FEATURE_TO = 38, IPXE_HTTP = 19 };

/* One option of a run of options: false at its end. */
static bool option_next(struct reader *r, uint8_t *code, struct reader *value)
{
	do {
		if (reader_left(r) == 0)
			return false;
		*code = read_u8(r);
	} while (*code == OPT_PAD);
	if (*code == OPT_END)
		return false;
	uint8_t len = read_u8(r);
	const uint8_t *at = read_bytes(r, len);
	if (!at)
		return false;
	*value = reader_of(at, len);
	return true;
}

static bool find_in(struct reader area, uint8_t code, size_t least, struct reader *ret)
{
	uint8_t c;
	struct reader value;
	while (option_next(&area, &c, &value))
		if (c == code && reader_left(&value) >= least) {
			*ret = value;
			return true;
		}
	return false;
}

/* Looks where dnsmasq looks, in its order, so that both see one packet: the options, then the
 * file and name fields where option 52 says that they hold options. */
static bool find_anywhere(
	const uint8_t *bytes, size_t len, uint8_t code, size_t least, struct reader *ret)
{
	struct reader area = reader_of(bytes + DHCP_MIN, len - DHCP_MIN), overload;
	if (find_in(area, code, least, ret))
		return true;
	if (!find_in(area, OPT_OVERLOAD_, 1, &overload))
		return false;
	uint8_t which = read_u8(&overload);
	if ((which & 1) && find_in(reader_of(bytes + AT_FILE, FILE_LEN), code, least, ret))
		return true;
	return (which & 2) && find_in(reader_of(bytes + AT_SNAME, SNAME_LEN), code, least, ret);
}

/* Where each option of the options' area stands first, found in one walk. */
struct options {
	const uint8_t *bytes;
	size_t len;
	uint16_t at[256]; /* of its value; 0: it does not stand there */
};

static void options_read(struct options *o, const uint8_t *bytes, size_t len)
{
	struct reader area = reader_of(bytes + DHCP_MIN, len - DHCP_MIN), value;
	uint8_t code;
	*o = (struct options){ .bytes = bytes, .len = len };
	while (option_next(&area, &code, &value))
		if (!o->at[code])
			o->at[code] = (uint16_t)(value.at - bytes);
}

/* The first one may be too short where a later one is not, or none may be needed to look further.
 */
static bool find(const struct options *o, uint8_t code, size_t least, struct reader *ret)
{
	if (o->at[code]) {
		const uint8_t *at = o->bytes + o->at[code];
		*ret = reader_of(at, at[-1]);
		if (reader_left(ret) >= least)
			return true;
	} else if (!o->at[OPT_OVERLOAD_]) {
		return false;
	}
	return find_anywhere(o->bytes, o->len, code, least, ret);
}

static bool begins(struct reader value, const char *word)
{
	return reader_left(&value) >= strlen(word) && memcmp(value.at, word, strlen(word)) == 0;
}

/* Option 77 as iPXE sends it, raw, or as RFC 3004 frames it: runs of length and text. */
static bool says_ipxe(struct reader value)
{
	if (begins(value, "iPXE"))
		return true;
	while (reader_left(&value) > 0) {
		uint8_t len = read_u8(&value);
		const uint8_t *at = read_bytes(&value, len);
		if (at && len == 4 && memcmp(at, "iPXE", 4) == 0)
			return true;
	}
	return false;
}

/* iPXE names its features in option 175. One that names some but not HTTP could not fetch a
 * script: it is given a loader that can, like any other firmware. */
static bool lacks_http(struct reader value)
{
	bool named = false;
	uint8_t code;
	struct reader feature;
	while (option_next(&value, &code, &feature)) {
		if (code == IPXE_HTTP)
			return false;
		named |= code >= IPXE_FEATURE_FROM && code <= IPXE_FEATURE_TO;
	}
	return named;
}

static enum boot_stage stage_of(const struct options *o)
{
	struct reader vendor = { 0 }, user = { 0 }, ipxe = { 0 };
	bool has_vendor = find(o, OPT_VENDOR, 1, &vendor);
	bool pxe = has_vendor && begins(vendor, "PXEClient");
	bool has_ipxe = find(o, OPT_IPXE, 0, &ipxe);
	if (has_ipxe && lacks_http(ipxe))
		return STAGE_FIRMWARE;
	if (has_ipxe || (find(o, OPT_USER_CLASS, 1, &user) && says_ipxe(user)))
		return STAGE_IPXE;
	if (has_vendor && begins(vendor, "HTTPClient"))
		return STAGE_HTTP;
	return pxe ? STAGE_FIRMWARE : STAGE_OS;
}

/* A firmware without a UUID sends none, or all zeros, or all ones. */
static void read_uuid(struct uuid *ret, const struct options *o)
{
	static const struct uuid ones = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255 } };
	struct reader value;
	if (!find(o, OPT_UUID, 17, &value) || read_u8(&value) != 0)
		return;
	read_copy(&value, ret->b, sizeof ret->b);
	if (memcmp(ret, &ones, sizeof ones) == 0)
		*ret = (struct uuid){ { 0 } };
}

/* One that is too long to be on record is as good as none. */
static void read_relay_id(struct relay_id *ret, struct reader option, uint8_t code)
{
	struct reader value;
	if (!find_in(option, code, 1, &value) || reader_left(&value) > sizeof ret->b)
		return;
	ret->len = (uint8_t)reader_left(&value);
	read_copy(&value, ret->b, ret->len);
}

/* Option 82 is the relay's to write. Where no relay's address stands beside it, it may be the
 * machine's own (RFC 3046, 2.1): then it says nothing about the port. */
static void read_relay(struct asked *a, const struct options *o)
{
	struct reader option, value;
	if (!find(o, OPT_RELAY, 1, &option))
		return;
	if (find_in(option, RELAY_SUBNET, 4, &value))
		a->subnet = read_be32(&value);
	if (!a->giaddr)
		return;
	read_relay_id(&a->boot.port.circuit, option, RELAY_CIRCUIT);
	read_relay_id(&a->boot.port.remote, option, RELAY_REMOTE);
}

static uint32_t be32_at(const uint8_t *bytes, size_t at)
{
	struct reader r = reader_of(bytes + at, 4);
	return read_be32(&r);
}

static uint32_t addr_option(const struct options *o, uint8_t code)
{
	struct reader value;
	return find(o, code, 4, &value) ? read_be32(&value) : 0;
}

bool asked_read(struct asked *ret, const uint8_t *bytes, size_t len)
{
	static const uint8_t cookie[4] = { 99, 130, 83, 99 };
	struct reader value;
	struct options o;
	*ret = (struct asked){ 0 };
	if (len < DHCP_MIN || len > UINT16_MAX || bytes[0] != OP_REQUEST || bytes[1] != ETHERNET ||
		bytes[2] != 6 || memcmp(bytes + DHCP_HEAD, cookie, 4) != 0)
		return false;
	memcpy(ret->boot.mac.b, bytes + AT_CHADDR, 6);
	if (!mac_is_unicast(&ret->boot.mac))
		return false;
	options_read(&o, bytes, len);
	if (!find(&o, OPT_TYPE, 1, &value))
		return false;
	ret->type = read_u8(&value);
	if (ret->type != DHCP_DISCOVER && ret->type != DHCP_REQUEST && ret->type != DHCP_DECLINE &&
		ret->type != DHCP_RELEASE && ret->type != DHCP_INFORM)
		return false;
	ret->ciaddr = be32_at(bytes, AT_CIADDR);
	ret->giaddr = be32_at(bytes, AT_GIADDR);
	ret->broadcast = bytes[AT_FLAGS] & (FLAG_BROADCAST >> 8);
	ret->server_id = addr_option(&o, OPT_SERVER);
	ret->wanted = addr_option(&o, OPT_WANTED);
	read_relay(ret, &o);
	if (find(&o, OPT_ARCH, 2, &value)) {
		ret->boot.has_arch = true;
		ret->boot.arch = read_be16(&value);
	}
	read_uuid(&ret->boot.uuid, &o);
	ret->boot.stage = stage_of(&o);
	return true;
}

uint8_t *asked_link(uint8_t *bytes, size_t len)
{
	struct reader value, sub;
	if (len < DHCP_MIN || !find_anywhere(bytes, len, OPT_RELAY, 1, &value) ||
		!find_in(value, RELAY_SUBNET, 4, &sub))
		return NULL;
	return bytes + (sub.at - bytes);
}

static void blank_in(uint8_t *area, size_t len, uint8_t option)
{
	struct reader r = reader_of(area, len), value;
	uint8_t code;
	while (option_next(&r, &code, &value))
		if (code == option)
			memset(area + (value.at - 2 - area), OPT_PAD, reader_left(&value) + 2);
}

void asked_blank(uint8_t *bytes, size_t len, uint8_t option)
{
	struct reader overload;
	uint8_t which = 0;
	if (len < DHCP_MIN)
		return;
	if (find_in(reader_of(bytes + DHCP_MIN, len - DHCP_MIN), OPT_OVERLOAD_, 1, &overload))
		which = read_u8(&overload);
	blank_in(bytes + DHCP_MIN, len - DHCP_MIN, option);
	if (which & 1)
		blank_in(bytes + AT_FILE, FILE_LEN, option);
	if (which & 2)
		blank_in(bytes + AT_SNAME, SNAME_LEN, option);
}
