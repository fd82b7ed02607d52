/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any path of a URL: what is taken for a file's name is one component that cannot leave its
 * folder; what is taken for a token stands inside the path. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "files/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct url u;
	char *path = malloc(size + 1);
	if (!path)
		return 0;
	memcpy(path, data, size);
	path[size] = '\0';
	if (url_parse(&u, path)) {
		if (u.kind == URL_SHIM || u.kind == URL_PACK || u.kind == URL_LOADER) {
			assert(u.file[0] && u.file[0] != '.' && !strchr(u.file, '/'));
			assert(strlen(u.file) <= URL_FILE_LEN);
		} else {
			assert(u.token > path && u.token < path + size && strchr(u.token, '/'));
		}
	}
	free(path);
	return 0;
}
