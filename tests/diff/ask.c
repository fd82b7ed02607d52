/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks a DHCP server every question of a file, and prints what it answers as lines:
 *   ask FILE INTERFACE=ADDRESS@MAC...   a question goes to the interface of its `here=`
 *   ask --marks N                       MAC and address of the Nth interface's marks, one a line
 * A question is "NAME: send ..." as in scenes. Behind each goes a mark: a question of a machine
 * that the server is told of, on the same port, whose answer is certain. It shows that the server
 * has done with what came before it, so that a silence is known without waiting for it. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "tests/scenes/packet.h"

enum { WIRES = 4, MARKS = 40, ANSWER_MS = 5000, ANSWERS = 4, AT_XID = 4 };
enum { XID = 0x0badca00, MARK_XID = 0x5eed0000 };

static struct wire wire[WIRES];
static unsigned wires;

/* Many, so that none of them asks often: a server may let a machine wait that does. */
static void mark_text(
	char mac[MAC_TEXT], char addr[IP4_TEXT], const char *net, unsigned on, unsigned n)
{
	snprintf(mac, MAC_TEXT, "02:00:5e:00:%02x:%02x", on & 255, n & 255);
	snprintf(addr, IP4_TEXT, "%.*s.%u", (int)(strrchr(net, '.') - net), net, 200 + n % 50);
}

static int print_marks(unsigned on)
{
	char mac[MAC_TEXT], addr[IP4_TEXT];
	for (unsigned n = 0; n < MARKS; n++) {
		mark_text(mac, addr, "N.N.N.0", on, n);
		printf("%s %s\n", mac, strrchr(addr, '.') + 1);
	}
	return 0;
}

static void set_xid(uint8_t *bytes, uint32_t xid)
{
	for (int i = 0; i < 4; i++)
		bytes[AT_XID + i] = (uint8_t)(xid >> (24 - 8 * i));
}

static uint32_t xid_of(const uint8_t *bytes)
{
	return (uint32_t)bytes[AT_XID] << 24 | (uint32_t)bytes[AT_XID + 1] << 16 |
	       (uint32_t)bytes[AT_XID + 2] << 8 | bytes[AT_XID + 3];
}

static int send_mark(const struct wire *w, bool pxe, uint32_t xid, struct err *e)
{
	uint8_t bytes[PACKET_MAX] = { 0 };
	char line[300], mac[MAC_TEXT], addr[IP4_TEXT], here[IP4_TEXT];
	struct engine_ask ask;
	struct words words;
	ip4_text(here, w->server);
	mark_text(mac, addr, here, (unsigned)(w - wire), xid % MARKS);
	if (pxe)
		snprintf(line, sizeof line,
			"send request mac=%s on-4011 unicast from=%s ciaddr=%s here=%s "
			"vendor=PXEClient arch=0",
			mac, addr, addr, here);
	else
		snprintf(line, sizeof line,
			"send discover mac=%s broadcast vendor=PXEClient arch=0 here=%s", mac,
			here);
	words_read(&words, line);
	int r = packet_make(&ask, bytes, &words, e);
	set_xid(bytes, xid);
	return r < 0 ? r : wire_send(w, &ask, e);
}

static const struct wire *wire_of(uint32_t here)
{
	for (unsigned i = 1; i < wires; i++)
		if ((wire[i].server ^ here) >> 8 == 0)
			return &wire[i];
	return wire;
}

/* Hears what comes until the mark is answered, and keeps what answers `xid`. */
static int hear_until_mark(const struct wire *w, struct heard keep[ANSWERS], unsigned *n,
	uint32_t xid, uint32_t mark, struct err *e)
{
	static struct heard h;
	do {
		if (!wire_hear(w, &h, ANSWER_MS))
			return err_say(e, ETIMEDOUT, "the mark behind it has no answer");
		if (xid_of(h.dhcp) != xid || *n == ANSWERS)
			continue;
		keep[*n] = h;
		keep[*n].dhcp = keep[*n].frame + (h.dhcp - h.frame);
		++*n;
	} while (xid_of(h.dhcp) != mark);
	return 0;
}

/* One question and its answer. A server that answers in batches may send the first mark's answer
 * before the question's: when it answers the second, it has done with the first's batch. */
static int play(const char *name, struct words *words, unsigned number, struct err *e)
{
	static struct heard heard[ANSWERS];
	uint8_t bytes[PACKET_MAX] = { 0 };
	struct engine_ask ask;
	unsigned n = 0;
	const uint32_t xid = XID + number;
	int r = packet_make(&ask, bytes, words, e);
	if (r < 0)
		return r;
	if (words_unused(words))
		return err_say(e, EINVAL, "nobody knows the word %s", words_unused(words));
	const struct wire *w = wire_of(ask.here);
	if (ask.len >= AT_XID + 4)
		set_xid(bytes, xid);
	r = wire_send(w, &ask, e);
	for (unsigned i = 0; i < 2 && r == 0; i++) {
		const uint32_t mark = MARK_XID + 2 * number + i;
		r = send_mark(w, ask.pxe, mark, e);
		r = r < 0 ? r : hear_until_mark(w, heard, &n, xid, mark, e);
	}
	if (r < 0)
		return r;
	if (n == 0)
		printf("%s answer silence\n", name);
	else
		answer_print(stdout, name, &heard[0]);
	if (n > 1)
		printf("%s answers %u\n", name, n);
	return 0;
}

static int play_file(FILE *f, const char *path)
{
	char text[2048];
	unsigned number = 0;
	for (unsigned line = 1; fgets(text, sizeof text, f); line++) {
		struct words words;
		struct err e = { 0 };
		size_t name = strcspn(text, ":#\n");
		if (text[name] != ':')
			continue;
		text[name] = '\0';
		words_read(&words, text + name + 1);
		if (words.n < 2 || strcmp(words.word[0], "send") != 0)
			err_say(&e, EINVAL, "want NAME: send TYPE ...");
		else
			play(text, &words, number++, &e);
		if (e.code) {
			fprintf(stderr, "%s:%u: %s: %s\n", path, line, text, e.text);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc == 3 && strcmp(argv[1], "--marks") == 0)
		return print_marks((unsigned)atoi(argv[2]));
	for (int i = 2; i < argc && wires < WIRES; i++)
		if (wire_open(&wire[wires++], argv[i], &e) < 0) {
			fprintf(stderr, "ask: %s\n", e.text);
			return 2;
		}
	FILE *f = wires ? fopen(argv[1], "re") : NULL;
	if (!f) {
		fprintf(stderr, "usage: ask FILE INTERFACE=ADDRESS@MAC...\n");
		return 2;
	}
	return play_file(f, argv[1]);
}
