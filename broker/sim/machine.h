/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine as its BMC sees it: power, where the next start comes from, and everything that has
 * a name: "nic.1.mac", "boot.target", "bios.BootMode". A name that ends in ".next" is what the
 * first part will be from the next start on. Redfish and IPMI are two ways to this one. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "sim/body.h"
#include "sim/keep.h"

enum { NICS_MAX = 8, HBAS_MAX = 4 };

struct machine {
	struct keep *keep;
	struct body *body;
	json_t *facts;      /* what has a value before anybody has set one; "nic.*.mtu": each */
	const char *faults; /* FOLDER/NAME of its fault files */
	unsigned nics, hbas;
	bool by_job;            /* what is to be from the next start on waits for a job */
	unsigned long long now; /* ms since 1970, set by whoever calls */
	/* Told of each start and stop of the machine; may be NULL. */
	void (*turned)(void *ctx, bool on);
	void *ctx;
	char turning; /* while a change of power takes its time: 1 off, 2 on; else 0 */
	char was;     /* for turned(): 0 not known, 1 off, 2 on */
};

struct boot {
	char target[24], enabled[16], mode[16]; /* Redfish's words */
};

/* Gives the machine its own addresses, UUID and serial number, made from its name, where it has
 * none yet, and asks its body for the ones it holds. */
int machine_identity(struct machine *m, const char *name, struct err *e);

int machine_look(struct machine *m, struct body_look *ret, struct err *e);
/* A start first makes true what was to be from then on. */
int machine_power(struct machine *m, enum gesture g, struct err *e);
int machine_boot(struct machine *m, struct boot *ret, struct err *e);
/* NULL leaves a part as it is. expires: ms since 1970, or 0. */
int machine_boot_set(struct machine *m, const char *target, const char *enabled, const char *mode,
	unsigned long long expires, struct err *e);

/* The caller's; NULL: no such name. */
json_t *machine_value(struct machine *m, const char *name);
/* Has the value the form that the name's end wants (".mac", ".wwpn"), and is it allowed? */
bool machine_fits(struct machine *m, const char *name, json_t *value);
/* One that fits. value stays the caller's. */
int machine_set(struct machine *m, const char *name, json_t *value, struct err *e);
/* Makes a value true at once, in the body, too, and notes what is an address. */
int machine_turn(struct machine *m, const char *name, json_t *value, struct err *e);
/* What the fault `revert` calls it: boot, bios, identity. */
const char *machine_kind(const char *name);
/* Is anything to change at the next start? */
bool machine_awaits(struct machine *m);
/* Where by_job: what is to change does so at the next start if there is a job for it. */
void machine_job(struct machine *m);
bool machine_has_job(struct machine *m);

/* The power cord is pulled and put back: what the policy says happens, and addresses that were
 * set are lost, unless keeps. */
int machine_ac_loss(struct machine *m, bool keeps, struct err *e);

/* IPMI's device of a boot target and the other way round; -1 and NULL where there is none. */
int boot_device_of(const char *target);
const char *boot_target_of(int device);
