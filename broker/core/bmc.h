/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Baton asks of a machine's management controller. core owns this interface; each file
 * drivers/bmc_KIND.c is one way to do it, and tests/unit/bmc_contract_test.c and
 * bmc_card_contract_test.c hold all of them to what stands here. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "core/card.h"
#include "core/component.h"

/* The state that is wanted, never the gesture: "off" and "on" can be asked for twice, "cycle"
 * cannot. A restart is two steps of an order (core/order.h). */
enum power { POWER_OFF, POWER_ON };
enum boot_dev { BOOT_DEFAULT, BOOT_NETWORK };

struct bmc_addr {
	const char *kind, *host, *user, *secret; /* borrowed for the call; secret is the password */
	uint16_t port;
	unsigned cipher;    /* IPMI 2.0 cipher suite; others ignore it */
	const char *quirks; /* what this BMC needs beside, words with blanks between; or NULL */
	const char *pin;    /* "sha256:..." of the certificate that it shall show; NULL, "": any */
};

struct bmc_facts {
	enum power power;
	bool power_fault;        /* it is off, and as the BMC says because power failed */
	enum boot_dev next_boot; /* as far as the BMC lets it be read */
	bool next_boot_known;
};

/* What a machine's SMBIOS says of it, as far as its BMC shows or sets it. */
struct bmc_system {
	struct uuid uuid;                    /* zero: it does not tell, or it shall stay */
	char serial[SERIAL_LEN + 1];         /* "": the same */
	bool uuid_settable, serial_settable; /* it says itself that it can be set */
};

/* What a BMC says by itself: that something may have changed, so that a look is worth while. Never
 * what it is, and never that nothing has. */
struct bmc_events {
	int fd;            /* readable when there is something to take */
	bool open;         /* the BMC has agreed to tell */
	uint32_t retry_ms; /* so long to wait after its end, as the BMC wants it; 0: not said */
};

struct bmc {
	const struct bmc_ops *ops;
	char pin[PIN_TEXT]; /* of the certificate that it showed; "": its driver has none */
};

/* Every call may block for seconds: they run in a baton-hand, never in a loop. Every call is
 * safe to repeat. "Already so" is success. */
struct bmc_ops {
	const char *kind; /* the word an operator writes: "redfish", "ipmi", "fake" */
	/* Another certificate than the pinned one is -EKEYREJECTED, before any secret is sent. */
	int (*open)(struct bmc **ret, const struct bmc_addr *addr, struct err *e);
	int (*probe)(struct bmc *bmc, struct bmc_facts *ret, struct err *e);
	/* Returns once the state is read back; POWER_OFF only after two reads in a row, at least
	 * half a second apart, have said off. -ETIMEDOUT when it does not come. */
	int (*power_set)(struct bmc *bmc, enum power want, unsigned timeout_ms, struct err *e);
	/* Asks the OS to shut down (ACPI); returns at once. -ENOTSUP where the BMC cannot. */
	int (*power_soft_off)(struct bmc *bmc, struct err *e);
	/* For the next start only. Read back where the BMC keeps it; -EIO when it took another. */
	int (*next_boot_set)(struct bmc *bmc, enum boot_dev dev, struct err *e);
	void (*close)(struct bmc *bmc); /* takes NULL */

	/* NULL where a driver has no such thing, all six alike. */

	/* Up to CARDS_MAX functions of cards, at any power state. */
	int (*cards_read)(struct bmc *bmc, struct card *ret, size_t *ret_n, struct err *e);
	/* Gives n functions their identity while the machine is off, in this order; state has room
	 * for n. -EBUSY: it is on, and nothing was tried. -ENODEV: a function is not there, and
	 * nothing was tried. -EIO: the BMC refuses it, or took it and reverted it; what was set
	 * before stays. What a BMC has set is volatile: ask again at every power-on. */
	int (*identity_set)(struct bmc *bmc, const struct identity *want, size_t n,
		enum identity_state *state, unsigned timeout_ms, struct err *e);
	/* At any power state. */
	int (*system_read)(struct bmc *bmc, struct bmc_system *ret, struct err *e);
	/* Its UUID and its serial, while it is off: read back twice, half a second apart. *state is
	 * never STAGED. -EBUSY: it is on, and nothing was tried. -EIO: refused, or taken and
	 * reverted; what of it was taken is not known. */
	int (*system_set)(struct bmc *bmc, const struct bmc_system *want,
		enum identity_state *state, unsigned timeout_ms, struct err *e);
	/* The image of that URL is in the machine's drive, and its next start is from there. */
	int (*media_boot)(struct bmc *bmc, const char *url, struct err *e);
	/* No image is in the drive. */
	int (*media_none)(struct bmc *bmc, struct err *e);

	/* What the machine is made of, at any power state: up to COMPONENTS_MAX, what is more is
	 * left out. Changes nothing. NULL where a driver cannot see it. */
	int (*inventory_read)(struct bmc *bmc, struct component *ret, size_t *ret_n, struct err *e);

	/* NULL where a BMC cannot say anything by itself, all three alike. */

	/* Begins to listen in this session, and has to be closed before it. -ENOTSUP: it offers no
	 * events. What becomes of it is told by events_turn(). */
	int (*events_open)(struct bmc *bmc, struct bmc_events **ret, struct err *e);
	/* Does not block, and may be called by another thread than the session's: takes what has
	 * come. About once a second also where nothing has. 1: the BMC has agreed, or something has
	 * happened; 0: nothing; -errno with a sentence: it is over, and has to be closed. */
	int (*events_turn)(struct bmc_events *events, struct err *e);
	void (*events_close)(struct bmc_events *events); /* takes NULL */
};
