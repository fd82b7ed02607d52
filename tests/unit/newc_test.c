/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk through the archives of an initramfs, which a stranger has made. */
#include "wire/newc.h"

#include "tap.h"

struct heard {
	char names[200];
	size_t bytes;
};

static bool on_file(void *of, const char *name, uint32_t mode)
{
	struct heard *h = of;
	(void)mode;
	strncat(h->names, name, sizeof h->names - strlen(h->names) - 1);
	strcat(h->names, " ");
	return true;
}

static void on_bytes(void *of, const uint8_t *bytes, size_t n)
{
	(void)bytes;
	((struct heard *)of)->bytes += n;
}

static void on_end(void *of)
{
	strcat(((struct heard *)of)->names, "| ");
}

static size_t member(char *to, const char *name, const char *data)
{
	size_t n = (size_t)sprintf(to,
		"07070100000001000081a400000000000000000000000100000000%08zx"
		"00000000000000000000000000000000%08zx00000000%s",
		strlen(data), strlen(name) + 1, name);
	n++;
	while (n % 4)
		to[n++] = '\0';
	memcpy(to + n, data, strlen(data));
	n += strlen(data);
	while (n % 4)
		to[n++] = '\0';
	return n;
}

static void archives_follow_each_other_however_they_are_cut(void)
{
	char text[2048] = "";
	size_t len = member(text, "early", "microcode");
	len += member(text + len, "TRAILER!!!", "");
	len += 512; /* zeros */
	len += member(text + len, "lib", "abc");
	len += member(text + len, "TRAILER!!!", "");
	memcpy(text + len, "\x1f\x8b", 2); /* the rest is compressed */
	for (size_t cut = 1; cut < len; cut++) {
		struct heard h = { "", 0 };
		struct newc w = { .to = { on_file, on_bytes, on_end, &h } };
		size_t at = newc_feed(&w, (const uint8_t *)text, cut);
		if (at == cut)
			at += newc_feed(&w, (const uint8_t *)text + cut, len + 2 - cut);
		CHECK_INT(w.state, NEWC_FOREIGN);
		CHECK_INT(at, len);
		CHECK_TEXT(h.names, "early | lib | ");
		CHECK_INT(h.bytes, 12);
	}
	struct newc w = { .to = { on_file, on_bytes, on_end, &(struct heard){ "", 0 } } };
	memset(text + 54, 'z', 8); /* a size that is no number */
	newc_feed(&w, (const uint8_t *)text, len);
	CHECK_INT(w.state, NEWC_BAD);
}

TESTS(T(archives_follow_each_other_however_they_are_cut))
