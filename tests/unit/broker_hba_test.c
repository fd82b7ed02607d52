/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HBAs in the shim's report: what is read, which card is which, and what was written. */
#include <stdlib.h>

#include "base/list.h"
#include "broker/report.h"
#include "tests/unit/tap.h"

#define A0 "10:00:00:00:c9:00:00:01"
#define A1 "10:00:00:00:c9:00:00:02"
#define AN "20:00:00:00:c9:00:00:01"
#define P0 "20:00:02:ba:70:00:00:01"
#define PN "20:00:02:ba:70:00:00:09"
#define T0 "50:00:09:72:00:00:00:01"
#define T1 "50:00:09:72:00:00:00:02"
#define SAYS(stage, hbas)                                                                          \
	"report id=7 mac=52:54:00:aa:00:01 generation=4\n{\"stage\":\"" stage                      \
	"\",\"deed\":\"identity\",\"machine\":\"blade-a\",\"generation\":4,\"nics\":[],"           \
	"\"hbas\":[" hbas "]}"
#define HBA(pci, more) "{\"pci\":\"" pci "\"," more "}"
#define BACK(port, node, targets)                                                                  \
	HBA("0000:00:05.0", "\"read_back\":\"" port "\",\"read_back_wwnn\":\"" node                \
			    "\",\"tool\":\"lab\",\"targets\":[" targets "]")
#define TARGET(wwpn, lun) "{\"wwpn\":\"" wwpn "\",\"lun\":" lun "}"

static struct wwn wwn(const char *text)
{
	struct wwn w = { { 0 } };
	if (!wwn_parse(&w, text))
		abort();
	return w;
}

static struct machine blade(void)
{
	return (struct machine){ .name = "blade-a",
		.hbas = 2,
		.hba = { { .pci = "0000:00:05.0",
				 .wwpn = wwn(A0),
				 .wwnn = wwn(AN),
				 .carries = true },
			{ .wwpn = wwn(A1), .wwnn = wwn(AN) } } };
}

static struct persona web(void)
{
	return (struct persona){ .name = "web-01",
		.hbas = 1,
		.hba = { { wwn(P0), wwn(PN), 2, { { wwn(T0), 3 }, { wwn(T1), 3 } } } } };
}

static int read_text(struct report *r, const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return report_read(r, text, strlen(text), e);
}

static void nonsense_is_refused_by_name(void)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ SAYS("found", HBA("x", "\"wwpn\":\"\"")), "is not a PCI address" },
		{ SAYS("found", HBA("0000:00:05.0", "\"wwpn\":\"zz\"")), "\"zz\" is not a WWN" },
		{ SAYS("found", HBA("0000:00:05.0", "\"wwpn\":\"\"") "," HBA(
					"0000:00:05.0", "\"wwpn\":\"\"")),
			"HBA 0000:00:05.0 stands there twice" },
		{ SAYS("written", BACK(P0, PN, "{\"wwpn\":\"" T0 "\"}")), "\"lun\" is missing" },
		{ SAYS("written", BACK(P0, PN, TARGET(T0, "-1"))), "want a whole number" },
		{ SAYS("found", "7"), "want a JSON object" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct report r;
		struct err e;
		CHECK(read_text(&r, bad[i].text, &e) < 0);
		if (!strstr(e.text, bad[i].why))
			CHECK_TEXT(e.text, bad[i].why);
	}
}

static void cards_are_found_by_place_and_by_name(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	int at[HBAS_MAX];
	/* The one whose WWPN only a tool can tell is known by its place. */
	CHECK_INT(read_text(&r,
			  SAYS("found", HBA("0000:00:06.0", "\"wwpn\":\"" A1 "\",\"wwnn\":\"" AN
							    "\"") "," HBA("0000:00:05.0",
						"\"wwpn\":\"\",\"wwnn\":\"\",\"id\":"
						"\"10df:f100\",\"driver\":\"lpfc\"")),
			  &e),
		0);
	CHECK_INT(r.hbas, 2);
	CHECK_TEXT(r.hba[1].card, "10df:f100");
	CHECK_TEXT(r.hba[1].driver, "lpfc");
	CHECK_INT(report_match_hbas(at, &r, &m, &e), 0);
	CHECK(at[0] == 1 && at[1] == 0);
	r.hba[0].wwpn = (struct wwn){ { 0 } };
	CHECK(report_match_hbas(at, &r, &m, &e) < 0);
	CHECK_TEXT(e.text,
		"machine blade-a: the shim found no HBA " A1
		"; where only a tool can tell its WWPN, want its PCI address with the machine");
	/* Another card sits where the operator said; once journaled, the place decides. */
	r.hba[0].wwpn = m.hba[1].wwpn;
	r.hba[1].wwpn = wwn(P0);
	CHECK(report_match_hbas(at, &r, &m, &e) < 0);
	CHECK_TEXT(e.text, "machine blade-a: the HBA at 0000:00:05.0 has WWPN " P0
			   " by its maker, " A0 " is recorded");
	m.hba[0].journaled = true;
	CHECK_INT(report_match_hbas(at, &r, &m, &e), 0);
	r.hba[1].wwpn = m.hba[0].wwpn;
	r.hba[1].wwnn = wwn(PN);
	m.hba[0].journaled = false;
	CHECK(report_match_hbas(at, &r, &m, &e) < 0);
	CHECK(strstr(e.text, "has WWNN " PN " by its maker, " AN " is recorded"));
}

static void every_name_and_target_is_compared(void)
{
	static const struct {
		const char *text, *why; /* NULL: it is as wanted */
	} rows[] = {
		{ SAYS("written", BACK(P0, PN, TARGET(T0, "3") "," TARGET(T1, "3"))), NULL },
		{ SAYS("written", BACK(A0, PN, TARGET(T0, "3") "," TARGET(T1, "3"))),
			"the HBA at 0000:00:05.0 reads back WWPN " A0 ", want " P0
			"; tool lab did not write it" },
		{ SAYS("written", BACK(P0, AN, TARGET(T0, "3") "," TARGET(T1, "3"))),
			"reads back WWNN " AN ", want " PN },
		{ SAYS("written", BACK(P0, PN, TARGET(T0, "3"))),
			"reads back 1 boot targets that are not the 2 wanted" },
		{ SAYS("written", BACK(P0, PN, TARGET(T1, "3") "," TARGET(T0, "3"))),
			"reads back 2 boot targets that are not the 2 wanted" },
		{ SAYS("written", BACK(P0, PN, TARGET(T0, "3") "," TARGET(T1, "4"))),
			"reads back 2 boot targets" },
		{ SAYS("written", ""), "has not read " P0 " back from the HBA at 0000:00:05.0" },
	};
	struct machine m = blade();
	struct persona p = web();
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct report r;
		struct err e;
		CHECK_INT(read_text(&r, rows[i].text, &e), 0);
		CHECK_INT(report_check_written(&r, &m, &p, &e) == 0, !rows[i].why);
		if (rows[i].why && !strstr(e.text, rows[i].why))
			CHECK_TEXT(e.text, rows[i].why);
	}
}

static void the_way_back_is_its_makers_names_and_nothing_to_boot_from(void)
{
	struct report r;
	struct err e;
	struct machine m = blade();
	struct persona p = web();
	read_text(&r, SAYS("written", BACK(A0, AN, "")), &e);
	r.restore = true;
	CHECK_INT(report_check_written(&r, &m, &p, &e), 0);
	CHECK(report_all_factory(&r, &m));
	read_text(&r, SAYS("written", BACK(A0, AN, TARGET(T0, "3"))), &e);
	r.restore = true;
	CHECK(report_check_written(&r, &m, &p, &e) < 0);
	CHECK(strstr(e.text, "reads back 1 boot targets that are not the 0 wanted"));
	CHECK(!report_all_factory(&r, &m));
}

TESTS(T(nonsense_is_refused_by_name), T(cards_are_found_by_place_and_by_name),
	T(every_name_and_target_is_compared),
	T(the_way_back_is_its_makers_names_and_nothing_to_boot_from))
