/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See hand/bmc.h. */
#include "hand/bmc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "hand/secret.h"

enum { CIPHER = 3 }; /* where nobody says */

#define MEMBER(name, kind, needed, min, max)                                                       \
	{                                                                                          \
#name, kind, offsetof(struct bmc_wish, name), needed, min, max                     \
	}
static const struct field members[] = {
	MEMBER(kind, FIELD_TEXT, true, 1, 16),
	MEMBER(host, FIELD_TEXT, true, 1, BMC_HOST_MAX),
	MEMBER(port, FIELD_UINT, false, 0, 65535),
	MEMBER(user, FIELD_TEXT, false, 0, 64),
	MEMBER(secret, FIELD_TEXT, false, 0, 63),
	MEMBER(cipher, FIELD_UINT, false, 0, 17),
	MEMBER(quirks, FIELD_TEXTS, false, 0, TEXTS_MAX),
	MEMBER(pin, FIELD_TEXT, false, 0, PIN_TEXT - 1),
};

/* An address or a name, which is also the name of its lock: no '/', and no "..". */
static bool host_ok(const char *host)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		".:-_";
	return host[strspn(host, letters)] == '\0' && host[0] != '.' && host[0] != '-';
}

int bmc_wish_read(struct bmc_wish *ret, const json_t *bmc, struct err *e)
{
	*ret = (struct bmc_wish){ .user = "", .secret = "", .pin = "", .cipher = CIPHER };
	int r = fields_read(ret, members, COUNT(members), bmc, "bmc", e);
	if (r == 0 && !host_ok(ret->host))
		return err_say(e, EINVAL, "bmc: host: want an address or a host name");
	return r;
}

void bmc_lock_name(char to[BMC_LOCK_LEN], const struct bmc_wish *b)
{
	snprintf(to, BMC_LOCK_LEN, "bmc-%s-%u", b->host, (unsigned)b->port);
}

int bmc_wish_open(
	struct bmc **ret, const struct hand *hand, const struct bmc_wish *b, struct err *e)
{
	const struct bmc_ops *ops = bmc_of(b->kind, e);
	struct secret secret = { "" };
	char quirks[256] = "";
	if (!ops)
		return -EINVAL;
	for (unsigned i = 0; i < b->quirks.n; i++) {
		size_t at = strlen(quirks);
		snprintf(quirks + at, sizeof quirks - at, "%s%.30s", i ? " " : "", b->quirks.of[i]);
	}
	int r = b->secret[0] ? secret_read(&secret, hand->secrets_dir, b->secret, e) : 0;
	const struct bmc_addr addr = { .kind = b->kind,
		.host = b->host,
		.user = b->user,
		.secret = secret.text,
		.port = (uint16_t)b->port,
		.cipher = (unsigned)b->cipher,
		.quirks = quirks,
		.pin = b->pin };
	r = r ? r : ops->open(ret, &addr, e);
	secret_wipe(&secret);
	return r;
}
