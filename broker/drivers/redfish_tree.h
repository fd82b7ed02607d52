/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents of a Redfish service (DSP8010) as structs: the one place that takes foreign JSON apart.
 * Nothing is asked and nothing is decided here. A member that is missing, of another type or too
 * long is as if it were not there; a NULL document has no members. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bmc.h"
#include "core/card.h"

enum {
	RF_PATH_LEN = 255,
	RF_ETAG_LEN = 127,
	RF_WORD_LEN = 31,
	RF_MEMBERS_MAX = 64, /* of one collection that Baton looks into */
	RF_CHASSIS_MAX = 8,
};

/* Of a resource of the service that is asked, with '/' first and no way up; "": none. */
struct rf_path {
	char text[RF_PATH_LEN + 1];
};

/* Takes a path, or a URL for its path; its fragment is dropped. False, and "", for what is none. */
bool rf_path_of(struct rf_path *to, const char *text);
/* The path that stands at that place of the document: "Links/Chassis/@odata.id". */
bool rf_path_read(struct rf_path *to, const json_t *doc, const char *at);
void rf_etag_of(char to[RF_ETAG_LEN + 1], const json_t *doc); /* "@odata.etag", or "" */

/* Those of "Members", or of another list of links. */
struct rf_links {
	size_t n;
	struct rf_path of[RF_MEMBERS_MAX];
	struct rf_path next; /* where the list goes on */
};
/* Adds to what is there. False where there is no list at that place, or no room. */
bool rf_links_read(struct rf_links *to, const json_t *doc, const char *at);

struct rf_root {
	struct rf_path systems, chassis, managers, sessions, events;
	char vendor[CARD_LABEL_LEN + 1], product[CARD_LABEL_LEN + 1];
};
void rf_root_read(struct rf_root *to, const json_t *doc);

enum rf_power { RF_POWER_OFF, RF_POWER_ON, RF_POWER_CHANGING, RF_POWER_UNKNOWN };
enum rf_reset {
	RF_RESET_ON = 1,
	RF_RESET_FORCE_ON = 2,
	RF_RESET_FORCE_OFF = 4,
	RF_RESET_SOFT_OFF = 8,
};

/* Of one resource that can be changed: where, and with which tag. */
struct rf_place {
	struct rf_path self;
	char etag[RF_ETAG_LEN + 1];
	struct rf_path settings; /* where what it shall be is written; "" */
	bool on_reset;           /* its settings can be told to wait for a reset */
};
void rf_place_read(struct rf_place *to, const json_t *doc);

struct rf_system {
	struct rf_place at;
	enum rf_power power;
	struct rf_path reset, reset_info, media, chassis[RF_CHASSIS_MAX], manager;
	unsigned resets; /* of enum rf_reset; 0: it does not list them */
	/* The values of "Boot", "" for what it does not show. */
	char boot_target[RF_WORD_LEN + 1], boot_enabled[RF_WORD_LEN + 1];
	char boot_mode[RF_WORD_LEN + 1];
	bool boots_listed, boots_pxe, boots_http, boots_cd, boots_usb_cd;
	char maker[CARD_LABEL_LEN + 1], model[CARD_LABEL_LEN + 1];
	struct bmc_system says;
};
void rf_system_read(struct rf_system *to, const json_t *doc);
/* The values of its parameter "ResetType", from an ActionInfo. */
unsigned rf_resets_read(const json_t *doc);

/* Members of iSCSIBoot that not every service has. */
enum rf_iscsi {
	RF_ISCSI_FAMILY = 1,
	RF_ISCSI_TARGET_DHCP = 2,
	RF_ISCSI_ADDR_DHCP = 4,
	RF_ISCSI_GATEWAY = 8,
	RF_ISCSI_METHOD = 16,
};

/* A NetworkDeviceFunction, or its settings. */
struct rf_function {
	struct rf_place at;
	struct card card; /* but pci, link and model, which stand elsewhere */
	bool has_fc, has_wwn_source;
	unsigned fc_targets;
	struct fc_target fc_target[FC_TARGETS_MAX];
	struct iscsi_boot iscsi; /* but the secret, which no service shows */
	unsigned iscsi_shows;    /* of enum rf_iscsi */
	struct rf_path pcie, port, dell;
};
void rf_function_read(struct rf_function *to, const json_t *doc);
/* The PCI address of a PCIeFunction; false where it does not tell. */
bool rf_pci_read(char to[PCI_TEXT], const json_t *doc);
enum card_link rf_link_read(const json_t *port);

/* Dell's attributes of one function. */
struct rf_dell {
	struct rf_place at;
	char pci[PCI_TEXT];
	struct mac mac; /* the virtual ones: those that it goes by */
	struct wwn wwpn, wwnn;
	bool has_mac, has_wwpn, has_wwnn;
	struct fc_target fc_target;
	bool has_target;
};
void rf_dell_read(struct rf_dell *to, const json_t *doc);

struct rf_media {
	struct rf_path self, insert, eject;
	char etag[RF_ETAG_LEN + 1];
	bool cd, usb, inserted;
	char image[512];
};
void rf_media_read(struct rf_media *to, const json_t *doc);

struct rf_events {
	struct rf_path stream; /* where events can be read, or "" */
	bool disabled;
	bool by_format; /* it leaves out what is no event when it is told to */
};
void rf_events_read(struct rf_events *to, const json_t *doc);
/* Does that document tell of events? Not so a report of what was measured. */
bool rf_is_event(const json_t *doc);

enum rf_job { RF_JOB_NONE, RF_JOB_WAITS, RF_JOB_RUNS, RF_JOB_DONE, RF_JOB_FAILED };
struct rf_task {
	enum rf_job state; /* NONE: the document is no task */
	char state_word[RF_WORD_LEN + 1];
	char message[200];
};
void rf_task_read(struct rf_task *to, const json_t *doc);

/* What stands in "error" (DSP0266, "Error responses"), the first message of several. */
struct rf_error {
	char id[96];
	char message[160];
};
void rf_error_read(struct rf_error *to, const json_t *doc);

/* The text at that place, printable, cut to the room; false and "" where there is none. */
bool rf_text_read(char *to, size_t size, const json_t *doc, const char *at);
