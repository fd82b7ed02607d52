/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPMI's commands about what a BMC stores (IPMI 2.0, chapters 31, 33, 34): an event log without
 * events, one sensor record that names the BMC, and the inventory of the machine. */
#include <stdio.h>
#include <string.h>

#include "base/cursor.h"
#include "sim/ipmi_priv.h"

enum { NETFN_STORAGE = 0x0a, FRU_LEN = 256, VERSION = 0x51, RESERVATION = 1, LAST = 0xff };

static void time_add(struct command *c)
{
	unsigned long long s = c->ipmi->m->now / 1000;
	ANSWER(c, (uint8_t)s, (uint8_t)(s >> 8), (uint8_t)(s >> 16), (uint8_t)(s >> 24));
}

static enum done time_get(struct command *c)
{
	time_add(c);
	return DONE_OK;
}

static enum done sel_info(struct command *c)
{
	enum { CAN_RESERVE = 0x02 };
	ANSWER(c, VERSION, 0, 0, 0, 16);
	time_add(c);
	ANSWER(c, 0, 0, 0, 0, CAN_RESERVE);
	return DONE_OK;
}

static enum done reserve(struct command *c)
{
	ANSWER(c, RESERVATION, 0);
	return DONE_OK;
}

static enum done sel_entry(struct command *c)
{
	(void)c;
	return DONE_NOT_THERE;
}

static enum done sel_clear(struct command *c)
{
	enum { ERASED = 1 };
	if (memcmp(c->data + 2, "CLR", 3) != 0)
		return DONE_INVALID;
	ANSWER(c, ERASED);
	return DONE_OK;
}

static enum done sdr_info(struct command *c)
{
	enum { CAN_RESERVE = 0x22 };
	ANSWER(c, VERSION, 1, 0, 0, 16);
	time_add(c);
	time_add(c);
	ANSWER(c, CAN_RESERVE);
	return DONE_OK;
}

/* A management controller device locator (43.9). */
static enum done sdr_get(struct command *c)
{
	static const uint8_t record[] = { 1, 0, VERSION, 0x12, 11 + 3, 0x20, 0, 0, 0x9f, 0, 0, 0, 7,
		1, 0, 0xc3, 'B', 'M', 'C' };
	unsigned id = (unsigned)(c->data[2] | c->data[3] << 8);
	size_t from = c->data[4], len = c->data[5];
	if ((id != 0 && id != 1) || from > sizeof record)
		return DONE_NOT_THERE;
	if (len > sizeof record - from)
		len = sizeof record - from;
	ANSWER(c, LAST, LAST);
	answer_add(c, record + from, len);
	return DONE_OK;
}

static void field_write(struct writer *w, const char *text)
{
	enum { LATIN = 0xc0, MOST = 31 };
	size_t n = strlen(text) < MOST ? strlen(text) : MOST;
	write_u8(w, (uint8_t)(LATIN | n));
	write_bytes(w, text, n);
}

/* Ends an area or header: filled to a multiple of 8, its last byte makes the sum 0. */
static void area_end(struct writer *w, uint8_t *start, bool has_len)
{
	uint8_t sum = 0;
	while ((w->at - start + 1) % 8 && !w->bad)
		write_u8(w, 0);
	if (w->bad)
		return;
	if (has_len)
		start[1] = (uint8_t)((w->at - start + 1) / 8);
	for (uint8_t *b = start; b < w->at; b++)
		sum = (uint8_t)(sum + *b);
	write_u8(w, (uint8_t)-sum);
}

/* A product information area (FRU Information Storage Definition 1.0, 12). */
static size_t fru_make(struct machine *m, uint8_t fru[FRU_LEN])
{
	struct writer w = writer_of(fru, FRU_LEN);
	write_bytes(&w, (uint8_t[]){ 1, 0, 0, 0, 1, 0, 0 }, 7);
	area_end(&w, fru, false);
	uint8_t *start = w.at;
	write_bytes(&w, (uint8_t[]){ 1, 0, 25 }, 3); /* format, its length, English */
	field_write(&w, "Baton");
	field_write(&w, "Simulated Machine");
	field_write(&w, "");
	field_write(&w, "");
	field_write(&w, keep_text(m->keep, "serial"));
	field_write(&w, "");
	write_u8(&w, 0xc1);
	area_end(&w, start, true);
	return writer_used(&w);
}

static enum done fru_info(struct command *c)
{
	if (c->data[0] != 0)
		return DONE_NOT_THERE;
	ANSWER(c, (uint8_t)FRU_LEN, FRU_LEN >> 8, 0);
	return DONE_OK;
}

static enum done fru_read(struct command *c)
{
	uint8_t fru[FRU_LEN] = { 0 };
	size_t from = (size_t)(c->data[1] | c->data[2] << 8), len = c->data[3];
	if (c->data[0] != 0)
		return DONE_NOT_THERE;
	fru_make(c->ipmi->m, fru);
	if (from >= sizeof fru)
		return 0xc9; /* out of range */
	if (len > sizeof fru - from)
		len = sizeof fru - from;
	if (len > 128)
		len = 128;
	ANSWER(c, (uint8_t)len);
	answer_add(c, fru + from, len);
	return DONE_OK;
}

const struct command_row storage_commands[] = {
	{ NETFN_STORAGE, 0x10, 1, PRIVILEGE_USER, fru_info },
	{ NETFN_STORAGE, 0x11, 4, PRIVILEGE_USER, fru_read },
	{ NETFN_STORAGE, 0x20, 0, PRIVILEGE_USER, sdr_info },
	{ NETFN_STORAGE, 0x22, 0, PRIVILEGE_USER, reserve },
	{ NETFN_STORAGE, 0x23, 6, PRIVILEGE_USER, sdr_get },
	{ NETFN_STORAGE, 0x28, 0, PRIVILEGE_USER, time_get },
	{ NETFN_STORAGE, 0x40, 0, PRIVILEGE_USER, sel_info },
	{ NETFN_STORAGE, 0x42, 0, PRIVILEGE_USER, reserve },
	{ NETFN_STORAGE, 0x43, 6, PRIVILEGE_USER, sel_entry },
	{ NETFN_STORAGE, 0x47, 6, PRIVILEGE_OPERATOR, sel_clear },
	{ NETFN_STORAGE, 0x48, 0, PRIVILEGE_USER, time_get },
	{ 0 },
};
