/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading masks: see fabric.h. */
#include "tests/lab/fabric.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* True when the mask lets wwpn see its LUN. */
static bool mask_read(struct fabric_lun *ret, const char *path, const struct wwn *wwpn)
{
	FILE *f = fopen(path, "re");
	char line[64], word[WWN_TEXT];
	bool sees = false, has_target = false;
	while (f && fgets(line, sizeof line, f)) {
		struct wwn w;
		if (sscanf(line, "target %23s %u", word, &ret->at.lun) == 2)
			has_target = wwn_parse(&ret->at.wwpn, word);
		else if (sscanf(line, "%23s", word) == 1 && wwn_parse(&w, word))
			sees |= wwn_equal(&w, wwpn);
	}
	if (f)
		fclose(f);
	snprintf(ret->image, sizeof ret->image, "%.*simg", (int)(strlen(path) - strlen("mask")),
		path);
	return sees && has_target;
}

unsigned fabric_luns(struct fabric_lun to[FABRIC_LUNS], const char *dir, const struct wwn *wwpn)
{
	char pattern[300];
	glob_t names;
	unsigned n = 0;
	snprintf(pattern, sizeof pattern, "%s/*.mask", dir);
	if (glob(pattern, 0, NULL, &names) != 0)
		return 0;
	for (size_t i = 0; i < names.gl_pathc && n < FABRIC_LUNS; i++)
		if (mask_read(&to[n], names.gl_pathv[i], wwpn))
			n++;
	globfree(&names);
	return n;
}
