/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tool-packs: every folder packs_dir/NAME becomes run_dir/packs/NAME.img, an initramfs image with
 * its files under /packs/NAME. */
#pragma once
#include "warden/site.h"

/* Makes them anew and removes those whose folder has gone. One that cannot be made is a sentence
 * on `wrong` and keeps no others back. Returns how many there are now. */
unsigned packs_make(const struct site *s, FILE *wrong);
