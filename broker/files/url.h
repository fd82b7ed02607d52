/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a path to what is asked for. Pure: the only place where a stranger's path is taken apart. */
#pragma once
#include <stdbool.h>

enum url_kind {
	URL_ENTRY,    /* /b/TOKEN/entry.ipxe */
	URL_NEXT,     /* /b/TOKEN/next.ipxe */
	URL_JOB,      /* /b/TOKEN/job */
	URL_HANDOVER, /* /b/TOKEN/handover */
	URL_REPORT,   /* /b/TOKEN/report */
	URL_SAID,     /* /b/TOKEN/said */
	URL_SHIM,     /* /shim/FILE */
	URL_PACK,     /* /shim/packs/FILE */
	URL_LOADER,   /* /loaders/FILE */
};

enum { URL_FILE_LEN = 127 };

struct url {
	enum url_kind kind;
	const char *token;           /* inside the path; for /b/ */
	char file[URL_FILE_LEN + 1]; /* one safe component: no '/', no dot first; for the others */
};

/* False for a path that leads to nothing of ours. */
bool url_parse(struct url *ret, const char *path);
