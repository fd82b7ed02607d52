/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See redfish_lib.h. What libcurl brings along is found through it. */
#include "drivers/redfish_lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

#define LIBRARY "libcurl.so.4"
#define FIND(name) (https.name = (__typeof__(https.name))dlsym(lib, #name)) &&

struct redfish_lib https;

int redfish_lib_load(struct err *e)
{
	if (https.SSL_CTX_set_cert_verify_callback)
		return 0;
	void *lib = dlopen(LIBRARY, RTLD_NOW);
	if (lib && REDFISH_CALLS(FIND) true)
		return 0;
	return err_say(e, ENOSYS, "no HTTPS: %s", dlerror());
}
