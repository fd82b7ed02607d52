/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that see to it that a persona runs on one machine: the fence at its disk, the second
 * look, the proofs, and what becomes of one that was left behind. Why it is these
 * steps, in this order, is in docs/design/0015-exactly-one.md. */
#pragma once
#include "broker/steps.h"

/* The target gets a new secret: the binding's where the machine takes the persona, nobody's where
 * it loses it. */
enum step_now fence(struct run *run, const struct persona *p, char why[320]);
enum step_now look_again(struct run *run, const struct persona *p, char why[320]);
enum step_now abandon(struct run *run, char why[320]);
enum step_now claim_restore(struct run *run, char why[320]);

/* Ends the step of a power-off that went well: with its proof, where the machine carries the
 * persona. */
void power_proved(struct run *run);
/* Ends the step that shut the machine's ports, each read back. */
void ports_proved(struct run *run);
