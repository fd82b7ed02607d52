/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays *.scene files through the engine, with real bytes and no socket, root or clock; prints TAP,
 * one line for each `expect`. What the lines mean: README.md. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/script.h"
#include "packet.h"
#include "site.h"

enum { AFTER_ALL_LOANS_S = 1000000 };

struct play {
	const char *file;
	unsigned line, tests, bad;
	uint64_t now_s, unix_s;
	struct site site;
	struct engine_answer answer;
	bool sent;
};

static void result(struct play *p, const char *text, const char *differs)
{
	p->tests++;
	printf("%sok %u - %s:%u %.*s\n", differs ? "not " : "", p->tests, p->file, p->line,
		(int)strcspn(text, "\n"), text);
	if (differs) {
		p->bad++;
		printf("# %s\n", differs);
	}
}

static int send_line(struct play *p, struct words *w, struct err *e)
{
	uint8_t bytes[PACKET_MAX] = { 0 };
	struct engine_ask ask;
	int r = packet_make(&ask, bytes, w, e);
	if (r < 0)
		return r;
	r = site_build(&p->site, e);
	if (r < 0)
		return r;
	if (r > 0 && engine_table(&p->site.table, e) < 0)
		return -e->code;
	/* Exactly as long as the packet, so that a sanitizer sees a step beyond it. */
	void *copy = malloc(ask.len ? ask.len : 1);
	if (!copy)
		return err_set(e, 12, "scene");
	memcpy(copy, bytes, ask.len);
	ask.bytes = copy;
	ask.now_s = p->now_s;
	ask.unix_s = p->unix_s;
	engine_answer(&p->answer, &ask);
	free(copy);
	p->sent = true;
	return 0;
}

static int play_line(struct play *p, struct words *w, const char *text, struct err *e)
{
	char differs[700];
	int r = site_line(&p->site, w, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (strcmp(w->word[0], "pass") == 0 && w->n == 2) {
		p->now_s += strtoul(w->word[1], NULL, 10);
		p->unix_s += strtoul(w->word[1], NULL, 10);
		w->used[1] = true;
		return 0;
	}
	if (strcmp(w->word[0], "send") == 0)
		return send_line(p, w, e);
	if (strcmp(w->word[0], "loans") == 0 && w->n == 2) {
		snprintf(differs, sizeof differs, "%zu", engine_loans());
		result(p, text, strcmp(differs, w->word[1]) == 0 ? NULL : differs);
		return 0;
	}
	if (strcmp(w->word[0], "expect") != 0 || !p->sent)
		return err_say(e, 22, "not a line of a scene");
	result(p, text, packet_is(&p->answer, w, differs, sizeof differs) ? NULL : differs);
	return 0;
}

static void play_file(struct play *p, const char *path)
{
	char text[2048];
	FILE *f = fopen(path, "r");
	p->file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	p->line = 0;
	p->sent = false;
	p->now_s += AFTER_ALL_LOANS_S;
	site_fini(&p->site);
	site_init(&p->site);
	while (f && fgets(text, sizeof text, f)) {
		struct words w;
		struct err e = { 0 };
		unsigned bad = p->bad;
		p->line++;
		words_read(&w, text);
		if (w.n == 0)
			continue;
		if (play_line(p, &w, text, &e) < 0)
			result(p, text, e.text);
		else if (p->bad == bad && words_unused(&w))
			result(p, text, words_unused(&w));
	}
	if (!f)
		result(p, "the file can be read", path);
	else
		fclose(f);
}

/* `scene --table OUT FILE`: the boot table that the site lines of a scene add up to, for tests that
 * run real programs. From the environment: GENERATION is the table's, SCRIPTS a folder with the
 * scripts that machines are to run; without it the scripts are words that no iPXE could run. */
static bool read_scripts(struct site *site, const char *folder, struct err *e)
{
	static char text[SCRIPTS][8192];
	for (int i = 0; i < SCRIPTS; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", folder, script_file[i]);
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(text[i], 1, sizeof text[i] - 1, f) : 0;
		if (f)
			fclose(f);
		if (n == 0 || script_check(script_file[i], text[i], e) < 0)
			return false;
		site->source.script[i] = text[i];
	}
	return true;
}

static int write_table(const char *out, const char *path)
{
	static struct site site;
	char text[2048];
	struct err e = { 0 };
	FILE *f = fopen(path, "r"), *to = fopen(out, "w");
	const char *generation = getenv("GENERATION"), *scripts = getenv("SCRIPTS");
	bool good = f && to;
	site_init(&site);
	while (good && fgets(text, sizeof text, f)) {
		struct words w;
		words_read(&w, text);
		good = w.n == 0 || site_line(&site, &w, &e) == 1;
	}
	if (generation)
		site.source.generation = strtoul(generation, NULL, 10) - 1;
	good = good && (!scripts || read_scripts(&site, scripts, &e));
	good = good && site_build(&site, &e) == 1 &&
	       fwrite(site.bytes, site.table.header->len, 1, to) == 1;
	if (!good)
		fprintf(stderr, "%s: %s\n", path, *e.text ? e.text : "cannot make a table of it");
	if (f)
		fclose(f);
	if (to && fclose(to) != 0)
		good = false;
	site_fini(&site);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct play p = { .now_s = 1, .unix_s = 1795300000 };
	struct err e;
	glob_t found = { 0 };
	if (argc == 4 && strcmp(argv[1], "--table") == 0)
		return write_table(argv[2], argv[3]);
	if (engine_open(&e) < 0) {
		printf("Bail out! %s\n", e.text);
		return 1;
	}
	if (argc < 2)
		glob("tests/scenes/*.scene", 0, NULL, &found);
	size_t files = argc < 2 ? found.gl_pathc : (size_t)argc - 1;
	for (size_t i = 0; i < files; i++)
		play_file(&p, argc < 2 ? found.gl_pathv[i] : argv[i + 1]);
	site_fini(&p.site);
	globfree(&found);
	printf("1..%u\n", p.tests);
	return p.bad || p.tests == 0;
}
