/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deed that looks into an initramfs, and a hand's answer as a verdict. */
#include "broker/drivers.h"
#include "broker/members.h"
#include "tap.h"

static const struct persona web = { .name = "web-01",
	.san = "iscsi",
	.target = "iqn.2026-01.org.example:web-01",
	.lun = 1,
	.paths = 1,
	.path = { { 0x0a4d0001, 3260 } },
	.nics = 1,
	.nic = { { .network = "mgmt" } } };
static struct machine blade = { .name = "blade-b",
	.nics = 1,
	.nic = { { .pci = "0000:00:03.0",
		.network = "mgmt",
		.carries = true,
		.driver = "mlx5_core",
		.modalias = "pci:v000015B3d00001015sv0" } } };

static void the_deed_names_what_is_wanted(void)
{
	OWN(json) json_t *deed = drivers_deed(&web, &blade, "web-01", "right-secret");
	OWN(text) char *text = json_dumps(deed, JSON_COMPACT);
	CHECK_TEXT(text, "{\"deed\":\"san-drivers\",\"san\":{\"kind\":\"iscsi\",\"portals\":"
			 "[\"10.77.0.1:3260\"],\"target\":\"iqn.2026-01.org.example:web-01\","
			 "\"lun\":1,\"user\":\"web-01\",\"secret\":\"right-secret\"},"
			 "\"timeout_ms\":5000,\"wanted\":[\"pci:v000015B3d00001015sv0\","
			 "\"mlx5_core\"]}");
	struct machine dark = blade;
	dark.nic[0].driver[0] = dark.nic[0].modalias[0] = '\0';
	CHECK(drivers_deed(&web, &dark, "", "") == NULL);
}

static enum drivers_verdict answer(char text[DRIVERS_TEXT], const char *body)
{
	OWN(json) json_t *j = json_loads(body, 0, NULL);
	struct hand_result r = { .ok = true, .body = j };
	return drivers_answer(text, &web, &blade, &r);
}

#define READ(wanted)                                                                               \
	"{\"ok\":true,\"kernel\":\"6.1.0\",\"initramfs\":\"/boot/initrd.img-6.1.0\","              \
	"\"aliases\":true,\"wanted\":[" wanted "]}"

static void an_answer_becomes_a_verdict(void)
{
	char text[DRIVERS_TEXT];
	struct hand_result failed = { .why = "portal 10.77.0.1:3260: nothing listens there" };
	CHECK_INT(answer(text, READ("{\"is\":\"module\"},{\"is\":\"module\"}")), DRIVERS_OK);
	CHECK_INT(answer(text, READ("{\"is\":\"builtin\"},{\"is\":\"missing\"}")), DRIVERS_OK);
	CHECK_INT(answer(text, READ("{\"is\":\"missing\"},{\"is\":\"missing\"}")), DRIVERS_BAD);
	CHECK(strstr(text, "(6.1.0) has no driver for blade-b's NIC 0000:00:03.0 (15b3:1015, "));
	CHECK_INT(answer(text, "{\"ok\":true,\"unknown\":\"not read here: XFS\\n\"}"),
		DRIVERS_UNKNOWN);
	CHECK(strstr(text, "is not known: not read here: XFS?") != NULL);
	CHECK_INT(drivers_answer(text, &web, &blade, &failed), DRIVERS_UNKNOWN);
	CHECK(strstr(text, "is not known: portal 10.77.0.1:3260: nothing listens there") != NULL);
	CHECK_INT(drivers_answer(text, &web, &blade, NULL), DRIVERS_UNKNOWN);
	CHECK_INT(answer(text, READ("{\"is\":\"module\"}")), DRIVERS_UNKNOWN);
	CHECK(strstr(text, "not what 0003 says") != NULL);
}

TESTS(T(the_deed_names_what_is_wanted), T(an_answer_becomes_a_verdict))
